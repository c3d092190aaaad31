#include "cli/commands/feature/get.h"

#include "cli/build_inputs.h"
#include "cli/entity_arguments.h"
#include "cli/online_store.h"
#include "cli/plain_text.h"
#include "core/base/time.h"
#include "core/online/json_value.h"
#include "core/online/request.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "VIEW", .help = "The view, VIEW@vN or VIEW:FEATURE", .completion = Completion::kView},
    {.name = "--service",
     .value = "NAME",
     .help = "The features of a service, or of NAME@vN",
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
    {.name = "--request",
     .type = OptionType::kTexts,
     .value = "COLUMN=VALUE",
     .help = "A column of the request, or all as a JSON object; one that comes again starts the "
             "next entity's"},
    {.name = "--max-lag",
     .type = OptionType::kDuration,
     .value = "DURATION",
     .help = "End with 75 if the state of a view is further behind the clock"},
};

constexpr Example kExamples[] = {
    {.command = "rtml feature get price_past --at 1998-12-05T00:00:00+10:00",
     .says = "Read the features of a view without entities"},
    {.command =
         "rtml feature get customer_activity --entity customer_id=17 --entity customer_id=18 "
         "--event '{\"tx_amount\": 12.5}'",
     .says = "Read two customers as if each had just paid 12.5"},
    {.command = "rtml feature get --service checkout --entity customer_id=17 --request amount=12.5",
     .says = "Read features that are computed from the request too"},
};

Text status_text(feature::Status status) {
  return Text(std::string(feature::to_string(status)),
              status == feature::Status::kPresent ? Tone::kPlain : Tone::kWarning);
}

// The moment of the latest event that a value saw, or nothing.
std::optional<std::int64_t> event_time(const online::ReadValue& value) {
  if (value.event_time_us == online::PartPosition::kNoTime) return std::nullopt;
  return value.event_time_us;
}

Json time_json(std::optional<std::int64_t> time_us) {
  return time_us ? Json(format_timestamp(*time_us)) : Json();
}

Json views_json(const online::Reader& reader, const online::ReadResult& result) {
  Json views = Json::array();
  for (std::size_t view = 0; view < result.views.size(); ++view) {
    const online::ViewFreshness& freshness = result.views[view];
    std::optional<std::int64_t> watermark_us = freshness.watermark_us;
    if (watermark_us == online::PartPosition::kNoTime) watermark_us.reset();
    views.push_back({{"name", reader.views()[view].view->name},
                     {"cutover", time_json(freshness.cutover_us)},
                     {"watermark", time_json(watermark_us)}});
  }
  return views;
}

// Which store gave the answer.
struct Answer {
  std::string store;  // The plugin's name.
  bool is_fallback = false;
  bool has_fallback = false;  // There are two that could.
};

Result<Answer> answer_of(Session& session, const plugin::OnlineStore& store,
                         const project::Project& project) {
  RTML_TRY_ASSIGN(const online::StoreChoice choice, store_choice(session));
  Answer answer;
  answer.has_fallback = !store_type(project, online::StoreChoice::kFallback).empty();
  // Of two stores behind one the first is called by its type, and the other never is.
  const std::string primary = store_type(project, online::StoreChoice::kPrimary);
  const std::string_view answered_by = store.answered_by();
  answer.is_fallback =
      choice == online::StoreChoice::kFallback || (!answered_by.empty() && answered_by != primary);
  answer.store = answer.is_fallback ? store_type(project, online::StoreChoice::kFallback) : primary;
  return answer;
}

void add_answer(const Answer& answer, const online::ReadResult& result, Report& report) {
  std::optional<std::int64_t> watermark_us = result.watermark_us;
  if (watermark_us == online::PartPosition::kNoTime) watermark_us.reset();
  const Json watermark = time_json(watermark_us);
  report.data["store"] = {{"type", answer.store}, {"is_fallback", answer.is_fallback}};
  report.data["watermark"] = watermark;
  if (!answer.has_fallback) return;
  Fields fields;
  fields.rows.emplace_back("store", Text(answer.store + (answer.is_fallback ? " (fallback)" : "")));
  fields.rows.emplace_back("watermark", Text(watermark.is_null() ? "none" : plain_text(watermark)));
  report.add(std::move(fields));
}

