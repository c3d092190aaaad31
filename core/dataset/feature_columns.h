// The features of a view at the moments that rows ask for: the point-in-time join.
//
// A row asks for its entity at its time t and sees the events of that entity with
// t - ttl <= event time <= t, both closed. The feature program (core/feature) computes; here rows
// and events are brought together by the names of their columns. Safe from any thread.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/feature/program.h"
#include "core/feature/sweep.h"
#include "core/table/batch.h"

namespace rtml::dataset {

// Rows that ask.
struct Request {
  const table::Batch& rows;
  std::string_view what;  // Whose rows they are, for errors.
  std::string timestamp_column;
};

// The columns by which the rows ask, checked as read_features() says. `first_row` is what the first
// row is called in errors, from 0.
Result<feature::ReadColumns> read_columns(const feature::Program& program, const Request& request,
                                          std::int64_t first_row = 0);

// Computes the features of `program` for each row of the request, over `events` of its source.
// A row with a null key gets null features. Fails with kDataMissingColumn if the rows lack a key or
// the timestamp, kDataWrongType if the timestamp is none, or a key is a string on one side and an
// integer on the other (widths of integers do not matter), kDataBadTimestamp if a row has no time.
Result<feature::SweepResult> read_features(const feature::Program& program,
                                           const feature::EventColumns& events,
                                           const Request& request,
                                           const feature::SweepOptions& options);

// The columns of a source's table that `program` needs: keys, time, created, id, inputs.
std::vector<std::string> columns_of(const feature::Program& program);

}  // namespace rtml::dataset
