#include "cli/commands/pipeline/run.h"

#include <algorithm>

#include "cli/commands/model/gate_decision.h"
#include "cli/effort.h"
#include "cli/registry_change.h"
#include "cli/session.h"
#include "core/base/number.h"
#include "core/base/parallel.h"
#include "core/pipeline/steps.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "PIPELINE",
     .help = "The pipeline to run",
     .required = true,
     .completion = Completion::kPipeline},
    {.name = "--from-step",
     .value = "STEP",
     .help = "Run this step and those after it, changed or not"},
    {.name = "--allow-leak",
     .type = OptionType::kFlag,
     .help = "Keep features that know the label too early"},
    {.name = "--allow-breaking",
     .type = OptionType::kFlag,
     .help = "Change features that services or aliased models use"},
    {.name = "--memory-limit",
     .value = "SIZE",
     .help = "Build the training set within this much memory, as 512MiB"},
    {.name = "--reason", .value = "TEXT", .help = "Why, for the event log"},
};

constexpr Example kExamples[] = {
    {.command = "rtml pipeline run price_direction --dry-run",
     .says = "Show which steps have something to do"},
    {.command = "rtml pipeline run price_direction",
     .says = "Train, judge, register and promote what is new"},
};

Tone tone_of(pipeline::StepState state) {
  switch (state) {
    case pipeline::StepState::kDone:
      return Tone::kGood;
    case pipeline::StepState::kFailed:
      return Tone::kBad;
    default:
      return Tone::kFaint;
  }
}

// What a step made, in a few words.
std::string detail_of(const pipeline::StepReport& step) {
  if (step.error) return step.error->message();
  const Json& result = step.result;
  if (!result.is_object()) return "";
  if (step.name == "dataset") return counted(result.at("rows").get<std::int64_t>(), "row");
  if (step.name == "train") {
    std::string text = result.at("run").get<std::string>();
    for (const auto& [metric, value] : result.at("metrics").items()) {
      if (value.is_number()) text += " " + metric + " " + format_brief(value.get<double>());
    }
    return text;
  }
  if (step.name == "gate") return result.at("outcome").get<std::string>();
  if (step.name == "register") return result.at("reference").get<std::string>();
  if (step.name == "promote") {
    return result.at("alias").get<std::string>() + " is " +
           result.at("reference").get<std::string>();
  }
  return "";
}

Report report_of(const std::string& name, const pipeline::RunReport& run, bool dry_run,
                 const std::filesystem::path& root) {
  Report report;
  report.data["pipeline"] = name;
  report.data["dry_run"] = dry_run;
  report.data["unchanged"] = run.nothing_to_do();
  report.data["steps"] = Json::array();
  report.rows_key = "steps";
  Table table;
  table.columns = {{"step"}, {"state"}, {"result"}};
  for (const pipeline::StepReport& step : run.steps) {
    Json row = {{"name", step.name}, {"state", pipeline::to_string(step.state)}};
    row["result"] = step.result;
    row["log"] = step.log.empty() ? Json() : Json(step.log.lexically_relative(root).string());
    if (step.error) {
      row["error"] = {{"code", step.error->id()}, {"message", step.error->message()}};
    }
    report.data["steps"].push_back(std::move(row));
    table.rows.push_back({step.name,
                          Text(std::string(pipeline::to_string(step.state)), tone_of(step.state)),
                          detail_of(step)});
    if (!step.result.is_object()) continue;
    for (const char* output : {"run", "reference"}) {
      if (step.name != "promote" && step.result.contains(output)) {
        report.outputs.emplace_back(output, step.result[output].get<std::string>());
      }
    }
  }
  report.add(std::move(table));
  for (const pipeline::StepReport& step : run.steps) {
    if (step.name == "gate" && step.state == pipeline::StepState::kDone) {
      add_gate_evidence(report, step.result.at("evidence"));
    }
  }
  if (run.nothing_to_do()) report.line("nothing has changed: nothing was done");
  return report;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(const project::Project* project, session.project());
  RTML_TRY_ASSIGN(const project::Pipeline* pipeline,
                  project->find_pipeline(arguments.text("PIPELINE")));
  RTML_TRY_ASSIGN(plugin::PluginHost * plugins, session.plugins());
  RTML_TRY_ASSIGN(registry::Registry * registry, session.registry());
  RTML_TRY_ASSIGN(const RegistryChange change,
                  make_registry_change("pipeline run", Json::object(), arguments, session));
  RTML_TRY_ASSIGN(const std::int64_t limit, memory_limit(arguments));
  const pipeline::StepContext context{.project = *project,
                                      .plugins = *plugins,
                                      .registry = *registry,
                                      .change = change.change,
                                      .clock = session.clock(),
                                      .progress = session.progress(),
                                      .cancel = session.cancel(),
                                      .threads = available_processors(),
                                      .memory_limit_bytes = limit,
                                      .allow_leak = arguments.flag("--allow-leak"),
                                      .allow_breaking = arguments.flag("--allow-breaking")};
  const bool dry_run = arguments.flag("--dry-run");
  RTML_TRY_ASSIGN(const pipeline::RunReport result,
                  pipeline::run_steps(pipeline::make_steps(*pipeline, context),
                                      {.directory = registry->directory(),
                                       .pipeline = pipeline->name,
                                       .rtml_version = change.change.rtml_version,
                                       .dry_run = dry_run,
                                       .from_step = arguments.text("--from-step")},
                                      session.clock(), session.cancel()));
  Report report = report_of(pipeline->name, result, dry_run, project->root());
  if (!change.warning.empty()) report.warnings.push_back(change.warning);
  if (const Error* error = result.error(); error != nullptr) {
    // A gate's verdict is a result like the others; what broke is an error.
    if (error->code() != ErrorCode::kGateFailed && error->code() != ErrorCode::kCannotTell) {
      return fail(Error(*error).with_context("pipeline " + pipeline->name));
    }
    report.exit = error->exit_class();
    report.findings.push_back({.level = Finding::Level::kFailure,
                               .rule = std::string(error->id()),
                               .subject = pipeline->name,
                               .message = error->message(),
                               .location = pipeline->gate->location});
  }
  return report;
}

}  // namespace

constinit const CommandSpec kPipelineRun{
    .path = "pipeline run",
    .summary = "Run the steps of a pipeline, none that is unchanged",
    .description =
        "The steps are apply, dataset, train and, for a pipeline with a gate, gate, register "
        "and promote. A step whose inputs are as they were is not run again; after a failure "
        "or a kill the next run goes on where that one stopped. Each step leaves a log in "
        ".rtml/logs/pipeline.\n\n"
        "Ends with 3 if the gate refuses the model, with 1 if it cannot tell.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .run = run,
};

}  // namespace rtml::cli::commands
