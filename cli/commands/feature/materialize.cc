#include "cli/commands/feature/materialize.h"

#include "cli/build_inputs.h"
#include "cli/commands/feature/interval_report.h"
#include "cli/effort.h"
#include "cli/online_store.h"
#include "cli/table_file.h"
#include "core/base/number.h"
#include "core/base/time.h"
#include "core/dataset/materialize.h"
#include "core/dataset/online_fill.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "VIEW",
     .help = "The view to materialize, or VIEW@vN",
     .completion = Completion::kView},
    {.name = "--service",
     .value = "NAME",
     .help = "The features of a service, whose views read one source",
     .completion = Completion::kService},
    {.name = "--out",
     .type = OptionType::kPath,
     .value = "FILE",
     .help = "Write the rows to this file (.parquet, .csv, .jsonl)",
     .completion = Completion::kPath,
     .short_name = 'o'},
    {.name = "--every",
     .type = OptionType::kDuration,
     .value = "PERIOD",
     .help = "A row for each entity at each multiple of this period, not a row an event"},
    {.name = "--interval",
     .type = OptionType::kDuration,
     .value = "LENGTH",
     .help = "Keep --out as a directory with a file for each interval, as 1h or 1d"},
    {.name = "--refresh",
     .type = OptionType::kFlag,
     .help = "With --interval, compute those again whose input changed"},
    {.name = "--online",
     .type = OptionType::kFlag,
     .help = "Fill the online store with the state of each entity"},
    {.name = "--from",
     .type = OptionType::kTimestamp,
     .value = "TIME",
     .help = "Only rows at or after this time; windows still see the events before"},
    {.name = "--to",
     .type = OptionType::kTimestamp,
     .value = "TIME",
     .help = "Only rows before this time; with --online the cutover, which is folded in"},
    {.name = "--memory-limit",
     .value = "SIZE",
     .help = "Put rows aside in temporary files where they need more, as 512MiB"},
};

constexpr Example kExamples[] = {
    {.command = "rtml feature materialize --service price_direction -o features.parquet",
     .says = "Write the features of a service for every event"},
    {.command = "rtml feature materialize price_past --every 1d -o daily.parquet",
     .says = "Write what was known of each entity at midnight of each day"},
    {.command = "rtml feature materialize price_past --interval 7d -o weeks/",
     .says = "Write a file a week; run again, it adds the weeks that are new"},
    {.command = "rtml feature materialize price_past --online --to 1998-12-05T00:00:00+10:00",
     .says = "Fill the online store with what was known then"},
};

Status check_options(const Arguments& arguments) {
  if (arguments.has("--out") == arguments.flag("--online")) {
    return fail(Error(ErrorCode::kUsage, "give either --out or --online")
                    .with_help("\"--out FILE\" writes rows, \"--online\" fills the online store"));
  }
  if (arguments.flag("--online") && arguments.has("--every")) {
    return fail(ErrorCode::kUsage, "--every does not go with --online: a state is of one moment");
  }
  if (arguments.has("--every") && arguments.integer("--every") <= 0) {
    return fail(Error(ErrorCode::kBadOptionValue, "--every must be longer than nothing: " +
                                                      format_duration(arguments.integer("--every")))
                    .with_help("write for example 1h or 1d"));
  }
  if (arguments.flag("--online") && arguments.has("--interval")) {
    return fail(ErrorCode::kUsage, "--interval does not go with --online, but with --out");
  }
  if (arguments.flag("--refresh") && !arguments.has("--interval")) {
    return fail(Error(ErrorCode::kUsage, "--refresh needs --interval")
                    .with_help("a file of its own is always computed anew"));
  }
  if (arguments.flag("--online") && arguments.has("--from")) {
    return fail(ErrorCode::kUsage, "--from does not go with --online: a state is of all the past");
  }
  const auto from_us = arguments.optional_integer("--from");
  const auto to_us = arguments.optional_integer("--to");
  if (from_us && to_us && *from_us >= *to_us) {
    return fail(Error(ErrorCode::kBadOptionValue,
                      "--from does not lie before --to: " + format_timestamp(*from_us))
                    .with_help("rows have --from <= time < --to"));
  }
  return {};
}

dataset::TimeRange range_asked_for(const Arguments& arguments) {
  dataset::TimeRange range;
  range.from_us = arguments.optional_integer("--from").value_or(range.from_us);
  range.to_us = arguments.optional_integer("--to").value_or(range.to_us);
  return range;
}

Result<std::int64_t> count_rows(table::BatchReader& reader) {
  std::int64_t rows = 0;
  while (true) {
    RTML_TRY_ASSIGN(const std::optional<table::Batch> batch, reader.next());
    if (!batch) return rows;
    rows += batch->rows();
  }
}

