#include "core/online/view_entry.h"

#include "core/base/json.h"

namespace rtml::online {
namespace {

constexpr int kFormat = 2;
constexpr std::string_view kAbout = "about";
constexpr std::string_view kFill = "fill";
constexpr std::string_view kPart = "part/";

tl::unexpected<Error> corrupt() {
  return fail(Error(ErrorCode::kDataCorrupt, "the online store has an entry that is no view")
                  .with_help("fill it again with \"rtml feature materialize --online\""));
}

Status decode_about(std::string_view bytes, ViewEntry& entry) {
  RTML_TRY_ASSIGN(const Json json, parse_json(bytes, "an entry of the online store"));
  const Json format = json.is_object() ? json.value("format", Json()) : Json();
  if (format.is_number_integer() && format > kFormat) {
    return fail(Error(ErrorCode::kDataCorrupt, "the online store holds a view in format " +
                                                   to_json_text(format) + ", this rtml reads " +
                                                   std::to_string(kFormat))
                    .with_help("use the rtml that wrote it, or a newer one"));
  }
  if (format != kFormat || !json.contains("view") || !json["view"].is_string() ||
      !json.contains("source_columns") || !json["source_columns"].is_array()) {
    return corrupt();
  }
  entry.view = json["view"].get<std::string>();
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
  entry.source_schema = table::Schema(std::move(fields));
  return {};
}

Result<Fill> decode_fill(std::string_view bytes) {
  RTML_TRY_ASSIGN(const Json json, parse_json(bytes, "an entry of the online store"));
  const auto integer = [&](const char* name) -> const Json* {
    const auto found = json.find(name);
    return found != json.end() && found->is_number_integer() ? &*found : nullptr;
  };
  if (!json.is_object() || integer("generation") == nullptr || integer("cutover_us") == nullptr ||
      integer("entities") == nullptr) {
    return corrupt();
  }
  return Fill{.generation = integer("generation")->get<std::uint64_t>(),
              .cutover_us = integer("cutover_us")->get<std::int64_t>(),
              .entities = integer("entities")->get<std::int64_t>()};
}

}  // namespace

ViewMember about_member(std::string_view view, const table::Schema& source_schema) {
  Json columns = Json::array();
  for (const table::Field& field : source_schema.fields()) {
    columns.push_back({{"name", field.name}, {"type", table::to_string(field.type)}});
  }
  return {std::string(kAbout),
          to_canonical_json(
              {{"format", kFormat}, {"view", view}, {"source_columns", std::move(columns)}})};
}

ViewMember fill_member(const Fill& fill) {
  return {std::string(kFill), to_canonical_json({{"generation", fill.generation},
                                                 {"cutover_us", fill.cutover_us},
                                                 {"entities", fill.entities}})};
}

ViewMember part_member(std::string_view part) {
  return {std::string(kPart) + std::string(part), ""};
}

Result<std::optional<ViewEntry>> decode_view(const plugin::Members& members) {
  if (members.empty()) return std::nullopt;
  ViewEntry entry;
  const std::string* about = plugin::find_member(members, kAbout);
  if (about == nullptr) return corrupt();
  RTML_TRY(decode_about(*about, entry));
  if (const std::string* fill = plugin::find_member(members, kFill)) {
    RTML_TRY_ASSIGN(entry.fill, decode_fill(*fill));
  }
  for (const auto& [name, value] : members) {
    if (name.starts_with(kPart)) entry.stream_parts.push_back(name.substr(kPart.size()));
  }
  return entry;
}

}  // namespace rtml::online
