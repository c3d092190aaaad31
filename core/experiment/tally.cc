#include "core/experiment/tally.h"

#include <cmath>

#include "core/base/name.h"
#include "core/base/number.h"
#include "core/base/text_list.h"

namespace rtml::experiment {
namespace {

using table::Kind;

// What one unit adds to each metric's two sums.
using UnitSums = std::array<std::pair<double, double>, kMetricCount>;

// The columns of a schema, found once.
struct Places {
  std::size_t arm = 0;
  std::optional<std::size_t> label;
  std::optional<std::size_t> score;
  std::optional<std::size_t> prediction;
  std::optional<std::size_t> value;
  std::optional<std::size_t> unit;
};

bool is_word(table::DataType type) {
  return !type.is_list &&
         (type.kind == Kind::kString || type.kind == Kind::kBool || table::is_integer(type));
}

bool is_number(table::DataType type) {
  return table::is_numeric(type) || (!type.is_list && type.kind == Kind::kBool);
}

std::string word_at(const table::Column& column, std::int64_t row) {
  if (column.type().kind == Kind::kString) return std::string(column.text_at(row));
  if (column.type().kind == Kind::kBool) return column.bool_at(row) ? "true" : "false";
  return std::to_string(column.integer_at(row));
}

class Counter {
 public:
  Counter(const Columns& columns, std::string_view what) : columns_(columns), what_(what) {}

  Status find_columns(const table::Schema& schema);
  Status add(const table::Batch& batch);
  Tally finish();

 private:
  struct Unit {
    std::size_t arm;
    bool in_many = false;
    UnitSums sums{};
  };

  Result<std::size_t> require(const table::Schema& schema, const std::string& name,
                              bool (*suits)(table::DataType), std::string_view needed) const;
  Status add_row(const table::Batch& batch, std::int64_t row);
  Result<ArmTally*> arm_of(const std::string& name);
  // The row's class in a 0/1 column, or nothing for null.
  Result<std::optional<bool>> class_at(const table::Column& column, std::int64_t row,
                                       const std::string& name) const;
  Result<std::optional<bool>> predicted_at(const table::Batch& batch, std::int64_t row) const;
  Result<std::optional<double>> value_at(const table::Batch& batch, std::int64_t row,
                                         ArmTally& arm) const;
  Status count_classes(const table::Batch& batch, std::int64_t row, std::optional<double> value,
                       ArmTally& arm, UnitSums& sums) const;
  void add_unit(ArmTally& arm, const UnitSums& sums) const;
  tl::unexpected<Error> bad(const std::string& column, std::int64_t row,
                            const std::string& problem) const;