Result<Report> write_file(const Arguments& arguments,
                          const std::vector<project::ServiceColumn>& features, Session& session,
                          const dataset::BuildContext& context) {
  const EffortReport effort_report(session.clock());
  const bool dry_run = arguments.flag("--dry-run");
  const std::string& output = arguments.text("--out");
  RTML_TRY(check_output_is_no_source(output, features, context.project));
  dataset::MaterializeOptions options{.every_us = arguments.integer("--every")};
  if (arguments.has("--from") || arguments.has("--to"))
    options.ranges = {range_asked_for(arguments)};
  RTML_TRY_ASSIGN(dataset::Materialized made, dataset::materialize(features, options, context));
  std::int64_t rows = made.row_count.value_or(0);
  if (!dry_run) {
    RTML_TRY_ASSIGN(rows, write_table(session, output, *made.rows));
  } else if (!made.row_count) {
    RTML_TRY_ASSIGN(rows, count_rows(*made.rows));
  }
  const dataset::JoinEffort effort = made.effort();

  Report report;
  report.data["output"] = output;
  report.data["dry_run"] = dry_run;
  report.data["rows"] = rows;
  report.data["views"] = views_json(features, context.project);
  report.data["features"] = Json::array();
  for (const auto& column : features) report.data["features"].push_back(column.name);
  report.data["duplicates"] = made.duplicates;
  report.data["events_without_key"] = effort.events_without_key;
  report.data["overflows"] = effort.overflows;
  report.line((dry_run ? "would write " : "wrote ") + counted(rows, "row") + " with " +
              counted(std::ssize(features), "feature") + " to " + output);
  if (made.duplicates > 0) {
    report.line(counted(made.duplicates, "event") + " left out because the id came before",
                Tone::kFaint);
  }
  if (effort.events_without_key > 0) {
    report.warnings.push_back(counted(effort.events_without_key, "event") +
                              " without a key and so without features");
  }
  if (effort.overflows > 0) {
    report.warnings.push_back(counted(effort.overflows, "sum") +
                              " too large for INT64 and so null");
  }
  std::vector<std::filesystem::path> written;
  if (!dry_run) written.emplace_back(output);
  effort_report.add_to(report, rows, effort, input_files(features, context.project), written);
  report.outputs = {{"output", output}, {"rows", std::to_string(rows)}};
  return report;
}

Result<Report> fill_store(const Arguments& arguments,
                          const std::vector<project::ServiceColumn>& features, Session& session,
                          const dataset::BuildContext& context) {
  const bool dry_run = arguments.flag("--dry-run");
  const std::int64_t now_us = session.clock().now_us();
  const std::int64_t cutover_us = arguments.optional_integer("--to").value_or(now_us);
  std::vector<const project::FeatureView*> views;
  for (const auto& column : features) {
    if (std::find(views.begin(), views.end(), column.view) == views.end()) {
      views.push_back(column.view);
    }
  }
  RTML_TRY_ASSIGN(const auto store, open_online_store(session));
  RTML_TRY_ASSIGN(const std::vector<dataset::FilledView> filled,
                  dataset::fill_online(views,
                                       {.cutover_us = cutover_us,
                                        .epoch = static_cast<std::uint64_t>(now_us),
                                        .dry_run = dry_run},
                                       *store, context));
  Report report;
  report.data["cutover"] = format_timestamp(cutover_us);
  report.data["dry_run"] = dry_run;
  report.data["views"] = Json::array();
  report.rows_key = "views";
  for (const dataset::FilledView& view : filled) {
    report.data["views"].push_back({{"name", view.view},
                                    {"identity", view.identity},
                                    {"entities", view.entities},
                                    {"removed", view.removed},
                                    {"events", view.events},
                                    {"events_after_cutover", view.events_after_cutover},
                                    {"events_without_key", view.events_without_key},
                                    {"duplicates", view.duplicates}});
    report.line((dry_run ? "would fill " : "filled ") + view.view + ": " +
                std::to_string(view.entities) + (view.entities == 1 ? " entity" : " entities") +
                " from " + counted(view.events, "event") + " up to " +
                format_timestamp(cutover_us));
    if (view.events_without_key > 0) {
      report.warnings.push_back(view.view + ": " + counted(view.events_without_key, "event") +
                                " without a key and so of no entity");
    }
  }
  return report;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY(check_options(arguments));
  RTML_TRY_ASSIGN(const BuildInputs inputs, make_build_inputs(session, false));
  RTML_TRY_ASSIGN(inputs.context->memory_limit_bytes, memory_limit(arguments));
  const dataset::BuildContext& context = *inputs.context;
  RTML_TRY_ASSIGN(const auto features, features_asked_for(arguments, context.project));
  if (arguments.flag("--online")) return fill_store(arguments, features, session, context);
  if (arguments.has("--interval")) return write_intervals(arguments, features, session, context);
  return write_file(arguments, features, session, context);
}

}  // namespace

constinit const CommandSpec kFeatureMaterialize{
    .path = "feature materialize",
    .summary = "Compute features of past events into a file or the online store",
    .description =
        "With --out, writes one row an event in the order of the source: the entity keys, the "
        "source's id where it has one, event_timestamp, and each feature as of that time. The "
        "file appears when it is complete. --from and --to are half-open: a row at --from is "
        "written, one at --to is not, so that adjacent ranges share no row. With "
        "--memory-limit, what does not fit goes into nameless files below .rtml, by entity; "
        "the result is the same.\n\n"
        "With --every, writes a row for each entity that is known at each multiple of the "
        "period, counted from the epoch in UTC, in the order of time and keys. An entity is "
        "known from its first event on, and with a ttl until its latest event is older than "
        "that.\n\n"
        "With --interval, --out is a directory with a Parquet file for each half-open interval "
        "and a manifest that says what each was computed from. A run computes what is not there "
        "yet and what was computed from another definition, and leaves the rest alone; one that "
        "was killed goes on where it was. Without --from and --to these are the intervals from "
        "the first event to the last that are over now. Events that came late or were corrected "
        "are not taken in silently: \"rtml feature verify --intervals\" lists the intervals that "
        "they concern, --refresh computes those again.\n\n"
        "With --online, folds every event up to and at --to, now if not given, into the state "
        "of its entity and puts all of them into the online store, or none. \"rtml feature "
        "get\" reads them; a stream goes on with the events after --to.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .run = run,
};

}  // namespace rtml::cli::commands
