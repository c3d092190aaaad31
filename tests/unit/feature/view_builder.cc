#include "tests/unit/feature/view_builder.h"

#include <doctest/doctest.h>

#include <bit>
#include <cinttypes>
#include <cstdio>

#include "core/project/source_union.h"

namespace rtml::feature {

using table::Kind;
using table::Value;

ViewBuilder::ViewBuilder() {
  view.name = "v";
  source.name = "events";
  source.timestamp.column = "t";
  keys = {{"k", std::nullopt}};
  schema = table::Schema({{"k", {Kind::kInt64}},
                          {"name", {Kind::kString}},
                          {"t", {Kind::kTimestamp}},
                          {"c", {Kind::kTimestamp}},
                          {"id", {Kind::kInt64}},
                          {"x", {Kind::kDouble}},
                          {"z", {Kind::kDouble}},
                          {"y", {Kind::kInt64}},
                          {"n", {Kind::kInt32}},
                          {"w", {Kind::kFloat}},
                          {"s", {Kind::kString}},
                          {"flag", {Kind::kBool}},
                          {"moment", {Kind::kTimestamp}},
                          {"e", {Kind::kDouble, true}},
                          {"u", {Kind::kFloat, true}},
                          {"h", {Kind::kInt32, true}},
                          {"g", {Kind::kString, true}}});
}

ViewBuilder& ViewBuilder::aggregate(const std::string& name, Kind type,
                                    const std::string& aggregate, std::int64_t size_us,
                                    std::int64_t delay_us, const std::string& filter,
                                    bool is_closed_open) {
  project::Window window;
  window.size_us = size_us;
  window.delay_us = delay_us;
  if (is_closed_open) window.bounds = project::WindowBounds::kClosedOpen;
  return aggregate_over(name, {type}, aggregate, window, filter);
}

ViewBuilder& ViewBuilder::aggregate_over(const std::string& name, table::DataType type,
                                         const std::string& aggregate,
                                         const std::optional<project::Window>& window,
                                         const std::string& filter) {
  project::Feature feature;
  feature.name = name;
  feature.type = type;
  feature.form = project::FeatureForm::kAggregate;
  feature.aggregate.text = aggregate;
  feature.filter.text = filter;
  feature.window = window;
  view.features.push_back(feature);
  return *this;
}

ViewBuilder& ViewBuilder::expression(const std::string& name, table::DataType type,
                                     const std::string& text) {
  project::Feature feature;
  feature.name = name;
  feature.type = type;
  feature.form = project::FeatureForm::kExpression;
  feature.expression.text = text;
  view.features.push_back(feature);
  return *this;
}

ViewBuilder& ViewBuilder::column(const std::string& name, table::DataType type,
                                 const std::string& column) {
  project::Feature feature;
  feature.name = name;
  feature.type = type;
  feature.column = column;
  view.features.push_back(feature);
  return *this;
}

ViewBuilder& ViewBuilder::ttl(std::int64_t ttl_us) {
  view.ttl_us = ttl_us;
  return *this;
}

ViewBuilder& ViewBuilder::with_created() {
  source.created = project::TimeColumn{"c", std::nullopt};
  return *this;
}

ViewBuilder& ViewBuilder::as_of_created() {
  view.as_of_created = true;
  return with_created();
}

ViewBuilder& ViewBuilder::with_id(const std::string& column) {
  source.id = column;
  return *this;
}

ViewBuilder& ViewBuilder::keyed_by(const std::vector<std::string>& columns) {
  keys.clear();
  for (const std::string& column : columns) keys.push_back({column, std::nullopt});
  return *this;
}

ViewBuilder& ViewBuilder::nan_is_null() {
  source.nan_is_null = true;
  return *this;
}

ViewBuilder& ViewBuilder::of_two_sources(bool has_second_id) {
  std::vector<project::Source> parts(2, source);
  parts[0].name = "a";
  parts[1].name = "b";
  if (!has_second_id) parts[1].id.clear();
  std::vector<table::Schema> schemas;
  for (const std::string absent : {"z", "w"}) {
    std::vector<table::Field> fields = schema.fields();
    std::erase_if(fields, [&](const table::Field& field) { return field.name == absent; });
    schemas.emplace_back(std::move(fields));
  }
  const bool nan_is_null = source.nan_is_null;
  source = project::make_union(parts);
  source.nan_is_null = nan_is_null;
  schema = project::union_schema(source, schemas);
  view.sources = {{"a", {}}, {"b", {}}};
  view.source = source.name;
  return *this;
}

ViewBuilder& ViewBuilder::of_source(const std::string& name) {
  view.features.back().source.text = name;
  return *this;
}

Result<Program> ViewBuilder::compile() const {
  return feature::compile(view, source, keys, schema);
}

Program ViewBuilder::program() const {
  auto program = compile();
  if (!program) FAIL(program.error().message());
  return *program;
}

namespace {

template <typename T, typename Make>
Value list_of(const MaybeList<T>& list, table::ValueMemory& memory, const Make& make) {
  if (!list) return {};
  const std::span<Value> items = memory.make_list(list->size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if ((*list)[i]) items[i] = make(*(*list)[i]);
  }
  return Value::of_list(items);
}

}  // namespace

Value value_of(const MaybeList<double>& list, table::ValueMemory& memory) {
  return list_of(list, memory, Value::of_number);
}
Value value_of(const MaybeList<std::int64_t>& list, table::ValueMemory& memory) {
  return list_of(list, memory, Value::of_integer);
}
Value value_of(const MaybeList<std::string>& list, table::ValueMemory& memory) {
  return list_of(list, memory, [](const std::string& text) { return Value::of_text(text); });
}

table::Batch to_batch(const table::Schema& schema, const std::vector<SourceRow>& rows) {
  std::vector<table::Column> columns;
  const auto add = [&](const auto& value_of) {
    table::ColumnBuilder builder(schema.field(columns.size()).type);
    for (const SourceRow& row : rows) append_value(builder, value_of(row));
    columns.push_back(builder.finish());
  };
  const auto integer = [](const std::optional<std::int64_t>& value) {
    return value ? Value::of_integer(*value) : Value();
  };
  const auto number = [](const std::optional<double>& value) {
    return value ? Value::of_number(*value) : Value();
  };
  add([&](const SourceRow& row) { return integer(row.k); });
  add([&](const SourceRow& row) { return Value::of_text(row.name); });
  add([&](const SourceRow& row) { return Value::of_integer(row.t); });
  add([&](const SourceRow& row) { return integer(row.c); });
  add([&](const SourceRow& row) { return integer(row.id); });
  add([&](const SourceRow& row) { return number(row.x); });
  add([&](const SourceRow& row) { return number(row.z); });
  add([&](const SourceRow& row) { return integer(row.y); });
  add([&](const SourceRow& row) { return integer(row.n); });
  add([&](const SourceRow& row) { return number(row.w); });
  add([&](const SourceRow& row) { return row.s ? Value::of_text(*row.s) : Value(); });
  add([&](const SourceRow& row) { return row.flag ? Value::of_bool(*row.flag) : Value(); });
  add([&](const SourceRow& row) { return integer(row.moment); });
  table::ValueMemory memory;
  add([&](const SourceRow& row) { return value_of(row.e, memory); });
  add([&](const SourceRow& row) { return value_of(row.u, memory); });
  add([&](const SourceRow& row) { return value_of(row.h, memory); });
  add([&](const SourceRow& row) { return value_of(row.g, memory); });
  return {std::make_shared<table::Schema>(schema), std::move(columns),
          static_cast<std::int64_t>(rows.size())};
}

table::Batch to_union_batch(const project::Source& source, const table::Schema& schema,
                            const std::vector<SourceRow>& rows) {
  const table::Schema plain = ViewBuilder().schema;
  const table::Batch all = to_batch(plain, rows);
  std::vector<table::Column> columns;
  table::ValueMemory memory;
  for (const table::Field& field : schema.fields()) {
    table::ColumnBuilder builder(field.type);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const std::size_t part = rows[row].source;
      const project::UnionValue of_part = project::value_of_part(source, part, field.name);
      Value value;
      if (!of_part.column.empty()) {
        const std::size_t index = *plain.find(of_part.column);
        value = value_at(all.column(index), static_cast<std::int64_t>(row), memory);
      }
      using enum project::UnionValue::Kind;
      std::string text = source.parts[part].name;
      if (of_part.kind == kId && !value.is_null()) text = project::union_id(part, value);
      if (of_part.kind == kIdText && !value.is_null()) text = project::id_text(value);
      const bool is_text = of_part.kind == kPartName ||
                           ((of_part.kind == kId || of_part.kind == kIdText) && !value.is_null());
      if (is_text) value = Value::of_text(text);
      if (of_part.kind == kPart) value = Value::of_integer(static_cast<std::int64_t>(part));
      append_value(builder, value);
    }
    columns.push_back(builder.finish());
  }
  return {std::make_shared<table::Schema>(schema), std::move(columns), all.rows()};
}

OwnedEvent event_of(const EventColumns& events, std::int64_t row) {
  OwnedEvent owned;
  for (const table::Column& input : events.inputs) {
    owned.inputs.push_back(value_at(input, row, owned.lists));
  }
  owned.event.time_us = events.time.integer_at(row);
  if (events.created) owned.event.created = value_at(*events.created, row);
  if (events.id) owned.event.id = value_at(*events.id, row);
  owned.event.inputs = owned.inputs;
  return owned;
}

std::string show(const Value& value) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return value.boolean() ? "true" : "false";
  if (value.is_integer()) return std::to_string(value.integer());
  if (value.is_text()) return "'" + std::string(value.text()) + "'";
  if (value.is_list()) {
    std::string items;
    for (const Value& item : value.list()) items += (items.empty() ? "" : ", ") + show(item);
    return "[" + items + "]";
  }
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.17g (%016" PRIx64 ")", value.number(),
                std::bit_cast<std::uint64_t>(value.number()));
  return buffer;
}

}  // namespace rtml::feature
