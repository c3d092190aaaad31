// Typed values out of checked YAML mappings, for the readers of definitions.
//
// REQUIRES of every function: schema::validate() found no fault with the node.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/project/definitions.h"
#include "core/yaml/node.h"

namespace rtml::project {

// The values of keys; the default where the key is absent.
std::string text_of(const yaml::Node& node, std::string_view key, std::string_view absent = {});
LocatedText located_text_of(const yaml::Node& node, std::string_view key);
std::int64_t duration_of(const yaml::Node& node, std::string_view key, std::int64_t absent_us = 0);
std::int64_t timestamp_of(const yaml::Node& node, std::string_view key);
double number_of(const yaml::Node& node, std::string_view key, double absent);
std::int64_t integer_of(const yaml::Node& node, std::string_view key, std::int64_t absent);
bool bool_of(const yaml::Node& node, std::string_view key, bool absent);
std::vector<std::string> texts_of(const yaml::Node& node, std::string_view key);
std::map<std::string, std::string> text_map_of(const yaml::Node& node, std::string_view key);
Notes notes_of(const yaml::Node& node);

// Every member but those of `known`, as JSON.
Json other_members(const yaml::Node& node, std::initializer_list<std::string_view> known);

// The place of a key's value, or of the mapping if the key is absent.
SourceLocation place_of(const yaml::Node& node, std::string_view key);

}  // namespace rtml::project
