#include "cli/commands/data/replay.h"

#include "cli/build_inputs.h"
#include "cli/online_store.h"
#include "core/base/number.h"
#include "core/stream/letter_export.h"
#include "core/stream/replay.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "--dead-letters",
     .type = OptionType::kTexts,
     .value = "FILE",
     .help = "Apply the dead letters of this file",
     .completion = Completion::kPath},
    {.name = "--source",
     .value = "NAME",
     .help = "Apply the dead letters of this source",
     .completion = Completion::kSource},
    {.name = "--filter",
     .value = "REASON",
     .help = "Only those with this reason (invalid, null_key, future, too_many), or with this text "
             "in their detail"},
};

constexpr Example kExamples[] = {
    {.command = "rtml data replay --source transactions --dry-run",
     .says = "See which dead letters could be applied now"},
    {.command =
         "rtml data replay --dead-letters .rtml/dead_letters/card_activity.jsonl --filter invalid",
     .says = "Apply those that could not be decoded, after the file was corrected"},
};

Result<stream::ReplayOptions> options_of(const Arguments& arguments,
                                         const project::Project& project) {
  if (arguments.has("--dead-letters") == arguments.has("--source")) {
    return fail(Error(ErrorCode::kUsage, "give either --dead-letters or --source")
                    .with_help("\"rtml stream status --all\" shows where dead letters are"));
  }
  stream::ReplayOptions options;
  options.dry_run = arguments.flag("--dry-run");
  options.filter = arguments.text("--filter");
  for (const std::string& file : arguments.list("--dead-letters")) options.files.push_back(file);
  if (!arguments.has("--source")) return options;
  RTML_TRY_ASSIGN(const project::Source* source, project.find_source(arguments.text("--source")));
  if (!source->stream) {
    return fail(Error(ErrorCode::kUnsupported, "source has no stream: " + source->name)
                    .at(source->location));
  }
  options.source = source->name;
  for (const project::FeatureView* view : project.views_in_use()) {
    if (!view->reads_source(source->name)) continue;
    const auto path = stream::letter_path(project.root(), *source->stream,
                                          online::RecordKind::kDeadLetter, view->name);
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) options.files.push_back(path);
  }
  return options;
}

Report report_of(const stream::ReplayReport& replay, bool dry_run) {
  Report report;
  report.data = {{"dry_run", dry_run},
                 {"lines", replay.lines},
                 {"applied", replay.applied},
                 {"duplicates", replay.duplicates},
                 {"before_cutover", replay.before_cutover},
                 {"already_replayed", replay.already_replayed},
                 {"refused", replay.refused},
                 {"filtered", replay.filtered},
                 {"other_versions", replay.other_versions},
                 {"unreadable_lines", replay.unreadable_lines},
                 {"refusals", replay.refusals}};
  report.line((dry_run ? "would apply " : "applied ") + counted(replay.applied, "event") + " of " +
              counted(replay.lines, "dead letter"));
  Fields fields;
  const auto add = [&](const char* name, std::int64_t count) {
    if (count > 0) fields.rows.emplace_back(name, Text(std::to_string(count)));
  };
  add("replayed before", replay.already_replayed);
  add("duplicates", replay.duplicates);
  add("before the cutover", replay.before_cutover);
  add("left out by reason", replay.filtered);
  add("of other versions of their view", replay.other_versions);
  add("unreadable lines", replay.unreadable_lines);
  add("still refused", replay.refused);
  if (!fields.rows.empty()) report.add(std::move(fields));
  for (const std::string& refusal : replay.refusals) report.warnings.push_back(refusal);
  return report;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(const BuildInputs inputs, make_build_inputs(session, false));
  const dataset::BuildContext& context = *inputs.context;
  RTML_TRY_ASSIGN(const stream::ReplayOptions options, options_of(arguments, context.project));
  RTML_TRY_ASSIGN(const auto store, open_online_store(session));
  RTML_TRY_ASSIGN(const stream::ReplayReport replay,
                  stream::replay(options, *store, session.clock(), context));
  return report_of(replay, options.dry_run);
}

}  // namespace

constinit const CommandSpec kDataReplay{
    .path = "data replay",
    .summary = "Apply dead letters again after what was wrong is put right",
    .description =
        "Decodes messages that \"rtml stream run\" could not apply once more and applies those "
        "that are events now: because the message in the file was corrected, a limit was "
        "raised, or its time has come. Each origin (source, partition, offset) is applied "
        "once, however often it is replayed.\n\n"
        "A view whose definition has changed reads its stream from the beginning and needs no "
        "replay.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .run = run,
};

}  // namespace rtml::cli::commands
