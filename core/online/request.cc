#include "core/online/request.h"

#include <algorithm>
#include <set>

#include "core/base/name.h"
#include "core/online/json_value.h"

namespace rtml::online {
namespace {

// The key of an entity for one view: from the entity, else from the request's event. An event of
// another entity must not be counted for this one.
Result<std::vector<table::Value>> key_values(const ServedView& served, const EntityKeyTexts& entity,
                                             const Json& event, Json& json) {
  std::vector<table::Value> values;
  for (const table::Field& key : served.program.keys) {
    const auto given = std::find_if(entity.begin(), entity.end(),
                                    [&](const auto& part) { return part.first == key.name; });
    const auto brought = event.find(key.name);
    table::Value of_event;
    if (brought != event.end()) {
      RTML_TRY_ASSIGN(of_event, value_of_json(*brought, key.type, {}, "key " + key.name));
    }
    if (given == entity.end() && of_event.is_null()) {
      return fail(
          Error(ErrorCode::kUsage, "view " + served.view->name + " needs the key: " + key.name)
              .with_help("give it as --entity " + key.name + "=VALUE"));
    }
    table::Value value = of_event;
    if (given != entity.end()) {
      RTML_TRY_ASSIGN(value, value_of_text(given->second, key.type, "key " + key.name));
    }
    if (!of_event.is_null() &&
        feature::encode_key(std::span(&value, 1)) != feature::encode_key(std::span(&of_event, 1))) {
      return fail(ErrorCode::kUsage, "the event is of another entity: " + key.name + " is " +
                                         to_json_text(*brought) + ", not " + given->second);
    }
    json[key.name] = json_of_value(value, key.type);
    values.push_back(value);
  }
  return values;
}

// Fails if an entity names a key that none of the views has.
Status check_keys(std::span<const EntityKeyTexts> entities, std::span<const ServedView> views) {
  std::set<std::string> known;
  for (const ServedView& served : views) {
    for (const table::Field& key : served.program.keys) known.insert(key.name);
  }
  const std::vector<std::string> names(known.begin(), known.end());
  for (const EntityKeyTexts& entity : entities) {
    for (const auto& [name, text] : entity) {
      if (known.contains(name)) continue;
      return fail(ErrorCode::kUsage,
                  "no view asked for has the key: " + name + did_you_mean(name, names));
    }
  }
  return {};
}

// The event that a request brings, as one view's program takes it; its inputs go into `inputs`.
Result<feature::Event> event_of(const Json& json, std::int64_t time_us, const ServedView& served,
                                std::vector<table::Value>& inputs) {
  if (!json.is_object()) {
    return fail(ErrorCode::kBadOptionValue, "the event is not a JSON object");
  }
  const project::Source& source = *served.source;
  const std::vector<std::string> names = served.source_schema.names();
  for (const auto& [name, value] : json.items()) {
    if (served.source_schema.find(name)) continue;
    return fail(ErrorCode::kBadOptionValue, "source " + source.name +
                                                " has no column of the event's name: " + name +
                                                did_you_mean(name, names));
  }
  const feature::Program& program = served.program;
  const auto read = [&](const std::string& column, table::DataType type,
                        std::optional<project::TimeUnit> unit) -> Result<table::Value> {
    const auto found = json.find(column);
    if (column.empty() || found == json.end()) return table::Value();
    return value_of_json(*found, type, unit, "column " + column + " of the event");
  };
  const table::DataType time_type{table::Kind::kTimestamp, false};
  feature::Event event;
  RTML_TRY_ASSIGN(const table::Value time,
                  read(program.time_column, time_type, source.timestamp.unit));
  event.time_us = time.is_null() ? time_us : time.integer();
  if (source.created) {
    RTML_TRY_ASSIGN(event.created, read(program.created_column, time_type, source.created->unit));
  }
  if (!program.id_column.empty()) {
    const auto index = served.source_schema.find(program.id_column);
    RTML_TRY_ASSIGN(event.id,
                    read(program.id_column, served.source_schema.field(*index).type, {}));
  }
  for (const table::Field& input : program.inputs) {
    RTML_TRY_ASSIGN(const table::Value value, read(input.name, input.type, {}));
    inputs.push_back(value);
  }
  return event;
}

}  // namespace

Result<BoundRequest> BoundRequest::bind(const TextRequest& request, const Reader& reader) {
  RTML_TRY(check_keys(request.entities, reader.views()));
  BoundRequest bound;
  bound.time_us_ = request.time_us;
  for (const EntityKeyTexts& entity : request.entities) {
    Json keys = Json::object();
    for (const ServedView& view : reader.views()) {
      RTML_TRY_ASSIGN(auto values, key_values(view, entity, request.event, keys));
      bound.keys_.push_back(std::move(values));
    }
    bound.keys_json_.push_back(std::move(keys));
  }
  for (const auto& key : bound.keys_) bound.key_spans_.emplace_back(key);
  if (request.event.is_null()) return bound;
  for (const ServedView& view : reader.views()) {
    std::vector<table::Value> inputs;
    RTML_TRY_ASSIGN(const feature::Event event,
                    event_of(request.event, request.time_us, view, inputs));
    bound.events_.push_back(event);
    bound.inputs_.push_back(std::move(inputs));
  }
  for (std::size_t view = 0; view < bound.events_.size(); ++view) {
    bound.events_[view].inputs = bound.inputs_[view];
  }
  return bound;
}

ReadRequest BoundRequest::request() const {
  return {.keys = key_spans_,
          .entities = keys_json_.size(),
          .time_us = time_us_,
          .events = events_};
}

Json BoundRequest::keys_json(std::size_t entity) const {
  return keys_json_[entity];
}

}  // namespace rtml::online
