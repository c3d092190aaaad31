#include "cli/parser/value.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "core/base/name.h"
#include "core/base/time.h"

namespace rtml::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

tl::unexpected<Error> bad_value(const OptionSpec& option, const std::string& text,
                                std::string_view wanted) {
  return fail(Error(ErrorCode::kBadOptionValue,
                    "bad value for " + std::string(option.name) + ": \"" + text + "\"")
                  .with_help(std::string(option.name) + " takes " + std::string(wanted)));
}

// The numbers of C's strtod without hexadecimal, infinities and NaN.
template <typename Number>
bool parse_number(const std::string& text, Number* number) {
  const char* first = text.data();
  const char* last = first + text.size();
  if (last - first > 1 && *first == '+' && first[1] != '-') ++first;
  const auto parsed = std::from_chars(first, last, *number);
  return parsed.ec == std::errc() && parsed.ptr == last;
}

Status check_choice(const OptionSpec& option, const std::string& text) {
  if (option.choices.empty()) return {};
  const std::vector<std::string> choices(option.choices.begin(), option.choices.end());
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return {};
  return fail(Error(ErrorCode::kBadOptionValue, "bad value for " + std::string(option.name) +
                                                    ": \"" + text + "\"" +
                                                    did_you_mean(text, choices))
                  .with_help(std::string(option.name) + " takes " + joined(choices)));
}

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
}

// Where the next item of a list begins, or its end. Of NAME=VALUE the comma belongs to the value
// unless the next NAME= follows, so that values may hold commas.
std::size_t end_of_item(const std::string& text, std::size_t start, bool is_named) {
  std::size_t comma = text.find(',', start);
  while (is_named && comma < text.size()) {
    std::size_t end = comma + 1;
    while (end < text.size() && is_name_character(text[end])) ++end;
    if (end > comma + 1 && end < text.size() && text[end] == '=') break;
    comma = text.find(',', comma + 1);
  }
  return std::min(comma, text.size());
}

Result<Arguments::Value> parse_list(const OptionSpec& option,
                                    const std::vector<std::string>& texts) {
  // "NAME=VALUE", but not "KEY[=VALUE]".
  const bool is_named = option.value.find('=') != std::string_view::npos &&
                        option.value.find('[') == std::string_view::npos;
  std::vector<std::string> items;
  for (const std::string& text : texts) {
    for (std::size_t start = 0; start <= text.size();) {
      const std::size_t comma = end_of_item(text, start, is_named);
      const std::string item = text.substr(start, comma - start);
      if (item.empty()) return bad_value(option, text, "values separated by single commas");
      RTML_TRY(check_choice(option, item));
      items.push_back(item);
      start = comma + 1;
    }
  }
  return items;
}

Result<Arguments::Value> parse_one(const OptionSpec& option, const std::string& text) {
  switch (option.type) {
    case OptionType::kFlag:
    case OptionType::kTextList:
    case OptionType::kTexts:
      break;
    case OptionType::kText:
      RTML_TRY(check_choice(option, text));
      return text;
    case OptionType::kPath:
      if (text.empty()) return bad_value(option, text, "a path");
      return text;
    case OptionType::kInteger: {
      std::int64_t number = 0;
      if (!parse_number(text, &number)) return bad_value(option, text, "a whole number");
      return number;
    }
    case OptionType::kNumber: {
      double number = 0;
      if (!parse_number(text, &number) || !std::isfinite(number)) {
        return bad_value(option, text, "a number");
      }
      return number;
    }
    case OptionType::kDuration: {
      const auto duration = parse_duration(text);
      if (!duration) return bad_value(option, text, "a duration such as 90s, 1h30m or 7d");
      return *duration;
    }
    case OptionType::kTimestamp: {
      const auto timestamp = parse_timestamp(text);
      if (!timestamp) return bad_value(option, text, "a time such as 2024-03-01T12:30:00Z");
      return *timestamp;
    }
  }
  return fail(ErrorCode::kInternal, "option of an unexpected type: " + std::string(option.name));
}

}  // namespace

Result<Arguments::Value> parse_value(const OptionSpec& option,
                                     const std::vector<std::string>& texts) {
  if (option.type == OptionType::kFlag) {
    for (const std::string& text : texts) {
      if (text == "true") continue;  // How CLI11 notes a flag without a value.
      return fail(ErrorCode::kBadOptionValue, std::string(option.name) + " takes no value");
    }
    return true;
  }
  if (option.type == OptionType::kTexts) return texts;
  if (option.type == OptionType::kTextList) return parse_list(option, texts);
  if (texts.size() > 1) {
    return fail(ErrorCode::kUsage, "given more than once: " + std::string(option.name));
  }
  return parse_one(option, texts.front());
}

}  // namespace rtml::cli
