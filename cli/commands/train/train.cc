#include "cli/commands/train/train.h"

#include <algorithm>
#include <cstdio>

#include "cli/effort.h"
#include "cli/registry_change.h"
#include "cli/session.h"
#include "core/base/name.h"
#include "core/base/parallel.h"
#include "core/training/training.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "PIPELINE",
     .help = "The pipeline whose model is trained",
     .required = true,
     .completion = Completion::kPipeline},
    {.name = "--train",
     .type = OptionType::kPath,
     .value = "FILE",
     .help = "Learn from these prepared rows instead of building the training set",
     .completion = Completion::kPath},
    {.name = "--test",
     .type = OptionType::kPath,
     .value = "FILE",
     .help = "Test on these prepared rows; goes with --train",
     .completion = Completion::kPath},
    {.name = "--label",
     .value = "COLUMN",
     .help = "The label's column in prepared files, if not the pipeline's"},
    {.name = "--features",
     .type = OptionType::kTextList,
     .value = "COLUMN,...",
     .help = "The columns to learn from, if not those of the pipeline's service"},
    {.name = "--set-parameter",
     .type = OptionType::kTextList,
     .value = "NAME=VALUE",
     .help = "Set a model parameter over the pipeline's"},
    {.name = "--seed",
     .type = OptionType::kInteger,
     .value = "NUMBER",
     .help = "Seed of the learner, if not the pipeline's"},
    {.name = "--register",
     .value = "NAME",
     .help = "Make the run the next version of this model",
     .completion = Completion::kModel},
    {.name = "--allow-leak",
     .type = OptionType::kFlag,
     .help = "Train although a feature knows labels before they are mature"},
    {.name = "--memory-limit",
     .value = "SIZE",
     .help = "Build the training set within this much memory, as 512MiB"},
    {.name = "--reason", .value = "TEXT", .help = "Why, for the event log"},
};

constexpr Example kExamples[] = {
    {.command = "rtml train price_direction", .says = "Build the training set, train and test"},
    {.command = "rtml train price_direction --set-parameter optimizer=adagrad --dry-run",
     .says = "See what another optimizer would give; keep nothing"},
    {.command = "rtml train price_direction --train train.parquet --test test.parquet",
     .says = "Train on prepared rows"},
};

// Reads NAME=VALUE pairs; a value that is JSON is that, anything else is text.
Result<Json> parse_parameters(const std::vector<std::string>& pairs) {
  Json parameters = Json::object();
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(ErrorCode::kBadOptionValue, "--set-parameter takes NAME=VALUE, not: " + pair);
    }
    const std::string text = pair.substr(equals + 1);
    const Result<Json> value = parse_json(text, "--set-parameter");
    parameters[pair.substr(0, equals)] = value ? *value : Json(text);
  }
  return parameters;
}

Result<training::TrainingRequest> request_from(const Arguments& arguments) {
  if (arguments.has("--train") != arguments.has("--test")) {
    return fail(Error(ErrorCode::kUsage, "--train and --test go together")
                    .with_help("without both, the pipeline's training set is split by time"));
  }
  training::TrainingRequest request;
  request.pipeline = arguments.text("PIPELINE");
  request.train_file = arguments.text("--train");
  request.test_file = arguments.text("--test");
  request.label = arguments.text("--label");
  request.features = arguments.list("--features");
  request.allow_leak = arguments.flag("--allow-leak");
  RTML_TRY_ASSIGN(request.parameters, parse_parameters(arguments.list("--set-parameter")));
  if (const auto seed = arguments.optional_integer("--seed")) {
    if (*seed < 0) {
      return fail(ErrorCode::kBadOptionValue,
                  "--seed must not be negative: " + std::to_string(*seed));
    }
    request.seed = static_cast<std::uint64_t>(*seed);
  }
  if (arguments.has("--register")) RTML_TRY(check_name(arguments.text("--register"), "model"));
  return request;
}

// What makes two requests the same for --idempotency-key.
Json identity_of(const Arguments& arguments) {
  Json identity = Json::object();
  for (const char* name : {"PIPELINE", "--train", "--test", "--label", "--register"}) {
    identity[name] = arguments.text(name);
  }
  identity["--features"] = arguments.list("--features");
  identity["--set-parameter"] = arguments.list("--set-parameter");
  identity["--seed"] = arguments.has("--seed") ? Json(arguments.integer("--seed")) : Json(nullptr);
  return identity;
}

std::string figure(const Json& values, const std::string& name) {
  if (!values.is_object() || !values.contains(name)) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", values[name].get<double>());
  return text;
}

