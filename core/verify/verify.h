// The skew check: values of a view at sampled entities and moments, wherever they were computed,
// against their recomputation from the source.
//
// The recomputation feeds an entity's events one by one to a kernel that has seen nothing else.
// What it is held against came another way: the backfill from the sweep, a file from an earlier
// backfill, online values from state that was folded, trimmed, written and merged. Values are
// compared bit for bit.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/dataset/training_set.h"
#include "core/feature/kernel.h"
#include "core/plugin/backends.h"
#include "core/project/project.h"

namespace rtml::verify {

enum class Place : std::uint8_t { kBackfill, kFile, kOnline };
std::string_view to_string(Place place);  // "backfill", "file", "online".

struct VerifyOptions {
  std::int64_t sample = 1'000;  // How many entities and moments.
  std::uint64_t seed = 0;       // Decides which.
  // What "feature materialize" wrote, a file or a directory of intervals: as many of its rows are
  // compared, each at its own moment. Empty: no file is looked at.
  std::filesystem::path file;
  // Null: online values are not looked at.
  plugin::OnlineStore* store = nullptr;
  // Fails where the store does not hold the view; else it is left out.
  bool is_online_required = false;
  // The moment of online reads; nothing: the watermark, up to which all events have come.
  std::optional<std::int64_t> at_us;
};

// A value that is not what the source says.
struct Difference {
  Json entity;  // Key columns and their values.
  std::int64_t time_us = 0;
  std::string feature;
  Json expected;
  Json found;
  feature::Status expected_status = feature::Status::kPresent;
  // Not of values in a file, which has none.
  std::optional<feature::Status> found_status;
};

// What one place has.
struct Comparison {
  // The most differences that are kept; all are counted.
  static constexpr std::size_t kKept = 100;

  Place place = Place::kBackfill;
  std::int64_t reads = 0;
  std::int64_t values = 0;
  std::int64_t differing = 0;
  std::vector<Difference> differences;
  std::optional<std::int64_t> at_us;  // Of online reads.
  // Of online reads: up to where the store has seen all events.
  std::int64_t watermark_us = 0;
};

struct Verification {
  std::vector<Comparison> comparisons;
  std::int64_t differing = 0;  // In all places.
};

// Fails with kCannotTell if there is nothing to compare: a source without events, a file without
// rows, a store that has seen no event; kUsage if a file lacks a column of the view,
// kNotFound if the store does not hold the view; and as reading the source does.
Result<Verification> verify(const project::FeatureView& view, const VerifyOptions& options,
                            const dataset::BuildContext& context);

}  // namespace rtml::verify
