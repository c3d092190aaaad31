#include "cli/commands/feature/interval_report.h"

#include <algorithm>

#include "cli/build_inputs.h"
#include "cli/effort.h"
#include "core/base/number.h"
#include "core/base/text_list.h"
#include "core/base/time.h"
#include "core/dataset/interval.h"
#include "core/dataset/materialize_intervals.h"
#include "core/verify/intervals.h"

namespace rtml::cli::commands {
namespace {

using dataset::IntervalReport;

// Lines of intervals that a person is shown; a program gets all of them.
constexpr std::size_t kShown = 20;

std::string_view reason_text(dataset::IntervalReason reason) {
  switch (reason) {
    case dataset::IntervalReason::kMissing:
      return "was not there";
    case dataset::IntervalReason::kDefinition:
      return "the definition changed";
    case dataset::IntervalReason::kInput:
      break;
  }
  return "its input changed";
}

void add_written(const IntervalReport& made, bool dry_run, Report& report) {
  Table table;
  table.columns = {{"from"}, {"to"}, {"why"}};
  if (!dry_run) table.columns.push_back({"rows", true});
  report.data["intervals"] = Json::array();
  for (const IntervalReport::Written& written : made.written) {
    const std::string from = format_timestamp(written.interval.from_us);
    const std::string to = format_timestamp(written.interval.to_us);
    Json json = {{"from", from}, {"to", to}, {"reason", dataset::to_string(written.reason)}};
    if (!dry_run) {
      json["file"] = written.file;
      json["rows"] = written.rows;
    }
    report.data["intervals"].push_back(std::move(json));
    if (table.rows.size() == kShown) continue;
    table.rows.push_back({from, to, std::string(reason_text(written.reason))});
    if (!dry_run) table.rows.back().emplace_back(std::to_string(written.rows));
  }
  if (!table.rows.empty()) report.add(std::move(table));
  if (made.written.size() > kShown) {
    report.line("and " + std::to_string(made.written.size() - kShown) + " more", Tone::kFaint);
  }
}

void add_warnings(const IntervalReport& made, std::int64_t now_us, Report& report) {
  if (made.effort.events_without_key > 0) {
    report.warnings.push_back(counted(made.effort.events_without_key, "event") +
                              " without a key and so without features");
  }
  if (made.effort.overflows > 0) {
    report.warnings.push_back(counted(made.effort.overflows, "sum") +
                              " too large for INT64 and so null");
  }
  if (made.outdated > 0) {
    report.warnings.push_back(counted(made.outdated, "interval") +
                              " outside the range hold features as they were defined before");
  }
  if (made.range.to_us > now_us) {
    report.warnings.push_back(
        "the last interval is not over: events that are still to come change "
        "its input");
  }
}

// What to do about intervals that differ.
void add_hints(const verify::IntervalVerification& result, Report& report) {
  const auto has = [&](verify::IntervalChange change) {
    return std::any_of(result.differences.begin(), result.differences.end(),
                       [&](const verify::IntervalDifference& difference) {
                         return std::find(difference.changes.begin(), difference.changes.end(),
                                          change) != difference.changes.end();
                       });
  };
  if (has(verify::IntervalChange::kInput)) {
    report.line(
        "--refresh of \"rtml feature materialize\" computes those whose input changed again",
        Tone::kFaint);
  }
  if (has(verify::IntervalChange::kDefinition) || has(verify::IntervalChange::kMissing)) {
    report.line(
        "the next \"rtml feature materialize\" computes those that are gone or defined "
        "otherwise",
        Tone::kFaint);
  }
  if (has(verify::IntervalChange::kFile)) {
    report.line("a damaged file is computed again once it is removed", Tone::kFaint);
  }
}

dataset::IntervalOptions options_of(const Arguments& arguments, std::int64_t now_us) {
  const bool is_service = arguments.has("--service");
  return {.directory = arguments.text("--out"),
          .kind = is_service ? "service" : "view",
          .name = arguments.text(is_service ? "--service" : "VIEW"),
          .interval_us = arguments.integer("--interval"),
          .every_us = arguments.integer("--every"),
          .from_us = arguments.optional_integer("--from"),
          .to_us = arguments.optional_integer("--to"),
          .now_us = now_us,
          .refresh = arguments.flag("--refresh"),
          .dry_run = arguments.flag("--dry-run")};
}

}  // namespace

Result<Report> write_intervals(const Arguments& arguments,
                               const std::vector<project::ServiceColumn>& features,
                               Session& session, const dataset::BuildContext& context) {
  const EffortReport effort_report(session.clock());
  const std::int64_t now_us = session.clock().now_us();
  const dataset::IntervalOptions options = options_of(arguments, now_us);
  RTML_TRY_ASSIGN(const IntervalReport made,
                  dataset::materialize_intervals(features, options, context));
  Report report;
  report.data["output"] = options.directory.string();
  report.data["dry_run"] = options.dry_run;
  report.data["rows"] = made.rows;
  report.data["views"] = views_json(features, context.project);
  report.data["features"] = Json::array();
  for (const auto& column : features) report.data["features"].push_back(column.name);
  report.data["duplicates"] = made.duplicates;
  report.data["events_without_key"] = made.effort.events_without_key;
  report.data["overflows"] = made.effort.overflows;
  report.data["interval"] = format_duration(options.interval_us);
  report.data["kept"] = made.kept;
  const std::string kept =
      counted(made.kept, "interval") + " as " + (made.kept == 1 ? "it was" : "they were");
  if (made.written.empty()) {
    report.line("nothing to compute in " + options.directory.string() + ": " + kept);
  } else if (options.dry_run) {
    report.line("would compute " + counted(std::ssize(made.written), "interval") + " in " +
                options.directory.string() + ", " + kept);
  } else {
    report.line("wrote " + counted(std::ssize(made.written), "interval") + " with " +
                counted(made.rows, "row") + " to " + options.directory.string() + ", " + kept);
  }
  add_written(made, options.dry_run, report);
  add_warnings(made, now_us, report);
  std::vector<std::filesystem::path> files;
  for (const IntervalReport::Written& written : made.written) {
    if (!written.file.empty()) files.push_back(options.directory / written.file);
  }
  effort_report.add_to(report, made.rows, made.effort, input_files(features, context.project),
                       files);
  report.outputs = {{"output", options.directory.string()},
                    {"rows", std::to_string(made.rows)},
                    {"intervals", std::to_string(made.written.size())}};
  return report;
}

Result<Report> verify_intervals(const Arguments& arguments, Session&,
                                const dataset::BuildContext& context) {
  RTML_TRY_ASSIGN(const auto features, features_asked_for(arguments, context.project));
  const std::string& directory = arguments.text("--intervals");
  const bool is_service = arguments.has("--service");
  const std::string name = arguments.text(is_service ? "--service" : "VIEW");
  RTML_TRY_ASSIGN(const verify::IntervalVerification result,
                  verify::verify_intervals(features, is_service ? "service" : "view", name,
                                           directory, context));
  Report report;
  report.suite = name;
  report.data[is_service ? "service" : "view"] = name;
  report.data["directory"] = directory;
  report.data["intervals"] = result.intervals;
  report.data["differing"] = std::ssize(result.differences);
  report.data["differences"] = Json::array();
  Table table;
  table.columns = {{"from"}, {"to"}, {"what"}};
  for (const verify::IntervalDifference& difference : result.differences) {
    const std::string from = format_timestamp(difference.interval.from_us);
    const std::string to = format_timestamp(difference.interval.to_us);
    Json kinds = Json::array();
    for (const verify::IntervalChange change : difference.changes) {
      kinds.push_back(verify::to_string(change));
    }
    const std::string what = text_list(difference.changes, verify::describe);
    report.data["differences"].push_back(
        {{"from", from}, {"to", to}, {"file", difference.file}, {"changed", kinds}});
    report.findings.push_back({.level = Finding::Level::kFailure,
                               .rule = std::string(describe(ErrorCode::kDataChanged).id),
                               .subject = name + " " + from,
                               .message = from + " to " + to + ": " + what});
    if (table.rows.size() < kShown) table.rows.push_back({from, to, what});
  }
  const bool is_same = result.differences.empty();
  report.line(std::to_string(result.differences.size()) + " of " +
                  counted(result.intervals, "interval") +
                  (result.differences.size() == 1 ? " differs" : " differ") +
                  " from what would be computed now",
              is_same ? Tone::kGood : Tone::kBad);
  if (is_same) {
    report.findings.push_back({.level = Finding::Level::kPass,
                               .rule = std::string(describe(ErrorCode::kDataChanged).id),
                               .subject = name,
                               .message = counted(result.intervals, "interval") + " as computed"});
  } else {
    report.add(std::move(table));
    if (result.differences.size() > kShown) {
      report.line("and " + std::to_string(result.differences.size() - kShown) + " more",
                  Tone::kFaint);
    }
    add_hints(result, report);
    report.exit = ExitClass::kFinding;
  }
  report.outputs = {{"differing", std::to_string(result.differences.size())}};
  return report;
}

}  // namespace rtml::cli::commands
