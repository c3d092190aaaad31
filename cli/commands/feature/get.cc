#include "cli/commands/feature/get.h"

#include "cli/build_inputs.h"
#include "cli/commands/feature/get_answer.h"
#include "cli/commands/feature/get_lines.h"
#include "cli/entity_arguments.h"
#include "cli/online_store.h"
#include "cli/plain_text.h"
#include "core/base/number.h"
#include "core/base/time.h"
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
    {.name = "--requests",
     .type = OptionType::kPath,
     .value = "FILE",
     .help = "Entities as JSON lines, answered in their order; - is standard input",
     .completion = Completion::kPath},
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
    {.command = "rtml feature get --service checkout --requests requests.jsonl --output jsonl",
     .says = "Answer a file of requests, a line each"},
};

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

void add_store(const Answer& answer, const online::ReadResult& result, Report& report) {
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

// The requests of --entity, --request and --event.
Result<std::vector<online::EntityRequest>> requests_given(const Arguments& arguments,
                                                          std::int64_t at_us) {
  RTML_TRY_ASSIGN(auto entities, entities_of(arguments.list("--entity")));
  RTML_TRY_ASSIGN(const auto columns, requests_of(arguments.list("--request")));
  if (columns.size() > 1 && columns.size() != entities.size()) {
    return fail(Error(ErrorCode::kUsage, "there are " + std::to_string(entities.size()) +
                                             " entities, but columns of " +
                                             std::to_string(columns.size()) + " requests")
                    .with_help("give them once for all entities, or once for each in their order"));
  }
  Json event;
  if (arguments.has("--event")) {
    Result<Json> given = parse_json(arguments.text("--event"), "the event");
    if (!given || !given->is_object()) {
      return fail(
          Error(ErrorCode::kBadOptionValue,
                given ? "--event takes a JSON object, not: " + arguments.text("--event")
                      : given.error().message())
              .with_help("give the columns of the source: --event '{\"tx_amount\": 12.5}'"));
    }
    event = std::move(*given);
  }
  std::vector<online::EntityRequest> requests;
  for (std::size_t i = 0; i < entities.size(); ++i) {
    requests.push_back(
        {.keys = {.texts = std::move(entities[i])}, .time_us = at_us, .event = event});
    if (!columns.empty()) requests.back().columns = columns[columns.size() == 1 ? 0 : i];
  }
  return requests;
}

std::string label_of(const online::NamedTexts& keys) {
  std::string label;
  for (const auto& [name, text] : keys) label += (label.empty() ? "" : ",") + name + "=" + text;
  return label;
}

Result<Report> read_arguments(const Arguments& arguments, Session& session, online::Reader& reader,
                              const plugin::CallOptions& call, online::ReadResult& result) {
  const std::int64_t now_us = session.clock().now_us();
  const std::int64_t at_us = arguments.optional_integer("--at").value_or(now_us);
  RTML_TRY_ASSIGN(auto requests, requests_given(arguments, at_us));
  std::vector<std::string> labels;
  online::BoundRequests bound(reader);
  for (online::EntityRequest& request : requests) {
    labels.push_back(label_of(request.keys.texts));
    RTML_TRY(bound.add(std::move(request)));
  }
  RTML_TRY(reader.read(bound.request(), call, &result));
  if (const auto max_lag_us = arguments.optional_integer("--max-lag")) {
    RTML_TRY(online::check_lag(reader, result, now_us, *max_lag_us));
  }
  Report report;
  report.data["at"] = format_timestamp(at_us);
  report.data["views"] = views_json(reader, result);
  report.data["results"] = Json::array();
  Table table = answer_table(!labels.front().empty());
  for (std::size_t entity = 0; entity < bound.size(); ++entity) {
    Json answer = answer_json(reader, bound, result, entity);
    add_answer(answer, labels[entity], table);
    report.data["results"].push_back(std::move(answer));
  }
  report.add(std::move(table));
  return report;
}

Result<Report> read_lines(const Arguments& arguments, Session& session, online::Reader& reader,
                          const plugin::CallOptions& call, online::ReadResult& result) {
  RTML_TRY_ASSIGN(LineAnswers answers, answer_lines(arguments, session, reader, call));
  result = std::move(answers.last);
  Report report;
  report.streamed = arguments.text("--output") == "jsonl";
  report.data["requests"] = answers.requests;
  report.data["failed"] = answers.failed;
  report.data["views"] = views_json(reader, result);
  report.data["results"] = std::move(answers.results);
  report.add(std::move(answers.table));
  if (answers.failed > 0) {
    report.exit = ExitClass::kFailed;
    report.warnings.push_back(std::to_string(answers.failed) + " of " +
                              counted(answers.requests, "request") +
                              " could not be answered, the first: " + answers.first_failure);
  }
  return report;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  const bool is_lines = arguments.has("--requests");
  for (const char* option : {"--entity", "--event", "--request"}) {
    if (!is_lines || !arguments.has(option)) continue;
    return fail(Error(ErrorCode::kUsage, std::string(option) + " does not go with --requests")
                    .with_help("each line brings its own \"entity\", \"event\" and \"request\""));
  }
  RTML_TRY_ASSIGN(const BuildInputs inputs, make_build_inputs(session, false));
  const dataset::BuildContext& context = *inputs.context;
  RTML_TRY_ASSIGN(const auto features, selection_asked_for(arguments, context.project));
  const plugin::CallOptions call{.cancel = &context.cancel};
  RTML_TRY_ASSIGN(const auto store, open_online_store(session));
  RTML_TRY_ASSIGN(online::Reader reader,
                  online::Reader::open(features, context.project, *store, call));
  online::ReadResult result;
  RTML_TRY_ASSIGN(Report report, (is_lines ? read_lines : read_arguments)(arguments, session,
                                                                          reader, call, result));
  report.rows_key = "results";
  RTML_TRY_ASSIGN(const Answer answer, answer_of(session, *store, context.project));
  add_store(answer, result, report);
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
        "that it reads.\n\n"
        "--requests reads a JSON object a line: {\"entity\": {\"customer_id\": 17}, \"at\": "
        "\"2025-03-06T00:00:00Z\", \"event\": {…}, \"request\": {…}}, of which all but what "
        "the features need may be absent. Lines that are there are read together, up to 256 with "
        "one round trip to the store, and answered in their order with their \"line\". One that "
        "cannot be answered has an \"error\" in its place, and the command ends with 1 when all "
        "others are answered. If the store fails, the command ends at once: the lines that were "
        "answered are done. With --output jsonl answers are written as they come, whatever the "
        "size of the file; the other formats hold them until the end.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