// A row a metric, a column a model.
Table metrics_table(const registry::Run& run) {
  Table table;
  const Json& baselines = run.details["baselines"];
  table.columns = {{"metric"}, {run.model_type, true}};
  std::vector<std::string> names;
  for (const auto& [name, value] : run.metrics.items()) names.push_back(name);
  for (const auto& [name, values] : baselines.items()) {
    table.columns.push_back({name, true});
    for (const auto& [metric, value] : values.items()) {
      if (std::find(names.begin(), names.end(), metric) == names.end()) names.push_back(metric);
    }
  }
  for (const std::string& name : names) {
    std::vector<Text> cells = {name, Text(figure(run.metrics, name), Tone::kStrong)};
    for (const auto& [baseline, values] : baselines.items()) cells.push_back(figure(values, name));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

std::string part_text(const Json& part) {
  std::string text = std::to_string(part["rows"].get<std::int64_t>()) + " rows";
  if (part.contains("positives")) {
    text += ", " + std::to_string(part["positives"].get<std::int64_t>()) + " of label 1";
  }
  return text;
}

Report report_of(const registry::Run& run, const Json& answer, const RegistryChange& change,
                 bool repeated) {
  Report report;
  const bool dry_run = change.change.dry_run;
  report.data["run"] = answer["run"];
  if (answer.contains("model")) {
    report.data["model"] = answer["model"];
    report.data["version"] = answer["version"];
  }
  report.data["pipeline"] = run.pipeline;
  report.data["model_type"] = run.model_type;
  report.data["seed"] = run.seed;
  report.data["parameters"] = run.parameters;
  report.data["metrics"] = run.metrics;
  for (const char* name : {"baselines", "train", "test", "inputs", "features", "label"}) {
    report.data[name] = run.details[name];
  }
  report.data["coefficients"] = run.details["model"].value("coefficients", Json::array());
  report.data["duration_us"] = run.finished_us - run.started_us;
  add_change_outcome(report, change, repeated);

  Fields fields;
  const std::string name = answer["run"].is_string() ? answer["run"].get<std::string>() : "";
  fields.rows = {{"run", Text(dry_run ? "none, this is a dry run" : name, Tone::kStrong)},
                 {"model", run.model_type + ", " + std::to_string(run.details["features"].size()) +
                               " features"},
                 {"trained on", part_text(run.details["train"])},
                 {"tested on", part_text(run.details["test"])}};
  if (answer.contains("model")) {
    fields.rows.emplace_back(dry_run ? "would register" : "registered",
                             Text(answer["model"].get<std::string>() + "@" +
                                      std::to_string(answer["version"].get<std::int64_t>()),
                                  Tone::kStrong));
  }
  report.add(std::move(fields));
  report.add(metrics_table(run));
  if (repeated) report.line("done before under this idempotency key", Tone::kFaint);
  report.outputs = {{"run", name}};
  for (const auto& [metric, value] : run.metrics.items()) {
    report.outputs.emplace_back(metric, to_json_text(value));
  }
  if (answer.contains("model")) {
    report.outputs.emplace_back("model", answer["model"].get<std::string>());
    report.outputs.emplace_back("version", to_json_text(answer["version"]));
  }
  return report;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(const training::TrainingRequest request, request_from(arguments));
  RTML_TRY_ASSIGN(const std::int64_t limit, memory_limit(arguments));
  RTML_TRY_ASSIGN(const project::Project* project, session.project());
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  RTML_TRY_ASSIGN(const RegistryChange change,
                  make_registry_change("train", identity_of(arguments), arguments, session));
  RTML_TRY_ASSIGN(const auto earlier, registry->answered(change.change));
  if (earlier) {
    RTML_TRY_ASSIGN(const registry::Reader reader, registry->read());
    RTML_TRY_ASSIGN(const registry::Run run, reader.run(earlier->value["run"].get<std::string>()));
    return report_of(run, earlier->value, change, true);
  }
  RTML_TRY_ASSIGN(plugin::PluginHost * plugins, session.plugins());
  RTML_TRY_ASSIGN(const training::TrainedModel trained,
                  training::train(request, {*project, *plugins, session.clock(), session.progress(),
                                            session.cancel(), available_processors(), limit}));
  Json answer{{"run", nullptr}};
  if (!change.change.dry_run) {
    RTML_TRY_ASSIGN(const registry::Answer recorded,
                    training::record(trained, arguments.text("--register"), *plugins, *registry,
                                     change.change));
    answer = recorded.value;
  }
  Report report = report_of(trained.run, answer, change, false);
  report.warnings.insert(report.warnings.end(), trained.warnings.begin(), trained.warnings.end());
  return report;
}

}  // namespace

constinit const CommandSpec kTrain{
    .path = "train",
    .summary = "Train the model of a pipeline and test it",
    .description =
        "Builds the training set of the pipeline's service from the events of its label "
        "source, splits it by time, learns, and measures the model and two baselines on the "
        "test rows: majority says the share of label 1 in the training rows, no-change the "
        "last label that was known at the row's time. A metric that the rows do not define is "
        "left out and named.\n\n"
        "The run goes into the registry with its model, parameters, metrics, seed, test rows, "
        "a profile of the training rows for \"rtml drift check\", the manifest of the training "
        "set and the git commit. The same rows, parameters and seed give the same model, byte "
        "for byte.\n\n"
        "Prepared files are taken as they are: rtml does not know how their features were "
        "made.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .takes_idempotency_key = true,
    .run = run,
};

}  // namespace rtml::cli::commands
