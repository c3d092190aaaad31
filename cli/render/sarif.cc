#include "cli/render/sarif.h"

#include <set>

#include "cli/version.h"

namespace rtml::cli {
namespace {

std::string_view level_of(Finding::Level level) {
  if (level == Finding::Level::kFailure) return "error";
  return level == Finding::Level::kWarning ? "warning" : "note";
}

Json place_of(const SourceLocation& location) {
  Json physical = {{"artifactLocation", {{"uri", location.file}}}};
  if (location.line > 0) {
    physical["region"] = {{"startLine", location.line}};
    if (location.column > 0) physical["region"]["startColumn"] = location.column;
  }
  return {{"physicalLocation", std::move(physical)}};
}

// What the rule means, where the table of error codes knows it.
std::string description_of(const std::string& rule) {
  for (const ErrorCodeInfo& info : error_code_table()) {
    if (info.id == rule) return std::string(info.meaning);
  }
  return rule;
}

}  // namespace

std::string render_sarif(const Report& report) {
  Json results = Json::array();
  std::set<std::string> rules;
  for (const Finding& finding : report.findings) {
    if (finding.level == Finding::Level::kPass || finding.level == Finding::Level::kSkipped) {
      continue;
    }
    Json result = Json::object();
    result["ruleId"] = finding.rule;
    result["level"] = level_of(finding.level);
    result["message"] = {{"text", finding.message}};
    if (!finding.location.file.empty()) {
      result["locations"] = Json::array({place_of(finding.location)});
    }
    results.push_back(std::move(result));
    rules.insert(finding.rule);
  }
  Json described = Json::array();
  for (const std::string& rule : rules) {
    described.push_back({{"id", rule}, {"shortDescription", {{"text", description_of(rule)}}}});
  }
  Json driver = {{"name", "rtml"}, {"version", version_number()}, {"rules", std::move(described)}};
  Json run = {{"tool", {{"driver", std::move(driver)}}},
              {"columnKind", "unicodeCodePoints"},
              {"results", std::move(results)}};
  Json document = Json::object();
  document["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
  document["version"] = "2.1.0";
  document["runs"] = Json::array({std::move(run)});
  return to_indented_json_text(document) + "\n";
}

}  // namespace rtml::cli
