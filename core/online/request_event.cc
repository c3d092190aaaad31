#include "core/online/request_event.h"

#include "core/base/name.h"
#include "core/base/text_list.h"
#include "core/online/json_value.h"
#include "core/project/source_union.h"

namespace rtml::online {
namespace {

const Json* named_source(const Json& event) {
  const auto named = event.find(project::kEventSource);
  return named == event.end() ? nullptr : &*named;
}

bool is_name(const Json& json, const std::string& name) {
  return json.is_string() && json.get<std::string>() == name;
}

// Whether the source of that name may be the event's, whatever columns it has.
std::optional<EventSource> named(const ServedView& served, const Json& event) {
  const project::Source& source = *served.source;
  const Json* name = named_source(event);
  if (!source.is_union()) {
    const bool is_column = served.source_schema.find(project::kEventSource).has_value();
    if (name != nullptr && !is_column && !is_name(*name, source.name)) return std::nullopt;
    return EventSource{&source, std::nullopt, served.source_schema};
  }
  if (name == nullptr || !name->is_string()) return std::nullopt;
  const auto part = project::find_part(source, name->get<std::string>());
  if (!part) return std::nullopt;
  return EventSource{&source.parts[*part], part,
                     project::part_schema(source, *part, served.source_schema)};
}

// The first column of the event that a source does not have.
std::optional<std::string> unknown_column(const EventSource& source, const Json& event) {
  for (const auto& [name, value] : event.items()) {
    if (source.schema.find(name) || name == project::kEventSource) continue;
    return name;
  }
  return std::nullopt;
}

}  // namespace

std::optional<EventSource> source_of(const ServedView& served, const Json& event) {
  std::optional<EventSource> source = named(served, event);
  if (source && unknown_column(*source, event)) return std::nullopt;
  return source;
}

Error no_source(std::span<const ServedView> views, const Json& event) {
  if (views.empty()) {
    return {ErrorCode::kUsage, "no view asked for has events, so there is none to bring"};
  }
  for (const ServedView& served : views) {
    const std::optional<EventSource> source = named(served, event);
    if (!source) continue;
    const std::string name = unknown_column(*source, event).value_or("");
    return {ErrorCode::kBadOptionValue, "source " + source->source->name +
                                            " has no column of the event's name: " + name +
                                            did_you_mean(name, source->schema.names())};
  }
  const ServedView& served = views.front();
  const std::string list = served.source->is_union()
                               ? text_list(served.source->parts, &project::Source::name)
                               : served.source->name;
  const Json* name = named_source(event);
  return Error(ErrorCode::kBadOptionValue,
               name == nullptr
                   ? "the event does not say of which source it is, view: " + served.view->name
                   : "view " + served.view->name + " reads no events of source " +
                         to_json_text(*name))
      .with_help("\"event_source\" is one of: " + list);
}

Result<feature::Event> read_event(const Json& event, std::int64_t time_us, const ServedView& served,
                                  const EventSource& source, std::vector<table::Value>& inputs,
                                  table::ValueMemory& memory) {
  const auto read = [&](const std::string& column, table::DataType type,
                        std::optional<project::TimeUnit> unit) -> Result<table::Value> {
    const auto found = event.find(column);
    if (column.empty() || found == event.end()) return table::Value();
    return value_of_json(*found, type, unit, "column " + column + " of the event", memory);
  };
  const project::Source& of = *source.source;
  const table::DataType time_type{table::Kind::kTimestamp, false};
  feature::Event result;
  RTML_TRY_ASSIGN(const table::Value time, read(of.timestamp.column, time_type, of.timestamp.unit));
  result.time_us = time.is_null() ? time_us : time.integer();
  if (of.created) {
    RTML_TRY_ASSIGN(result.created, read(of.created->column, time_type, of.created->unit));
  }
  if (!of.id.empty()) {
    const auto index = source.schema.find(of.id);
    RTML_TRY_ASSIGN(result.id, read(of.id, source.schema.field(*index).type, {}));
  }
  if (source.part && !result.id.is_null()) {
    const std::string id = project::union_id(*source.part, result.id);
    result.id = memory.keep(table::Value::of_text(id));
  }
  for (const table::Field& input : served.program.inputs) {
    std::string column = input.name;
    if (source.part) {
      project::UnionValue value = project::value_of_part(*served.source, *source.part, input.name);
      if (value.kind == project::UnionValue::Kind::kPart) {
        inputs.push_back(table::Value::of_integer(static_cast<std::int64_t>(*source.part)));
        continue;
      }
      column = std::move(value.column);
    }
    RTML_TRY_ASSIGN(const table::Value value, read(column, input.type, {}));
    // Of several sources each has its own rule, which the program does not know.
    const bool is_nan_null = source.part && of.nan_is_null;
    inputs.push_back(is_nan_null ? table::null_where_nan(value, memory) : value);
  }
  return result;
}

}  // namespace rtml::online
