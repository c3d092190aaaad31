#include "core/yaml/source_text.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/base/utf8.h"

namespace rtml::yaml {
namespace {

std::string normalise_line_ends(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != '\r') {
      text += bytes[i];
    } else if (i + 1 == bytes.size() || bytes[i + 1] != '\n') {
      text += '\n';
    }
  }
  return text;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7F;
}

std::string hexadecimal(char c) {
  char buffer[8];
  std::snprintf(buffer, sizeof buffer, "0x%02X", static_cast<unsigned char>(c));
  return buffer;
}

// Counts the characters of well-formed UTF-8; a stray byte counts as one.
std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace

SourceText::SourceText(std::string file, std::string text)
    : file_(std::move(file)), text_(std::move(text)), line_starts_({0}) {
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

Result<std::shared_ptr<const SourceText>> SourceText::make(std::string file,
                                                           std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  const std::shared_ptr<const SourceText> source(
      new SourceText(std::move(file), normalise_line_ends(bytes)));
  const std::string_view text = source->text();
  const std::size_t valid = utf8_prefix(text);
  const auto control = std::find_if(text.begin(), text.begin() + valid, is_control) - text.begin();
  const auto bad = static_cast<std::size_t>(control);
  if (bad == text.size()) return source;
  // The line is left out: a terminal could not show it.
  SourceLocation place = source->location(bad);
  place.line_text.clear();
  const std::string what = bad == valid ? "not UTF-8: byte " : "control character: ";
  return fail(Error(ErrorCode::kYamlSyntax, what + hexadecimal(text[bad]))
                  .at(std::move(place))
                  .with_help("save the file as UTF-8 text"));
}

std::size_t SourceText::line_index(std::size_t begin) const {
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), begin);
  return static_cast<std::size_t>(after - line_starts_.begin()) - 1;
}

std::string_view SourceText::line_at(std::size_t begin) const {
  const std::size_t start = line_starts_[line_index(begin)];
  return std::string_view(text_).substr(start, text_.find('\n', start) - start);
}

SourceLocation SourceText::location(std::size_t begin, std::size_t length) const {
  begin = std::min(begin, text_.size());
  // An error at the end of a file is shown after the last thing that was written.
  if (begin == text_.size()) {
    while (begin > 0 && (text_[begin - 1] == '\n' || text_[begin - 1] == ' ')) --begin;
  }
  const std::size_t index = line_index(begin);
  const std::string_view line = line_at(begin);
  const std::size_t offset = begin - line_starts_[index];
  SourceLocation location;
  location.file = file_;
  location.line = static_cast<int>(index) + 1;
  location.column = static_cast<int>(count_characters(line.substr(0, offset))) + 1;
  location.length = static_cast<int>(count_characters(line.substr(offset).substr(0, length)));
  location.line_text = std::string(line);
  return location;
}

}  // namespace rtml::yaml
