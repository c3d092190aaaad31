// The test rows of a training run, with everything the gate needs to ask again who is better.
//
// As a table (docs/formats/evaluation.md) it is an artifact of the run. Plain values.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/metric/metric.h"
#include "core/table/batch.h"

namespace rtml::gate {

// A trivial model's predictions on the test rows.
struct Baseline {
  std::string name;                 // "majority", "no-change".
  std::vector<double> predictions;  // One a row; empty if `missing` says why there are none.
  std::string missing;
};

struct Evaluation {
  std::vector<double> labels;
  std::vector<double> predictions;  // Of the candidate.
  std::vector<Baseline> baselines;
  // The columns of the test rows that models can read: numbers and BOOL.
  table::Batch columns;
};

// Returns the table of an evaluation: "@label", "@prediction", one "@<baseline>" for each that has
// predictions, then the columns. Fails with kDataBadValue if a column's name starts with "@".
Result<table::Batch> to_table(const Evaluation& evaluation);

// Reads such a table; baselines that it lacks are absent. Fails with kDataCorrupt.
Result<Evaluation> evaluation_from_table(const table::Batch& rows);

// The columns `names` of `rows`, in that order. Fails with kDataMissingColumn, naming the nearest;
// `what` says whose columns they are.
Result<table::Batch> select_columns(const table::Batch& rows, const std::vector<std::string>& names,
                                    std::string_view what);

// Every value of a DOUBLE column, NaN for a null.
std::vector<double> numbers_of(const table::Column& column);

}  // namespace rtml::gate
