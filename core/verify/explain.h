// Which events made a value: the features of one entity at one moment, each with the events of its
// window and what became of them.

#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/dataset/training_set.h"
#include "core/feature/kernel.h"
#include "core/online/request.h"
#include "core/project/project.h"

namespace rtml::verify {

// What became of an event in a window.
enum class Part : std::uint8_t {
  kTaken,
  kFiltered,    // The feature's filter is not true of it.
  kNull,        // Its value is null.
  kNotCreated,  // With as_of_created: it was not known yet.
};
std::string_view to_string(Part part);  // "taken", "filtered", "null", "not created yet".

struct ExplainedEvent {
  std::int64_t time_us = 0;
  std::optional<std::int64_t> created_us;
  Json id;             // Null where the source has none.
  std::string source;  // Where the view has several; else empty.
  Json value;          // Of the aggregate's argument; null where it counts events.
  Part part = Part::kTaken;
};

struct ExplainedFeature {
  const project::Feature* feature = nullptr;
  Json value;
  feature::Status status = feature::Status::kPresent;

  // Of an aggregate: its events are those after `after_us`, up to `through_us`; nothing where no
  // session was open (or over).
  bool has_window = false;
  std::optional<std::int64_t> after_us;  // Nothing with a lifetime's window.
  std::optional<std::int64_t> through_us;
  std::int64_t events_in_window = 0;
  std::int64_t events_taken = 0;
  // The latest ones of the window, in order; for a column of the latest row that row's event.
  std::deque<ExplainedEvent> events;

  // Of an expression: what it read.
  std::vector<std::pair<std::string, Json>> uses;
};

struct Explanation {
  Json entity;
  std::int64_t time_us = 0;
  std::optional<std::int64_t> latest_event_us;
  std::int64_t events_before = 0;  // Of the entity, at or before the moment.
  std::int64_t events_after = 0;   // Which the read does not see.
  std::vector<ExplainedFeature> features;
};

struct ExplainOptions {
  online::NamedTexts entity;
  std::int64_t time_us = 0;
  std::int64_t limit = 20;  // Events shown a feature.
};

// Explains `features` of one view, from the events of its batch source. Fails with kUsage if the
// entity lacks a key or has one that the view has not, kBadOptionValue if a key is not of its type,
// and as reading the source does.
Result<Explanation> explain(const project::FeatureView& view,
                            std::span<const project::ServiceColumn> features,
                            const ExplainOptions& options, const dataset::BuildContext& context);

}  // namespace rtml::verify
