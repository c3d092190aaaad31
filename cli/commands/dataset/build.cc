#include "cli/commands/dataset/build.h"

#include "cli/build_inputs.h"
#include "cli/effort.h"
#include "cli/registry_change.h"
#include "cli/table_file.h"
#include "core/base/file_system.h"
#include "core/base/number.h"
#include "core/dataset/manifest.h"
#include "core/dataset/rebuild.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "--entities",
     .type = OptionType::kPath,
     .value = "FILE",
     .help = "Rows with entity keys and a time (.parquet, .csv, .jsonl)",
     .completion = Completion::kPath},
    {.name = "--features",
     .type = OptionType::kTextList,
     .value = "VIEW[@vN][:FEATURE]",
     .help = "Views, or single features of them",
     .completion = Completion::kView},
    {.name = "--service",
     .value = "NAME",
     .help = "The features of a service, or of NAME@vN",
     .completion = Completion::kService},
    {.name = "--pipeline",
     .value = "NAME",
     .help = "The training set of a pipeline, with rows and labels of its source",
     .completion = Completion::kPipeline},
    {.name = "--from-manifest",
     .value = "DATASET|FILE",
     .help = "Build a known training set again, or say which of its inputs differs"},
    {.name = "--out",
     .type = OptionType::kPath,
     .value = "FILE",
     .help = "Where the rows go (.parquet, .csv, .jsonl)",
     .required = true,
     .completion = Completion::kPath,
     .short_name = 'o'},
    {.name = "--timestamp",
     .value = "COLUMN",
     .help = "The column with each row's moment",
     .default_text = "event_timestamp"},
    {.name = "--full-feature-names",
     .type = OptionType::kFlag,
     .help = "Name the columns view__feature"},
    {.name = "--allow-leak",
     .type = OptionType::kFlag,
     .help = "With --pipeline: keep features that know the label too early"},
    {.name = "--memory-limit",
     .value = "SIZE",
     .help = "Put rows aside in temporary files where they need more, as 512MiB"},
    {.name = "--reason", .value = "TEXT", .help = "Why, for the event log"},
};

constexpr Example kExamples[] = {
    {.command = "rtml dataset build --entities labels.parquet --features market_state,price_past "
                "-o train.parquet",
     .says = "Add the features of two views to the rows of a file"},
    {.command = "rtml dataset build --pipeline price_direction -o train.parquet",
     .says = "Write the training set of a pipeline"},
    {.command = "rtml dataset build --from-manifest manifest.json -o again.parquet",
     .says = "Rebuild the rows that a manifest describes"},
};

Status refuse(const Arguments& arguments, std::initializer_list<const char*> options,
              const std::string& with) {
  for (const char* option : options) {
    if (!arguments.has(option)) continue;
    return fail(ErrorCode::kUsage,
                std::string(option) + " does not go with " + with + ", which says what to build");
  }
  return {};
}

Status check_options(const Arguments& arguments) {
  if (arguments.has("--from-manifest")) {
    return refuse(arguments,
                  {"--features", "--service", "--pipeline", "--full-feature-names", "--allow-leak"},
                  "--from-manifest");
  }
  if (arguments.has("--pipeline")) {
    return refuse(arguments, {"--entities", "--features", "--service", "--full-feature-names"},
                  "--pipeline");
  }
  if (!arguments.has("--entities") || arguments.has("--features") == arguments.has("--service")) {
    return fail(Error(ErrorCode::kUsage,
                      "give --entities with --features or --service, or "
                      "--pipeline, or --from-manifest")
                    .with_help("rtml dataset build --entities labels.parquet --features "
                               "VIEW[:FEATURE],… -o train.parquet"));
  }
  if (arguments.has("--allow-leak")) {
    return fail(ErrorCode::kUsage, "--allow-leak goes with --pipeline, which knows the label");
  }
  return {};
}