  const Columns& columns_;
  std::string what_;
  Places places_;
  std::int64_t rows_before_ = 0;  // Of earlier batches, for errors.
  std::vector<ArmTally> arms_;
  std::map<std::string, std::size_t> arm_indices_;
  std::unordered_map<std::string, Unit> units_;
  Tally tally_;
};

Result<std::size_t> Counter::require(const table::Schema& schema, const std::string& name,
                                     bool (*suits)(table::DataType),
                                     std::string_view needed) const {
  RTML_TRY_ASSIGN(const std::size_t index, schema.require(name, what_));
  const table::DataType type = schema.field(index).type;
  if (suits(type)) return index;
  return fail(ErrorCode::kDataWrongType, "column " + name + " of " + what_ + " must be " +
                                             std::string(needed) + ": " + table::to_string(type));
}

Status Counter::find_columns(const table::Schema& schema) {
  RTML_TRY_ASSIGN(places_.arm, require(schema, columns_.arm, is_word, "a text or an integer"));
  const auto optional_column = [&](const std::string& name, bool (*suits)(table::DataType),
                                   std::string_view needed,
                                   std::optional<std::size_t>& place) -> Status {
    if (name.empty()) return {};
    RTML_TRY_ASSIGN(place, require(schema, name, suits, needed));
    return {};
  };
  RTML_TRY(optional_column(columns_.label, is_number, "0 or 1", places_.label));
  RTML_TRY(optional_column(columns_.score, is_number, "a number", places_.score));
  RTML_TRY(optional_column(columns_.prediction, is_number, "0 or 1", places_.prediction));
  RTML_TRY(optional_column(columns_.value, is_number, "a number", places_.value));
  return optional_column(columns_.unit, is_word, "a text or an integer", places_.unit);
}

tl::unexpected<Error> Counter::bad(const std::string& column, std::int64_t row,
                                   const std::string& problem) const {
  return fail(ErrorCode::kExperimentData, "column " + column + " of " + what_ + " " + problem +
                                              " in row " + std::to_string(rows_before_ + row + 1));
}

Result<ArmTally*> Counter::arm_of(const std::string& name) {
  const auto found = arm_indices_.find(name);
  if (found != arm_indices_.end()) return &arms_[found->second];
  if (arms_.size() == kMaxArms) {
    return fail(Error(ErrorCode::kExperimentData, "column " + columns_.arm + " of " + what_ +
                                                      " has more than " + std::to_string(kMaxArms) +
                                                      " different values")
                    .with_help("--arm names the column that says which arm a row is in"));
  }
  arm_indices_.emplace(name, arms_.size());
  arms_.emplace_back().name = name;
  return &arms_.back();
}

Result<std::optional<bool>> Counter::class_at(const table::Column& column, std::int64_t row,
                                              const std::string& name) const {
  if (column.is_null(row)) return std::nullopt;
  const double value = column.number_at(row);
  if (value == 0 || value == 1) return value == 1;
  if (std::isnan(value)) return std::nullopt;
  return bad(name, row, "must be 0 or 1, and is " + format_number(value));
}

Result<std::optional<bool>> Counter::predicted_at(const table::Batch& batch,
                                                  std::int64_t row) const {
  if (places_.prediction) {
    return class_at(batch.column(*places_.prediction), row, columns_.prediction);
  }
  const table::Column& column = batch.column(*places_.score);
  if (column.is_null(row) || std::isnan(column.number_at(row))) return std::nullopt;
  return column.number_at(row) >= columns_.threshold;
}

Result<std::optional<double>> Counter::value_at(const table::Batch& batch, std::int64_t row,
                                                ArmTally& arm) const {
  if (!places_.value) return std::nullopt;
  const table::Column& column = batch.column(*places_.value);
  if (column.is_null(row) || std::isnan(column.number_at(row))) {
    ++arm.missing_values;
    return std::nullopt;
  }
  const double value = column.number_at(row);
  if (!std::isfinite(value)) return bad(columns_.value, row, "is infinite");
  return value;
}

Status Counter::count_classes(const table::Batch& batch, std::int64_t row,
                              std::optional<double> value, ArmTally& arm, UnitSums& sums) const {
  RTML_TRY_ASSIGN(const std::optional<bool> label,
                  class_at(batch.column(*places_.label), row, columns_.label));
  if (!label) {
    ++arm.missing_labels;
    return {};
  }
  RTML_TRY_ASSIGN(const std::optional<bool> predicted, predicted_at(batch, row));
  if (!predicted) {
    ++arm.missing_scores;
    return {};
  }
  const double tp = *label && *predicted ? 1 : 0;
  const double fp = !*label && *predicted ? 1 : 0;
  const double fn = *label && !*predicted ? 1 : 0;
  const double tn = !*label && !*predicted ? 1 : 0;
  arm.true_positives += static_cast<std::int64_t>(tp);
  arm.false_positives += static_cast<std::int64_t>(fp);
  arm.false_negatives += static_cast<std::int64_t>(fn);
  arm.true_negatives += static_cast<std::int64_t>(tn);
  const auto count = [&](Metric metric, double numerator, double denominator) {
    sums[static_cast<std::size_t>(metric)].first += numerator;
    sums[static_cast<std::size_t>(metric)].second += denominator;
  };
  // Without a value column every positive weighs the same; a positive without a value weighs
  // nothing.
  const double weight = places_.value ? value.value_or(0) : 1;
  count(Metric::kPrecision, tp, tp + fp);
  count(Metric::kRecall, tp, tp + fn);
  count(Metric::kF1, 2 * tp, 2 * tp + fp + fn);
  count(Metric::kCaptureRate, weight * tp, weight * (tp + fn));
  count(Metric::kFalsePositiveRate, fp, fp + tn);
  return {};
}

void Counter::add_unit(ArmTally& arm, const UnitSums& sums) const {
  ++arm.units;
  for (std::size_t metric = 0; metric < kMetricCount; ++metric) {
    arm.sums[metric].add(sums[metric].first, sums[metric].second);
  }
}

Status Counter::add_row(const table::Batch& batch, std::int64_t row) {
  const table::Column& arm_column = batch.column(places_.arm);
  if (arm_column.is_null(row)) {
    ++tally_.rows_without_arm;
    return {};
  }
  if (places_.unit && batch.column(*places_.unit).is_null(row)) {
    ++tally_.rows_without_unit;
    return {};
  }
  RTML_TRY_ASSIGN(ArmTally * arm, arm_of(word_at(arm_column, row)));
  UnitSums own{};
  UnitSums* sums = &own;
  if (places_.unit) {
    const std::size_t index = static_cast<std::size_t>(arm - arms_.data());
    const std::string name = word_at(batch.column(*places_.unit), row);
    Unit& unit = units_.try_emplace(name, Unit{index}).first->second;
    if (unit.arm != index) {
      tally_.units_in_many_arms += unit.in_many ? 0 : 1;
      unit.in_many = true;
    }
    arm = &arms_[unit.arm];
    sums = &unit.sums;
  }
  ++arm->rows;
  RTML_TRY_ASSIGN(const std::optional<double> value, value_at(batch, row, *arm));
  if (value) {
    (*sums)[static_cast<std::size_t>(Metric::kMeanValue)].first += *value;
    (*sums)[static_cast<std::size_t>(Metric::kMeanValue)].second += 1;
  }
  if (places_.label) RTML_TRY(count_classes(batch, row, value, *arm, *sums));
  if (!places_.unit) add_unit(*arm, own);
  return {};
}

Status Counter::add(const table::Batch& batch) {
  for (std::int64_t row = 0; row < batch.rows(); ++row) RTML_TRY(add_row(batch, row));
  rows_before_ += batch.rows();
  return {};
}

Tally Counter::finish() {
  // In the order of their names, so that sums do not depend on how the table is laid out.
  std::map<std::string_view, const Unit*> sorted;
  for (const auto& [name, unit] : units_) sorted.emplace(name, &unit);
  for (const auto& [name, unit] : sorted) add_unit(arms_[unit->arm], unit->sums);
  for (const auto& [name, index] : arm_indices_) tally_.arms.push_back(arms_[index]);
  return std::move(tally_);
}

}  // namespace

const std::vector<MetricInfo>& metric_table() {
  static const std::vector<MetricInfo> table = {
      {Metric::kPrecision, "precision", Better::kHigher, true, false, true,
       "share of alarms that were right"},
      {Metric::kRecall, "recall", Better::kHigher, true, false, true,
       "share of positives that raised an alarm"},
      {Metric::kF1, "f1", Better::kHigher, true, false, false,
       "harmonic mean of precision and recall"},
      {Metric::kCaptureRate, "capture_rate", Better::kHigher, true, false, false,
       "share of the positives' value that raised an alarm"},
      {Metric::kFalsePositiveRate, "false_positive_rate", Better::kLower, true, false, true,
       "share of negatives that raised an alarm"},
      {Metric::kMeanValue, "mean_value", Better::kNeither, false, true, false,
       "mean of the value column"},
  };
  return table;
}

const MetricInfo& describe(Metric metric) {
  return metric_table()[static_cast<std::size_t>(metric)];
}

Result<Metric> find_metric(std::string_view name) {
  std::vector<std::string> known;
  for (const MetricInfo& metric : metric_table()) {
    if (metric.name == name) return metric.metric;
    known.emplace_back(metric.name);
  }
  return fail(Error(ErrorCode::kBadValue, "no experiment metric is called \"" + std::string(name) +
                                              "\"" + did_you_mean(name, known))
                  .with_help("the metrics are " + text_list(known)));
}

Result<Tally> tally(table::BatchReader& rows, const Columns& columns, std::string_view what) {
  Counter counter(columns, what);
  RTML_TRY(counter.find_columns(*rows.schema()));
  while (true) {
    RTML_TRY_ASSIGN(const std::optional<table::Batch> batch, rows.next());
    if (!batch) return counter.finish();
    RTML_TRY(counter.add(*batch));
  }
}

}  // namespace rtml::experiment
