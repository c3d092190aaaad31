// How far a part of a view version has come, and the bytes of that (docs/formats/online.md).

#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "core/base/random.h"
#include "core/base/result.h"
#include "core/online/layout.h"
#include "core/plugin/backends.h"

namespace rtml::online {

// How many events a part has seen since it began, exact across restarts.
struct Counters {
  std::int64_t applied = 0;
  std::int64_t duplicates = 0;      // One of two with an id; the other one is applied.
  std::int64_t before_cutover = 0;  // Skipped, because the fill had them.
  std::int64_t late = 0;            // In the late output.
  std::int64_t dead_letters = 0;    // In the dead letters, those of `too_many` among them.
  std::int64_t too_many = 0;        // Refused, because their entity had too many events.

  friend bool operator==(const Counters&, const Counters&) = default;
};

struct PartPosition {
  static constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

  std::int64_t next_offset = 0;           // The first offset that is not applied.
  std::int64_t max_event_us = kNoTime;    // The latest event time; what the watermark follows.
  std::int64_t watermark_us = kNoTime;    // What reads report: no event at or before is to come.
  std::int64_t cutover_us = kNoTime;      // Events at or before it are in the fill and skipped.
  std::int64_t oldest_read_us = kNoTime;  // Reads before it fail: what they need may be trimmed.
  Counters counters;

  friend bool operator==(const PartPosition&, const PartPosition&) = default;
};

// What the group of a position holds.
struct StoredPosition {
  PartPosition position;
  std::uint64_t epoch = 0;  // Of the writer.
};

// The member under which a position stands in its group.
inline constexpr std::string_view kPositionMember = "p";

std::string encode(const StoredPosition& stored);
// Nothing if the group is empty. Fails with kDataCorrupt.
Result<std::optional<StoredPosition>> decode_position(const plugin::Members& members,
                                                      const PartName& name);

// Reads the position of a part; nothing if it never had a writer.
Result<std::optional<StoredPosition>> read_position(const PartName& name,
                                                    plugin::OnlineStore& store,
                                                    const plugin::CallOptions& call);

// An epoch for the next writer of a part: the time now or, where the clock of its last writer was
// ahead, a little above that one's. `random` keeps two that come then from having the same.
Result<std::uint64_t> next_epoch(const PartName& name, plugin::OnlineStore& store,
                                 std::int64_t now_us, Random& random,
                                 const plugin::CallOptions& call);

}  // namespace rtml::online
