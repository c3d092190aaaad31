// Names of features, views, models and the rest, and the nearest word to a misspelt one.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace rtml {

// Checks [a-z][a-z0-9_]{0,62} without "__". Fails with kBadValue, saying `what` is wrong.
Status check_name(std::string_view name, std::string_view what);

// Returns the candidate a person most likely meant: the least Damerau-Levenshtein distance up to 2
// (1 for words of two or three letters, 0 for one), or else the only one that starts with `word`.
// Nothing if none is near.
std::optional<std::string> nearest_word(std::string_view word,
                                        std::span<const std::string> candidates);

// Returns ` (did you mean "x"?)`, or an empty text if nothing is near.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace rtml
