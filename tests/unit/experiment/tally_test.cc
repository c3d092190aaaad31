#include "core/experiment/tally.h"

#include <doctest/doctest.h>

#include <cmath>

namespace rtml::experiment {
namespace {

using table::Kind;

struct Row {
  const char* arm;  // Null: no arm.
  int label;        // -1: null.
  double score;     // NaN: none.
  double value = 1;
  int unit = 0;
};

table::Batch batch_of(const std::vector<Row>& rows) {
  table::ColumnBuilder arm({Kind::kString});
  table::ColumnBuilder label({Kind::kInt64});
  table::ColumnBuilder score({Kind::kDouble});
  table::ColumnBuilder value({Kind::kDouble});
  table::ColumnBuilder unit({Kind::kInt64});
  for (const Row& row : rows) {
    row.arm == nullptr ? arm.append_null() : arm.append_text(row.arm);
    row.label < 0 ? label.append_null() : label.append_integer(row.label);
    score.append_number(row.score);
    value.append_number(row.value);
    unit.append_integer(row.unit);
  }
  const auto schema =
      std::make_shared<table::Schema>(std::vector<table::Field>{{"arm", {Kind::kString}},
                                                                {"label", {Kind::kInt64}},
                                                                {"score", {Kind::kDouble}},
                                                                {"value", {Kind::kDouble}},
                                                                {"unit", {Kind::kInt64}}});
  return {schema,
          {arm.finish(), label.finish(), score.finish(), value.finish(), unit.finish()},
          static_cast<std::int64_t>(rows.size())};
}

Result<Tally> count(const std::vector<Row>& rows, const Columns& columns) {
  const table::Batch batch = batch_of(rows);
  auto reader = table::read_batches(batch.shared_schema(), {batch});
  return tally(*reader, columns, "rows.csv");
}

const Columns kByRow{.arm = "arm", .label = "label", .score = "score", .value = "value"};

statistics::Sums numerator(const ArmTally& arm, Metric metric) {
  return arm.sums[static_cast<std::size_t>(metric)].numerator;
}

}  // namespace

TEST_CASE("tally: counts the confusion matrix and what is missing, arm by arm") {
  const double none = std::nan("");
  const auto result = count({{"b", 1, 0.9, 10},
                             {"b", 1, 0.1, 30},
                             {"b", 0, 0.5, 1},
                             {"b", 0, 0.4, 1},
                             {"b", -1, 0.4, 1},
                             {"b", 1, none, 1},
                             {"a", 0, 0.0, none},
                             {nullptr, 1, 0.9, 1}},
                            kByRow);
  REQUIRE(result);
  REQUIRE(result->arms.size() == 2);
  CHECK(result->rows_without_arm == 1);
  CHECK(result->arms[0].name == "a");
  CHECK(result->arms[0].missing_values == 1);
  const ArmTally& b = result->arms[1];
  CHECK(b.rows == 6);
  CHECK(b.units == 6);
  CHECK(b.true_positives == 1);
  CHECK(b.false_negatives == 1);
  CHECK(b.false_positives == 1);
  CHECK(b.true_negatives == 1);
  CHECK(b.missing_labels == 1);
  CHECK(b.missing_scores == 1);
  const auto& capture = b.sums[static_cast<std::size_t>(Metric::kCaptureRate)];
  CHECK(capture.numerator.sum == 10);
  CHECK(capture.denominator.sum == 40);
  CHECK(capture.products == 100);
  CHECK(numerator(b, Metric::kMeanValue).sum == 44);
}

TEST_CASE("tally: a unit's rows are summed before they are squared") {
  Columns columns = kByRow;
  columns.unit = "unit";
  const auto result = count({{"a", 1, 0.9, 1, 7},
                             {"a", 1, 0.8, 1, 7},
                             {"a", 1, 0.7, 1, 8},
                             {"b", 1, 0.9, 1, 9},
                             {"b", 1, 0.9, 1, 7}},
                            columns);
  REQUIRE(result);
  const ArmTally& a = result->arms[0];
  CHECK(a.units == 2);
  CHECK(a.rows == 4);  // The row of unit 7 in arm b counts for its first arm.
  CHECK(result->units_in_many_arms == 1);
  CHECK(numerator(a, Metric::kRecall).sum == 4);
  CHECK(numerator(a, Metric::kRecall).squares == 10);
  CHECK(numerator(a, Metric::kRecall).count == 2);
}

TEST_CASE("tally: what is no class, number or arm is refused with its row") {
  const auto label = count({{"a", 1, 0.5}, {"a", 2, 0.5}}, kByRow);
  REQUIRE_FALSE(label);
  CHECK(label.error().code() == ErrorCode::kExperimentData);
  CHECK(label.error().message() == "column label of rows.csv must be 0 or 1, and is 2 in row 2");
  CHECK_FALSE(count({{"a", 1, 0.5, HUGE_VAL}}, kByRow));
  Columns columns = kByRow;
  columns.prediction = "value";
  CHECK_FALSE(count({{"a", 1, 0.5, 0.5}}, columns));
  columns = kByRow;
  columns.score = "arm";
  CHECK(count({{"a", 1, 0.5}}, columns).error().code() == ErrorCode::kDataWrongType);
  columns.score = "scor";
  CHECK(count({{"a", 1, 0.5}}, columns).error().code() == ErrorCode::kDataMissingColumn);
  columns = kByRow;
  columns.arm = "unit";
  std::vector<Row> rows;
  for (int i = 0; i < 51; ++i) rows.push_back({"a", 1, 0.5, 1, i});
  CHECK(count(rows, columns).error().code() == ErrorCode::kExperimentData);
}

TEST_CASE("metrics: the table is in the order of the enumeration") {
  REQUIRE(metric_table().size() == kMetricCount);
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    CHECK(static_cast<std::size_t>(metric_table()[i].metric) == i);
    CHECK(find_metric(metric_table()[i].name).value() == metric_table()[i].metric);
  }
  CHECK_FALSE(find_metric("recal"));
}

}  // namespace rtml::experiment
