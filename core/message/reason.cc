#include "core/message/reason.h"

#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/table/list_limit.h"

namespace rtml::message {

tl::unexpected<Error> invalid(std::string reason) {
  return fail(ErrorCode::kMessageInvalid, std::move(reason));
}

std::string too_long(std::size_t limit_bytes, std::size_t bytes) {
  return "longer than max_message_bytes (" + std::to_string(limit_bytes) +
         "): " + std::to_string(bytes) + " bytes";
}

bool has_too_many_items(const table::Value& value) {
  return value.is_list() && std::ssize(value.list()) > table::kMostListItems;
}

std::string too_many_items(const table::Value& list) {
  return ": " + std::to_string(list.list().size()) + " items, more than the " +
         std::to_string(table::kMostListItems) + " of a list";
}

std::string shown(std::string_view text) {
  constexpr std::size_t kShownBytes = 40;
  std::string part(text.substr(0, kShownBytes));
  part.resize(utf8_prefix(part));
  for (char& c : part) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = '?';
  }
  return "\"" + part + (part.size() < text.size() ? "…\"" : "\"");
}

std::string step_to(std::string_view key) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  for (const char c : key) {
    if (!is_plain(c)) return "[" + to_json_text(std::string(key)) + "]";
  }
  return "." + std::string(key);
}

}  // namespace rtml::message
