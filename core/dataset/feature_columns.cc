#include "core/dataset/feature_columns.h"

namespace rtml::dataset {
namespace {

// What kinds of key can be equal: integers of any width, or texts, or bytes, ….
table::Kind comparable_kind(table::DataType type) {
  return type.kind == table::Kind::kInt32 ? table::Kind::kInt64 : type.kind;
}

Result<table::Column> key_column(const feature::Program& program, const table::Field& key,
                                 const Request& request) {
  RTML_TRY_ASSIGN(const std::size_t index, request.rows.schema().require(key.name, request.what));
  const table::DataType type = request.rows.schema().field(index).type;
  if (type.is_list || comparable_kind(type) != comparable_kind(key.type)) {
    return fail(Error(ErrorCode::kDataWrongType,
                      std::string(request.what) + ": key column " + key.name +
                          " cannot be compared with the " + table::to_string(key.type) +
                          " of view " + program.view + ": it is " + table::to_string(type))
                    .with_help("convert the column, or give the entity's key the type it has"));
  }
  return request.rows.column(index);
}

Result<table::Column> time_column(const Request& request, std::int64_t first_row) {
  RTML_TRY_ASSIGN(const std::size_t index,
                  request.rows.schema().require(request.timestamp_column, request.what));
  const table::Column& time = request.rows.column(index);
  const std::string place = std::string(request.what) + ": column " + request.timestamp_column;
  if (time.type() != table::DataType{table::Kind::kTimestamp, false}) {
    return fail(Error(ErrorCode::kDataWrongType,
                      place + " is not a TIMESTAMP but " + table::to_string(time.type()))
                    .with_help("name the column of each row's moment with --timestamp COLUMN"));
  }
  for (std::int64_t row = 0; time.null_count() > 0 && row < time.length(); ++row) {
    if (time.is_null(row)) {
      return fail(ErrorCode::kDataBadTimestamp,
                  place + " is null in row " + std::to_string(first_row + row + 1));
    }
  }
  return time;
}

}  // namespace

Result<feature::ReadColumns> read_columns(const feature::Program& program, const Request& request,
                                          std::int64_t first_row) {
  feature::ReadColumns reads;
  reads.rows = request.rows.rows();
  RTML_TRY_ASSIGN(reads.time, time_column(request, first_row));
  for (const table::Field& key : program.keys) {
    RTML_TRY_ASSIGN(table::Column column, key_column(program, key, request));
    reads.keys.push_back(std::move(column));
  }
  return reads;
}

Result<feature::SweepResult> read_features(const feature::Program& program,
                                           const feature::EventColumns& events,
                                           const Request& request,
                                           const feature::SweepOptions& options) {
  RTML_TRY_ASSIGN(const feature::ReadColumns reads, read_columns(program, request));
  return feature::sweep(program, events, reads, options);
}

std::vector<std::string> columns_of(const feature::Program& program) {
  std::vector<std::string> columns;
  for (const table::Field& key : program.keys) columns.push_back(key.name);
  columns.push_back(program.time_column);
  if (!program.created_column.empty()) columns.push_back(program.created_column);
  if (!program.id_column.empty()) columns.push_back(program.id_column);
  for (const table::Field& input : program.inputs) columns.push_back(input.name);
  return columns;
}

}  // namespace rtml::dataset
