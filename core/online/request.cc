#include "core/online/request.h"

#include <algorithm>
#include <optional>
#include <set>

#include "core/base/name.h"
#include "core/base/text_list.h"
#include "core/base/time.h"
#include "core/online/json_value.h"
#include "core/online/request_event.h"

namespace rtml::online {
namespace {

// A value that was brought under a name, wherever it stands.
struct Brought {
  const std::string* text = nullptr;
  const Json* json = nullptr;

  explicit operator bool() const { return text != nullptr || json != nullptr; }
  // As an error shows it.
  std::string shown() const { return text != nullptr ? *text : to_json_text(*json); }
};

Brought find(const NamedValues& values, const std::string& name) {
  for (const auto& [given, text] : values.texts) {
    if (given == name) return {.text = &text};
  }
  const auto found = values.json.find(name);
  return found == values.json.end() ? Brought() : Brought{.json = &*found};
}

Result<table::Value> value_of(const Brought& brought, table::DataType type, const std::string& what,
                              table::ValueMemory& memory) {
  if (brought.json != nullptr) return value_of_json(*brought.json, type, {}, what, memory);
  if (!type.is_list) return value_of_text(*brought.text, type, what);
  // There is no other text of a list.
  const Result<Json> list = parse_json(*brought.text, what);
  if (!list) return value_of_text(*brought.text, type, what);
  auto value = value_of_json(*list, type, {}, what, memory);
  if (value) *value = memory.keep(*value);
  return value;
}

std::vector<std::string> names_of(const NamedValues& values) {
  std::vector<std::string> names;
  for (const auto& [name, text] : values.texts) names.push_back(name);
  for (const auto& [name, value] : values.json.items()) names.push_back(name);
  return names;
}

// The key of an entity for one view: from the entity, else from the request's event. An event of
// another entity must not be counted for this one.
Result<std::vector<table::Value>> key_values(const ServedView& served, const EntityRequest& request,
                                             Json& json, table::ValueMemory& memory) {
  std::vector<table::Value> values;
  for (const table::Field& key : served.program.keys) {
    const Brought given = find(request.keys, key.name);
    const auto brought = request.event.find(key.name);
    table::Value of_event;
    if (brought != request.event.end()) {
      RTML_TRY_ASSIGN(of_event, value_of_json(*brought, key.type, {}, "key " + key.name, memory));
    }
    table::Value value = of_event;
    if (given) {
      RTML_TRY_ASSIGN(value, value_of(given, key.type, "key " + key.name, memory));
    }
    if (value.is_null()) {
      return fail(
          Error(ErrorCode::kUsage, "view " + served.view->name + " needs the key: " + key.name)
              .with_help("give it as --entity " + key.name + "=VALUE"));
    }
    if (!of_event.is_null() &&
        feature::encode_key(std::span(&value, 1)) != feature::encode_key(std::span(&of_event, 1))) {
      return fail(ErrorCode::kUsage, "the event is of another entity: " + key.name + " is " +
                                         to_json_text(*brought) + ", not " + given.shown());
    }
    json[key.name] = json_of_value(value, key.type);
    values.push_back(value);
  }
  return values;
}

// Fails if an entity names a key that none of the views has.
Status check_keys(const NamedValues& keys, std::span<const ServedView> views) {
  std::set<std::string> known;
  for (const ServedView& served : views) {
    for (const table::Field& key : served.program.keys) known.insert(key.name);
  }
  for (const std::string& name : names_of(keys)) {
    if (known.contains(name)) continue;
    return fail(ErrorCode::kUsage,
                "no view asked for has the key: " + name +
                    did_you_mean(name, std::vector<std::string>(known.begin(), known.end())));
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
Status check_columns(const NamedValues& columns, std::span<const feature::OnDemandProgram> views) {
  std::vector<std::string> known;
  for (const feature::OnDemandProgram& view : views) {
    for (const table::Field& field : view.request()) known.push_back(field.name);
  }
  for (const std::string& name : names_of(columns)) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return fail(ErrorCode::kUsage, "no on-demand view asked for takes the column: " + name +
                                       did_you_mean(name, known));
  }
  return {};
}

Result<table::Value> column_of(const table::Field& field, const EntityRequest& request,
                               const feature::OnDemandProgram& view, table::ValueMemory& memory) {
  const std::string what = "column " + field.name + " of the request";
  if (const Brought brought = find(request.columns, field.name)) {
    return value_of(brought, field.type, what, memory);
  }
  if (const auto found = request.event.find(field.name); found != request.event.end()) {
    return value_of_json(*found, field.type, {}, "column " + field.name + " of the event", memory);
  }
  if (const Brought key = find(request.keys, field.name)) {
    return value_of(key, field.type, what, memory);
  }
  return fail(Error(ErrorCode::kUsage, "on-demand view " + view.view() +
                                           " needs a column of the request: " + field.name));
}

Result<Json> object_of(const Json& value, std::string_view name) {
  if (value.is_object()) return value;
  return fail(ErrorCode::kBadOptionValue,
              "\"" + std::string(name) + "\" of a request is no object: " + to_json_text(value));
}

}  // namespace

Result<EntityRequest> request_of_json(const Json& json, std::int64_t time_us) {
  static const std::vector<std::string> kMembers = {"entity", "at", "event", "request"};
  if (!json.is_object()) {
    return fail(ErrorCode::kBadOptionValue, "a request is an object, not: " + to_json_text(json));
  }
  EntityRequest request{.keys = {}, .time_us = time_us, .event = {}, .columns = {}};
  for (const auto& [name, value] : json.items()) {
    if (name == "entity") {
      RTML_TRY_ASSIGN(request.keys.json, object_of(value, name));
    } else if (name == "event") {
      RTML_TRY_ASSIGN(request.event, object_of(value, name));
    } else if (name == "request") {
      RTML_TRY_ASSIGN(request.columns.json, object_of(value, name));
    } else if (name == "at") {
      if (!value.is_string() || !parse_timestamp(value.get<std::string>(), &request.time_us)) {
        return fail(
            ErrorCode::kBadOptionValue,
            "\"at\" of a request is no time like 2025-03-06T00:00:00Z: " + to_json_text(value));
      }
    } else {
      return fail(ErrorCode::kBadOptionValue,
                  "a request has no member: " + name + did_you_mean(name, kMembers));
    }
  }
  return request;
}

// Values point into the request and the memory.
struct BoundRequests::Bound {
  EntityRequest request;
  table::ValueMemory memory;
  Json keys_json = Json::object();
  std::vector<std::vector<table::Value>> keys;    // Of each view.
  std::vector<std::vector<table::Value>> inputs;  // Of each view's event.
  std::vector<feature::Event> events;
  std::vector<const feature::Event*> event_of_view;  // Null where a view does not see it.
  std::vector<std::vector<table::Value>> columns;    // Of each on-demand view.
};

BoundRequests::BoundRequests(const Reader& reader) : reader_(reader) {}
BoundRequests::~BoundRequests() = default;
BoundRequests::BoundRequests(BoundRequests&&) noexcept = default;

Status BoundRequests::add(EntityRequest request) {
  auto bound = std::make_unique<Bound>();
  bound->request = std::move(request);
  RTML_TRY(bind(*bound));
  entities_.push_back(std::move(bound));
  return {};
}

void BoundRequests::clear() {
  entities_.clear();
}

Status BoundRequests::bind(Bound& bound) const {
  RTML_TRY(check_keys(bound.request.keys, reader_.views()));
  for (const ServedView& view : reader_.views()) {
    RTML_TRY_ASSIGN(auto values, key_values(view, bound.request, bound.keys_json, bound.memory));
    bound.keys.push_back(std::move(values));
  }
  if (!bound.request.event.is_null()) RTML_TRY(bind_event(bound));
  return bind_columns(bound);
}

Status BoundRequests::bind_event(Bound& bound) const {
  const Json& event = bound.request.event;
  if (!event.is_object()) {
    return fail(ErrorCode::kBadOptionValue, "the event is not a JSON object");
  }
  const std::span<const ServedView> views = reader_.views();
  bound.inputs.resize(views.size());
  bound.events.resize(views.size());
  bound.event_of_view.assign(views.size(), nullptr);
  bool is_seen = false;
  for (std::size_t view = 0; view < views.size(); ++view) {
    const std::optional<EventSource> source = source_of(views[view], event);
    if (!source) continue;
    RTML_TRY_ASSIGN(bound.events[view], read_event(event, bound.request.time_us, views[view],
                                                   *source, bound.inputs[view], bound.memory));
    bound.events[view].inputs = bound.inputs[view];
    bound.event_of_view[view] = &bound.events[view];
    is_seen = true;
  }
  if (!is_seen) return fail(no_source(views, event));
  return {};
}

Status BoundRequests::bind_columns(Bound& bound) const {
  RTML_TRY(check_columns(bound.request.columns, reader_.on_demand()));
  for (const feature::OnDemandProgram& view : reader_.on_demand()) {
    std::vector<table::Value>& values = bound.columns.emplace_back();
    for (const table::Field& field : view.request()) {
      auto value = column_of(field, bound.request, view, bound.memory);
      if (!value) {
        return fail(std::move(value).error().with_help("on-demand view " + view.view() +
                                                       " takes: " + columns_text(view)));
      }
      values.push_back(*value);
    }
  }
  return {};
}

ReadRequest BoundRequests::request() {
  keys_.clear();
  columns_.clear();
  events_.clear();
  times_us_.clear();
  const auto brings_event = [](const auto& bound) { return !bound->event_of_view.empty(); };
  const bool has_events = std::any_of(entities_.begin(), entities_.end(), brings_event);
  for (const auto& bound : entities_) {
    for (const auto& key : bound->keys) keys_.emplace_back(key);
    for (const auto& values : bound->columns) columns_.emplace_back(values);
    times_us_.push_back(bound->request.time_us);
    if (!has_events) continue;
    events_.insert(events_.end(), bound->event_of_view.begin(), bound->event_of_view.end());
    events_.resize(times_us_.size() * reader_.views().size(), nullptr);
  }
  return {.keys = keys_,
          .entities = entities_.size(),
          .times_us = times_us_,
          .events = events_,
          .columns = columns_};
}

const Json& BoundRequests::keys_json(std::size_t entity) const {
  return entities_[entity]->keys_json;
}

std::int64_t BoundRequests::time_us(std::size_t entity) const {
  return entities_[entity]->request.time_us;
}

}  // namespace rtml::online
