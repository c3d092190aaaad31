#include "cli/commands/feature/verify.h"

#include <set>

#include "cli/build_inputs.h"
#include "cli/commands/feature/interval_report.h"
#include "cli/online_store.h"
#include "cli/plain_text.h"
#include "core/base/number.h"
#include "core/base/text_list.h"
#include "core/base/time.h"
#include "core/stream/status.h"
#include "core/verify/verify.h"

namespace rtml::cli::commands {
namespace {

constexpr std::int64_t kMostReads = 10'000'000;
// Lines of differences that a person is shown; a program gets more.
constexpr std::size_t kShown = 20;

constexpr OptionSpec kOptions[] = {
    {.name = "VIEW", .help = "The view to verify, or VIEW@vN", .completion = Completion::kView},
    {.name = "--service",
     .value = "NAME",
     .help = "With --intervals, the service that was materialized",
     .completion = Completion::kService},
    {.name = "--sample",
     .type = OptionType::kInteger,
     .value = "COUNT",
     .help = "How many entities and moments to recompute",
     .default_text = "1000"},
    {.name = "--seed",
     .type = OptionType::kInteger,
     .value = "NUMBER",
     .help = "Which ones: another seed takes others",
     .default_text = "0"},
    {.name = "--file",
     .type = OptionType::kPath,
     .value = "PATH",
     .help = "Verify this file or directory of intervals too, which \"feature materialize\" wrote",
     .completion = Completion::kPath},
    {.name = "--online",
     .type = OptionType::kFlag,
     .help = "Fail if the online store does not hold the view; else it is left out"},
    {.name = "--at",
     .type = OptionType::kTimestamp,
     .value = "TIME",
     .help = "The moment of online reads, the view's watermark if not given"},
    {.name = "--intervals",
     .type = OptionType::kPath,
     .value = "DIR",
     .help = "List the intervals of this directory that would be computed otherwise now",
     .completion = Completion::kDirectory},
};

constexpr Example kExamples[] = {
    {.command = "rtml feature verify price_past", .says = "Check a view wherever it is computed"},
    {.command = "rtml feature verify price_past --sample 5000 --seed 7 --output json",
     .says = "Take another and larger sample, for a program"},
};

constexpr OutputFormat kFormats[] = {OutputFormat::kJunit, OutputFormat::kGithub};

Json json_of(const verify::Difference& difference) {
  Json json = {{"entity", difference.entity},
               {"at", format_timestamp(difference.time_us)},
               {"feature", difference.feature},
               {"expected", difference.expected},
               {"found", difference.found},
               {"expected_status", feature::to_string(difference.expected_status)}};
  if (difference.found_status) json["found_status"] = feature::to_string(*difference.found_status);
  return json;
}

// What the view's streams have put aside as too late.
struct LateEvents {
  std::int64_t count = 0;
  std::set<std::string> files;
};

// Nothing for a view without streams.
Result<std::optional<LateEvents>> late_events(const project::FeatureView& view,
                                              plugin::OnlineStore& store,
                                              const dataset::BuildContext& context) {
  std::optional<LateEvents> late;
  const project::FeatureView* const views[] = {&view};
  RTML_TRY_ASSIGN(const auto parts,
                  stream::read_status(views, {.asks_medium = false}, store, context));
  for (const project::Source* source : context.project.sources_of(view)) {
    if (!source->stream) continue;
    if (!late) late.emplace();
    for (const stream::PartSnapshot& part : parts) {
      // Standard input in the place of a stream has parts of its own: "payments.stdin".
      if (part.source.substr(0, part.source.find('.')) != source->name) continue;
      if (part.position.counters.late == 0) continue;
      late->count += part.position.counters.late;
      late->files.insert(source->stream->late + "/" + view.name + ".jsonl");
    }
  }
  return late;
}

// Names the one permitted reason for an online value to differ.
void add_late_events(const LateEvents& late, Report& report) {
  report.data["comparisons"].back()["late_events"] = late.count;
  if (late.count == 0) return;
  const std::string line = "the stream has put " + counted(late.count, "late event") + " into " +
                           text_list(late.files) +
                           ": the one permitted reason for online values to differ";
  report.line(line, Tone::kWarning);
  report.findings.back().message += "; " + line;
}

Json json_of(const verify::Comparison& comparison) {
  Json json = {{"place", verify::to_string(comparison.place)},
               {"reads", comparison.reads},
               {"values", comparison.values},
               {"differing", comparison.differing},
               {"differences", Json::array()}};
  if (comparison.at_us) json["at"] = format_timestamp(*comparison.at_us);
  for (const verify::Difference& difference : comparison.differences) {
    json["differences"].push_back(json_of(difference));
  }
  return json;
}

std::string text_of(const Json& value, const std::optional<feature::Status>& status) {
  const std::string text = plain_text(value);
  if (!status || *status == feature::Status::kPresent) return text;
  return text + " (" + std::string(feature::to_string(*status)) + ")";
}

Table table_of(const verify::Comparison& comparison) {
  Table table;
  table.columns = {{"entity"}, {"at"}, {"feature"}, {"expected", true}, {"found", true}};
  for (const verify::Difference& difference : comparison.differences) {
    if (table.rows.size() == kShown) break;
    std::string entity;
    for (const auto& [key, value] : difference.entity.items()) {
      entity += (entity.empty() ? "" : ",") + key + "=" + text_of(value, std::nullopt);
    }
    table.rows.push_back({entity, format_timestamp(difference.time_us), difference.feature,
                          text_of(difference.expected, difference.expected_status),
                          text_of(difference.found, difference.found_status)});
  }
  return table;
}

void add_comparison(const verify::Comparison& comparison, const std::string& view, Report& report) {
  const std::string place(verify::to_string(comparison.place));
  const std::string what = counted(comparison.values, "value") + " of " +
                           counted(comparison.reads, "read") +
                           (comparison.at_us ? " at " + format_timestamp(*comparison.at_us) : "");
  const bool is_same = comparison.differing == 0;
  const std::string verdict = place + ": " + std::to_string(comparison.differing) + " of " + what +
                              (comparison.differing == 1 ? " differs" : " differ") +
                              " from the recomputation";
  report.data["comparisons"].push_back(json_of(comparison));
  report.line(verdict, is_same ? Tone::kGood : Tone::kBad);
  report.findings.push_back({.level = is_same ? Finding::Level::kPass : Finding::Level::kFailure,
                             .rule = std::string(describe(ErrorCode::kSkewFound).id),
                             .subject = view + " " + place,
                             .message = verdict});
  if (comparison.at_us && *comparison.at_us > comparison.watermark_us) {
    report.warnings.push_back("the online store has seen all events only up to " +
                              format_timestamp(comparison.watermark_us) +
                              "; later ones are missing, not wrong");
  }
  if (is_same) return;
  report.add(table_of(comparison));
  const auto hidden = comparison.differing -
                      static_cast<std::int64_t>(std::min(comparison.differences.size(), kShown));
  if (hidden > 0) report.line("and " + std::to_string(hidden) + " more", Tone::kFaint);
}

// --intervals compares what is recorded of every interval, not a sample of values.
Status check_options(const Arguments& arguments) {
  if (!arguments.has("--intervals")) {
    if (arguments.has("VIEW") && !arguments.has("--service")) return {};
    return fail(Error(ErrorCode::kUsage, arguments.has("--service")
                                             ? "--service goes with --intervals only"
                                             : "give a view to verify")
                    .with_help("\"rtml feature list\" shows the views"));
  }
  if (arguments.has("--file") || arguments.flag("--online") || arguments.has("--at")) {
    return fail(ErrorCode::kUsage, "--file, --online and --at do not go with --intervals");
  }
  return {};
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY(check_options(arguments));
  verify::VerifyOptions options;
  options.sample = arguments.integer("--sample");
  options.seed = static_cast<std::uint64_t>(arguments.integer("--seed"));
  options.is_online_required = arguments.flag("--online");
  options.at_us = arguments.optional_integer("--at");
  if (arguments.has("--file")) options.file = arguments.text("--file");
  if (options.sample < 1 || options.sample > kMostReads) {
    return fail(ErrorCode::kBadOptionValue, "--sample must be from 1 to " +
                                                std::to_string(kMostReads) + ": " +
                                                std::to_string(options.sample));
  }
  RTML_TRY_ASSIGN(const BuildInputs inputs, make_build_inputs(session, false));
  const dataset::BuildContext& context = *inputs.context;
  if (arguments.has("--intervals")) return verify_intervals(arguments, session, context);
  RTML_TRY_ASSIGN(const project::FeatureView* view,
                  context.project.find_view(arguments.text("VIEW")));
  RTML_TRY_ASSIGN(const auto store, open_online_store(session));
  options.store = store.get();
  RTML_TRY_ASSIGN(const verify::Verification result, verify::verify(*view, options, context));

  Report report;
  report.suite = view->name;
  report.data["view"] = view->name;
  report.data["seed"] = options.seed;
  report.data["differing"] = result.differing;
  report.data["comparisons"] = Json::array();
  for (const verify::Comparison& comparison : result.comparisons) {
    add_comparison(comparison, view->name, report);
    if (comparison.place != verify::Place::kOnline) continue;
    RTML_TRY_ASSIGN(const auto late, late_events(*view, *store, context));
    if (late) add_late_events(*late, report);
  }
  report.outputs = {{"differing", std::to_string(result.differing)}};
  if (result.differing > 0) report.exit = ExitClass::kFinding;
  return report;
}

}  // namespace

constinit const CommandSpec kFeatureVerify{
    .path = "feature verify",
    .summary = "Recompute sampled feature values from the source and compare them",
    .description =
        "Takes a sample of entities and moments and recomputes the view's features event by "
        "event from the batch source, with nothing but the kernel. Compares them bit for bit "
        "with the backfill, with a sample of the rows of --file, each at its own moment (rows of "
        "events, of a schedule, of intervals), and with what the online store answers as of its "
        "watermark. Rows that the file lacks are not missed.\n\n"
        "With --intervals, looks at a directory of \"rtml feature materialize --interval\" "
        "instead, "
        "whole: reads the source once and lists the intervals whose input or definition is no "
        "longer what it was, or whose file is gone or damaged.\n\n"
        "Exits with 3 if a value differs. Events that came too late for the stream are in its "
        "late output; they are the one permitted reason for an online value to differ.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .extra_formats = kFormats,
    .run = run,
};

}  // namespace rtml::cli::commands
