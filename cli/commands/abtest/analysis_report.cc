#include "cli/commands/abtest/analysis_report.h"

#include "core/base/number.h"

namespace rtml::cli::commands {
namespace {

using experiment::Outcome;

std::string words_of(Outcome outcome) {
  std::string words(to_string(outcome));
  for (char& c : words) c = c == '_' ? ' ' : c;
  return words;
}

Tone tone_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kBetter:
      return Tone::kGood;
    case Outcome::kWorse:
    case Outcome::kMixed:
      return Tone::kBad;
    case Outcome::kCannotTell:
      return Tone::kWarning;
    case Outcome::kDifferent:
    case Outcome::kNoDifference:
      break;
  }
  return Tone::kPlain;
}

Finding::Level level_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kWorse:
    case Outcome::kMixed:
      return Finding::Level::kFailure;
    case Outcome::kCannotTell:
      return Finding::Level::kWarning;
    default:
      return Finding::Level::kPass;
  }
}

Text value_cell(const experiment::MetricValue& value) {
  if (!value.value) return {"-", Tone::kFaint};
  return format_brief(*value.value);
}

Table arm_table(const experiment::Analysis& analysis) {
  Table table;
  table.columns = {{"arm"}, {"units", true}, {"rows", true}, {"labelled", true}};
  for (const experiment::MetricValue& value : analysis.arms.front().metrics) {
    table.columns.push_back({std::string(describe(value.metric).name), true});
  }
  for (const experiment::ArmResult& arm : analysis.arms) {
    std::vector<Text> cells = {
        Text(arm.tally.name + (arm.is_control ? " (control)" : ""), Tone::kStrong),
        std::to_string(arm.tally.units), std::to_string(arm.tally.rows),
        std::to_string(arm.tally.scored())};
    for (const experiment::MetricValue& value : arm.metrics) cells.push_back(value_cell(value));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

std::string interval(const statistics::Comparison& comparison) {
  return format_brief(comparison.lower) + " to " + format_brief(comparison.upper);
}

std::string lift_text(const std::optional<statistics::Comparison>& lift) {
  if (!lift) return "-";
  const std::string text = format_percent(lift->estimate);
  return lift->estimate > 0 ? "+" + text : text;
}

Table comparison_table(const experiment::Analysis& analysis, double alpha) {
  Table table;
  table.columns = {{"arm"},
                   {"metric"},
                   {"difference", true},
                   {format_brief(100 * (1 - alpha)) + " % interval", true},
                   {"lift", true},
                   {"p (Holm)", true},
                   {"verdict"}};
  for (const experiment::TreatmentResult& treatment : analysis.treatments) {
    for (const experiment::MetricComparison& comparison : treatment.metrics) {
      std::vector<Text> cells = {treatment.arm, std::string(describe(comparison.metric).name)};
      if (comparison.difference) {
        cells.emplace_back(format_brief(comparison.difference->estimate));
        cells.emplace_back(interval(*comparison.difference));
        cells.emplace_back(lift_text(comparison.lift));
        cells.emplace_back(format_brief(*comparison.adjusted_p));
      } else {
        cells.insert(cells.end(), 4, Text("-", Tone::kFaint));
      }
      std::string verdict = words_of(comparison.outcome);
      if (!comparison.reason.empty()) verdict += ": " + comparison.reason;
      cells.emplace_back(std::move(verdict), tone_of(comparison.outcome));
      table.rows.push_back(std::move(cells));
    }
  }
  return table;
}

void add_findings(const experiment::Analysis& analysis, Report& report) {
  report.findings.push_back(
      {analysis.split_is_broken ? Finding::Level::kWarning : Finding::Level::kPass,
       "abtest/sample-ratio",
       "sample ratio",
       analysis.split_is_broken ? analysis.reason : "the arms got their shares of the units",
       {}});
  for (const experiment::TreatmentResult& treatment : analysis.treatments) {
    for (const experiment::MetricComparison& comparison : treatment.metrics) {
      const std::string subject =
          treatment.arm + " " + std::string(describe(comparison.metric).name);
      std::string message = subject + ": " + words_of(comparison.outcome);
      if (comparison.difference) {
        message += ", difference " + format_brief(comparison.difference->estimate) + " (" +
                   interval(*comparison.difference) + ")";
      } else {
        message += ", " + comparison.reason;
      }
      report.findings.push_back(
          {level_of(comparison.outcome), "abtest/metric", subject, std::move(message), {}});
    }
  }
}

ExitClass exit_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kWorse:
    case Outcome::kMixed:
      return ExitClass::kFinding;
    case Outcome::kCannotTell:
      return ExitClass::kFailed;
    default:
      return ExitClass::kOk;
  }
}

}  // namespace

Report analysis_report(const experiment::Analysis& analysis, const experiment::Columns& columns,
                       const experiment::AnalysisOptions& options, const std::string& path) {
  Report report;
  const Json details = experiment::to_json(analysis, columns, options);
  report.data["verdict"] = details["verdict"];
  report.data["reason"] = details["reason"];
  report.data["input"] = path;
  for (const auto& [key, value] : details.items()) report.data[key] = value;
  report.warnings = analysis.warnings;
  report.rows_key = "treatments";

  report.line("verdict: " + words_of(analysis.outcome) + ", " + analysis.reason,
              tone_of(analysis.outcome));
  Fields fields;
  fields.rows = {{"split",
                  {std::string(analysis.split_is_broken ? "broken" : "as planned") +
                       ", p = " + format_brief(analysis.mismatch.p),
                   analysis.split_is_broken ? Tone::kBad : Tone::kPlain}},
                 {"unit", columns.unit.empty() ? std::string("row") : columns.unit}};
  report.add(std::move(fields));
  report.add(arm_table(analysis));
  report.add(comparison_table(analysis, options.alpha));

  report.suite = path;
  add_findings(analysis, report);
  report.outputs = {{"verdict", std::string(to_string(analysis.outcome))}};
  report.exit = exit_of(analysis.outcome);
  return report;
}

}  // namespace rtml::cli::commands
