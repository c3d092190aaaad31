#include "core/dataset/source_table.h"

#include <glob.h>

#include <algorithm>

#include "core/dataset/part_columns.h"
#include "core/plugin/host.h"
#include "core/project/project.h"
#include "core/table/list_limit.h"

namespace rtml::dataset {
namespace {

// The name of a declared column in the data.
std::string data_name(const project::Source& source, const std::string& name) {
  for (const project::SourceColumn& column : source.columns) {
    if (column.name == name) return column.from;
  }
  return name;
}

// Names and types of the data turned into those of the declaration.
table::Schema renamed_schema(const project::Source& source,
                             const std::map<std::string, table::DataType>& types,
                             const table::Schema& data, std::vector<std::string>* data_names) {
  std::vector<table::Field> fields;
  for (const table::Field& field : data.fields()) {
    std::string name = field.name;
    bool shadowed = false;
    for (const project::SourceColumn& column : source.columns) {
      if (column.from == field.name) {
        name = column.name;
        shadowed = false;
        break;
      }
      // A declared name hides a column of the data that happens to be called the same.
      shadowed = shadowed || column.name == field.name;
    }
    if (shadowed) continue;
    const auto type = types.find(name);
    fields.push_back({name, type == types.end() ? field.type : type->second});
    data_names->push_back(field.name);
  }
  return table::Schema(std::move(fields));
}

// A table of one column whose name looks like several was read with another separator than it has.
Status check_separator(const project::Source& source, const table::Schema& data) {
  if (data.size() != 1) return {};
  const std::string& name = data.field(0).name;
  const std::size_t place = name.find_first_of(";\t|");
  if (place == std::string::npos || place == 0 ||
      data_name(source, source.timestamp.column) == name) {
    return {};
  }
  const std::string separator = name[place] == '\t' ? "\\t" : std::string(1, name[place]);
  return fail(
      Error(ErrorCode::kDataMissingColumn, source.batch->path + " has one column, \"" + name + "\"")
          .at(source.batch->location)
          .with_help("say what separates the fields: delimiter: \"" + separator + "\""));
}

// `opened` is the source's table, whose schema is not known yet.
Status check_declared_columns(const project::Source& source, const table::Schema& schema,
                              const table::Schema& data, const SourceTable& opened) {
  std::vector<Error> errors;
  const auto require = [&](const table::Schema& where, const std::string& column,
                           const SourceLocation& location) {
    const auto found = where.require(column, source.batch->path);
    if (found) return;
    const Status readable = opened.check_readable(column);
    errors.push_back(Error(readable ? found.error() : readable.error()).at(location));
  };
  for (const project::SourceColumn& column : source.columns) {
    require(data, column.from, column.location);
  }
  if (errors.empty()) {
    require(schema, source.timestamp.column, source.location);
    if (source.created) require(schema, source.created->column, source.location);
    if (!source.id.empty()) require(schema, source.id, source.location);
  }
  if (errors.empty()) return {};
  return fail(Error::many(std::move(errors)));
}

// Lists of events are kept with their entity, so that none may be of any length.
Status check_lists(const table::Batch& rows, std::int64_t first_row, const std::string& path) {
  for (std::size_t c = 0; c < rows.columns().size(); ++c) {
    const table::ColumnData& data = *rows.column(c).data();
    if (!data.type.is_list) continue;
    const std::int32_t* const offsets = data.offsets + data.offset;
    for (std::int64_t row = 0; row < rows.rows(); ++row) {
      const std::int64_t items = offsets[row + 1] - offsets[row];
      if (items <= table::kMostListItems) continue;
      return fail(Error(ErrorCode::kDataBadValue,
                        path + ": column " + rows.schema().field(c).name + ": the list in row " +
                            std::to_string(first_row + row + 1) + " has more than " +
                            std::to_string(table::kMostListItems) +
                            " items: " + std::to_string(items))
                      .with_help("shorten the list, or leave such rows out of the source"));
    }
  }
  return {};
}

void declare_time(const project::Source& source, const project::TimeColumn& time,
                  plugin::ScanRequest* request) {
  const std::string name = data_name(source, time.column);
  request->types[name] = {table::Kind::kTimestamp, false};
  if (time.unit) request->time_units[name] = std::string(project::to_string(*time.unit));
}

}  // namespace

Result<SourceTable> SourceTable::open_union(const project::Source& source,
                                            const BuildContext& context) {
  SourceTable table;
  table.source_ = &source;
  table.cancel_ = &context.cancel;
  std::vector<table::Schema> schemas;
  std::vector<Error> errors;
  for (const project::Source& part : source.parts) {
    auto opened = open(part, context);
    if (!opened) {
      errors.push_back(std::move(opened).error());
      continue;
    }
    schemas.push_back(*opened->schema());
    table.parts_.push_back(std::move(*opened));
  }
  if (errors.size() == 1) return fail(std::move(errors.front()));
  if (!errors.empty()) return fail(Error::many(std::move(errors)));
  table.schema_ = std::make_shared<table::Schema>(project::union_schema(source, schemas));
  return table;
}

Result<SourceTable> SourceTable::open(const project::Source& source, const BuildContext& context) {
  if (source.is_union()) return open_union(source, context);
  if (!source.batch) {
    return fail(Error(ErrorCode::kUnsupported, "source has no batch input: " + source.name)
                    .at(source.location)
                    .with_help("add \"batch: {type: file, path: …}\" to the source"));
  }
  SourceTable table;
  table.source_ = &source;
  table.cancel_ = &context.cancel;
  RTML_TRY_ASSIGN(table.store_, context.plugins.table_store(source.batch->type));
  table.request_.path = (context.project.root() / source.batch->path).string();
  table.request_.batch_rows = kBatchRows;
  table.request_.format = source.batch->format;
  table.request_.options = source.batch->options;
  const auto types = context.project.column_types(source);
  for (const auto& [name, type] : types) table.request_.types[data_name(source, name)] = type;
  declare_time(source, source.timestamp, &table.request_);
  if (source.created) declare_time(source, *source.created, &table.request_);

  plugin::ScanRequest plain = table.request_;
  plain.types.clear();
  plain.time_units.clear();
  RTML_TRY_ASSIGN(const table::Schema data,
                  table.store_->schema(plain, {.cancel = &context.cancel}));
  // The store refuses types for columns that are not there; those are reported with their place.
  table::Schema schema = renamed_schema(source, types, data, &table.data_names_);
  RTML_TRY(check_separator(source, data));
  RTML_TRY(check_declared_columns(source, schema, data, table));
  std::erase_if(table.request_.types, [&](const auto& entry) { return !data.find(entry.first); });
  table.schema_ = std::make_shared<table::Schema>(std::move(schema));
  return table;
}

Result<std::unique_ptr<table::BatchReader>> SourceTable::scan(
    std::span<const std::string> columns) const {
  plugin::ScanRequest request = request_;
  std::vector<table::Field> fields;
  for (const std::string& column : columns) {
    RTML_TRY_ASSIGN(const std::size_t index, schema_->require(column, label()));
    fields.push_back(schema_->field(index));
    if (!source_->is_union()) request.columns.push_back(data_names_[index]);
  }
  if (source_->is_union()) return scan_union(std::make_shared<const table::Schema>(fields));
  const auto is_wanted = [&](const std::string& name) {
    return std::find(request.columns.begin(), request.columns.end(), name) != request.columns.end();
  };
  std::erase_if(request.types, [&](const auto& entry) { return !is_wanted(entry.first); });
  std::erase_if(request.time_units, [&](const auto& entry) { return !is_wanted(entry.first); });
  RTML_TRY_ASSIGN(std::shared_ptr<table::BatchReader> reader,
                  store_->scan(request, {.cancel = cancel_}));
  auto schema = std::make_shared<const table::Schema>(std::move(fields));
  const bool nan_is_null = source_->nan_is_null;
  // The store is kept with the reader, which may outlive this table.
  return table::read_generated(
      schema,
      [store = store_, reader, schema, nan_is_null, path = source_->batch->path,
       row = std::int64_t{0}]() mutable -> Result<std::optional<table::Batch>> {
        RTML_TRY_ASSIGN(const std::optional<table::Batch> batch, reader->next());
        if (!batch) return std::nullopt;
        RTML_TRY(check_lists(*batch, row, path));
        row += batch->rows();
        std::vector<table::Column> values = batch->columns();
        if (nan_is_null) {
          for (table::Column& column : values) column = table::null_where_nan(column);
        }
        return table::Batch(schema, std::move(values), batch->rows());
      });
}

Status SourceTable::check_readable(const std::string& column) const {
  for (const SourceTable& part : parts_) RTML_TRY(part.check_readable(column));
  if (source_->is_union()) return {};
  plugin::ScanRequest request = request_;
  request.columns = {data_name(*source_, column)};
  request.types.clear();
  request.time_units.clear();
  const auto schema = store_->schema(request, {.cancel = cancel_});
  if (schema || schema.error().code() != ErrorCode::kUnsupported) return {};
  return fail(schema.error());
}

Result<std::unique_ptr<table::BatchReader>> SourceTable::scan_union(
    std::shared_ptr<const table::Schema> schema) const {
  struct Open {
    std::unique_ptr<table::BatchReader> rows;
    PartColumns columns;
    std::int64_t row = 0;  // How many were read.
  };
  const auto open = std::make_shared<std::vector<Open>>();
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    PartColumns columns(*source_, part, schema);
    RTML_TRY_ASSIGN(auto rows, parts_[part].scan(columns.needed()));
    open->push_back({std::move(rows), std::move(columns), 0});
  }
  std::size_t next = 0;
  return table::read_generated(
      schema, [open, next]() mutable -> Result<std::optional<table::Batch>> {
        for (; next < open->size(); ++next) {
          Open& part = (*open)[next];
          RTML_TRY_ASSIGN(const std::optional<table::Batch> batch, part.rows->next());
          if (!batch) {
            part.rows = nullptr;
            continue;
          }
          RTML_TRY_ASSIGN(table::Batch united, part.columns.unite(*batch, part.row));
          part.row += batch->rows();
          return united;
        }
        return std::nullopt;
      });
}

Result<table::Batch> read_rows(const SourceTable& table, const std::vector<std::string>& columns,
                               const BuildContext& context) {
  RTML_TRY_ASSIGN(const auto reader, table.scan(columns));
  std::vector<table::Batch> batches;
  std::int64_t rows = 0;
  context.progress.begin("read " + table.source().name, 0, "rows");
  while (true) {
    RTML_TRY(context.cancel.check());
    RTML_TRY_ASSIGN(std::optional<table::Batch> batch, reader->next());
    if (!batch) break;
    rows += batch->rows();
    context.progress.advance_to(rows);
    batches.push_back(std::move(*batch));
  }
  context.progress.end();
  return table::concatenate(reader->schema(), batches);
}

std::vector<std::filesystem::path> files_of(const std::filesystem::path& pattern) {
  glob_t found{};
  std::vector<std::filesystem::path> files;
  if (::glob(pattern.c_str(), GLOB_NOCHECK, nullptr, &found) == 0) {
    for (std::size_t index = 0; index < found.gl_pathc; ++index) {
      files.emplace_back(found.gl_pathv[index]);
    }
  }
  ::globfree(&found);
  return files;
}

}  // namespace rtml::dataset
