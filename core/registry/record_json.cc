#include "core/registry/record_json.h"

namespace rtml::registry {
namespace {

Json binding_to_json(const Binding& binding) {
  return Json{{"name", binding.name}, {"identity", binding.identity}};
}

Binding binding_from_json(const Json& json) {
  return {text_member(json, "name"), text_member(json, "identity")};
}

Json views_to_json(const std::vector<Binding>& views) {
  Json list = Json::array();
  for (const Binding& view : views) list.push_back(binding_to_json(view));
  return list;
}

std::vector<Binding> views_from_json(const Json& json) {
  std::vector<Binding> views;
  if (!json.is_array()) return views;
  for (const Json& view : json) views.push_back(binding_from_json(view));
  return views;
}

Json object_member(const Json& json, std::string_view name) {
  Json value = member(json, name);
  return value.is_object() ? value : Json::object();
}

void set_text(Json& json, const char* name, const std::string& value) {
  if (!value.empty()) json[name] = value;
}

}  // namespace

Json member(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(std::string(name));
  return found == object.end() ? Json(nullptr) : *found;
}

std::string text_member(const Json& object, std::string_view name) {
  const Json value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::int64_t integer_member(const Json& object, std::string_view name) {
  const Json value = member(object, name);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

Json run_to_json(const Run& run) {
  Json json = Json::object();
  json["id"] = run.id;
  json["pipeline"] = run.pipeline;
  set_text(json, "pipeline_identity", run.pipeline_identity);
  json["status"] = run.status;
  json["model_type"] = run.model_type;
  if (!run.service.name.empty()) json["service"] = binding_to_json(run.service);
  if (!run.views.empty()) json["views"] = views_to_json(run.views);
  set_text(json, "dataset", run.dataset_identity);
  json["parameters"] = run.parameters;
  json["metrics"] = run.metrics;
  if (!run.details.empty()) json["details"] = run.details;
  json["seed"] = run.seed;
  set_text(json, "artifact_sha256", run.artifact_sha256);
  set_text(json, "profile_sha256", run.profile_sha256);
  if (Json git = lineage::to_json(run.lineage); !git.empty()) json["lineage"] = std::move(git);
  json["rtml_version"] = run.rtml_version;
  json["started_us"] = run.started_us;
  json["finished_us"] = run.finished_us;
  return json;
}

Run run_from_json(const Json& json) {
  Run run;
  run.id = text_member(json, "id");
  run.pipeline = text_member(json, "pipeline");
  run.pipeline_identity = text_member(json, "pipeline_identity");
  run.status = text_member(json, "status");
  run.model_type = text_member(json, "model_type");
  run.service = binding_from_json(member(json, "service"));
  run.views = views_from_json(member(json, "views"));
  run.dataset_identity = text_member(json, "dataset");
  run.parameters = object_member(json, "parameters");
  run.metrics = object_member(json, "metrics");
  run.details = object_member(json, "details");
  run.seed = integer_member(json, "seed");
  run.artifact_sha256 = text_member(json, "artifact_sha256");
  run.profile_sha256 = text_member(json, "profile_sha256");
  run.lineage = lineage::from_json(member(json, "lineage"));
  run.rtml_version = text_member(json, "rtml_version");
  run.started_us = integer_member(json, "started_us");
  run.finished_us = integer_member(json, "finished_us");
  return run;
}

Json version_to_json(const ModelVersion& version) {
  Json json = Json::object();
  json["model"] = version.model;
  json["number"] = version.number;
  set_text(json, "run", version.run_id);
  json["model_type"] = version.model_type;
  json["artifact_sha256"] = version.artifact_sha256;
  set_text(json, "profile_sha256", version.profile_sha256);
  if (!version.service.name.empty()) json["service"] = binding_to_json(version.service);
  if (!version.views.empty()) json["views"] = views_to_json(version.views);
  set_text(json, "dataset", version.dataset_identity);
  json["parameters"] = version.parameters;
  json["metrics"] = version.metrics;
  json["seed"] = version.seed;
  if (Json git = lineage::to_json(version.lineage); !git.empty()) json["lineage"] = std::move(git);
  json["rtml_version"] = version.rtml_version;
  json["created_us"] = version.created_us;
  return json;
}

ModelVersion version_from_json(const Json& json) {
  ModelVersion version;
  version.model = text_member(json, "model");
  version.number = integer_member(json, "number");
  version.run_id = text_member(json, "run");
  version.model_type = text_member(json, "model_type");
  version.artifact_sha256 = text_member(json, "artifact_sha256");
  version.profile_sha256 = text_member(json, "profile_sha256");
  version.service = binding_from_json(member(json, "service"));
  version.views = views_from_json(member(json, "views"));
  version.dataset_identity = text_member(json, "dataset");
  version.parameters = object_member(json, "parameters");
  version.metrics = object_member(json, "metrics");
  version.seed = integer_member(json, "seed");
  version.lineage = lineage::from_json(member(json, "lineage"));
  version.rtml_version = text_member(json, "rtml_version");
  version.created_us = integer_member(json, "created_us");
  return version;
}

}  // namespace rtml::registry
