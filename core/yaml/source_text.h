// The text of a file that is being parsed, and how a byte of it becomes a place for a person.
//
// Immutable after make(); shared by every node that was parsed from it.

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/result.h"

namespace rtml::yaml {

class SourceText {
 public:
  // Takes the bytes of `file`: drops a byte order mark and turns CR LF and CR into LF. Fails with
  // kYamlSyntax at the place of bytes that are not UTF-8 or of a control character.
  static Result<std::shared_ptr<const SourceText>> make(std::string file, std::string_view bytes);

  const std::string& file() const { return file_; }
  std::string_view text() const { return text_; }

  // The line and column (in characters) of byte `begin`; the caret underlines up to `length` bytes
  // of that line.
  SourceLocation location(std::size_t begin, std::size_t length = 0) const;
  // The line that holds byte `begin`, without its end.
  std::string_view line_at(std::size_t begin) const;

 private:
  SourceText(std::string file, std::string text);
  std::size_t line_index(std::size_t begin) const;

  std::string file_;
  std::string text_;
  std::vector<std::size_t> line_starts_;
};

}  // namespace rtml::yaml
