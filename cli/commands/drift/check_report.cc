#include "cli/commands/drift/check_report.h"

#include <cmath>

#include "core/base/number.h"
#include "core/base/text_list.h"

namespace rtml::cli::commands {
namespace {

using drift::Verdict;

std::string words_of(Verdict verdict) {
  return verdict == Verdict::kCannotTell ? "cannot tell" : std::string(to_string(verdict));
}

Tone tone_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kYes:
      return Tone::kBad;
    case Verdict::kNo:
      return Tone::kGood;
    case Verdict::kCannotTell:
      return Tone::kWarning;
    case Verdict::kSkipped:
      break;
  }
  return Tone::kFaint;
}

Finding::Level level_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kYes:
      return Finding::Level::kFailure;
    case Verdict::kNo:
      return Finding::Level::kPass;
    case Verdict::kCannotTell:
      return Finding::Level::kWarning;
    case Verdict::kSkipped:
      break;
  }
  return Finding::Level::kSkipped;
}

// The statistic of a test on a column; "-" where it did not run.
Text cell(const drift::ColumnResult& column, drift::TestKind kind) {
  for (const drift::TestResult& test : column.tests) {
    if (test.test != kind) continue;
    if (test.verdict == Verdict::kCannotTell) break;
    const Tone tone = test.verdict == Verdict::kYes ? Tone::kBad : Tone::kPlain;
    if (kind != drift::TestKind::kMissingRate) return {format_brief(test.statistic), tone};
    return {format_percent(column.current.missing_rate()), tone};
  }
  return {"-", Tone::kFaint};
}

std::string unseen_text(const drift::ColumnResult& column) {
  if (column.unseen_count == 0) return "";
  const std::string values = text_list(column.unseen, [](const auto& value) {
    return value.first + " (" + std::to_string(value.second) + ")";
  });
  return counted(column.unseen_count, "row") + " with values unseen before: " + values;
}

std::string reason_of(const drift::ColumnResult& column) {
  const std::string unseen = unseen_text(column);
  if (column.reason.empty() || unseen.empty()) return column.reason + unseen;
  return column.reason + "; " + unseen;
}

Table table_of(const drift::CheckResult& result) {
  Table table;
  table.columns = {{"column"}, {"drift"}};
  for (const drift::TestInfo& test : drift::test_table()) {
    table.columns.push_back({std::string(test.title), true});
  }
  table.columns.push_back({"why"});
  for (const drift::ColumnResult& column : result.columns) {
    std::vector<Text> cells = {column.name, {words_of(column.verdict), tone_of(column.verdict)}};
    for (const drift::TestInfo& test : drift::test_table()) {
      cells.push_back(cell(column, test.kind));
    }
    cells.emplace_back(reason_of(column));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace

Report check_report(const drift::CheckResult& result, const drift::CheckOptions& options,
                    const Reference& reference, const std::string& input) {
  Report report;
  const Json details = drift::to_json(result, options);
  report.data["drift"] = details["drift"];
  report.data["reason"] = details["reason"];
  report.data["reference"] = reference.name;
  report.data["input"] = input;
  for (const auto& [key, value] : details.items()) report.data[key] = value;
  report.rows_key = "columns";

  report.line("drift: " + words_of(result.verdict) + ", " + result.reason, tone_of(result.verdict));
  Fields fields;
  fields.rows = {
      {"reference", reference.description + ", " + std::to_string(result.reference_rows) + " rows"},
      {"current", input + ", " + std::to_string(result.current_rows) + " rows"},
      {"correction",
       std::string(to_string(options.correction)) + ", alpha " + format_brief(options.alpha)}};
  if (!result.new_columns.empty()) {
    fields.rows.emplace_back("new columns", text_list(result.new_columns) + " (not checked)");
  }
  report.add(std::move(fields));
  report.add(table_of(result));

  report.suite = reference.name;
  for (const drift::ColumnResult& column : result.columns) {
    std::string message = column.name + ": " +
                          (column.verdict == Verdict::kYes          ? "drift"
                           : column.verdict == Verdict::kCannotTell ? "cannot tell"
                           : column.verdict == Verdict::kSkipped    ? "not checked"
                                                                    : "no drift");
    const std::string reason = reason_of(column);
    if (!reason.empty()) message += ", " + reason;
    report.findings.push_back(
        {level_of(column.verdict), "drift/column", column.name, std::move(message), {}});
  }
  report.outputs = {{"drift", std::string(to_string(result.verdict))},
                    {"drifted", std::to_string(result.drifted)},
                    {"checked", std::to_string(result.checked)}};
  report.exit = result.verdict == Verdict::kYes  ? ExitClass::kFinding
                : result.verdict == Verdict::kNo ? ExitClass::kOk
                                                 : ExitClass::kFailed;
  return report;
}

}  // namespace rtml::cli::commands
