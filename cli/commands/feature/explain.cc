#include "cli/commands/feature/explain.h"

#include "cli/build_inputs.h"
#include "cli/entity_arguments.h"
#include "cli/plain_text.h"
#include "core/base/number.h"
#include "core/base/time.h"
#include "core/verify/explain.h"

namespace rtml::cli::commands {
namespace {

constexpr std::int64_t kMostEvents = 1'000'000;

constexpr OptionSpec kOptions[] = {
    {.name = "VIEW",
     .help = "The view, VIEW@vN or VIEW:FEATURE",
     .required = true,
     .completion = Completion::kView},
    {.name = "--entity",
     .type = OptionType::kTextList,
     .value = "KEY=VALUE",
     .help = "The entity's key, an option a key column"},
    {.name = "--at",
     .type = OptionType::kTimestamp,
     .value = "TIME",
     .help = "The moment to explain, now if not given"},
    {.name = "--limit",
     .type = OptionType::kInteger,
     .value = "COUNT",
     .help = "Show the latest events of each window, at most so many",
     .default_text = "20"},
};

constexpr Example kExamples[] = {
    {.command = "rtml feature explain price_past --at 1998-12-05T00:00:00+10:00",
     .says = "Show the events behind each feature of a view"},
    {.command = "rtml feature explain price_past --at 1998-12-05T00:00:00+10:00 --limit 3 "
                "--output json",
     .says = "The same for a program, the latest three events of each window"},
};

// "mean(tx_fraud) where tx_amount > 0", "column amount", "a / b".
std::string definition_of(const project::Feature& feature) {
  switch (feature.form) {
    case project::FeatureForm::kAggregate:
      return feature.aggregate.text + (feature.source.empty() ? "" : " of " + feature.source.text) +
             (feature.filter.empty() ? "" : " where " + feature.filter.text);
    case project::FeatureForm::kExpression:
      return feature.expression.text;
    case project::FeatureForm::kColumn:
      break;
  }
  return "column " + (feature.column.empty() ? feature.name : feature.column);
}

Json json_of(const verify::ExplainedEvent& event) {
  Json json = {{"event_timestamp", format_timestamp(event.time_us)},
               {"id", event.id},
               {"value", event.value},
               {"part", verify::to_string(event.part)}};
  if (!event.source.empty()) json["source"] = event.source;
  if (event.created_us) json["created"] = format_timestamp(*event.created_us);
  return json;
}

Json json_of(const verify::ExplainedFeature& feature) {
  Json json = {{"name", feature.feature->name},
               {"definition", definition_of(*feature.feature)},
               {"value", feature.value},
               {"status", feature::to_string(feature.status)},
               {"events", Json::array()}};
  if (feature.has_window) {
    json["window"] = {
        {"after", feature.after_us ? Json(format_timestamp(*feature.after_us)) : Json()},
        {"through", feature.through_us ? Json(format_timestamp(*feature.through_us)) : Json()},
        {"events", feature.events_in_window},
        {"taken", feature.events_taken}};
  }
  for (const verify::ExplainedEvent& event : feature.events)
    json["events"].push_back(json_of(event));
  if (!feature.uses.empty()) {
    json["uses"] = Json::array();
    for (const auto& [name, value] : feature.uses) {
      json["uses"].push_back({{"name", name}, {"value", value}});
    }
  }
  return json;
}

// Times are whole microseconds: after 05:59:59.999999 is from 06:00:00.
bool is_last_before_second(std::int64_t time_us) {
  return (time_us + 1) % kSecond == 0;
}

std::string window_text(const verify::ExplainedFeature& feature) {
  if (!feature.through_us) return "no such session";
  const std::int64_t through_us = *feature.through_us;
  std::string window;
  if (feature.after_us) {
    const std::int64_t after_us = *feature.after_us;
    window = is_last_before_second(after_us) ? "from " + format_timestamp(after_us + 1)
                                             : "after " + format_timestamp(after_us);
    window += ' ';
  }
  window += is_last_before_second(through_us) ? "before " + format_timestamp(through_us + 1)
                                              : "through " + format_timestamp(through_us);
  return window + ": " + counted(feature.events_in_window, "event") + ", " +
         std::to_string(feature.events_taken) + " taken";
}

Table events_table(const verify::ExplainedFeature& feature) {
  Table table;
  const bool has_sources = !feature.events.front().source.empty();
  table.columns = {{"event_timestamp"}, {"id"}, {"value", true}, {""}};
  if (has_sources) table.columns.insert(table.columns.begin() + 1, {"source"});
  for (const verify::ExplainedEvent& event : feature.events) {
    std::vector<Text> row = {format_timestamp(event.time_us),
                             event.id.is_null() ? "" : plain_text(event.id),
                             plain_text(event.value),
                             Text(std::string(verify::to_string(event.part)),
                                  event.part == verify::Part::kTaken ? Tone::kGood : Tone::kFaint)};
    if (has_sources) row.insert(row.begin() + 1, event.source);
    table.rows.push_back(std::move(row));
  }
  return table;
}

void add_feature(const verify::ExplainedFeature& feature, Report& report) {
  const std::string status(feature::to_string(feature.status));
  report.line("");
  report.line(feature.feature->name + " = " + plain_text(feature.value) +
                  (feature.status == feature::Status::kPresent ? "" : " (" + status + ")"),
              Tone::kStrong);
  report.line("  " + definition_of(*feature.feature));
  if (feature.has_window) report.line("  " + window_text(feature));
  for (const auto& [name, value] : feature.uses)
    report.line("  " + name + " = " + plain_text(value));
  if (feature.events.empty()) return;
  const std::int64_t hidden = feature.events_in_window - std::ssize(feature.events);
  if (hidden > 0) {
    report.line("  " + counted(hidden, "earlier event") + " not shown; --limit shows more",
                Tone::kFaint);
  }
  report.add(events_table(feature));
}

Result<Report> run(const Arguments& arguments, Session& session) {
  verify::ExplainOptions options;
  options.time_us = arguments.optional_integer("--at").value_or(session.clock().now_us());
  options.limit = arguments.integer("--limit");
  if (options.limit < 0 || options.limit > kMostEvents) {
    return fail(ErrorCode::kBadOptionValue, "--limit must be from 0 to " +
                                                std::to_string(kMostEvents) + ": " +
                                                std::to_string(options.limit));
  }
  RTML_TRY_ASSIGN(const auto entities, entities_of(arguments.list("--entity")));
  if (entities.size() > 1) {
    return fail(ErrorCode::kUsage, "one entity is explained at a time; --entity names " +
                                       std::to_string(entities.size()));
  }
  options.entity = entities.front();
  RTML_TRY_ASSIGN(const BuildInputs inputs, make_build_inputs(session, false));
  const std::vector<std::string> references = {arguments.text("VIEW")};
  RTML_TRY_ASSIGN(const auto features, inputs.context->project.resolve_features(references, false));
  RTML_TRY_ASSIGN(const verify::Explanation explanation,
                  verify::explain(*features.front().view, features, options, *inputs.context));

  Report report;
  report.data["view"] = features.front().view->name;
  report.data["entity"] = explanation.entity;
  report.data["at"] = format_timestamp(explanation.time_us);
  report.data["latest_event"] =
      explanation.latest_event_us ? Json(format_timestamp(*explanation.latest_event_us)) : Json();
  report.data["events"] = explanation.events_before;
  report.data["events_after"] = explanation.events_after;
  report.data["features"] = Json::array();
  report.rows_key = "features";
  report.line(counted(explanation.events_before, "event") + " of the entity up to " +
              format_timestamp(explanation.time_us) + ", " +
              std::to_string(explanation.events_after) + " after it");
  for (const verify::ExplainedFeature& feature : explanation.features) {
    report.data["features"].push_back(json_of(feature));
    add_feature(feature, report);
  }
  return report;
}

}  // namespace

constinit const CommandSpec kFeatureExplain{
    .path = "feature explain",
    .summary = "Show which events made a feature's value",
    .description =
        "Computes the features of one entity at one moment from the batch source and shows, "
        "for each, where its window begins and ends, the events in it, and which of them were "
        "taken: an event may be filtered out, lack the value, or not have been known yet.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
