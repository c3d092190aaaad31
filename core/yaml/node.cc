#include "core/yaml/node.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace rtml::yaml {
namespace {

bool is_any_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return text;
}

// Removes leading decimal digits and returns how many there were.
std::size_t skip_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  text.remove_prefix(count);
  return count;
}

bool is_integer_text(std::string_view text) {
  if (text.starts_with("0o")) {
    return text.size() > 2 && text.find_first_not_of("01234567", 2) == std::string_view::npos;
  }
  if (text.starts_with("0x")) {
    return text.size() > 2 &&
           text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
  }
  text = without_sign(text);
  return skip_digits(text) > 0 && text.empty();
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?, YAML 1.2.2 section 10.3.2.
bool is_number_text(std::string_view text) {
  if (is_any_of(text, {".nan", ".NaN", ".NAN"})) return true;
  text = without_sign(text);
  if (is_any_of(text, {".inf", ".Inf", ".INF"})) return true;
  const std::size_t whole = skip_digits(text);
  std::size_t fraction = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = skip_digits(text);
  }
  if (whole == 0 && fraction == 0) return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    text = without_sign(text);
    if (skip_digits(text) == 0) return false;
  }
  return text.empty();
}

}  // namespace

std::string_view describe(NodeKind kind) {
  switch (kind) {
    case NodeKind::kNull:
      return "nothing";
    case NodeKind::kBool:
      return "true or false";
    case NodeKind::kInteger:
      return "an integer";
    case NodeKind::kNumber:
      return "a number";
    case NodeKind::kString:
      return "a text";
    case NodeKind::kSequence:
      return "a list";
    case NodeKind::kMapping:
      return "a mapping";
  }
  return "";
}

NodeKind resolve_plain_scalar(std::string_view text) {
  if (is_any_of(text, {"", "~", "null", "Null", "NULL"})) return NodeKind::kNull;
  if (is_any_of(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) return NodeKind::kBool;
  if (is_integer_text(text)) return NodeKind::kInteger;
  if (is_number_text(text)) return NodeKind::kNumber;
  return NodeKind::kString;
}

std::optional<std::int64_t> Node::integer() const {
  if (kind_ != NodeKind::kInteger) return std::nullopt;
  std::string_view digits = text_;
  int base = 10;
  if (digits.starts_with("0o") || digits.starts_with("0x")) {
    base = digits[1] == 'o' ? 8 : 16;
    digits.remove_prefix(2);
  } else if (digits.starts_with('+')) {
    digits.remove_prefix(1);
  }
  std::int64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<double> Node::number() const {
  if (kind_ != NodeKind::kInteger && kind_ != NodeKind::kNumber) return std::nullopt;
  if (const auto whole = integer()) return static_cast<double>(*whole);
  std::string_view digits = text_;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const bool negative = digits.starts_with('-');
  if (is_any_of(without_sign(digits), {".inf", ".Inf", ".INF"})) {
    const double infinity = std::numeric_limits<double>::infinity();
    return negative ? -infinity : infinity;
  }
  if (is_any_of(digits, {".nan", ".NaN", ".NAN"})) return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::result_out_of_range) {
    // Too small becomes zero, too large infinity, as reading a decimal number does elsewhere.
    return std::strtod(std::string(digits).c_str(), nullptr);
  }
  if (error != std::errc()) return std::nullopt;
  return value;
}

const Node* Node::find(std::string_view key) const {
  for (const Member& member : members_) {
    if (member.key.text() == key) return &member.value;
  }
  return nullptr;
}

SourceLocation Node::location() const {
  return source_ ? source_->location(begin_, length_) : SourceLocation{};
}

SourceLocation Node::text_location() const {
  if (!verbatim_) return location();
  return source_->location(text_begin_, text_.size());
}

Json Node::to_json() const {
  switch (kind_) {
    case NodeKind::kNull:
      return nullptr;
    case NodeKind::kBool:
      return boolean();
    case NodeKind::kInteger:
      if (const auto value = integer()) return *value;
      return number().value_or(0.0);
    case NodeKind::kNumber:
      return number().value_or(0.0);
    case NodeKind::kString:
      return text_;
    case NodeKind::kSequence: {
      Json array = Json::array();
      for (const Node& item : items_) array.push_back(item.to_json());
      return array;
    }
    case NodeKind::kMapping: {
      Json object = Json::object();
      for (const Member& member : members_) object[member.key.text()] = member.value.to_json();
      return object;
    }
  }
  return nullptr;
}

}  // namespace rtml::yaml