Report report_of(const std::vector<online::EntityKeyTexts>& entities, const online::Reader& reader,
                 const online::BoundRequest& bound, const online::ReadResult& result,
                 std::int64_t at_us) {
  Report report;
  report.data["at"] = format_timestamp(at_us);
  report.data["views"] = views_json(reader, result);
  report.data["results"] = Json::array();
  report.rows_key = "results";
  const bool has_keys = !entities.front().empty();
  Table table;
  if (has_keys) table.columns.push_back({"entity"});
  for (const char* name : {"feature", "value", "status", "event_timestamp"}) {
    table.columns.push_back({name, std::string_view(name) == "value"});
  }
  const std::size_t columns = reader.features().size();
  for (std::size_t row = 0; row < entities.size(); ++row) {
    std::string label;
    for (const auto& [name, text] : entities[row]) {
      label += (label.empty() ? "" : ",") + name + "=" + text;
    }
    Json features = Json::array();
    for (std::size_t column = 0; column < columns; ++column) {
      const online::ServedFeature& feature = reader.features()[column];
      const online::ReadValue& value = result.values[row * columns + column];
      const Json shown = online::json_of_value(value.value, feature.type);
      const Json time = time_json(event_time(value));
      features.push_back({{"name", feature.name},
                          {"value", shown},
                          {"status", feature::to_string(value.status)},
                          {"event_timestamp", time}});
      std::vector<Text> cells;
      if (has_keys) cells.emplace_back(label);
      cells.emplace_back(feature.name);
      cells.emplace_back(plain_text(shown));
      cells.push_back(status_text(value.status));
      cells.emplace_back(time.is_null() ? "" : plain_text(time));
      table.rows.push_back(std::move(cells));
    }
    report.data["results"].push_back(
        {{"entity", bound.keys_json(row)}, {"features", std::move(features)}});
  }
  report.add(std::move(table));
  return report;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(const BuildInputs inputs, make_build_inputs(session, false));
  const dataset::BuildContext& context = *inputs.context;
  RTML_TRY_ASSIGN(const auto features, selection_asked_for(arguments, context.project));
  RTML_TRY_ASSIGN(const auto entities, entities_of(arguments.list("--entity")));
  RTML_TRY_ASSIGN(const auto columns, requests_of(arguments.list("--request")));
  const std::int64_t now_us = session.clock().now_us();
  online::TextRequest request{.entities = entities, .columns = columns};
  request.time_us = arguments.optional_integer("--at").value_or(now_us);
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
  const plugin::CallOptions call{.cancel = &context.cancel};
  RTML_TRY_ASSIGN(const auto store, open_online_store(session));
  RTML_TRY_ASSIGN(online::Reader reader,
                  online::Reader::open(features, context.project, *store, call));
  RTML_TRY_ASSIGN(const auto bound, online::BoundRequest::bind(request, reader));
  online::ReadResult result;
  RTML_TRY(reader.read(bound.request(), call, &result));
  if (const auto max_lag_us = arguments.optional_integer("--max-lag")) {
    RTML_TRY(online::check_lag(reader, result, now_us, *max_lag_us));
  }
  RTML_TRY_ASSIGN(const Answer answer, answer_of(session, *store, context.project));
  Report report = report_of(entities, reader, bound, result, request.time_us);
  add_answer(answer, result, report);
  return report;
}

}  // namespace

constinit const CommandSpec kFeatureGet{
    .path = "feature get",
    .summary = "Read features of entities from the online store",
    .description =
        "Computes each feature from the kept state as of --at, by the code that training sets "
        "use. A status says why a value may be null: NULL_VALUE, NOT_FOUND (no event of the "
        "entity yet), OUTSIDE_MAX_AGE (its latest event is older than the view's ttl). "
        "event_timestamp is the time of the latest event that was seen.\n\n"
        "Each view comes with the watermark of its state: no event at or before it is to come. "
        "--max-lag turns a view that is further behind the clock into exit 75.\n\n"
        "With --event, an event that is not stored yet is applied to a copy of the state "
        "first, as training saw it.\n\n"
        "Features of on-demand views are computed from --request: its columns once for all "
        "entities, or once for each in their order. A column that it does not name is the "
        "event's of that name, else the entity's key. Such a feature is PRESENT, or NULL_VALUE "
        "where its expression gives null; its event_timestamp is the latest one of the features "
        "that it reads.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
