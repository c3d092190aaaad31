#include "core/dataset/online_layout.h"

#include "core/base/hash.h"

namespace rtml::dataset {

std::string state_prefix(std::string_view view_identity, std::string_view part) {
  return "state/" + std::string(view_identity) + "/" + std::string(part) + "/";
}

std::string state_key(std::string_view view_identity, std::string_view part,
                      std::span<const table::Value> key) {
  const std::string encoded = feature::encode_key(key);
  const std::string prefix = state_prefix(view_identity, part);
  // The letter keeps a short key from ever being equal to the hash of a long one.
  if (prefix.size() + 1 + encoded.size() <= kLongestOnlineKey) return prefix + "k" + encoded;
  return prefix + "h" + sha256_hex(encoded);
}

std::string view_key(std::string_view view_identity) {
  return "view/" + std::string(view_identity);
}

std::string encode(const OnlineView& view) {
  Json columns = Json::array();
  for (const table::Field& field : view.source_schema.fields()) {
    columns.push_back({{"name", field.name}, {"type", table::to_string(field.type)}});
  }
  return to_canonical_json({{"format", kOnlineFormat},
                            {"view", view.view},
                            {"cutover_us", view.cutover_us},
                            {"entities", view.entities},
                            {"source_columns", std::move(columns)}});
}

Result<OnlineView> decode_online_view(std::string_view bytes) {
  const auto corrupt = [] {
    return fail(Error(ErrorCode::kDataCorrupt, "the online store has an entry that is no view")
                    .with_help("fill it again with \"rtml feature materialize --online\""));
  };
  RTML_TRY_ASSIGN(const Json json, parse_json(bytes, "an entry of the online store"));
  if (!json.is_object() || json.value("format", 0) != kOnlineFormat ||
      !json.contains("source_columns") || !json["source_columns"].is_array() ||
      !json.contains("view") || !json["view"].is_string() || !json.contains("cutover_us") ||
      !json["cutover_us"].is_number_integer() || !json.contains("entities") ||
      !json["entities"].is_number_integer()) {
    return corrupt();
  }
  OnlineView view;
  view.view = json["view"].get<std::string>();
  view.cutover_us = json["cutover_us"].get<std::int64_t>();
  view.entities = json["entities"].get<std::int64_t>();
  std::vector<table::Field> fields;
  for (const Json& column : json["source_columns"]) {
    if (!column.is_object() || !column.contains("name") || !column["name"].is_string() ||
        !column.contains("type") || !column["type"].is_string()) {
      return corrupt();
    }
    const auto type = table::parse_type(column["type"].get<std::string>());
    if (!type) return corrupt();
    fields.push_back({column["name"].get<std::string>(), *type});
  }
  view.source_schema = table::Schema(std::move(fields));
  return view;
}

}  // namespace rtml::dataset
