#include "core/project/canonical_reader.h"

#include <utility>
#include <vector>

#include "core/base/environment.h"
#include "core/project/reader.h"
#include "core/schema/kinds.h"
#include "core/schema/validate.h"
#include "core/yaml/parse.h"

namespace rtml::project {
namespace {

// Texts as a file writes them that means them: "${" there begins a variable.
Json with_plain_dollars(const Json& value) {
  if (value.is_string()) {
    std::string text = value.get<std::string>();
    for (std::size_t at = 0; (at = text.find("${", at)) != std::string::npos; at += 3) {
      text.insert(at, 1, '$');
    }
    return text;
  }
  if (!value.is_structured()) return value;
  Json copy = value;
  for (Json& member : copy) member = with_plain_dollars(member);
  return copy;
}

// JSON as YAML takes it: of the characters that JSON may write plainly YAML refuses DEL.
std::string yaml_text(const Json& document) {
  std::string text = to_indented_json_text(with_plain_dollars(document));
  for (std::size_t at = 0; (at = text.find('\x7F', at)) != std::string::npos;) {
    text.replace(at, 1, "\\u007F");
  }
  return text;
}

// Canonical documents have the keys of the project's files, and JSON is YAML: so the readers of
// files read them, and no key has a second reader. `read` gets the checked node and a list for its
// errors.
template <typename Read>
auto read_as_file(std::string_view kind, const Json& document, const std::string& label,
                  const Read& read)
    -> Result<decltype(read(std::declval<yaml::Node&>(), std::declval<std::vector<Error>&>()))> {
  // A document was part of a file before, in fewer lines and nodes.
  constexpr yaml::Limits kLimits{.bytes = std::size_t{16} << 20, .depth = 64, .nodes = 100'000};
  RTML_TRY_ASSIGN(const std::vector<yaml::Node> nodes,
                  yaml::parse(yaml_text(document), "registry:" + label, Environment(), kLimits));
  if (nodes.size() != 1 || !nodes.front().is_mapping()) {
    return fail(ErrorCode::kRegistryCorrupt, "not a definition in the registry: " + label);
  }
  std::vector<Error> errors = schema::validate(nodes.front(), *schema::find_kind(kind)->shape);
  if (!errors.empty()) return fail(Error::many(std::move(errors)));
  auto definition = read(nodes.front(), errors);
  if (!errors.empty()) return fail(Error::many(std::move(errors)));
  return definition;
}

}  // namespace

Result<Source> read_canonical_source(const Json& document, const std::string& label) {
  // A file's source has storage, which the canonical form leaves out.
  Json stored = document;
  stored["batch"] = {{"type", "none"}};
  RTML_TRY_ASSIGN(Source source,
                  read_as_file("source", stored, label, [](const auto& node, auto& errors) {
                    return read_source(node, errors);
                  }));
  source.batch.reset();
  return source;
}

Result<Entity> read_canonical_entity(const Json& document, const std::string& label) {
  const auto malformed = [&] {
    return fail(ErrorCode::kRegistryCorrupt, "not an entity in the registry: " + label);
  };
  // A file names a key without a type as a text and several as a mapping; here they are a list.
  const auto text = [](const Json& json, const char* member) {
    const auto found = json.is_object() ? json.find(member) : json.end();
    return found != json.end() && found->is_string() ? found->get<std::string>() : "";
  };
  Entity entity;
  entity.name = text(document, "name");
  const Json keys = document.is_object() ? document.value("key", Json()) : Json();
  if (entity.name.empty() || !keys.is_array()) return malformed();
  for (const Json& key : keys) {
    EntityKey read{text(key, "column"), std::nullopt};
    if (read.column.empty()) return malformed();
    if (key.contains("type")) {
      read.type = table::parse_type(text(key, "type"));
      if (!read.type) return malformed();
    }
    entity.keys.push_back(std::move(read));
  }
  return entity;
}

Result<FeatureView> read_canonical_view(const Json& document, const std::string& label) {
  return read_as_file("feature_view", document, label,
                      [](const auto& node, auto& errors) { return read_view(node, errors); });
}

Result<OnDemandView> read_canonical_on_demand_view(const Json& document, const std::string& label) {
  return read_as_file("on_demand_view", document, label, [](const auto& node, auto& errors) {
    return read_on_demand_view(node, errors);
  });
}

Result<FeatureService> read_canonical_service(const Json& document, const std::string& label) {
  return read_as_file("feature_service", document, label,
                      [](const auto& node, auto& errors) { return read_service(node, errors); });
}

}  // namespace rtml::project
