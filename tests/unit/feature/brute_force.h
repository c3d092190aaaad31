// Features by looking at every event, in whole numbers of any size, written from docs/features.md
// and sharing no code with the kernel or the sweep.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/feature/random_world.h"

namespace rtml::feature {

// An event with its values as the features name them.
struct BruteEvent {
  std::int64_t time = 0;
  std::optional<std::int64_t> created;
  std::optional<std::int64_t> id;
  SourceRow source;
};

using BruteEntities = std::map<std::string, std::vector<BruteEvent>>;

// The events of each entity, ordered and without duplicates; `columns` are the program's inputs.
// Nothing if two events with one id stand at one place with different values: then the rule needs
// the order of slots.
std::optional<BruteEntities> brute_entities(const World& world,
                                            const std::vector<table::Field>& columns);

// What show() says of the features of one read, from the events of its entity; empty where the
// brute force has no answer: ewma, quantiles and sketches have tests of their own against published
// values.
std::vector<std::string> brute_read(const World& world, const std::vector<BruteEvent>& all,
                                    std::int64_t t);

}  // namespace rtml::feature
