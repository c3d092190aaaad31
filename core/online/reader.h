// Reads features of entities from the kept state: what serving calls.
//
// A Reader belongs to one list of features, usually a service. It keeps the compiled views and what
// the store knows of them, so that a read of any number of entities is one round trip; when a fill
// or a new partition has changed that meanwhile, the read notices and asks once more. Features of
// on-demand views are computed from what the request brings and from values of the same read.
//
// Threads: a reader and its store are used by one thread at a time. A server opens both once for
// each of its threads (PluginHost::online_store() gives as many stores as are asked for; those of
// one LMDB share its memory) and answers requests that wait together as one read: nothing is
// locked, and reads of several threads do not wait for each other. A read blocks its thread until
// the store has answered or the deadline of the call is over (CallOptions, monotonic clock);
// setting the call's cancel flag ends it with kInterrupted.
//
// Memory: a ReadResult that is used again keeps its memory, and its values live until its next
// read. What a request points to must live as long as read() runs.
//
// Errors of read(): kOutsideHistory for a moment that the state does not reach back to,
// kDataCorrupt for a state that is damaged (both of one entity, see keeps_failures), kNotFound
// where the view has gone from the store, kBusy where fills follow each other faster than reads,
// and what the store says; those of ExitClass::kRetry may be gone in a moment. After any of them
// the reader is as it was, and reads on.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/feature/kernel.h"
#include "core/feature/on_demand.h"
#include "core/feature/program.h"
#include "core/online/part_position.h"
#include "core/plugin/backends.h"
#include "core/project/project.h"
#include "core/table/value.h"
#include "core/table/value_memory.h"

namespace rtml::online {

// One view of a reader, as the caller needs it to bring keys and events.
struct ServedView {
  const project::FeatureView* view = nullptr;
  const project::Source* source = nullptr;
  std::string identity;
  feature::Program program;
  table::Schema source_schema;  // What the program was compiled against.
};

// One value asked for.
struct ServedFeature {
  std::string name;  // Of the column, as the service calls it.
  table::DataType type;
  bool is_on_demand = false;
  std::size_t view = 0;    // Of Reader::views(), or of Reader::on_demand().
  std::size_t output = 0;  // Of its program.
};

struct ReadRequest {
  // A key for each entity and view: keys[entity * views + view], in the order of Program::keys.
  // None null.
  std::span<const std::span<const table::Value>> keys;
  std::size_t entities = 1;
  // The moment to read, microseconds since the epoch; where it is not the same for all entities,
  // one for each in `times_us`.
  std::int64_t time_us = 0;
  std::span<const std::int64_t> times_us;
  // An event of the request for each entity and view, events[entity * views + view], seen by this
  // read alone, or null; empty: none.
  std::span<const feature::Event* const> events;
  // What the request brings for each entity and on-demand view: columns[entity * views + view], in
  // the order of OnDemandProgram::request(), any of them null.
  std::span<const std::span<const table::Value>> columns;
  // An entity that cannot be read, because its moment lies outside history or its state is damaged,
  // goes into ReadResult::failures and does not fail the read.
  bool keeps_failures = false;
};

// The status of an on-demand feature is kPresent or, where its expression gives null, kNullValue:
// what its inputs lack is theirs to say.
struct ReadValue {
  table::Value value;  // Its text or list lives in the result.
  feature::Status status = feature::Status::kNotFound;
  // Of the latest event seen, by any of its inputs where it is computed on demand;
  // PartPosition::kNoTime where none was.
  std::int64_t event_time_us = PartPosition::kNoTime;
};

// How fresh the kept state of a view is.
struct ViewFreshness {
  std::optional<std::int64_t> cutover_us;  // Of its fill; nothing if it has none.
  // No event at or before it is to come: the least of its partitions', or the cutover.
  // PartPosition::kNoTime if a partition has no events yet and there is no fill.
  std::int64_t watermark_us = PartPosition::kNoTime;
};

// Why one entity of a read has no values; they are null and kNotFound in the result.
struct EntityFailure {
  std::size_t entity = 0;
  Error error;
};

// What a read gives. Used again for the next read, it needs no new memory.
struct ReadResult {
  std::vector<ReadValue> values;        // values[entity * features + feature].
  std::vector<EntityFailure> failures;  // By entity; empty unless the request keeps them.
  std::vector<ViewFreshness> views;
  // The least of the views'; kNoTime if there are none.
  std::int64_t watermark_us = PartPosition::kNoTime;
  std::int64_t overflows = 0;  // INT64 sums that are null for it.
  table::ValueMemory memory;
};

class Reader {
 public:
  // `project` and `store` must outlive the reader. Fails with kNotFound if the store does not hold
  // a view, and with what is wrong with an on-demand view.
  static Result<Reader> open(const project::FeatureSelection& selection,
                             const project::Project& project, plugin::OnlineStore& store,
                             const plugin::CallOptions& call);
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  // Views whose state is read: those asked for and those that on-demand views read. Valid as long
  // as the reader, but for the programs: a fill of a source with other columns makes read() compile
  // them anew, with the same keys and outputs.
  std::span<const ServedView> views() const;
  std::span<const feature::OnDemandProgram> on_demand() const;
  // First those of views, then those computed on demand, each in the order asked for.
  std::span<const ServedFeature> features() const;

  // Computes the features of each entity as of a moment. Fails with kOutsideHistory for a moment
  // before what the store can answer, and as the store does.
  Status read(const ReadRequest& request, const plugin::CallOptions& call, ReadResult* result);

 private:
  struct Impl;
  explicit Reader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Fails with kTooStale if a view is further behind `now_us` than `max_lag_us`.
Status check_lag(const Reader& reader, const ReadResult& result, std::int64_t now_us,
                 std::int64_t max_lag_us);

}  // namespace rtml::online
