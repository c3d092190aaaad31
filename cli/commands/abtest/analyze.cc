#include "cli/commands/abtest/analyze.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "cli/commands/abtest/analysis_report.h"
#include "cli/session.h"
#include "cli/table_file.h"
#include "core/experiment/analyze.h"
#include "core/project/project.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "FILE",
     .type = OptionType::kPath,
     .help = "The rows of all arms: Parquet, CSV or JSONL",
     .required = true,
     .completion = Completion::kPath},
    {.name = "--experiment",
     .value = "NAME",
     .help = "An experiment of experiments/*.yaml, whose settings the options below override",
     .completion = Completion::kExperiment},
    {.name = "--arm", .value = "COLUMN", .help = "The column that names a row's arm (arm)"},
    {.name = "--label", .value = "COLUMN", .help = "The true class, 0 or 1; null: not known yet"},
    {.name = "--score", .value = "COLUMN", .help = "The model's score"},
    {.name = "--threshold",
     .type = OptionType::kNumber,
     .value = "NUMBER",
     .help = "A score of at least this is class 1 (0.5)"},
    {.name = "--prediction",
     .value = "COLUMN",
     .help = "The predicted class, 0 or 1, instead of a score"},
    {.name = "--value",
     .value = "COLUMN",
     .help = "A number that weighs the capture rate, and whose mean is compared"},
    {.name = "--unit",
     .value = "COLUMN",
     .help = "What was assigned to an arm, where it has several rows: a customer"},
    {.name = "--control", .value = "ARM", .help = "The arm that others are compared with"},
    {.name = "--weights",
     .type = OptionType::kTextList,
     .value = "ARM=WEIGHT,...",
     .help = "Planned shares of the traffic, in any unit; equal if not given"},
    {.name = "--metric",
     .type = OptionType::kTextList,
     .value = "METRIC,...",
     .help = "Compare these of precision, recall, f1, capture_rate, false_positive_rate and "
             "mean_value; all if not given"},
    {.name = "--alpha",
     .type = OptionType::kNumber,
     .value = "NUMBER",
     .help = "Chance of a false finding, all comparisons together (0.05)"},
    {.name = "--min-rows",
     .type = OptionType::kInteger,
     .value = "COUNT",
     .help = "With fewer units an arm cannot be compared",
     .default_text = "100"},
};

constexpr Example kExamples[] = {
    {.command = "rtml abtest analyze data/electricity.csv --arm class --weights 0=26075,1=19237 "
                "--value nswprice",
     .says = "Compare the mean price of two groups of half-hours as if they were arms"},
    {.command = "rtml abtest analyze data/electricity.csv --arm class --weights 0=26075,1=19237 "
                "--value vicprice --control 0 --output json",
     .says = "The same for a program"},
};

constexpr OutputFormat kFormats[] = {OutputFormat::kJunit, OutputFormat::kGithub};

void apply(const project::Experiment& definition, experiment::Columns& columns,
           experiment::AnalysisOptions& options) {
  columns.arm = definition.arm_column;
  columns.label = definition.label;
  columns.score = definition.score;
  columns.value = definition.value;
  columns.unit = definition.unit;
  columns.threshold = definition.threshold;
  options.alpha = definition.alpha;
  for (const project::Arm& arm : definition.arms) options.arms.push_back({arm.name, arm.share});
  if (!definition.arms.empty()) options.control = definition.arms.front().name;
}

Result<std::vector<experiment::Metric>> metrics_of(const std::vector<std::string>& names) {
  std::vector<experiment::Metric> metrics;
  for (const std::string& name : names) {
    RTML_TRY_ASSIGN(const experiment::Metric metric, experiment::find_metric(name));
    metrics.push_back(metric);
  }
  return metrics;
}

Result<experiment::ArmPlan> plan_of(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  experiment::ArmPlan plan;
  if (equals != std::string::npos && equals > 0) {
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + equals + 1, end, plan.weight);
    if (read.ec == std::errc() && read.ptr == end && std::isfinite(plan.weight) &&
        plan.weight >= 0) {
      plan.name = text.substr(0, equals);
      return plan;
    }
  }
  return fail(Error(ErrorCode::kBadOptionValue, "--weights takes ARM=WEIGHT: " + text)
                  .with_help("a weight is a number of 0 or more, as in control=1,new=1"));
}

