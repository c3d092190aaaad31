#include "cli/commands/feature/get.h"

#include <algorithm>

#include "cli/build_inputs.h"
#include "core/base/time.h"
#include "core/dataset/online.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "VIEW", .help = "The view, or VIEW:FEATURE", .completion = Completion::kView},
    {.name = "--service",
     .value = "NAME",
     .help = "The features of a service",
     .completion = Completion::kService},
    {.name = "--entity",
     .type = OptionType::kTextList,
     .value = "KEY=VALUE",
     .help = "An entity's key; a key that comes again starts the next entity"},
    {.name = "--at",
     .type = OptionType::kTimestamp,
     .value = "TIME",
     .help = "The moment to read, now if not given"},
    {.name = "--event",
     .value = "JSON",
     .help = "An event of the request, seen by this read alone"},
};

constexpr Example kExamples[] = {
    {.command = "rtml feature get price_past --at 1998-12-05T00:00:00+10:00",
     .says = "Read the features of a view without entities"},
    {.command =
         "rtml feature get customer_activity --entity customer_id=17 --entity customer_id=18 "
         "--event '{\"tx_amount\": 12.5}'",
     .says = "Read two customers as if each had just paid 12.5"},
};

Result<std::vector<dataset::EntityKeyTexts>> entities_of(const Arguments& arguments) {
  std::vector<dataset::EntityKeyTexts> entities(1);
  for (const std::string& text : arguments.list("--entity")) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(ErrorCode::kBadOptionValue, "--entity takes KEY=VALUE, not: " + text);
    }
    const std::string key = text.substr(0, equals);
    const auto& last = entities.back();
    if (std::any_of(last.begin(), last.end(),
                    [&](const auto& part) { return part.first == key; })) {
      entities.emplace_back();
    }
    entities.back().emplace_back(key, text.substr(equals + 1));
  }
  return entities;
}

Text status_text(feature::Status status) {
  return Text(std::string(feature::to_string(status)),
              status == feature::Status::kPresent ? Tone::kPlain : Tone::kWarning);
}

Json json_of(const dataset::OnlineValue& value) {
  Json json = Json::object();
  json["name"] = value.column;
  json["value"] = value.value;
  json["status"] = feature::to_string(value.status);
  json["event_timestamp"] =
      value.event_time_us ? Json(format_timestamp(*value.event_time_us)) : Json();
  return json;
}

std::string plain_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : to_json_text(value);
}

Report report_of(const std::vector<dataset::EntityKeyTexts>& entities,
                 const dataset::OnlineResult& result, std::int64_t at_us) {
  Report report;
  report.data["at"] = format_timestamp(at_us);
  report.data["views"] = Json::array();
  for (const auto& [view, cutover_us] : result.cutovers) {
    report.data["views"].push_back({{"name", view}, {"cutover", format_timestamp(cutover_us)}});
  }
  report.data["results"] = Json::array();
  report.rows_key = "results";
  const bool has_keys = !entities.front().empty();
  Table table;
  if (has_keys) table.columns.push_back({"entity"});
  for (const char* name : {"feature", "value", "status", "event_timestamp"}) {
    table.columns.push_back({name, std::string_view(name) == "value"});
  }
  for (std::size_t row = 0; row < entities.size(); ++row) {
    Json keys = Json::object();
    std::string label;
    for (const auto& [name, text] : entities[row]) {
      keys[name] = text;
      label += (label.empty() ? "" : ",") + name + "=" + text;
    }
    Json features = Json::array();
    for (const dataset::OnlineValue& value : result.rows[row]) {
      features.push_back(json_of(value));
      std::vector<Text> cells;
      if (has_keys) cells.emplace_back(label);
      cells.emplace_back(value.column);
      cells.emplace_back(plain_text(value.value));
      cells.push_back(status_text(value.status));
      cells.emplace_back(value.event_time_us ? format_timestamp(*value.event_time_us) : "");
      table.rows.push_back(std::move(cells));
    }
    report.data["results"].push_back(
        {{"entity", std::move(keys)}, {"features", std::move(features)}});
  }
  report.add(std::move(table));
  return report;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(const BuildInputs inputs, make_build_inputs(session, false));
  const dataset::BuildContext& context = *inputs.context;
  RTML_TRY_ASSIGN(const auto features, features_asked_for(arguments, context.project));
  RTML_TRY_ASSIGN(const auto entities, entities_of(arguments));
  dataset::OnlineRequest request{.features = features, .entities = entities};
  request.time_us = arguments.optional_integer("--at").value_or(session.clock().now_us());
  if (arguments.has("--event")) {
    Result<Json> event = parse_json(arguments.text("--event"), "the event");
    if (!event || !event->is_object()) {
      return fail(
          Error(ErrorCode::kBadOptionValue,
                event ? "--event takes a JSON object, not: " + arguments.text("--event")
                      : event.error().message())
              .with_help("give the columns of the source: --event '{\"tx_amount\": 12.5}'"));
    }
    request.event = std::move(*event);
  }
  RTML_TRY_ASSIGN(const auto store, dataset::open_online_store(context));
  RTML_TRY_ASSIGN(const dataset::OnlineResult result,
                  dataset::read_online(request, *store, context));
  return report_of(entities, result, request.time_us);
}

}  // namespace

constinit const CommandSpec kFeatureGet{
    .path = "feature get",
    .summary = "Read features of entities from the online store",
    .description =
        "Computes each feature from the kept state as of --at, by the code that training sets "
        "use.\n"
        "A status says why a value may be null: NULL_VALUE, NOT_FOUND (no event of the entity "
        "yet),\n"
        "OUTSIDE_MAX_AGE (its latest event is older than the view's ttl). event_timestamp is the\n"
        "time of the latest event that was seen.\n\n"
        "With --event, an event that is not stored yet is applied to a copy of the state first, "
        "as\n"
        "training saw it.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
