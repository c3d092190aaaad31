// Random views over random events, for tests that hold several computations against each other.

#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/feature/view_builder.h"

namespace rtml::feature {

using Random = std::mt19937_64;

// A whole number in [0, limit).
std::uint64_t below(Random& random, std::uint64_t limit);
bool one_in(Random& random, std::uint64_t chance);

// One feature of a random view, in a form that a brute force can read.
struct Spec {
  std::string aggregate;  // Its name, or "column" for the latest row.
  // x, y, n, w, s, f (flag), z, or '+' for x + z; a list e, u, h, g, or 'L' for length(g) and 'E'
  // for element(e, -1); ' ' for none.
  char argument = ' ';
  std::optional<project::Window> window;  // Nothing: lifetime.
  // 0 none, 1 flag, 2 x > 0, 3 y % 2 == 0, 4 contains(g, 'b')
  int filter = 0;
  bool is_widened = false;            // An INT64 declared DOUBLE.
  std::optional<std::size_t> source;  // Sees the events of this one alone.
};

// Whether an argument is a list.
bool is_list_argument(char argument);

// How long the lists of last_k and top_k are in random views.
inline constexpr std::size_t kListLength = 3;

struct World {
  ViewBuilder builder;
  std::vector<Spec> specs;  // Of the features that the brute force checks, which come first.
  std::vector<SourceRow> rows;
  bool has_id = false;
  bool has_created = false;
  // Rows of one id are copies, so that forgetting an id with its event changes nothing.
  bool are_ids_exact = false;
  std::size_t sources = 1;  // One or two.
  bool has_second_id = true;

  // The rows as the program takes them.
  table::Batch batch(const std::vector<SourceRow>& some) const;
};

World random_world(Random& random);

// What a failure should say of a world.
std::string describe(const World& world);

// Features of expressions over the others and the latest row; no brute force checks them.
void add_expressions(World& world);

// Reads at the events' own times, and at others of known and unknown keys.
std::vector<SourceRow> random_reads(const World& world, Random& random);

// The key of a row as a text; nothing where a part is null.
std::optional<std::string> key_of(const World& world, const SourceRow& row);

// time + change, held within what there is.
std::int64_t moved(std::int64_t time_us, std::int64_t change_us);

}  // namespace rtml::feature
