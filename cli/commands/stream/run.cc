#include "cli/commands/stream/run.h"

#include <unistd.h>

#include "cli/build_inputs.h"
#include "cli/commands/stream/streamed_views.h"
#include "cli/online_store.h"
#include "core/base/clock.h"
#include "core/base/number.h"
#include "core/base/time.h"
#include "core/stream/medium.h"
#include "core/stream/run.h"
#include "core/stream/status.h"
#include "core/stream/streamed_view.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "VIEW",
     .type = OptionType::kTextList,
     .help = "The views to keep up to date, each maybe as VIEW@vN",
     .completion = Completion::kView},
    {.name = "--all",
     .type = OptionType::kFlag,
     .help = "Every view whose source has a stream, and the versions that services name"},
    {.name = "--input",
     .type = OptionType::kPath,
     .value = "-",
     .help = "Read the lines of standard input in place of the source's stream",
     .completion = Completion::kPath},
    {.name = "--once", .type = OptionType::kFlag, .help = "End when nothing has come for a second"},
    {.name = "--duration",
     .type = OptionType::kDuration,
     .value = "DURATION",
     .help = "End after this time"},
    {.name = "--from-beginning",
     .type = OptionType::kFlag,
     .help = "Forget what is kept of these streams and read them anew"},
    {.name = "--max-retry-time",
     .type = OptionType::kDuration,
     .value = "DURATION",
     .help = "Give up when store or stream stay away for so long; without it never"},
    {.name = "--metrics-file",
     .type = OptionType::kPath,
     .value = "FILE",
     .help = "Write figures for Prometheus into this file every five seconds",
     .completion = Completion::kPath},
};

constexpr Example kExamples[] = {
    {.command = "rtml stream run card_activity --once",
     .says = "Take in what has come since the last run"},
    {.command = "rtml stream run --all --metrics-file /var/lib/node_exporter/rtml.prom",
     .says = "Keep every streamed view up to date until a signal comes"},
    {.command = "tail -F payments.jsonl | rtml stream run card_activity --input -",
     .says = "Take events from another program"},
};

Status check_options(const Arguments& arguments) {
  if (arguments.has("--input") && arguments.text("--input") != "-") {
    return fail(Error(ErrorCode::kBadOptionValue,
                      "--input takes - for standard input, not: " + arguments.text("--input"))
                    .with_help("name a file in the source: \"stream: {type: file, path: …}\""));
  }
  if (arguments.has("--input") && arguments.flag("--from-beginning")) {
    return fail(ErrorCode::kUsage,
                "--from-beginning does not go with --input: it cannot be read "
                "anew");
  }
  return {};
}

Table table_of(std::span<const stream::PartSnapshot> parts) {
  Table table;
  table.columns = {{"view"},
                   {"source"},
                   {"partition", true},
                   {"events", true},
                   {"duplicates", true},
                   {"late", true},
                   {"dead letters", true},
                   {"watermark"}};
  for (const stream::PartSnapshot& part : parts) {
    const online::Counters& counters = part.position.counters;
    table.rows.push_back(
        {Text(part.view, Tone::kStrong), Text(part.source), Text(std::to_string(part.partition)),
         Text(std::to_string(counters.applied)), Text(std::to_string(counters.duplicates)),
         Text(std::to_string(counters.late), counters.late > 0 ? Tone::kWarning : Tone::kPlain),
         Text(std::to_string(counters.dead_letters),
              counters.dead_letters > 0 ? Tone::kWarning : Tone::kPlain),
         Text(shown_time(part.position.watermark_us))});
  }
  return table;
}

Report report_of(const stream::RunReport& run, bool dry_run, std::int64_t now_us) {
  Report report;
  report.data["dry_run"] = dry_run;
  report.data["messages"] = run.messages;
  report.data["commits"] = run.commits;
  report.data["retries"] = run.retries;
  report.data["stopped"] = run.was_stopped;
  const auto delay_ms = [&](double share) {
    return static_cast<double>(run.delays.quantile_us(share)) / 1000;
  };
  report.data["event_delay_ms"] = {
      {"p50", delay_ms(0.5)}, {"p95", delay_ms(0.95)}, {"p99", delay_ms(0.99)}};
  report.data["parts"] = Json::array();
  report.rows_key = "parts";
  for (const stream::PartSnapshot& part : run.parts) {
    report.data["parts"].push_back(part_json(part, now_us));
  }
  report.line(dry_run ? "would go on from here:"
                      : "read " + counted(run.messages, "message") +
                            (run.was_stopped ? ", stopped by a signal; since the first run:"
                                             : "; since the first run:"));
  report.add(table_of(run.parts));
  report.warnings = run.warnings;
  report.is_stopped_in_order = run.was_stopped;
  return report;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY(check_options(arguments));
  RTML_TRY_ASSIGN(const BuildInputs inputs, make_build_inputs(session, false));
  const dataset::BuildContext& context = *inputs.context;
  RTML_TRY_ASSIGN(const auto views, streamed_views(arguments, context.project));
  RTML_TRY_ASSIGN(const auto store, open_online_store(session));
  if (arguments.flag("--dry-run")) {
    RTML_TRY_ASSIGN(const auto sources, stream::make_source_views(views, context));
    RTML_TRY(
        stream::check_media(sources, arguments.has("--input"), arguments.flag("--from-beginning")));
    // A schema file that is missing or does not fit is found without reading a message.
    for (const stream::SourceViews& source : sources) {
      RTML_TRY(message::make_decoder(source.decoder));
    }
    stream::RunReport known;
    RTML_TRY_ASSIGN(known.parts,
                    stream::read_status(views, {.asks_medium = false}, *store, context));
    return report_of(known, true, session.clock().now_us());
  }
  stream::RunOptions options;
  options.once = arguments.flag("--once");
  options.duration_us = arguments.optional_integer("--duration");
  options.max_retry_us = arguments.optional_integer("--max-retry-time");
  options.from_beginning = arguments.flag("--from-beginning");
  options.is_standard_input = arguments.has("--input");
  if (arguments.has("--metrics-file")) options.metrics_file = arguments.text("--metrics-file");
  options.process = ::getpid();
  RTML_TRY_ASSIGN(const stream::RunReport done,
                  stream::run(views, options, *store, {session.clock(), system_clock()}, context));
  return report_of(done, false, session.clock().now_us());
}

}  // namespace

constinit const CommandSpec kStreamRun{
    .path = "stream run",
    .summary = "Keep the state of feature views up to date from streams",
    .description =
        "Reads the streams of the views' sources and applies each message exactly once, also "
        "after a kill: where reading goes on is stored with what the messages did. A finite "
        "stream (a file without \"follow: true\", standard input) is read to its end; others "
        "until a signal comes, which ends the run in order.\n\n"
        "Late events and dead letters go into .rtml/late and .rtml/dead_letters; \"rtml data "
        "replay\" applies dead letters again. Several processes share the partitions of a "
        "Kafka topic.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .run = run,
};

}  // namespace rtml::cli::commands
