#include "core/project/source_union.h"

#include <algorithm>
#include <set>

#include "core/base/hexadecimal.h"

namespace rtml::project {
namespace {

// An id in a union: the part, what the id is in its source, and the id. The flipped sign of an
// integer makes the order of the digits that of the numbers.
constexpr int kPartDigits = 4;
constexpr int kIdDigits = 16;
constexpr char kTextId = 't';
constexpr char kIntegerId = 'i';
constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

using table::DataType;
using table::Kind;

// Integers of both widths are one type, for features compute with INT64.
DataType widened(DataType type) {
  return type == DataType{Kind::kInt32} ? DataType{Kind::kInt64} : type;
}

// The type of a column that every part has alike; nothing if one lacks it or has another type.
std::optional<DataType> common_type(const std::string& column,
                                    std::span<const table::Schema> schemas) {
  std::optional<DataType> type;
  for (const table::Schema& schema : schemas) {
    const auto index = schema.find(column);
    if (!index) return std::nullopt;
    const DataType found = widened(schema.field(*index).type);
    if (type.value_or(found) != found) return std::nullopt;
    type = found;
  }
  return type;
}

bool is_hidden(std::string_view column) {
  return column.starts_with(kUnionMark);
}

}  // namespace

Source make_union(std::span<const Source> parts) {
  Source source;
  BatchInput batch;
  bool has_batch = true;
  bool has_created = false;
  bool has_id = false;
  for (const Source& part : parts) {
    source.name += (source.name.empty() ? "" : "+") + part.name;
    has_created = has_created || part.created.has_value();
    has_id = has_id || !part.id.empty();
    has_batch = has_batch && part.batch.has_value();
    if (part.batch) batch.path += (batch.path.empty() ? "" : ", ") + part.batch->path;
  }
  source.timestamp.column = kUnionTime;
  if (has_created) source.created = TimeColumn{std::string(kUnionCreated), std::nullopt};
  if (has_id) source.id = kUnionId;
  source.location = parts.front().location;
  batch.location = source.location;
  if (has_batch) source.batch = std::move(batch);
  source.parts.assign(parts.begin(), parts.end());
  return source;
}

table::Schema union_schema(const Source& source, std::span<const table::Schema> schemas) {
  std::vector<table::Field> fields = {{std::string(kUnionTime), {Kind::kTimestamp}},
                                      {std::string(kUnionSource), {Kind::kInt64}},
                                      {std::string(kUnionSourceName), {Kind::kString}}};
  if (source.created) fields.push_back({std::string(kUnionCreated), {Kind::kTimestamp}});
  if (!source.id.empty()) {
    fields.push_back({std::string(kUnionId), {Kind::kString}});
    fields.push_back({std::string(kUnionIdText), {Kind::kString}});
  }
  std::set<std::string> taken;
  for (std::size_t part = 0; part < schemas.size(); ++part) {
    for (const table::Field& field : schemas[part].fields()) {
      // Nobody could name such a column.
      if (field.name.find(kUnionMark) != std::string::npos) continue;
      if (const auto type = common_type(field.name, schemas)) {
        if (taken.insert(field.name).second) fields.push_back({field.name, *type});
      } else {
        fields.push_back({field.name + kUnionMark + source.parts[part].name, field.type});
      }
    }
  }
  std::sort(fields.begin(), fields.end(),
            [](const table::Field& a, const table::Field& b) { return a.name < b.name; });
  return table::Schema(std::move(fields));
}

table::Schema part_schema(const Source& source, std::size_t part, const table::Schema& schema) {
  std::vector<table::Field> fields;
  for (const table::Field& field : schema.fields()) {
    if (is_hidden(field.name)) continue;
    ColumnOrigin origin = origin_of(field.name);
    if (!origin.part.empty() && origin.part != source.parts[part].name) continue;
    fields.push_back({std::move(origin.column), field.type});
  }
  return table::Schema(std::move(fields));
}

table::Schema common_schema(const table::Schema& schema) {
  std::vector<table::Field> fields;
  for (const table::Field& field : schema.fields()) {
    if (field.name.find(kUnionMark) == std::string::npos) fields.push_back(field);
  }
  return table::Schema(std::move(fields));
}

std::string union_name(const Source& source, std::size_t part, const std::string& column,
                       const table::Schema& schema) {
  return schema.find(column) ? column : column + kUnionMark + source.parts[part].name;
}

ColumnOrigin origin_of(std::string_view union_column) {
  const std::size_t mark = union_column.find(kUnionMark);
  if (mark == 0 || mark == std::string_view::npos) return {std::string(union_column), ""};
  return {std::string(union_column.substr(0, mark)), std::string(union_column.substr(mark + 1))};
}

std::optional<std::size_t> find_part(const Source& source, std::string_view name) {
  const auto found = std::find_if(source.parts.begin(), source.parts.end(),
                                  [&](const Source& part) { return part.name == name; });
  if (found == source.parts.end()) return std::nullopt;
  return static_cast<std::size_t>(found - source.parts.begin());
}

UnionValue value_of_part(const Source& source, std::size_t part, std::string_view union_column) {
  using enum UnionValue::Kind;
  const Source& of = source.parts[part];
  if (union_column == kUnionTime) return {kColumn, of.timestamp.column};
  if (union_column == kUnionSource) return {kPart, ""};
  if (union_column == kUnionSourceName) return {kPartName, ""};
  if (union_column == kUnionCreated) {
    return of.created ? UnionValue{kColumn, of.created->column} : UnionValue{};
  }
  if (union_column == kUnionId || union_column == kUnionIdText) {
    return of.id.empty() ? UnionValue{}
                         : UnionValue{union_column == kUnionId ? kId : kIdText, of.id};
  }
  ColumnOrigin origin = origin_of(union_column);
  if (!origin.part.empty() && origin.part != of.name) return {};
  return {kColumn, std::move(origin.column)};
}

std::string union_id(std::size_t part, const table::Value& id) {
  std::string text;
  append_union_id(text, part, id);
  return text;
}

void append_union_id(std::string& text, std::size_t part, const table::Value& id) {
  append_hexadecimal(text, part, kPartDigits);
  if (id.is_text()) {
    text.append(1, kTextId).append(id.text());
    return;
  }
  text += kIntegerId;
  append_hexadecimal(text, static_cast<std::uint64_t>(id.integer()) ^ kSign, kIdDigits);
}

std::optional<UnionInteger> integer_of_union_id(std::string_view text) {
  if (text.size() != kPartDigits + 1 + kIdDigits || text[kPartDigits] != kIntegerId) {
    return std::nullopt;
  }
  const auto number = [](std::string_view digits) {
    std::uint64_t value = 0;
    for (const char digit : digits) {
      value =
          value << 4 | static_cast<std::uint64_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return value;
  };
  return UnionInteger{number(text.substr(0, kPartDigits)),
                      static_cast<std::int64_t>(number(text.substr(kPartDigits + 1)) ^ kSign)};
}

std::string id_text(const table::Value& id) {
  return id.is_text() ? std::string(id.text()) : std::to_string(id.integer());
}

}  // namespace rtml::project
