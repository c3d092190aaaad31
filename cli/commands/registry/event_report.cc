#include "cli/commands/registry/event_report.h"

#include "core/base/time.h"

namespace rtml::cli {
namespace {

std::string text_of(const Json& object, const char* name) {
  if (!object.is_object() || !object.contains(name)) return "";
  const Json& value = object[name];
  return value.is_string() ? value.get<std::string>() : to_json_text(value);
}

std::string version_text(const Json& version) {
  std::string text = text_of(version, "model") + "@" + text_of(version, "number");
  if (const std::string run = text_of(version, "run"); !run.empty()) text += " from " + run;
  return text;
}

std::string alias_text(const Json& data) {
  const std::string from = text_of(data, "from");
  return text_of(data, "alias") + " " + (from.empty() ? "" : from + " -> ") + text_of(data, "to");
}

Json event_object(const registry::Event& event) {
  return Json{{"number", event.number},
              {"time", format_timestamp(event.time_us)},
              {"kind", event.kind},
              {"subject", event.subject},
              {"what", event_text(event)},
              {"who", event.who},
              {"why", event.why.empty() ? Json(nullptr) : Json(event.why)},
              {"lineage", lineage::to_json(event.lineage)},
              {"rtml_version", event.rtml_version},
              {"evidence", event.evidence},
              {"data", event.data},
              {"hash", event.hash}};
}

}  // namespace

std::string event_text(const registry::Event& event) {
  const Json& data = event.data;
  if (event.kind == "version_registered") {
    return data.contains("version") ? version_text(data["version"]) : "";
  }
  if (event.kind == "alias_moved" || event.kind == "alias_rolled_back") return alias_text(data);
  if (event.kind.starts_with("definition_")) {
    return text_of(data, "kind") + " " + text_of(data, "name") + "@v" + text_of(data, "number");
  }
  if (event.kind == "dataset_recorded") return text_of(data, "row_count") + " rows";
  if (event.kind == "run_recorded") {
    return data.contains("run") ? text_of(data["run"], "status") : "";
  }
  return text_of(data, "what");
}

void add_events(Report& report, const std::vector<registry::Event>& events) {
  report.rows_key = "events";
  report.data["events"] = Json::array();
  Table table;
  table.columns = {{"event", true}, {"time"}, {"kind"}, {"subject"}, {"what"}, {"who"}, {"why"}};
  for (const registry::Event& event : events) {
    report.data["events"].push_back(event_object(event));
    table.rows.push_back({std::to_string(event.number), format_timestamp(event.time_us), event.kind,
                          event.subject, event_text(event), event.who, event.why});
  }
  report.add(std::move(table));
}

Status check_limit(const Arguments& arguments) {
  const auto limit = arguments.optional_integer("--limit");
  if (!limit || *limit >= 1) return {};
  return fail(ErrorCode::kBadOptionValue, "--limit must be 1 or more: " + std::to_string(*limit));
}

}  // namespace rtml::cli
