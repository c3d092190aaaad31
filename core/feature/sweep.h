// The sweep: the features of many entities at many moments, over columns. It is the second
// implementation of the kernel's read(), bit for bit equal to it, for materialize and training
// sets.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/cancel.h"
#include "core/base/result.h"
#include "core/feature/kernel.h"
#include "core/feature/program.h"
#include "core/table/batch.h"

namespace rtml::feature {

// Events in any order, one row each.
struct EventColumns {
  std::int64_t rows = 0;
  std::vector<table::Column> keys;  // In the order of Program::keys; INT64, INT32, STRING or BYTES.
  table::Column time;               // TIMESTAMP, without nulls.
  std::optional<table::Column> created;  // TIMESTAMP; where the program has it.
  std::optional<table::Column> id;       // INT64, INT32 or STRING; where the program has it.
  std::vector<table::Column> inputs;     // In the order of Program::inputs.
};

// Takes the columns a program needs out of a batch of the source, by name. Fails with
// kDataMissingColumn or kDataWrongType; `what` says whose batch it is.
Result<EventColumns> event_columns(const Program& program, const table::Batch& batch,
                                   std::string_view what);

// Reads in any order, one row each.
struct ReadColumns {
  std::int64_t rows = 0;
  std::vector<table::Column> keys;  // As in EventColumns.
  table::Column time;               // TIMESTAMP, without nulls.
};

struct SweepOptions {
  int threads = 1;                     // The result does not depend on it.
  const CancelFlag* cancel = nullptr;  // May be null.
  bool tells_ages = true;  // False: statuses and latest_event_us are of no use to the caller.
};

struct SweepResult {
  // One row a read, in the reads' order: Program::output_schema().
  std::vector<table::Column> features;
  // kNotFound or kOutsideMaxAge for the whole row, else kPresent (a null value is kNullValue).
  // Maybe empty without SweepOptions::tells_ages, and so is latest_event_us.
  std::vector<Status> statuses;
  // The time of the latest event each read saw; unspecified where it is kNotFound.
  std::vector<std::int64_t> latest_event_us;
  // Rows of `events` that were dropped because another row has their entity and id; ascending.
  std::vector<std::int64_t> duplicates;
  std::int64_t events_without_key = 0;  // Dropped, because a key was null.
  std::int64_t overflows = 0;           // INT64 sums that did not fit and are null.
};

// Computes the features of every read. A read with a null key gives nulls and kNotFound. Fails with
// kDataBadValue on a null time, kUnsupported beyond 2^31 - 2 events or reads, kInterrupted if
// cancelled.
Result<SweepResult> sweep(const Program& program, const EventColumns& events,
                          const ReadColumns& reads, const SweepOptions& options = {});

}  // namespace rtml::feature
