#include "core/online/request.h"

#include <algorithm>
#include <optional>
#include <set>

#include "core/base/name.h"
#include "core/base/text_list.h"
#include "core/online/json_value.h"
#include "core/online/request_event.h"

namespace rtml::online {
namespace {

// The key of an entity for one view: from the entity, else from the request's event. An event of
// another entity must not be counted for this one.
Result<std::vector<table::Value>> key_values(const ServedView& served, const EntityKeyTexts& entity,
                                             const Json& event, Json& json,
                                             table::ValueMemory& memory) {
  std::vector<table::Value> values;
  for (const table::Field& key : served.program.keys) {
    const auto given = std::find_if(entity.begin(), entity.end(),
                                    [&](const auto& part) { return part.first == key.name; });
    const auto brought = event.find(key.name);
    table::Value of_event;
    if (brought != event.end()) {
      RTML_TRY_ASSIGN(of_event, value_of_json(*brought, key.type, {}, "key " + key.name, memory));
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

// "amount DOUBLE, currency STRING"
std::string columns_text(const feature::OnDemandProgram& view) {
  return text_list(view.request(), [](const table::Field& field) {
    return field.name + " " + table::to_string(field.type);
  });
}

// Fails if a request brings a column that none of the views takes.
Status check_columns(const RequestColumns& columns,
                     std::span<const feature::OnDemandProgram> views) {
  std::vector<std::string> known;
  for (const feature::OnDemandProgram& view : views) {
    for (const table::Field& field : view.request()) known.push_back(field.name);
  }
  std::vector<std::string> brought;
  for (const auto& [name, text] : columns.texts) brought.push_back(name);
  for (const auto& [name, value] : columns.json.items()) brought.push_back(name);
  for (const std::string& name : brought) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return fail(ErrorCode::kUsage, "no on-demand view asked for takes the column: " + name +
                                       did_you_mean(name, known));
  }
  return {};
}

// Where the columns of one entity's request are looked for, in this order.
struct ColumnPlaces {
  const RequestColumns* columns;  // May be null.
  const Json& event;
  const EntityKeyTexts& keys;
};

std::optional<Result<table::Value>> text_value(
    const std::vector<std::pair<std::string, std::string>>& texts, const table::Field& field,
    const std::string& what, table::ValueMemory& memory) {
  for (const auto& [name, text] : texts) {
    if (name != field.name) continue;
    if (!field.type.is_list) return value_of_text(text, field.type, what);
    // There is no other text of a list.
    const Result<Json> list = parse_json(text, what);
    if (!list) return value_of_text(text, field.type, what);
    auto value = value_of_json(*list, field.type, {}, what, memory);
    if (value) *value = memory.keep(*value);
    return value;
  }
  return std::nullopt;
}

Result<table::Value> column_of(const table::Field& field, const ColumnPlaces& places,
                               const feature::OnDemandProgram& view, table::ValueMemory& memory) {
  const std::string what = "column " + field.name + " of the request";
  if (places.columns != nullptr) {
    if (auto value = text_value(places.columns->texts, field, what, memory))
      return std::move(*value);
    const Json& json = places.columns->json;
    if (const auto found = json.find(field.name); found != json.end()) {
      return value_of_json(*found, field.type, {}, what, memory);
    }
  }
  if (const auto found = places.event.find(field.name); found != places.event.end()) {
    return value_of_json(*found, field.type, {}, "column " + field.name + " of the event", memory);
  }
  if (auto value = text_value(places.keys, field, what, memory)) return std::move(*value);
  return fail(ErrorCode::kUsage,
              "on-demand view " + view.view() + " needs a column of the request: " + field.name);
}

}  // namespace

Result<BoundRequest> BoundRequest::bind(const TextRequest& request, const Reader& reader) {
  RTML_TRY(check_keys(request.entities, reader.views()));
  BoundRequest bound;
  bound.time_us_ = request.time_us;
  for (const EntityKeyTexts& entity : request.entities) {
    Json keys = Json::object();
    for (const ServedView& view : reader.views()) {
      RTML_TRY_ASSIGN(auto values, key_values(view, entity, request.event, keys, bound.memory_));
      bound.keys_.push_back(std::move(values));
    }
    bound.keys_json_.push_back(std::move(keys));
  }
  for (const auto& key : bound.keys_) bound.key_spans_.emplace_back(key);
  if (!request.event.is_null()) {
    RTML_TRY(bound.bind_event(request.event, request.time_us, reader));
  }
  RTML_TRY(bound.bind_columns(request, reader));
  return bound;
}

Status BoundRequest::bind_event(const Json& event, std::int64_t time_us, const Reader& reader) {
  if (!event.is_object()) {
    return fail(ErrorCode::kBadOptionValue, "the event is not a JSON object");
  }
  const std::span<const ServedView> views = reader.views();
  inputs_.resize(views.size());
  events_.resize(views.size());
  event_of_view_.assign(views.size(), nullptr);
  bool is_seen = false;
  for (std::size_t view = 0; view < views.size(); ++view) {
    const std::optional<EventSource> source = source_of(views[view], event);
    if (!source) continue;
    RTML_TRY_ASSIGN(events_[view],
                    read_event(event, time_us, views[view], *source, inputs_[view], memory_));
    events_[view].inputs = inputs_[view];
    event_of_view_[view] = &events_[view];
    is_seen = true;
  }
  if (!is_seen) return fail(no_source(views, event));
  return {};
}

Status BoundRequest::bind_columns(const TextRequest& request, const Reader& reader) {
  const std::size_t rows = request.columns.size();
  if (rows > 1 && rows != request.entities.size()) {
    return fail(Error(ErrorCode::kUsage, "there are " + std::to_string(request.entities.size()) +
                                             " entities, but columns of " + std::to_string(rows) +
                                             " requests")
                    .with_help("give them once for all entities, or once for each in their order"));
  }
  for (const RequestColumns& columns : request.columns) {
    RTML_TRY(check_columns(columns, reader.on_demand()));
  }
  for (std::size_t entity = 0; entity < request.entities.size(); ++entity) {
    const ColumnPlaces places{rows == 0 ? nullptr : &request.columns[rows == 1 ? 0 : entity],
                              request.event, request.entities[entity]};
    for (const feature::OnDemandProgram& view : reader.on_demand()) {
      std::vector<table::Value>& values = columns_.emplace_back();
      for (const table::Field& field : view.request()) {
        auto value = column_of(field, places, view, memory_);
        if (!value) {
          return fail(std::move(value).error().with_help("on-demand view " + view.view() +
                                                         " takes: " + columns_text(view)));
        }
        values.push_back(*value);
      }
    }
  }
  for (const auto& values : columns_) column_spans_.emplace_back(values);
  return {};
}

ReadRequest BoundRequest::request() const {
  return {.keys = key_spans_,
          .entities = keys_json_.size(),
          .time_us = time_us_,
          .events = event_of_view_,
          .columns = column_spans_};
}

Json BoundRequest::keys_json(std::size_t entity) const {
  return keys_json_[entity];
}

}  // namespace rtml::online
