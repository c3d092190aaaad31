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

// A record is walked through once for both directions, so that they cannot disagree: `Fields` is
// one of the two classes below. The order is that of the members in the JSON.

class Writing {
 public:
  void text(const char* name, const std::string& value) { json_[name] = value; }
  // Left out where it is empty.
  void optional_text(const char* name, const std::string& value) {
    if (!value.empty()) json_[name] = value;
  }
  void integer(const char* name, std::int64_t value) { json_[name] = value; }
  void object(const char* name, const Json& value) { json_[name] = value; }
  void optional_object(const char* name, const Json& value) {
    if (!value.empty()) json_[name] = value;
  }
  void binding(const char* name, const Binding& value) {
    if (!value.name.empty()) json_[name] = binding_to_json(value);
  }
  void bindings(const char* name, const std::vector<Binding>& value) {
    if (!value.empty()) json_[name] = views_to_json(value);
  }
  void lineage(const char* name, const lineage::Lineage& value) {
    if (Json git = lineage::to_json(value); !git.empty()) json_[name] = std::move(git);
  }
  Json take() { return std::move(json_); }

 private:
  Json json_ = Json::object();
};

class Reading {
 public:
  explicit Reading(const Json& json) : json_(json) {}

  void text(const char* name, std::string& value) { value = text_member(json_, name); }
  void optional_text(const char* name, std::string& value) { text(name, value); }
  void integer(const char* name, std::int64_t& value) { value = integer_member(json_, name); }
  void object(const char* name, Json& value) {
    value = member(json_, name);
    if (!value.is_object()) value = Json::object();
  }
  void optional_object(const char* name, Json& value) { object(name, value); }
  void binding(const char* name, Binding& value) { value = binding_from_json(member(json_, name)); }
  void bindings(const char* name, std::vector<Binding>& value) {
    value = views_from_json(member(json_, name));
  }
  void lineage(const char* name, lineage::Lineage& value) {
    value = lineage::from_json(member(json_, name));
  }

 private:
  const Json& json_;
};

template <typename Record, typename Fields>
void walk_run(Record& run, Fields& fields) {
  fields.text("id", run.id);
  fields.text("pipeline", run.pipeline);
  fields.optional_text("pipeline_identity", run.pipeline_identity);
  fields.text("status", run.status);
  fields.text("model_type", run.model_type);
  fields.binding("service", run.service);
  fields.bindings("views", run.views);
  fields.optional_text("dataset", run.dataset_identity);
  fields.object("parameters", run.parameters);
  fields.object("metrics", run.metrics);
  fields.optional_object("details", run.details);
  fields.integer("seed", run.seed);
  fields.optional_text("artifact_sha256", run.artifact_sha256);
  fields.optional_text("profile_sha256", run.profile_sha256);
  fields.lineage("lineage", run.lineage);
  fields.text("rtml_version", run.rtml_version);
  fields.integer("started_us", run.started_us);
  fields.integer("finished_us", run.finished_us);
}

template <typename Record, typename Fields>
void walk_version(Record& version, Fields& fields) {
  fields.text("model", version.model);
  fields.integer("number", version.number);
  fields.optional_text("run", version.run_id);
  fields.text("model_type", version.model_type);
  fields.text("artifact_sha256", version.artifact_sha256);
  fields.optional_text("profile_sha256", version.profile_sha256);
  fields.binding("service", version.service);
  fields.bindings("views", version.views);
  fields.optional_text("dataset", version.dataset_identity);
  fields.object("parameters", version.parameters);
  fields.object("metrics", version.metrics);
  fields.integer("seed", version.seed);
  fields.lineage("lineage", version.lineage);
  fields.text("rtml_version", version.rtml_version);
  fields.integer("created_us", version.created_us);
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
  Writing fields;
  walk_run(run, fields);
  return fields.take();
}

Run run_from_json(const Json& json) {
  Run run;
  Reading fields(json);
  walk_run(run, fields);
  return run;
}

Json version_to_json(const ModelVersion& version) {
  Writing fields;
  walk_version(version, fields);
  return fields.take();
}

ModelVersion version_from_json(const Json& json) {
  ModelVersion version;
  Reading fields(json);
  walk_version(version, fields);
  return version;
}

}  // namespace rtml::registry
