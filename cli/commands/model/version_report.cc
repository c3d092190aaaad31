#include "cli/commands/model/version_report.h"

#include <cstdio>
#include <ranges>

#include "core/base/text_list.h"
#include "core/base/time.h"

namespace rtml::cli {
namespace {

Json binding_object(const registry::Binding& binding) {
  return Json{{"name", binding.name}, {"identity", binding.identity}};
}

// Null where there is none, so that a script always finds the member.
Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

}  // namespace

Json version_object(const registry::ModelVersion& version) {
  Json object = Json::object();
  object["model"] = version.model;
  object["version"] = version.number;
  object["reference"] = version.label();
  object["created"] = format_timestamp(version.created_us);
  object["run"] = text_or_null(version.run_id);
  object["type"] = version.model_type;
  object["artifact_sha256"] = version.artifact_sha256;
  object["profile_sha256"] = text_or_null(version.profile_sha256);
  object["service"] =
      version.service.name.empty() ? Json(nullptr) : binding_object(version.service);
  object["views"] = Json::array();
  for (const auto& view : version.views) object["views"].push_back(binding_object(view));
  object["dataset"] = text_or_null(version.dataset_identity);
  object["parameters"] = version.parameters;
  object["metrics"] = version.metrics;
  object["seed"] = version.seed;
  object["lineage"] = lineage::to_json(version.lineage);
  object["rtml_version"] = version.rtml_version;
  object["event"] = version.event;
  return object;
}

std::string value_text(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_number_float()) return to_json_text(value);
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.6g", value.get<double>());
  return digits;
}

std::string metrics_text(const Json& metrics) {
  return text_list(metrics.items(), [](const auto& metric) {
    return metric.key() + " " + value_text(metric.value());
  });
}

std::string short_hash(const std::string& hash) {
  constexpr std::size_t kShown = 12;
  return hash.substr(0, kShown);
}

std::string aliases_of(const std::vector<registry::Alias>& aliases, std::int64_t number) {
  const auto is_one = [&](const registry::Alias& alias) { return alias.number == number; };
  return text_list(aliases | std::views::filter(is_one), &registry::Alias::name);
}

}  // namespace rtml::cli
