// Whether bytes are UTF-8.

#pragma once

#include <cstddef>
#include <string_view>

namespace rtml {

// Returns how many bytes at the start of `text` are well-formed UTF-8 as is_utf8() says; all of
// them if it is.
std::size_t utf8_prefix(std::string_view text);

// True if `text` is well-formed UTF-8 as RFC 3629 says: no overlong forms, no surrogates, nothing
// above U+10FFFF.
bool is_utf8(std::string_view text);

// True if every byte is below 0x80, which makes any part of `text` UTF-8.
bool is_ascii(std::string_view text);

}  // namespace rtml