Result<project::FeatureSelection> features_of(const Arguments& arguments,
                                              const project::Project& project) {
  const bool full_names = arguments.flag("--full-feature-names");
  if (arguments.has("--service")) {
    RTML_TRY_ASSIGN(const project::FeatureService* service,
                    project.find_service(arguments.text("--service")));
    project::FeatureService named = *service;
    named.full_feature_names |= full_names;
    return project.selection_of(named);
  }
  return project.select_features(arguments.list("--features"), full_names);
}

// The manifest of a file, or of a training set that the registry knows.
Result<Json> read_manifest(const std::string& reference, Session& session) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(reference, ignored)) {
    RTML_TRY_ASSIGN(const std::string bytes, read_file(reference));
    RTML_TRY_ASSIGN(Json json, parse_json(bytes, reference));
    // What "dataset build" and "dataset show" print holds it too.
    return json.is_object() && json.contains("manifest") ? json["manifest"] : json;
  }
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  registry::Dataset dataset;
  {
    RTML_TRY_ASSIGN(const registry::Reader reader, registry->read());
    Result<registry::Dataset> found = reader.dataset(reference);
    if (!found) {
      return fail(Error(found.error().code(), found.error().message())
                      .with_help("there is no file of that name either; \"rtml dataset show\" "
                                 "lists the training sets"));
    }
    dataset = std::move(*found);
  }
  RTML_TRY_ASSIGN(const std::string bytes, registry->read_artifact(dataset.manifest_sha256));
  return parse_json(bytes, "the manifest " + dataset.manifest_sha256);
}

// Refuses to replace a source that the manifest names. What else is wrong with the manifest,
// rebuilding says.
Status check_output_is_no_input(const std::filesystem::path& output, const Json& manifest,
                                const project::Project& project) {
  const auto inputs = manifest.find("inputs");
  if (inputs == manifest.end() || !inputs->is_array()) return {};
  for (const Json& input : *inputs) {
    if (!input.is_object() || !input.contains("source") || !input["source"].is_string()) continue;
    const auto source = project.find_source(input["source"].get<std::string>());
    if (source) RTML_TRY(check_output_is_not_of(output, **source, project));
  }
  return {};
}

Result<dataset::TrainingSet> rebuild(const Arguments& arguments, Session& session,
                                     const dataset::BuildContext& context) {
  RTML_TRY_ASSIGN(const Json manifest, read_manifest(arguments.text("--from-manifest"), session));
  RTML_TRY(check_output_is_no_input(arguments.text("--out"), manifest, context.project));
  const std::string entities =
      arguments.has("--entities") ? arguments.text("--entities") : std::string();
  return dataset::rebuild(manifest, entities, context);
}

Result<dataset::TrainingSet> build(const Arguments& arguments, Session& session,
                                   const dataset::BuildContext& context,
                                   std::function<Status(table::BatchReader&)> write) {
  if (arguments.has("--from-manifest")) return rebuild(arguments, session, context);
  dataset::BuildOptions options;
  options.write = std::move(write);
  options.timestamp_column = arguments.text("--timestamp");
  options.allow_leak = arguments.flag("--allow-leak");
  const std::filesystem::path output = arguments.text("--out");
  if (arguments.has("--pipeline")) {
    RTML_TRY_ASSIGN(const project::Pipeline* pipeline,
                    context.project.find_pipeline(arguments.text("--pipeline")));
    RTML_TRY_ASSIGN(const project::FeatureService* service,
                    context.project.find_service(pipeline->dataset.service));
    RTML_TRY(
        check_output_is_no_source(output, context.project.columns_of(*service), context.project));
    RTML_TRY_ASSIGN(const project::Source* labels,
                    context.project.find_source(pipeline->dataset.labels.source));
    RTML_TRY(check_output_is_not_of(output, *labels, context.project));
    return dataset::build_training_set(*pipeline, options, context);
  }
  RTML_TRY_ASSIGN(const project::FeatureSelection selection,
                  features_of(arguments, context.project));
  options.on_demand = selection.on_demand;
  RTML_TRY(check_output_is_no_source(output, selection.features, context.project));
  return dataset::build_from_file(arguments.text("--entities"), selection.features, options,
                                  context);
}

