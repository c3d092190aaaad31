#include "core/project/node_values.h"

#include <algorithm>

#include "core/base/time.h"

namespace rtml::project {

using yaml::Node;

std::string text_of(const Node& node, std::string_view key, std::string_view absent) {
  const Node* value = node.find(key);
  return value != nullptr ? value->text() : std::string(absent);
}

LocatedText located_text_of(const Node& node, std::string_view key) {
  const Node* value = node.find(key);
  if (value == nullptr) return {};
  // Block scalars end in a line break that means nothing.
  std::string text = value->text();
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return {std::move(text), value->text_location()};
}

std::int64_t duration_of(const Node& node, std::string_view key, std::int64_t absent_us) {
  const Node* value = node.find(key);
  if (value == nullptr) return absent_us;
  return parse_duration(value->text()).value_or(absent_us);
}

std::int64_t timestamp_of(const Node& node, std::string_view key) {
  const Node* value = node.find(key);
  std::int64_t timestamp_us = 0;
  if (value != nullptr) parse_timestamp(value->text(), &timestamp_us);
  return timestamp_us;
}

double number_of(const Node& node, std::string_view key, double absent) {
  const Node* value = node.find(key);
  return value != nullptr ? value->number().value_or(absent) : absent;
}

std::int64_t integer_of(const Node& node, std::string_view key, std::int64_t absent) {
  const Node* value = node.find(key);
  return value != nullptr ? value->integer().value_or(absent) : absent;
}

bool bool_of(const Node& node, std::string_view key, bool absent) {
  const Node* value = node.find(key);
  return value != nullptr ? value->boolean() : absent;
}

std::vector<std::string> texts_of(const Node& node, std::string_view key) {
  std::vector<std::string> texts;
  const Node* value = node.find(key);
  if (value == nullptr) return texts;
  for (const Node& item : value->items()) texts.push_back(item.text());
  return texts;
}

std::map<std::string, std::string> text_map_of(const Node& node, std::string_view key) {
  std::map<std::string, std::string> texts;
  const Node* value = node.find(key);
  if (value == nullptr) return texts;
  for (const Node::Member& member : value->members()) {
    texts[member.key.text()] = member.value.text();
  }
  return texts;
}

Notes notes_of(const Node& node) {
  return {text_of(node, "description"), text_of(node, "owner"), text_map_of(node, "tags")};
}

Json other_members(const Node& node, std::initializer_list<std::string_view> known) {
  Json others = Json::object();
  for (const Node::Member& member : node.members()) {
    const std::string& key = member.key.text();
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    others[key] = member.value.to_json();
  }
  return others;
}

SourceLocation place_of(const Node& node, std::string_view key) {
  const Node* value = node.find(key);
  return value != nullptr ? value->location() : node.location();
}

}  // namespace rtml::project
