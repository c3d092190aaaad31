// What is kept of one entity: its recent events, and accumulators in place of older ones.
//
// A State is a value owned by whoever holds it; the kernel (kernel.h) changes and reads it.

#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/feature/accumulator.h"

namespace rtml::feature {

// The values that one slot has kept, one an event. Which vector holds them depends on the kind.
struct SlotValues {
  std::vector<std::uint8_t> valid;
  std::vector<std::int64_t> integers;  // BOOL, INT64, TIMESTAMP.
  std::vector<double> numbers;         // DOUBLE.
  std::vector<std::string> texts;      // STRING, BYTES.
};

// The accumulator of one bucket; copies are deep.
struct FoldedBucket {
  std::int64_t index = 0;
  std::unique_ptr<Accumulator> accumulator;

  FoldedBucket(std::int64_t bucket, std::unique_ptr<Accumulator> empty)
      : index(bucket), accumulator(std::move(empty)) {}
  FoldedBucket(const FoldedBucket& other)
      : index(other.index), accumulator(other.accumulator->clone()) {}
  FoldedBucket& operator=(const FoldedBucket& other) {
    if (this != &other) *this = FoldedBucket(other);
    return *this;
  }
  FoldedBucket(FoldedBucket&&) = default;
  FoldedBucket& operator=(FoldedBucket&&) = default;
};

// Events stand in their order: event time, created (null lowest), id or the canonical bytes of the
// row.
struct State {
  static constexpr std::int64_t kNoCreated = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t kNotFolded = std::numeric_limits<std::int64_t>::min();

  std::vector<std::int64_t> times_us;
  std::vector<std::int64_t> created_us;  // kNoCreated where null; empty if the program has none.
  // Bytes that sort as the id does, or as the row where there is no id; empty if neither matters.
  std::vector<std::string> tie_breaks;
  std::vector<SlotValues> slots;

  // Events at or before this moment are final: none can be applied any more. Those that foldable
  // windows need are in `folds` and not among the events above, or there too, for other windows.
  std::int64_t folded_until_us = kNotFolded;
  // Of each of Program::folds, ascending by index; empty buckets are left out.
  std::vector<std::vector<FoldedBucket>> folds;

  // Only where the program has sessions. Events at or after the first moment are all kept. Of each
  // of Program::windows, the first event at or after the moment given there starts a session; the
  // least moment where nothing was forgotten, kUnknownSession where the union of several partitions
  // does not tell.
  std::int64_t complete_from_us = std::numeric_limits<std::int64_t>::min();
  std::vector<std::int64_t> session_starts_us;
  static constexpr std::int64_t kUnknownSession = std::numeric_limits<std::int64_t>::max();

  // Reads before this moment fail: events they need were trimmed.
  std::int64_t oldest_read_us = std::numeric_limits<std::int64_t>::min();
  std::int64_t duplicates = 0;  // Events dropped since the state began.
  // Hashes of `tie_breaks` that tell a new id fast; made once looking through them has cost more.
  std::unordered_set<std::size_t> id_hashes;
  std::size_t ids_looked_at = 0;

  std::size_t events() const { return times_us.size(); }
};

}  // namespace rtml::feature