Status apply(const Arguments& arguments, experiment::Columns& columns,
             experiment::AnalysisOptions& options) {
  const auto set = [&](const char* option, std::string& place) {
    if (arguments.has(option)) place = arguments.text(option);
  };
  set("--arm", columns.arm);
  set("--label", columns.label);
  set("--score", columns.score);
  set("--prediction", columns.prediction);
  set("--value", columns.value);
  set("--unit", columns.unit);
  set("--control", options.control);
  if (arguments.has("--score") && arguments.has("--prediction")) {
    return fail(ErrorCode::kUsage, "--score and --prediction both give the class; give one");
  }
  if (arguments.has("--threshold")) columns.threshold = arguments.number("--threshold");
  if (arguments.has("--alpha")) options.alpha = arguments.number("--alpha");
  if (!(options.alpha > 0 && options.alpha < 0.5)) {
    return fail(ErrorCode::kBadOptionValue, "--alpha must be more than 0 and less than 0.5");
  }
  options.min_rows = arguments.integer("--min-rows");
  if (options.min_rows < 2) {
    return fail(ErrorCode::kBadOptionValue,
                "--min-rows must be 2 or more: " + std::to_string(options.min_rows));
  }
  if (arguments.has("--weights")) {
    options.arms.clear();
    for (const std::string& text : arguments.list("--weights")) {
      RTML_TRY_ASSIGN(experiment::ArmPlan plan, plan_of(text));
      options.arms.push_back(std::move(plan));
    }
  }
  if (arguments.has("--metric")) {
    RTML_TRY_ASSIGN(options.metrics, metrics_of(arguments.list("--metric")));
  }
  return {};
}

// The columns to read, each once.
std::vector<std::string> wanted(const experiment::Columns& columns) {
  std::vector<std::string> names;
  for (const std::string* name : {&columns.arm, &columns.label, &columns.score, &columns.prediction,
                                  &columns.value, &columns.unit}) {
    const bool known = std::find(names.begin(), names.end(), *name) != names.end();
    if (!name->empty() && !known) names.push_back(*name);
  }
  return names;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  experiment::Columns columns{.arm = "arm"};
  experiment::AnalysisOptions options;
  if (const auto name = arguments.optional_text("--experiment")) {
    RTML_TRY_ASSIGN(const project::Project* project, session.project());
    RTML_TRY_ASSIGN(const project::Experiment* definition, project->find_experiment(*name));
    apply(*definition, columns, options);
    RTML_TRY_ASSIGN(options.metrics, metrics_of(definition->metrics));
  }
  RTML_TRY(apply(arguments, columns, options));

  // Before anything is read, which may take long.
  RTML_TRY_ASSIGN(options.metrics, experiment::choose_metrics(options.metrics, columns));
  const std::string& path = arguments.text("FILE");
  // A column is looked for in the file's own schema, so that a missing one is named as such.
  RTML_TRY_ASSIGN(const table::Schema schema, table_schema(session, {.path = path}));
  for (const std::string& name : wanted(columns)) RTML_TRY(schema.require(name, path));
  RTML_TRY_ASSIGN(const auto rows, open_table(session, {.path = path, .columns = wanted(columns)}));
  RTML_TRY_ASSIGN(const experiment::Tally tally, experiment::tally(*rows, columns, path));
  RTML_TRY_ASSIGN(const experiment::Analysis analysis,
                  experiment::analyze(tally, columns, options));
  return analysis_report(analysis, columns, options, path);
}

}  // namespace

constinit const CommandSpec kAbtestAnalyze{
    .path = "abtest analyze",
    .summary = "Compare the arms of an A/B test",
    .description =
        "With --label, and --score or --prediction, each arm gets its precision, recall, F1, "
        "capture rate (the share of the positives' value that raised an alarm) and "
        "false-positive rate; with --value the mean of a column.\n\n"
        "Each arm is compared with the control: shares of rows by the z test of two "
        "proportions, ratios and means by Welch's test, with confidence intervals of the "
        "difference and of the lift, p-values adjusted by Holm. If the arms did not get their "
        "planned shares of the traffic, nothing is concluded. The tests hold for one look at "
        "the planned end of an experiment, not for looking until something is found.\n\n"
        "Ends with 0 if no treatment is worse in a metric, 3 if one is, 1 if there is too "
        "little to tell or the split is broken.",
    .options = kOptions,
    .examples = kExamples,
    .extra_formats = kFormats,
    .reports_findings = true,
    .run = run,
};

}  // namespace rtml::cli::commands
