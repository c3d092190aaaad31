// Bytes as text (RFC 4648, section 4, with padding).

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rtml {

std::string to_base64(std::string_view bytes);
// Nothing if `text` is no base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace rtml
