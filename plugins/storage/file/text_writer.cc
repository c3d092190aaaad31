#include "plugins/storage/file/text_writer.h"

#include <charconv>
#include <cmath>

#include "core/base/file_system.h"
#include "core/base/time.h"
#include "core/table/arrow_c_interface.h"
#include "core/table/batch.h"

namespace rtml::file {
namespace {

constexpr std::size_t kFlushBytes = std::size_t{1} << 20;

void append_integer(std::int64_t value, std::string& out) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

void append_finite(const table::Column& column, std::int64_t row, std::string& out) {
  char text[40];
  const bool is_float = column.type().kind == table::Kind::kFloat;
  const auto end = is_float
                       ? std::to_chars(text, text + sizeof text, column.values<float>()[row]).ptr
                       : std::to_chars(text, text + sizeof text, column.values<double>()[row]).ptr;
  out.append(text, end);
}

// ---- JSON ----

void append_json_value(const table::Column& column, std::int64_t row, std::string& out) {
  if (column.is_null(row)) {
    out += "null";
    return;
  }
  if (column.type().is_list) {
    const table::Column list = column.list_at(row);
    out += '[';
    for (std::int64_t i = 0; i < list.length(); ++i) {
      if (i > 0) out += ',';
      append_json_value(list, i, out);
    }
    out += ']';
    return;
  }
  switch (column.type().kind) {
    case table::Kind::kBool:
      out += column.bool_at(row) ? "true" : "false";
      return;
    case table::Kind::kInt32:
    case table::Kind::kInt64:
      return append_integer(column.integer_at(row), out);
    case table::Kind::kTimestamp:
      out += '"' + format_timestamp(column.integer_at(row)) + '"';
      return;
    case table::Kind::kString:
    case table::Kind::kBytes:
      out += to_json_text(Json(std::string(column.text_at(row))));
      return;
    case table::Kind::kFloat:
    case table::Kind::kDouble:
      break;
  }
  const double number = column.number_at(row);
  if (std::isfinite(number)) {
    append_finite(column, row, out);
  } else {
    out += to_json_text(Json(number));
  }
}

// ---- CSV ----

void append_csv_text(std::string_view text, char delimiter, std::string& out) {
  const char special[] = {delimiter, '"', '\n', '\r', '\0'};
  const bool has_space = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  if (!text.empty() && !has_space && text.find_first_of(special) == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_csv_value(const table::Column& column, std::int64_t row, char delimiter,
                      std::string& out) {
  if (column.is_null(row)) return;
  if (column.type().is_list) {
    // CSV has no lists; a list's JSON is what readers take apart.
    std::string json;
    append_json_value(column, row, json);
    return append_csv_text(json, delimiter, out);
  }
  switch (column.type().kind) {
    case table::Kind::kBool:
      out += column.bool_at(row) ? "true" : "false";
      return;
    case table::Kind::kInt32:
    case table::Kind::kInt64:
      return append_integer(column.integer_at(row), out);
    case table::Kind::kTimestamp:
      out += format_timestamp(column.integer_at(row));
      return;
    case table::Kind::kString:
    case table::Kind::kBytes:
      return append_csv_text(column.text_at(row), delimiter, out);
    case table::Kind::kFloat:
    case table::Kind::kDouble:
      break;
  }
  const double number = column.number_at(row);
  if (std::isnan(number)) {
    out += "NaN";
  } else if (std::isinf(number)) {
    out += number > 0 ? "inf" : "-inf";
  } else {
    append_finite(column, row, out);
  }
}

void append_csv_record(const table::Batch& batch, std::int64_t row, char delimiter,
                       std::string& out) {
  for (std::size_t i = 0; i < batch.columns().size(); ++i) {
    if (i > 0) out += delimiter;
    append_csv_value(batch.column(i), row, delimiter, out);
  }
  out += '\n';
}

void append_json_record(const table::Batch& batch, const std::vector<std::string>& keys,
                        std::int64_t row, std::string& out) {
  out += '{';
  for (std::size_t i = 0; i < batch.columns().size(); ++i) {
    if (i > 0) out += ',';
    out += keys[i];
    append_json_value(batch.column(i), row, out);
  }
  out += "}\n";
}

Status check_types(const table::Schema& schema, const std::string& file) {
  for (const table::Field& field : schema.fields()) {
    if (field.type.kind != table::Kind::kBytes) continue;
    return fail(Error(ErrorCode::kUnsupported, "cannot write " + table::to_string(field.type) +
                                                   " column \"" + field.name +
                                                   "\" to file: " + file)
                    .with_help("write Parquet, which holds every type"));
  }
  return {};
}

Error stream_failure(ArrowArrayStream& rows) {
  const char* message = rows.get_last_error(&rows);
  return {ErrorCode::kFailed, message == nullptr ? "cannot read the rows to write" : message};
}

}  // namespace

Result<std::int64_t> write_text(const std::string& file, TextFormat format,
                                const TextOptions& options, ArrowArrayStream& rows,
                                const Checkpoint& checkpoint) {
  table::Imported<ArrowSchema> c_schema;
  if (rows.get_schema(&rows, c_schema.get()) != 0) return fail(stream_failure(rows));
  RTML_TRY_ASSIGN(table::Schema imported, table::import_schema(*c_schema.get()));
  const auto schema = std::make_shared<const table::Schema>(std::move(imported));
  RTML_TRY(check_types(*schema, file));
  RTML_TRY_ASSIGN(AtomicFile target, AtomicFile::create(file));
  std::string out;
  std::vector<std::string> keys;
  for (const table::Field& field : schema->fields()) {
    keys.push_back(to_json_text(Json(field.name)) + ":");
    if (format == TextFormat::kJsonl) continue;
    if (!out.empty()) out += options.delimiter;
    append_csv_text(field.name, options.delimiter, out);
  }
  if (format == TextFormat::kCsv) out += '\n';
  std::int64_t count = 0;
  while (true) {
    RTML_TRY(checkpoint());
    table::Imported<ArrowArray> array;
    if (rows.get_next(&rows, array.get()) != 0) return fail(stream_failure(rows));
    if (array.is_released()) break;
    RTML_TRY_ASSIGN(const table::Batch batch, table::import_batch(std::move(array), schema));
    for (std::int64_t row = 0; row < batch.rows(); ++row) {
      if (format == TextFormat::kCsv) {
        append_csv_record(batch, row, options.delimiter, out);
      } else {
        append_json_record(batch, keys, row, out);
      }
      if (out.size() < kFlushBytes) continue;
      RTML_TRY(target.write(out));
      out.clear();
    }
    count += batch.rows();
  }
  RTML_TRY(target.write(out));
  RTML_TRY(target.commit());
  return count;
}

}  // namespace rtml::file
