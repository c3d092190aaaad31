// Breaks text that people read into lines.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rtml::cli {

// As wide as help, man pages' sources and the like are.
inline constexpr std::size_t kTextWidth = 80;

// Returns the words of `text` in lines of at most `width` code points; a longer word has a line of
// its own. A single line break in `text` is a space, an empty line stays one.
std::vector<std::string> wrapped(std::string_view text, std::size_t width = kTextWidth);

}  // namespace rtml::cli
