#include "core/dataset/on_demand_join.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace rtml::dataset {
namespace {

using table::DataType;
using table::Kind;

bool widens(DataType from, DataType to) {
  if (from.is_list || to.is_list) return false;
  if (to.kind == Kind::kInt64) return from.kind == Kind::kInt32;
  return to.kind == Kind::kDouble &&
         (from.kind == Kind::kInt32 || from.kind == Kind::kInt64 || from.kind == Kind::kFloat);
}

table::Column widen(const table::Column& column, DataType type) {
  table::ColumnBuilder builder(type);
  builder.reserve(column.length());
  for (std::int64_t row = 0; row < column.length(); ++row) {
    if (column.is_null(row)) {
      builder.append_null();
    } else if (type.kind == Kind::kDouble) {
      builder.append_number(column.number_at(row));
    } else {
      builder.append_integer(column.integer_at(row));
    }
  }
  return builder.finish();
}

}  // namespace

Result<OnDemandJoin> OnDemandJoin::make(const project::FeatureSelection& selection,
                                        const project::Project& project) {
  RTML_TRY_ASSIGN(auto on_demand, feature::OnDemandFeatures::make(selection, project));
  return OnDemandJoin(std::move(on_demand));
}

std::vector<std::string> OnDemandJoin::feature_columns() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < on_demand_.selected; ++i) {
    names.push_back(on_demand_.features[i].name);
  }
  for (const auto& column : on_demand_.columns) names.push_back(column.name);
  return names;
}

std::vector<std::string> OnDemandJoin::request_columns() const {
  std::vector<std::string> names;
  for (const feature::OnDemandProgram& program : on_demand_.programs) {
    for (const table::Field& field : program.request()) {
      if (std::find(names.begin(), names.end(), field.name) == names.end()) {
        names.push_back(field.name);
      }
    }
  }
  return names;
}

void OnDemandJoin::add_request_types(std::map<std::string, table::DataType>& types) const {
  for (const feature::OnDemandProgram& program : on_demand_.programs) {
    for (const table::Field& field : program.request()) types.emplace(field.name, field.type);
  }
}

Result<std::vector<table::Column>> OnDemandJoin::request_of(const feature::OnDemandProgram& program,
                                                            const table::Batch& rows,
                                                            std::string_view what) {
  std::vector<table::Column> request;
  for (const table::Field& field : program.request()) {
    auto index = rows.schema().require(field.name, what);
    if (!index) {
      return fail(std::move(index).error().with_help("on-demand view " + program.view() +
                                                     " computes from it"));
    }
    const DataType found = rows.schema().field(*index).type;
    if (found == field.type) {
      request.push_back(rows.column(*index));
    } else if (widens(found, field.type)) {
      request.push_back(widen(rows.column(*index), field.type));
    } else {
      return fail(Error(ErrorCode::kDataWrongType, std::string(what) + ": column " + field.name +
                                                       " is " + to_string(found) +
                                                       ", but on-demand view " + program.view() +
                                                       " takes " + to_string(field.type))
                      .with_help("convert the column, or declare the type that it has"));
    }
  }
  return request;
}

Result<table::Batch> OnDemandJoin::apply(const table::Batch& joined, std::string_view what,
                                         const std::string& timestamp_column) const {
  if (on_demand_.columns.empty()) return joined;
  const std::size_t own = joined.schema().size() - on_demand_.features.size();
  std::vector<table::Field> fields(
      joined.schema().fields().begin(),
      joined.schema().fields().begin() + static_cast<std::ptrdiff_t>(own));
  std::vector<table::Column> values(joined.columns().begin(),
                                    joined.columns().begin() + static_cast<std::ptrdiff_t>(own));
  const table::Batch rows(std::make_shared<table::Schema>(fields), values, joined.rows());
  for (std::size_t i = 0; i < on_demand_.selected; ++i) {
    fields.push_back(joined.schema().field(own + i));
    values.push_back(joined.column(own + i));
  }
  RTML_TRY_ASSIGN(const std::size_t time, rows.schema().require(timestamp_column, what));
  std::vector<std::vector<table::Column>> results;
  for (std::size_t i = 0; i < on_demand_.programs.size(); ++i) {
    RTML_TRY_ASSIGN(const std::vector<table::Column> request,
                    request_of(on_demand_.programs[i], rows, what));
    std::vector<table::Column> inputs;
    for (const std::size_t place : on_demand_.inputs[i]) {
      inputs.push_back(joined.column(own + place));
    }
    results.push_back(
        on_demand_.programs[i].evaluate(request, rows.column(time), inputs, joined.rows()));
  }
  for (const auto& column : on_demand_.columns) {
    if (table::Schema(fields).find(column.name)) {
      return fail(Error(ErrorCode::kDataBadValue,
                        "a feature's name is taken by another feature or a column of " +
                            std::string(what) + ": " + column.name)
                      .with_help("name the columns view__feature with --full-feature-names, or "
                                 "rename the column"));
    }
    const table::DataType type = on_demand_.programs[column.program].outputs()[column.output].type;
    fields.push_back({column.name, type});
    values.push_back(results[column.program][column.output]);
  }
  return table::Batch(std::make_shared<table::Schema>(std::move(fields)), std::move(values),
                      joined.rows());
}

}  // namespace rtml::dataset
