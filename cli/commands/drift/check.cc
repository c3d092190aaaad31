#include "cli/commands/drift/check.h"

#include <cmath>

#include "cli/commands/drift/check_report.h"
#include "cli/commands/drift/reference.h"
#include "cli/session.h"
#include "cli/table_file.h"
#include "core/base/number.h"
#include "core/drift/check.h"
#include "core/project/project.h"

namespace rtml::cli::commands {
namespace {

constexpr std::string_view kCorrections[] = {"holm", "none"};

constexpr OptionSpec kOptions[] = {
    {.name = "CHECK",
     .help = "A check of drift/*.yaml, whose settings the options below override",
     .completion = Completion::kDriftCheck},
    {.name = "--input",
     .type = OptionType::kPath,
     .value = "FILE",
     .help = "The current rows: Parquet, CSV or JSONL",
     .required = true,
     .completion = Completion::kPath},
    {.name = "--reference",
     .type = OptionType::kPath,
     .value = "FILE",
     .help = "Compare with this profile (.json) or with these rows",
     .completion = Completion::kPath},
    {.name = "--model",
     .value = "MODEL[@ALIAS]",
     .help = "Compare with what this model was trained on",
     .completion = Completion::kModelVersion},
    {.name = "--columns",
     .type = OptionType::kTextList,
     .value = "COLUMN,...",
     .help = "Check these columns instead of all"},
    {.name = "--exclude",
     .type = OptionType::kTextList,
     .value = "COLUMN,...",
     .help = "Do not check these columns"},
    {.name = "--tests",
     .type = OptionType::kTextList,
     .value = "TEST,...",
     .help = "Run these tests of psi, ks, jensen_shannon and missing_rate"},
    {.name = "--psi",
     .type = OptionType::kNumber,
     .value = "NUMBER",
     .help = "Least population stability index that is drift (0.2)"},
    {.name = "--ks",
     .type = OptionType::kNumber,
     .value = "NUMBER",
     .help = "Least Kolmogorov-Smirnov distance that is drift (0.1)"},
    {.name = "--jensen-shannon",
     .type = OptionType::kNumber,
     .value = "NUMBER",
     .help = "Least Jensen-Shannon distance that is drift (0.1)"},
    {.name = "--missing-rate",
     .type = OptionType::kNumber,
     .value = "NUMBER",
     .help = "Least change of the missing rate that is drift (0.05)"},
    {.name = "--alpha",
     .type = OptionType::kNumber,
     .value = "NUMBER",
     .help = "Chance of a false alarm",
     .default_text = "0.05"},
    {.name = "--correction",
     .value = "NAME",
     .help = "Keep alpha for all tests together (holm) or for each (none)",
     .default_text = "holm",
     .completion = Completion::kChoice,
     .choices = kCorrections},
    {.name = "--min-rows",
     .type = OptionType::kInteger,
     .value = "COUNT",
     .help = "With fewer rows the check cannot tell (100)"},
    {.name = "--max-drifted-share",
     .type = OptionType::kNumber,
     .value = "SHARE",
     .help = "Find drift only if more than this share of the columns drifted (0)"},
};

constexpr Example kExamples[] = {
    {.command = "rtml drift check --reference data/electricity.csv --input data/electricity.csv",
     .says = "Compare two tables"},
    {.command = "rtml drift check --model price_direction@champion --input data/electricity.csv",
     .says = "Compare rows with what the champion was trained on"},
    {.command = "rtml drift check --reference data/electricity.csv --input data/electricity.csv "
                "--tests psi --psi 0.25 --output json",
     .says = "Run one test with another threshold, for a program"},
};

constexpr OutputFormat kFormats[] = {OutputFormat::kJunit, OutputFormat::kGithub};

Status check_share(double value, const char* option, double low, double high) {
  if (value >= low && value <= high) return {};
  return fail(ErrorCode::kBadOptionValue, std::string(option) + " must be from " +
                                              format_brief(low) + " to " + format_brief(high) +
                                              ": " + format_brief(value));
}

// A threshold option's test and name.
constexpr std::pair<drift::TestKind, const char*> kThresholds[] = {
    {drift::TestKind::kPsi, "--psi"},
    {drift::TestKind::kKs, "--ks"},
    {drift::TestKind::kJensenShannon, "--jensen-shannon"},
    {drift::TestKind::kMissingRate, "--missing-rate"},
};

Result<drift::CheckOptions> options_of(const project::DriftCheck& definition) {
  drift::CheckOptions options;
  options.columns = definition.columns;
  options.exclude = definition.exclude;
  options.min_rows = definition.min_rows;
  options.max_drifted_share = definition.max_drifted_share;
  for (const project::DriftTest& test : definition.tests) {
    RTML_TRY_ASSIGN(const drift::TestKind kind, drift::find_test(test.test));
    options.tests.push_back({kind, test.threshold, test.columns});
  }
  return options;
}

Status apply_tests(const Arguments& arguments, drift::CheckOptions& options) {
  if (arguments.has("--tests")) {
    options.tests.clear();
    for (const std::string& name : arguments.list("--tests")) {
      RTML_TRY_ASSIGN(const drift::TestKind kind, drift::find_test(name));
      options.tests.push_back({kind, drift::describe(kind).default_threshold, {}});
    }
  }
  for (const auto& [kind, option] : kThresholds) {
    if (!arguments.has(option)) continue;
    RTML_TRY(check_share(arguments.number(option), option, 0, 1e6));
    if (options.tests.empty()) {
      for (const drift::TestInfo& test : drift::test_table()) {
        options.tests.push_back({test.kind, test.default_threshold, {}});
      }
    }
    bool found = false;
    for (drift::TestChoice& choice : options.tests) {
      if (choice.kind != kind) continue;
      choice.threshold = arguments.number(option);
      found = true;
    }
    if (!found) {
      return fail(ErrorCode::kUsage, std::string(option) + " has no effect: the test is not run");
    }
  }
  return {};
}

Status apply(const Arguments& arguments, drift::CheckOptions& options) {
  if (arguments.has("--columns")) options.columns = arguments.list("--columns");
  if (arguments.has("--exclude")) options.exclude = arguments.list("--exclude");
  if (arguments.has("--min-rows")) options.min_rows = arguments.integer("--min-rows");
  if (arguments.has("--max-drifted-share")) {
    options.max_drifted_share = arguments.number("--max-drifted-share");
  }
  options.alpha = arguments.number("--alpha");
  options.correction = arguments.text("--correction") == "none" ? drift::Correction::kNone
                                                                : drift::Correction::kHolm;
  RTML_TRY(check_share(options.alpha, "--alpha", 1e-12, 0.5));
  RTML_TRY(check_share(options.max_drifted_share, "--max-drifted-share", 0, 1));
  if (options.min_rows < 1) {
    return fail(ErrorCode::kBadOptionValue,
                "--min-rows must be 1 or more: " + std::to_string(options.min_rows));
  }
  return apply_tests(arguments, options);
}

// Digits in a text file read as numbers; where the reference has texts they are texts.
Result<plugin::ScanRequest> request_for(Session& session, const std::string& path,
                                        const drift::Profile& reference) {
  plugin::ScanRequest request{.path = path};
  RTML_TRY_ASSIGN(const table::Schema schema, table_schema(session, request));
  if (path.ends_with(".parquet")) return request;
  for (const drift::ColumnProfile& column : reference.columns) {
    const auto index = schema.find(column.name);
    if (index && column.type.kind == table::Kind::kString && !column.type.is_list) {
      request.types[column.name] = column.type;
    }
  }
  return request;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  drift::CheckOptions options;
  ReferenceChoice choice{.path = arguments.optional_text("--reference"),
                         .model = arguments.optional_text("--model")};
  if (choice.path && choice.model) {
    return fail(ErrorCode::kUsage, "--reference and --model are two references; give one");
  }
  if (const auto name = arguments.optional_text("CHECK")) {
    RTML_TRY_ASSIGN(const project::Project* project, session.project());
    RTML_TRY_ASSIGN(const project::DriftCheck* definition, project->find_drift_check(*name));
    RTML_TRY_ASSIGN(options, options_of(*definition));
    if (!choice.path && !choice.model && !definition->model.empty()) {
      choice.model = definition->model + "@" + definition->alias;
    }
  }
  RTML_TRY(apply(arguments, options));
  RTML_TRY_ASSIGN(const Reference reference, read_reference(session, choice));

  const std::string& input = arguments.text("--input");
  RTML_TRY_ASSIGN(const plugin::ScanRequest request,
                  request_for(session, input, reference.profile));
  RTML_TRY_ASSIGN(const auto rows, open_table(session, request));
  RTML_TRY_ASSIGN(const drift::CheckResult result,
                  drift::check_drift(reference.profile, *rows, options, input));
  Report report = check_report(result, options, reference, input);
  // The usual slip: raw rows where the model's features are meant.
  for (const drift::ColumnProfile& column : reference.profile.columns) {
    if (!reference.is_model || rows->schema()->find(column.name)) continue;
    report.warnings.emplace_back(
        "the input lacks features of the model; \"rtml feature materialize\" and \"rtml dataset "
        "build\" compute them");
    break;
  }
  return report;
}

}  // namespace

constinit const CommandSpec kDriftCheck{
    .path = "drift check",
    .summary = "Say whether rows still look like the reference",
    .description =
        "Each column is compared by the population stability index, the Kolmogorov-Smirnov and "
        "Jensen-Shannon distances and the rate of missing values. A test finds drift where its "
        "statistic is at least its threshold and more than chance explains, all tests of the "
        "check taken together.\n\n"
        "The reference is a profile of `rtml drift profile`, another table, or with --model "
        "what a model was trained on; then the model's features are checked.\n\n"
        "Ends with 0 for no drift, 3 for drift, 1 if there is too little to tell.",
    .options = kOptions,
    .examples = kExamples,
    .extra_formats = kFormats,
    .reports_findings = true,
    .run = run,
};

}  // namespace rtml::cli::commands
