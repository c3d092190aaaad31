// Lists in the text of errors and reports.

#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <span>
#include <string>

namespace rtml {

// "a, b, c": the items, or what `text_of` makes of each, in their order.
template <typename Range, typename TextOf = std::identity>
std::string text_list(Range&& items, const TextOf& text_of = {}) {
  std::string list;
  bool is_first = true;
  for (const auto& item : items) {
    if (!is_first) list += ", ";
    is_first = false;
    list += std::invoke(text_of, item);
  }
  return list;
}

// "a, b, c", of many the first: "a, b, c and 470 more".
template <typename Range>
std::string short_list(const Range& items) {
  constexpr std::size_t kMost = 40;
  const std::size_t count = std::size(items);
  if (count <= kMost) return text_list(items);
  return text_list(std::span(std::data(items), kMost)) + " and " + std::to_string(count - kMost) +
         " more";
}

}  // namespace rtml
