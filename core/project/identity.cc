#include "core/project/identity.h"

#include "core/base/hash.h"
#include "core/base/time.h"

namespace rtml::project {
namespace {

// The number of a version is a label that a registry gives; it has no part in what is meant.
Json document(std::string_view kind, const std::string& name) {
  return {{"kind", std::string(kind)}, {"name", plain_name(name)}};
}

void set_text(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

void set_duration(Json& json, const char* key, std::int64_t duration_us,
                  std::int64_t absent_us = 0) {
  if (duration_us != absent_us) json[key] = format_duration(duration_us);
}

Json canonical(const TimeColumn& column) {
  Json json = {{"column", column.column}};
  if (column.unit) json["unit"] = std::string(to_string(*column.unit));
  return json;
}

Json canonical(const Window& window) {
  Json json = Json::object();
  if (window.kind != WindowKind::kSliding) json["type"] = std::string(to_string(window.kind));
  set_duration(json, "size", window.size_us);
  set_duration(json, "delay", window.delay_us);
  if (window.bounds == WindowBounds::kClosedOpen) json["bounds"] = "closed-open";
  set_duration(json, "resolution", window.resolution_us);
  set_duration(json, "offset", window.offset_us);
  if (window.partial) json["partial"] = true;
  set_duration(json, "gap", window.gap_us);
  set_duration(json, "max_length", window.max_length_us, kDay);
  if (window.closed) json["closed"] = true;
  return json;
}

Json canonical(const Feature& feature) {
  Json json = {{"name", feature.name}, {"type", table::to_string(feature.type)}};
  if (feature.column != feature.name) set_text(json, "column", feature.column);
  set_text(json, "aggregate", feature.aggregate.text);
  set_text(json, "filter", feature.filter.text);
  set_text(json, "expression", feature.expression.text);
  // "All of the past" is what an aggregate without a window means.
  if (feature.window && feature.window->kind != WindowKind::kLifetime) {
    json["window"] = canonical(*feature.window);
  }
  return json;
}

Json canonical(const std::vector<ServiceItem>& items) {
  Json json = Json::array();
  for (const ServiceItem& item : items) {
    json.push_back(item.feature.empty() ? item.view : item.view + ":" + item.feature);
  }
  return json;
}

Json canonical(const Split& split) {
  if (split.absolute) {
    return {{"train_from", format_timestamp(split.train_from_us)},
            {"train_to", format_timestamp(split.train_to_us)},
            {"test_from", format_timestamp(split.test_from_us)},
            {"test_to", format_timestamp(split.test_to_us)}};
  }
  return {{"train", format_duration(split.train_us)},
          {"embargo", format_duration(split.embargo_us)},
          {"test", format_duration(split.test_us)}};
}

Json canonical(const GateSpec& gate) {
  Json json = {{"metric", gate.metric}};
  if (gate.min_delta != 0.0) json["min_delta"] = gate.min_delta;
  if (gate.alias != "champion") json["alias"] = gate.alias;
  if (!gate.baselines.empty()) json["baselines"] = gate.baselines;
  return json;
}

void set_timing(Json& json, const StreamTiming& timing) {
  const StreamTiming defaults;
  set_duration(json, "watermark_delay", timing.watermark_delay_us, defaults.watermark_delay_us);
  if (timing.allowed_lateness_us) {
    json["allowed_lateness"] = format_duration(*timing.allowed_lateness_us);
  }
  set_duration(json, "history", timing.history_us, defaults.history_us);
  set_duration(json, "max_future", timing.max_future_us, defaults.max_future_us);
  if (timing.max_events_per_entity != defaults.max_events_per_entity) {
    json["max_events_per_entity"] = timing.max_events_per_entity;
  }
}

Json bound(Json definition) {
  return {{"semantics", kSemantics}, {"definition", std::move(definition)}};
}

}  // namespace

Json canonical(const Source& source) {
  Json json = document("source", source.name);
  json["timestamp"] = canonical(source.timestamp);
  if (source.created) json["created"] = canonical(*source.created);
  set_text(json, "id", source.id);
  Json columns = Json::object();
  for (const SourceColumn& column : source.columns) {
    Json entry = Json::object();
    if (column.from != column.name) entry["from"] = column.from;
    if (column.type) entry["type"] = table::to_string(*column.type);
    if (!entry.empty()) columns[column.name] = std::move(entry);
  }
  if (!columns.empty()) json["columns"] = std::move(columns);
  if (source.nan_is_null) json["nan"] = nullptr;
  return json;
}

Json canonical(const Entity& entity) {
  Json json = document("entity", entity.name);
  Json keys = Json::array();
  for (const EntityKey& key : entity.keys) {
    Json entry = {{"column", key.column}};
    if (key.type) entry["type"] = table::to_string(*key.type);
    keys.push_back(std::move(entry));
  }
  json["key"] = std::move(keys);
  return json;
}

Json canonical(const FeatureView& view) {
  Json json = document("feature_view", view.name);
  json["entities"] = view.entities;
  if (view.sources.size() < 2) {
    json["source"] = view.source;
  } else {
    // A list: ties between events stand in its order.
    for (const LocatedText& source : view.sources) json["sources"].push_back(source.text);
  }
  set_duration(json, "ttl", view.ttl_us);
  if (view.as_of_created) json["as_of_created"] = true;
  set_timing(json, view.timing);
  Json features = Json::array();
  for (const Feature& feature : view.features) {
    features.push_back(canonical(feature));
    // Of a single source it says nothing.
    if (view.sources.size() > 1) set_text(features.back(), "source", feature.source.text);
  }
  json["features"] = std::move(features);
  return json;
}

Json canonical(const OnDemandView& view) {
  Json json = document("on_demand_view", view.name);
  // An object: in which order a request names its columns has no meaning.
  Json request = Json::object();
  for (const table::Field& field : view.request) request[field.name] = to_string(field.type);
  json["request"] = std::move(request);
  json["inputs"] = canonical(view.inputs);
  Json features = Json::array();
  for (const Feature& feature : view.features) features.push_back(canonical(feature));
  json["features"] = std::move(features);
  return json;
}

Json canonical(const FeatureService& service) {
  Json json = document("feature_service", service.name);
  json["features"] = canonical(service.features);
  if (service.full_feature_names) json["full_feature_names"] = true;
  return json;
}

Json canonical(const Pipeline& pipeline) {
  Json json = document("pipeline", pipeline.name);
  const LabelSpec& labels = pipeline.dataset.labels;
  Json label = {{"source", labels.source}, {"column", labels.column}};
  set_duration(label, "maturity", labels.maturity_us);
  json["dataset"] = {{"service", pipeline.dataset.service}, {"labels", std::move(label)}};
  json["split"] = canonical(pipeline.split);
  Json model = {{"type", pipeline.model.type}};
  if (pipeline.model.name != pipeline.name) model["name"] = pipeline.model.name;
  if (!pipeline.model.parameters.empty()) model["parameters"] = pipeline.model.parameters;
  json["model"] = std::move(model);
  if (pipeline.strategy != "stateless") json["strategy"] = pipeline.strategy;
  json["metrics"] = pipeline.metrics;
  if (pipeline.threshold != 0.5) json["threshold"] = pipeline.threshold;
  if (pipeline.gate) json["gate"] = canonical(*pipeline.gate);
  // As text: a JSON number holds 53 bits.
  if (pipeline.seed != 0) json["seed"] = std::to_string(pipeline.seed);
  return json;
}

namespace {

// The identities of what items name, by the view as it is written.
Json identities(const Project& project, const std::vector<ServiceItem>& items) {
  Json views = Json::object();
  for (const ServiceItem& item : items) {
    if (views.contains(item.view)) continue;
    const ItemTarget target = project.target_of(item);
    if (target.view != nullptr) views[item.view] = identity(project, *target.view);
    if (target.on_demand != nullptr) views[item.view] = identity(project, *target.on_demand);
  }
  return views;
}

}  // namespace

Json content(const Project&, const Source& source) {
  return bound(canonical(source));
}

Json content(const Project&, const Entity& entity) {
  return bound(canonical(entity));
}

Json content(const Project& project, const FeatureView& view) {
  Json json = bound(canonical(view));
  const Source& source = project.source_of(view);
  if (source.is_union()) {
    for (const Source& part : source.parts) json["sources"][part.name] = identity(project, part);
  } else {
    json["source"] = identity(project, source);
  }
  Json entities = Json::object();
  for (const Entity* entity : project.entities_of(view)) {
    entities[entity->name] = identity(project, *entity);
  }
  json["entities"] = std::move(entities);
  return json;
}

Json content(const Project& project, const OnDemandView& view) {
  Json json = bound(canonical(view));
  json["views"] = identities(project, view.inputs);
  return json;
}

Json content(const Project& project, const FeatureService& service) {
  Json json = bound(canonical(service));
  json["views"] = identities(project, service.features);
  return json;
}

Json content(const Project& project, const Pipeline& pipeline) {
  Json json = bound(canonical(pipeline));
  for (const FeatureService& service : project.services()) {
    if (service.name == pipeline.dataset.service) json["service"] = identity(project, service);
  }
  for (const Source& source : project.sources()) {
    if (source.name == pipeline.dataset.labels.source) {
      json["label_source"] = identity(project, source);
    }
  }
  return json;
}

template <typename Definition>
std::string identity(const Project& project, const Definition& definition) {
  return sha256_hex(to_canonical_json(content(project, definition)));
}

template std::string identity(const Project&, const Source&);
template std::string identity(const Project&, const Entity&);
template std::string identity(const Project&, const FeatureView&);
template std::string identity(const Project&, const OnDemandView&);
template std::string identity(const Project&, const FeatureService&);
template std::string identity(const Project&, const Pipeline&);

}  // namespace rtml::project
