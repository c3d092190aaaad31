#include "core/gate/evaluation.h"

#include <limits>
#include <utility>

namespace rtml::gate {
namespace {

constexpr std::string_view kLabel = "@label";
constexpr std::string_view kPrediction = "@prediction";

}  // namespace

std::vector<double> numbers_of(const table::Column& column) {
  std::vector<double> numbers;
  numbers.reserve(static_cast<std::size_t>(column.length()));
  for (std::int64_t row = 0; row < column.length(); ++row) {
    numbers.push_back(column.is_null(row) ? std::numeric_limits<double>::quiet_NaN()
                                          : column.number_at(row));
  }
  return numbers;
}

Result<table::Batch> select_columns(const table::Batch& rows, const std::vector<std::string>& names,
                                    std::string_view what) {
  std::vector<table::Field> fields;
  std::vector<table::Column> columns;
  for (const std::string& name : names) {
    RTML_TRY_ASSIGN(const std::size_t index, rows.schema().require(name, what));
    fields.push_back(rows.schema().field(index));
    columns.push_back(rows.column(index));
  }
  return table::Batch(std::make_shared<table::Schema>(std::move(fields)), std::move(columns),
                      rows.rows());
}

Result<table::Batch> to_table(const Evaluation& evaluation) {
  std::vector<table::Field> fields;
  std::vector<table::Column> columns;
  const auto add = [&](std::string_view name, const std::vector<double>& values) {
    fields.push_back({std::string(name), {table::Kind::kDouble, false}});
    columns.push_back(table::double_column(values));
  };
  add(kLabel, evaluation.labels);
  add(kPrediction, evaluation.predictions);
  for (const Baseline& baseline : evaluation.baselines) {
    if (baseline.missing.empty()) add("@" + baseline.name, baseline.predictions);
  }
  for (std::size_t index = 0; index < evaluation.columns.schema().size(); ++index) {
    const table::Field& field = evaluation.columns.schema().field(index);
    if (field.name.starts_with('@')) {
      return fail(ErrorCode::kDataBadValue,
                  "a column's name may not start with \"@\": " + field.name);
    }
    fields.push_back(field);
    columns.push_back(evaluation.columns.column(index));
  }
  return table::Batch(std::make_shared<table::Schema>(std::move(fields)), std::move(columns),
                      static_cast<std::int64_t>(evaluation.labels.size()));
}

Result<Evaluation> evaluation_from_table(const table::Batch& rows) {
  Evaluation evaluation;
  std::vector<std::string> names;
  bool has_label = false;
  bool has_prediction = false;
  for (std::size_t index = 0; index < rows.schema().size(); ++index) {
    const table::Field& field = rows.schema().field(index);
    if (!field.name.starts_with('@')) {
      names.push_back(field.name);
      continue;
    }
    if (field.type != table::DataType{table::Kind::kDouble, false}) {
      return fail(ErrorCode::kDataCorrupt, "an evaluation's column is not DOUBLE: " + field.name);
    }
    std::vector<double> values = numbers_of(rows.column(index));
    if (field.name == kLabel) {
      evaluation.labels = std::move(values);
      has_label = true;
    } else if (field.name == kPrediction) {
      evaluation.predictions = std::move(values);
      has_prediction = true;
    } else {
      evaluation.baselines.push_back({field.name.substr(1), std::move(values), ""});
    }
  }
  if (!has_label || !has_prediction) {
    return fail(ErrorCode::kDataCorrupt,
                "an evaluation lacks its column " + std::string(has_label ? kPrediction : kLabel));
  }
  RTML_TRY_ASSIGN(evaluation.columns, select_columns(rows, names, "the evaluation"));
  return evaluation;
}

}  // namespace rtml::gate
