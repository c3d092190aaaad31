#include "cli/render/json.h"

#include <utility>

namespace rtml::cli {
namespace {

Json document(const Report& report, std::string_view command) {
  Json whole = Json::object();
  whole["schema_version"] = kOutputSchemaVersion;
  whole["command"] = command;
  for (const auto& [key, value] : report.data.items()) whole[key] = value;
  if (!report.warnings.empty()) whole["warnings"] = report.warnings;
  return whole;
}

Json location_object(const SourceLocation& location) {
  Json object = Json::object();
  object["file"] = location.file;
  if (location.line > 0) object["line"] = location.line;
  if (location.line > 0 && location.column > 0) object["column"] = location.column;
  return object;
}

Json error_object(const Error& error) {
  Json object = Json::object();
  object["code"] = error.id();
  object["message"] = error.message();
  if (!error.help().empty()) object["help"] = error.help();
  object["exit_code"] = static_cast<int>(error.exit_class());
  if (error.location() && !error.location()->file.empty()) {
    object["location"] = location_object(*error.location());
  }
  if (!error.parts().empty()) {
    object["errors"] = Json::array();
    for (const Error& part : error.parts()) object["errors"].push_back(error_object(part));
  }
  return object;
}

}  // namespace

std::string render_json(const Report& report, std::string_view command) {
  return to_indented_json_text(document(report, command)) + '\n';
}

std::string render_jsonl(const Report& report, std::string_view command) {
  if (report.rows_key.empty()) return to_json_text(document(report, command)) + '\n';
  std::string out;
  for (const Json& row : report.data.at(report.rows_key)) out += to_json_text(row) + '\n';
  return out;
}

Json error_document(const Error& error, std::string_view command) {
  Json whole = Json::object();
  whole["schema_version"] = kOutputSchemaVersion;
  if (!command.empty()) whole["command"] = command;
  whole["error"] = error_object(error);
  return whole;
}

}  // namespace rtml::cli
