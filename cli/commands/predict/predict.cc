#include "cli/commands/predict/predict.h"

#include "cli/session.h"
#include "core/prediction/prediction.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "MODEL",
     .help = "The model: NAME@alias, NAME@version, or NAME for its newest version",
     .required = true,
     .completion = Completion::kModelVersion},
    {.name = "--input",
     .type = OptionType::kPath,
     .value = "FILE",
     .help = "Rows with the model's features: Parquet, CSV or JSONL, by the ending",
     .required = true,
     .completion = Completion::kPath},
    {.name = "--out",
     .type = OptionType::kPath,
     .value = "FILE",
     .help = "Where the rows with their predictions go: Parquet, CSV or JSONL, by the ending",
     .required = true,
     .completion = Completion::kPath,
     .short_name = 'o'},
    {.name = "--column",
     .value = "NAME",
     .help = "What the column of predictions is called",
     .default_text = "prediction"},
    {.name = "--threshold",
     .type = OptionType::kNumber,
     .value = "NUMBER",
     .help = "Add predicted_label: 1 where the prediction is at or above this, else 0"},
};

constexpr Example kExamples[] = {
    {.command = "rtml predict price_direction@champion --input rows.parquet -o predictions.parquet",
     .says = "Score a file by the champion"},
    {.command =
         "rtml predict price_direction@3 --input rows.csv -o predictions.csv --threshold 0.5",
     .says = "Score by version 3 and say which class"},
};

Result<Report> run(const Arguments& arguments, Session& session) {
  prediction::PredictionRequest request;
  request.model = arguments.text("MODEL");
  request.input = arguments.text("--input");
  request.output = arguments.text("--out");
  request.column = arguments.text("--column");
  if (arguments.has("--threshold")) request.threshold = arguments.number("--threshold");
  request.dry_run = arguments.flag("--dry-run");
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  RTML_TRY_ASSIGN(plugin::PluginHost * plugins, session.plugins());
  RTML_TRY_ASSIGN(
      const prediction::PredictionResult result,
      prediction::predict(request, {*registry, *plugins, session.progress(), session.cancel()}));

  Report report;
  report.data["model"] = result.version.model;
  report.data["version"] = result.version.number;
  report.data["run"] = result.version.run_id;
  report.data["artifact_sha256"] = result.version.artifact_sha256;
  report.data["input"] = request.input.string();
  report.data["output"] = request.output.string();
  report.data["rows"] = result.rows;
  report.data["without_prediction"] = result.without_prediction;
  report.data["dry_run"] = request.dry_run;
  Fields fields;
  fields.rows = {{"model", Text(result.version.label(), Tone::kStrong)},
                 {"rows", std::to_string(result.rows)},
                 {request.dry_run ? "would write" : "written", request.output.string()}};
  report.add(std::move(fields));
  if (result.without_prediction > 0) {
    report.warnings.push_back(std::to_string(result.without_prediction) +
                              " rows have no prediction: a feature is NaN or infinite there");
  }
  report.outputs = {{"model", result.version.model},
                    {"version", std::to_string(result.version.number)},
                    {"rows", std::to_string(result.rows)}};
  return report;
}

}  // namespace

constinit const CommandSpec kPredict{
    .path = "predict",
    .summary = "Score a file by a registered model",
    .description =
        "Writes the input's rows and columns, in their order, with the model's answer beside "
        "them: the probability of class 1, or the value of a regression. The model's bytes are "
        "checked against their sha256 first. A null feature counts as the model says (linear: "
        "the mean); a row with a NaN or infinite feature gets no prediction.\n\n"
        "The file is read and written a batch at a time, so its size does not matter.",
    .needs = Needs::kRegistry,
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .run = run,
};

}  // namespace rtml::cli::commands
