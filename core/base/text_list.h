// Lists in the text of errors and reports.

#pragma once

#include <functional>
#include <string>

namespace rtml {

// "a, b, c": the items, or what `text_of` makes of each, in their order.
template <typename Range, typename TextOf = std::identity>
std::string text_list(const Range& items, const TextOf& text_of = {}) {
  std::string list;
  bool is_first = true;
  for (const auto& item : items) {
    if (!is_first) list += ", ";
    is_first = false;
    list += std::invoke(text_of, item);
  }
  return list;
}

}  // namespace rtml
