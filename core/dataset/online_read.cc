#include <algorithm>
#include <map>
#include <set>

#include "core/base/name.h"
#include "core/base/time.h"
#include "core/dataset/join.h"
#include "core/dataset/json_value.h"
#include "core/dataset/online.h"
#include "core/dataset/online_layout.h"
#include "core/project/identity.h"

namespace rtml::dataset {
namespace {

// A view ready to be read: as it was filled, compiled again.
struct ServedView {
  const project::FeatureView* view;
  const project::Source* source;
  std::string identity;
  OnlineView online;
  feature::Program program;
};

Result<ServedView> serve(const project::FeatureView& view, plugin::OnlineStore& store,
                         const BuildContext& context) {
  ServedView served{.view = &view,
                    .source = &context.project.source_of(view),
                    .identity = project::identity(context.project, view)};
  RTML_TRY_ASSIGN(const plugin::Members members,
                  store.get(view_key(served.identity), {.cancel = &context.cancel}));
  const std::string* const found = plugin::find_member(members, kHeadMember);
  if (found == nullptr) {
    return fail(Error(ErrorCode::kNotFound, "the online store does not hold view: " + view.name)
                    .with_help("fill it with \"rtml feature materialize " + view.name +
                               " --online\"; a view that was changed is filled anew"));
  }
  RTML_TRY_ASSIGN(served.online, decode_online_view(*found));
  RTML_TRY_ASSIGN(served.program,
                  feature::compile(view, *served.source, context.project.keys_of(view),
                                   served.online.source_schema));
  return served;
}

// The key of an entity for one view: from the entity, else from the request's event. An event of
// another entity must not be counted for this one.
Result<std::vector<table::Value>> key_values(const ServedView& served, const EntityKeyTexts& entity,
                                             const Json& event) {
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
    values.push_back(value);
  }
  return values;
}

// Fails if an entity names a key that none of the views has.
Status check_keys(std::span<const EntityKeyTexts> entities, const std::vector<ServedView>& views) {
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

// The event that a request brings, as one view's program takes it.
struct RequestEvent {
  feature::Event event;  // Without inputs.
  std::vector<table::Value> inputs;
};

Result<RequestEvent> request_event(const Json& json, std::int64_t time_us,
                                   const ServedView& served) {
  if (!json.is_object()) {
    return fail(ErrorCode::kBadOptionValue, "the event is not a JSON object");
  }
  const std::vector<std::string> names = served.online.source_schema.names();
  for (const auto& [name, value] : json.items()) {
    if (served.online.source_schema.find(name)) continue;
    return fail(ErrorCode::kBadOptionValue, "source " + served.source->name +
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
  RequestEvent result;
  RTML_TRY_ASSIGN(const table::Value time,
                  read(program.time_column, time_type, served.source->timestamp.unit));
  result.event.time_us = time.is_null() ? time_us : time.integer();
  if (served.source->created) {
    RTML_TRY_ASSIGN(result.event.created,
                    read(program.created_column, time_type, served.source->created->unit));
  }
  if (!program.id_column.empty()) {
    const auto index = served.online.source_schema.find(program.id_column);
    RTML_TRY_ASSIGN(result.event.id,
                    read(program.id_column, served.online.source_schema.field(*index).type, {}));
  }
  for (const table::Field& input : program.inputs) {
    RTML_TRY_ASSIGN(const table::Value value, read(input.name, input.type, {}));
    result.inputs.push_back(value);
  }
  return result;
}

Result<feature::Row> read_state(feature::Kernel& kernel, const std::string* bytes,
                                const std::optional<RequestEvent>& event, std::int64_t time_us) {
  if (bytes == nullptr && !event) return kernel.read_unknown();
  feature::State state = kernel.make_state();
  if (bytes != nullptr) {
    RTML_TRY_ASSIGN(state, kernel.decode(*bytes));
  }
  if (!event) return kernel.read(state, time_us);
  feature::Event own = event->event;
  own.inputs = event->inputs;
  return kernel.read_with_event(state, own, time_us);
}

// The values of one view for every entity, a row each in the order of Program::outputs.
Result<std::vector<std::vector<OnlineValue>>> read_view(const ServedView& served,
                                                        const OnlineRequest& request,
                                                        plugin::OnlineStore& store,
                                                        const BuildContext& context) {
  std::vector<std::string> keys;
  for (const EntityKeyTexts& entity : request.entities) {
    RTML_TRY_ASSIGN(const std::vector<table::Value> key, key_values(served, entity, request.event));
    keys.push_back(state_key(served.identity, kBatchPart, key));
  }
  RTML_TRY_ASSIGN(const auto states, store.get_groups(keys, {.cancel = &context.cancel}));
  std::optional<RequestEvent> event;
  if (!request.event.is_null()) {
    RTML_TRY_ASSIGN(event, request_event(request.event, request.time_us, served));
  }
  feature::Kernel kernel(served.program);
  std::vector<std::vector<OnlineValue>> rows;
  for (const plugin::Members& members : states) {
    const std::string* const bytes = plugin::find_member(members, kHeadMember);
    RTML_TRY_ASSIGN(const feature::Row row, read_state(kernel, bytes, event, request.time_us));
    std::vector<OnlineValue> values;
    for (std::size_t index = 0; index < served.program.outputs.size(); ++index) {
      const table::Field& field = served.program.outputs[index].field;
      OnlineValue value{.value = json_of_value(row.values[index], field.type),
                        .status = row.statuses[index]};
      if (value.status != feature::Status::kNotFound) value.event_time_us = row.latest_event_us;
      values.push_back(std::move(value));
    }
    rows.push_back(std::move(values));
  }
  return rows;
}

}  // namespace

Result<OnlineResult> read_online(const OnlineRequest& request, plugin::OnlineStore& store,
                                 const BuildContext& context) {
  std::vector<ServedView> views;
  std::map<const project::FeatureView*, std::size_t> places;
  for (const project::ServiceColumn& column : request.features) {
    if (!places.emplace(column.view, views.size()).second) continue;
    RTML_TRY_ASSIGN(ServedView served, serve(*column.view, store, context));
    views.push_back(std::move(served));
  }
  RTML_TRY(check_keys(request.entities, views));
  OnlineResult result;
  std::vector<std::vector<std::vector<OnlineValue>>> values;
  for (const ServedView& served : views) {
    RTML_TRY_ASSIGN(auto rows, read_view(served, request, store, context));
    values.push_back(std::move(rows));
    result.cutovers.emplace_back(served.view->name, served.online.cutover_us);
  }
  for (std::size_t entity = 0; entity < request.entities.size(); ++entity) {
    std::vector<OnlineValue> row;
    for (const project::ServiceColumn& column : request.features) {
      const std::size_t place = places.at(column.view);
      const std::size_t output = output_index(views[place].program, column.feature->name);
      row.push_back(values[place][entity][output]);
      row.back().column = column.name;
    }
    result.rows.push_back(std::move(row));
  }
  return result;
}

}  // namespace rtml::dataset
