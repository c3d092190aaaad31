#include "cli/entity_arguments.h"

#include <algorithm>
#include <utility>

namespace rtml::cli {
namespace {

using NamedText = std::pair<std::string, std::string>;

// Reads NAME=VALUE; `takes` says what the option takes.
Result<NamedText> split(const std::string& text, std::string_view takes) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return fail(ErrorCode::kBadOptionValue, std::string(takes) + ", not: " + text);
  }
  return NamedText(text.substr(0, equals), text.substr(equals + 1));
}

bool has(const std::vector<NamedText>& named, const std::string& name) {
  return std::any_of(named.begin(), named.end(),
                     [&](const NamedText& one) { return one.first == name; });
}

}  // namespace

Result<std::vector<online::NamedTexts>> entities_of(const std::vector<std::string>& texts) {
  std::vector<online::NamedTexts> entities(1);
  for (const std::string& text : texts) {
    RTML_TRY_ASSIGN(NamedText key, split(text, "--entity takes KEY=VALUE"));
    if (has(entities.back(), key.first)) entities.emplace_back();
    entities.back().push_back(std::move(key));
  }
  return entities;
}

Result<std::vector<online::NamedValues>> requests_of(const std::vector<std::string>& texts) {
  std::vector<online::NamedValues> requests;
  bool is_open = false;  // The last one may take more columns.
  for (const std::string& text : texts) {
    if (text.starts_with('{')) {
      Result<Json> json = parse_json(text, "the request");
      if (!json) return fail(ErrorCode::kBadOptionValue, json.error().message());
      requests.push_back({.texts = {}, .json = std::move(*json)});
      is_open = false;
      continue;
    }
    RTML_TRY_ASSIGN(NamedText column, split(text, "--request takes COLUMN=VALUE or a JSON object"));
    if (!is_open || has(requests.back().texts, column.first)) requests.emplace_back();
    requests.back().texts.push_back(std::move(column));
    is_open = true;
  }
  return requests;
}

}  // namespace rtml::cli