// Reads rows that nobody wants, for what is counted and hashed on the way.
Status drain(table::BatchReader& rows) {
  while (true) {
    RTML_TRY_ASSIGN(const auto batch, rows.next());
    if (!batch) return {};
  }
}

// The files that the manifest says were read.
std::vector<std::filesystem::path> files_read(const Arguments& arguments,
                                              const dataset::TrainingSet& set,
                                              const dataset::BuildContext& context) {
  std::vector<std::filesystem::path> files;
  for (const Json& input : set.manifest.at("inputs")) {
    if (!input.contains("files")) continue;
    for (const Json& file : input["files"]) {
      files.push_back(context.project.root() / file["path"].get<std::string>());
    }
  }
  if (arguments.has("--entities")) files.emplace_back(arguments.text("--entities"));
  return files;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY(check_options(arguments));
  RTML_TRY_ASSIGN(const BuildInputs inputs, make_build_inputs(session, true));
  inputs.context->lineage = &inputs.lineage;
  const std::string& output = arguments.text("--out");
  RTML_TRY_ASSIGN(const RegistryChange change,
                  make_registry_change("dataset build", Json{{"out", output}}, arguments, session));
  RTML_TRY_ASSIGN(inputs.context->memory_limit_bytes, memory_limit(arguments));
  const EffortReport effort_report(session.clock());
  const bool dry_run = change.change.dry_run;
  const auto write = [&](table::BatchReader& rows) -> Status {
    if (!dry_run) RTML_TRY(write_table(session, output, rows));
    return dry_run ? drain(rows) : Status();
  };
  RTML_TRY_ASSIGN(const dataset::TrainingSet set,
                  build(arguments, session, *inputs.context, write));
  if (!dry_run && !set.is_written) {
    const auto rows = table::read_batches(set.rows.shared_schema(), {set.rows});
    RTML_TRY(write_table(session, output, *rows));
  }
  RTML_TRY_ASSIGN(registry::Registry * registry, session.registry());
  RTML_TRY_ASSIGN(const registry::Answer answer, dataset::record(set, *registry, change.change));

  Report report;
  const std::string identity = set.manifest.at("content_sha256").get<std::string>();
  report.data["output"] = output;
  report.data["dataset"] = identity;
  report.data["rows"] = set.row_count;
  report.data["features"] = set.feature_columns;
  report.data["manifest"] = set.manifest;
  add_change_outcome(report, change, answer.repeated);
  report.line((dry_run ? "would write " : "wrote ") + counted(set.row_count, "row") + " with " +
              counted(std::ssize(set.feature_columns), "feature") + " to " + output);
  report.line("dataset " + identity, Tone::kFaint);
  std::vector<std::filesystem::path> written;
  if (!dry_run) written.emplace_back(output);
  effort_report.add_to(report, set.row_count, set.effort,
                       files_read(arguments, set, *inputs.context), written);
  report.outputs = {{"dataset", identity}, {"rows", std::to_string(set.row_count)}};
  return report;
}

}  // namespace

constinit const CommandSpec kDatasetBuild{
    .path = "dataset build",
    .summary = "Add features to rows, as they were known at their time",
    .description =
        "Keeps every column and row of --entities, in their order, and adds the features as of "
        "each row's time; null where nothing was known. The file appears when it is complete. "
        "A manifest that can rebuild it goes into the registry: \"rtml dataset show\".\n\n"
        "With --from-manifest, compares every input with the manifest first, then builds the "
        "same rows; --entities names an entity file that lies elsewhere now.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .takes_idempotency_key = true,
    .run = run,
};

}  // namespace rtml::cli::commands
