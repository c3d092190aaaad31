#include "cli/wrap.h"

#include <algorithm>

#include "cli/render/style.h"

namespace rtml::cli {
namespace {

void wrap_paragraph(std::string_view text, std::size_t width, std::vector<std::string>& lines) {
  std::string line;
  for (std::size_t start = text.find_first_not_of(" \n"); start != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(" \n", start), text.size());
    const std::string_view word = text.substr(start, end - start);
    if (!line.empty() && width_of(line) + 1 + width_of(word) > width) {
      lines.push_back(std::move(line));
      line.clear();
    }
    if (!line.empty()) line += ' ';
    line += word;
    start = text.find_first_not_of(" \n", end);
  }
  if (!line.empty()) lines.push_back(std::move(line));
}

}  // namespace

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", start), text.size());
    if (!lines.empty()) lines.emplace_back();
    wrap_paragraph(text.substr(start, end - start), width, lines);
    start = std::min(text.find_first_not_of('\n', end), text.size());
  }
  return lines;
}

}  // namespace rtml::cli
