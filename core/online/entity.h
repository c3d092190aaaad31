// The state of one entity in one part, and the members of its group (docs/formats/state.md).
//
// A small head holds the newest events and says which segments hold the others, so that a batch
// rewrites the head, the segments it touched and the accumulators it folded into, whatever the
// entity has kept beside.

#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/feature/byte_codec.h"
#include "core/feature/kernel.h"
#include "core/feature/program.h"
#include "core/plugin/backends.h"

namespace rtml::online {

// How far a stream has come with one entity. The last batch is kept apart, because a store that
// writes group by group may have it of this entity and not of the part: applied once more, its
// events are skipped and counted as they were.
struct EntityProgress {
  static constexpr std::int64_t kNothing = std::numeric_limits<std::int64_t>::min();

  std::int64_t last_offset = kNothing;   // Events at or before it are applied.
  std::int64_t batch_offset = kNothing;  // Of the first event of the last batch.
  std::int64_t batch_duplicates = 0;
  // Offsets of events that were one too many; twice those whose time was folded.
  std::vector<std::int64_t> batch_refused;

  friend bool operator==(const EntityProgress&, const EntityProgress&) = default;
};

// A run of events in a member of its own.
struct EventSegment {
  std::uint64_t id = 0;
  std::size_t events = 0;
  std::int64_t last_us = 0;
  bool is_changed = false;  // Not as the store has it.
};

// Accumulators of older buckets of one fold, in a member of their own.
struct FoldSegment {
  std::uint64_t id = 0;
  std::int64_t last_index = 0;
};

struct Entity {
  feature::State state;
  EntityProgress progress;
  // Neither events nor accumulators are of this moment or before it: a fill has those.
  std::int64_t starts_after_us = feature::kBeforeAllTime;

  // The events of the state but the newest, the oldest segment first; of its events the first
  // `skipped` are trimmed already.
  std::vector<EventSegment> segments;
  std::size_t skipped = 0;
  // Of each fold the accumulators but the newest.
  std::vector<std::vector<FoldSegment>> fold_segments;
  std::uint64_t next_id = 0;

  bool are_folds_changed = false;
  bool are_folds_stored = false;       // There is a member of the newest accumulators.
  std::vector<std::uint64_t> removed;  // Segments that the store still has.

  // Events that are in no segment.
  std::size_t newest() const;
  // About how many bytes of memory it takes.
  std::size_t memory_bytes() const;
};

class EntityCodec {
 public:
  // `program` must outlive the codec.
  explicit EntityCodec(const feature::Program& program);

  Entity make_entity(const feature::Kernel& kernel) const;

  // Notes that an event of this time has come into the state, or that one has taken another's
  // place and the order of any may have changed.
  void note_event(Entity& entity, std::int64_t time_us) const;
  void note_replaced(Entity& entity) const;
  // Trims the state and drops the segments that are no longer needed.
  void trim(Entity& entity, const feature::Kernel& kernel, std::int64_t oldest_read_us) const;

  // Forgets events at or before a moment, and accumulators of such events. Returns false, and does
  // nothing, if there are accumulators that may be of both earlier and later ones.
  bool drop_until(Entity& entity, std::int64_t time_us) const;

  // The members that have changed since the entity was decoded or last encoded; those to be removed
  // have no value.
  struct Change {
    std::string member;
    std::optional<std::string> value;
  };
  void encode(Entity& entity, std::vector<Change>& changes) const;

  // Reads a group. `with_tie_breaks` false gives a state that can be read and nothing else. Fails
  // with kDataCorrupt. REQUIRES: members is not empty.
  Result<Entity> decode(const plugin::Members& members, bool with_tie_breaks,
                        const feature::Kernel& kernel) const;

 private:
  void forget_first(Entity& entity, std::size_t events_before) const;
  void close_events(Entity& entity) const;
  void encode_events(Entity& entity, std::vector<Change>& changes) const;
  void encode_folds(Entity& entity, std::vector<Change>& changes) const;
  std::string encode_head(const Entity& entity) const;
  void decode_layout(feature::ByteReader& reader, Entity& entity) const;
  Status decode_segments(const plugin::Members& members, bool with_tie_breaks,
                         Entity& entity) const;
  Status decode_folds(const plugin::Members& members, Entity& entity) const;

  const feature::Program& program_;
  std::uint32_t shape_;
};

}  // namespace rtml::online
