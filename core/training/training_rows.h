// The rows of a training: what to learn from, what to test on, and the labels before them.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/project/definitions.h"
#include "core/table/batch.h"
#include "core/training/training.h"

namespace rtml::training {

// One side of the split. `times_us` is empty where the rows have no time.
struct Part {
  std::string what;  // For errors: "train.parquet", "the training rows".
  table::Batch rows;
  std::vector<double> labels;
  std::vector<std::int64_t> times_us;
};

struct TrainingRows {
  Part train;
  Part test;
  std::string label;
  std::vector<std::string> features;
  // Every label that is known to anybody and when its event was, by time; those between training
  // and test too. Empty where the rows have no time.
  std::vector<std::pair<std::int64_t, double>> history;
  Json manifest;                 // Null for prepared files.
  Json inputs = Json::object();  // What the run's details say about where the rows are from.
  std::vector<std::string> warnings;
};

// Reads prepared files, or builds the training set of the pipeline and splits it.
Result<TrainingRows> load_rows(const project::Pipeline& pipeline, const TrainingRequest& request,
                               const TrainingContext& context);

// The moments that a split means: train in [train_from, train_to), test in [test_from, test_to).
struct SplitMoments {
  std::int64_t train_from_us = 0;
  std::int64_t train_to_us = 0;
  std::int64_t test_from_us = 0;
  std::int64_t test_to_us = 0;
};

// Relative splits count back from just after `last_us`, the time of the last label row.
SplitMoments resolve_split(const project::Split& split, std::int64_t last_us);

}  // namespace rtml::training
