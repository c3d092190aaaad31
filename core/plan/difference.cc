#include "core/plan/difference.h"

#include <set>

namespace rtml::plan {
namespace {

// Whether two values mean the same: the order of an object's members does not count, and the
// registry gives them back sorted.
bool same(const Json& a, const Json& b) {
  return to_canonical_json(a) == to_canonical_json(b);
}

// A value as a person reads it: a text without quotes, anything else as JSON on one line.
std::string shown(const Json& value) {
  return value.is_string() ? value.get<std::string>() : to_canonical_json(value);
}

std::set<std::string> keys_of(const Json& before, const Json& after) {
  std::set<std::string> keys;
  for (const auto& [key, value] : before.items()) keys.insert(key);
  for (const auto& [key, value] : after.items()) keys.insert(key);
  return keys;
}

void compare_members(const Json& before, const Json& after, const std::string& prefix,
                     const std::set<std::string>& except, std::vector<std::string>& texts) {
  for (const std::string& key : keys_of(before, after)) {
    if (except.contains(key)) continue;
    const bool was = before.contains(key);
    const bool is = after.contains(key);
    if (was && is && same(before.at(key), after.at(key))) continue;
    if (was && is && before.at(key).is_object() && after.at(key).is_object()) {
      compare_members(before.at(key), after.at(key), prefix + key + ".", {}, texts);
      continue;
    }
    // An absent key means its default.
    texts.push_back(prefix + key + ": " + (was ? shown(before.at(key)) : "default") + " -> " +
                    (is ? shown(after.at(key)) : "default"));
  }
}

const Json* find_feature(const Json& features, const Json& name) {
  for (const Json& feature : features) {
    if (feature.at("name") == name) return &feature;
  }
  return nullptr;
}

void compare_features(const Json& before, const Json& after, std::vector<std::string>& texts) {
  const std::size_t known = texts.size();
  for (const Json& feature : before) {
    const std::string name = feature.at("name");
    const Json* now = find_feature(after, feature.at("name"));
    if (now == nullptr) {
      texts.push_back("feature " + name + ": removed");
    } else {
      compare_members(feature, *now, "feature " + name + ": ", {}, texts);
    }
  }
  for (const Json& feature : after) {
    if (find_feature(before, feature.at("name")) != nullptr) continue;
    texts.push_back("feature " + feature.at("name").get<std::string>() + ": added");
  }
  if (texts.size() == known && !same(before, after)) texts.emplace_back("features: another order");
}

}  // namespace

std::vector<std::string> differences(const Json& before, const Json& after) {
  std::vector<std::string> texts;
  const Json& old_definition = before.at("definition");
  const Json& new_definition = after.at("definition");
  const std::string kind = new_definition.at("kind");
  const bool is_view = kind == "feature_view" || kind == "on_demand_view";
  const std::set<std::string> apart =
      is_view ? std::set<std::string>{"features"} : std::set<std::string>{};
  compare_members(old_definition, new_definition, "", apart, texts);
  if (is_view) {
    compare_features(old_definition.at("features"), new_definition.at("features"), texts);
  }
  for (const std::string& key : keys_of(before, after)) {
    if (key == "definition") continue;
    const bool is_same =
        before.contains(key) && after.contains(key) && same(before.at(key), after.at(key));
    if (!is_same) texts.push_back(key + " changed");
  }
  return texts;
}

}  // namespace rtml::plan
