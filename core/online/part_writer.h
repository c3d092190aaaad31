// Applies the events of one source partition to the kept state of one view version, exactly once.
//
// A PartWriter is the only writer of its part as long as its epoch is the highest; a writer that
// has been replaced fails with kEpochStale at its next commit() and must be dropped. Events are
// applied in memory, states that are not there are loaded in one round trip a batch, and commit()
// writes what changed: one transaction where the store is atomic; elsewhere group by group with the
// position last, and since each entity keeps the offset it has reached, what is applied again after
// a crash in between is skipped. Used by one thread at a time.
//
// The life of a writer:
//   open() → position().next_offset says where to start
//   { apply() any number of times → commit() }, until commit() fails beyond repair
// A commit() that failed for a passing reason (store down) may be called again with the same end
// and nothing applied in between: it writes the same.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/feature/kernel.h"
#include "core/feature/program.h"
#include "core/online/layout.h"
#include "core/online/part_position.h"
#include "core/online/records.h"
#include "core/plugin/backends.h"

namespace rtml::online {

struct KeyedEvent {
  std::span<const table::Value> key;  // In the order of Program::keys, none null.
  feature::Event event;
  std::int64_t offset = 0;
};

enum class Outcome : std::uint8_t {
  kApplied,
  kDuplicate,
  kAlreadyApplied,  // Before a crash; counted as what it was then.
  kBeforeCutover,
  kTooMany,  // Not applied: the caller puts it into the dead letters with kTooManyEvents.
  kFolded,   // Not applied: the state has folded its time away. Late by any watermark; the caller
             // puts it into the late output and counts it there.
};

// What a batch has come to, beside the outcomes that the writer counts by itself.
struct BatchEnd {
  std::int64_t next_offset = 0;
  std::int64_t max_event_us = PartPosition::kNoTime;
  std::int64_t watermark_us = PartPosition::kNoTime;
  // Reads before this moment are given up: watermark - history. Never goes back.
  std::int64_t trim_to_us = PartPosition::kNoTime;
  std::int64_t late = 0;          // Events put into the late output, those kFolded among them.
  std::int64_t dead_letters = 0;  // Without those of Outcome::kTooMany.
  std::vector<Record> records;
};

struct WriterOptions {
  std::size_t cache_bytes = std::size_t{256} << 20;  // Of decoded states, about.
  std::int64_t max_events_per_entity = 100'000;
  // Where the part begins if the store does not know it yet.
  std::int64_t first_offset = 0;
};

// What the last commit of a writer wrote.
struct WriteSize {
  std::int64_t entities = 0;
  std::int64_t members = 0;
  std::int64_t bytes = 0;
};

class PartWriter {
 public:
  // Takes the part over: raises its epoch, enters it among the view's parts, and reads its
  // position. `program`, `source_schema` (what the program was compiled against) and `store` must
  // outlive the writer. Fails with kEpochStale if the epoch is not the highest.
  static Result<PartWriter> open(const feature::Program& program,
                                 const table::Schema& source_schema, const PartName& name,
                                 plugin::OnlineStore& store, std::uint64_t epoch,
                                 const WriterOptions& options, const plugin::CallOptions& call);
  ~PartWriter();
  PartWriter(PartWriter&&) noexcept;
  PartWriter& operator=(PartWriter&&) noexcept;

  const PartName& name() const;
  // As of the last commit; counters move on with apply().
  const PartPosition& position() const;

  // Applies events in the order of their offsets; one outcome each. Fails only as the store does
  // when states are loaded, before anything is applied, so that the call can be repeated.
  // REQUIRES: offsets ascend, over all calls too; events that are late are left out.
  Result<std::vector<Outcome>> apply(std::span<const KeyedEvent> events,
                                     const plugin::CallOptions& call);

  // Writes what apply() changed, the records and the position.
  Status commit(const BatchEnd& end, const plugin::CallOptions& call);

  WriteSize last_write() const;

 private:
  struct Impl;
  friend Status commit_together(std::span<PartWriter* const>, std::span<const BatchEnd>,
                                const plugin::CallOptions&);
  explicit PartWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Commits several parts of one store in one transaction, an end each. After a failure none is
// committed, and it may be called again as commit() may. REQUIRES: the store commits atomically, or
// there is one writer.
Status commit_together(std::span<PartWriter* const> writers, std::span<const BatchEnd> ends,
                       const plugin::CallOptions& call);

}  // namespace rtml::online
