// The syntax of the expression language: text to a tree with positions. docs/expressions.md
// describes the language.
//
// A Node owns everything it says and is immutable after parse().

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace rtml::expression {

// An expression may not be longer, nested deeper, or have more nodes than this.
inline constexpr std::size_t kMaximumLength = 8'192;
inline constexpr int kMaximumDepth = 64;
inline constexpr std::size_t kMaximumNodes = 1'024;

enum class NodeKind : std::uint8_t {
  kNull,
  kBool,     // integer is 0 or 1.
  kInteger,  // Also durations, in microseconds.
  kNumber,
  kText,    // text is the string.
  kColumn,  // text is the column's name.
  kCall,    // text is the function's or operator's name: "if", "+", "and", "negate", "in".
  kList,    // arguments are the items, as written.
};

struct Node {
  NodeKind kind = NodeKind::kNull;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;
  std::vector<Node> arguments;
  std::size_t offset = 0;  // Of the operator or the name, in bytes of the expression's text.
  std::size_t length = 0;
};

// Where an expression stands. `origin` is the place of its first character in a file, as a YAML
// reader gives it; with no file the expression itself is shown.
struct Text {
  std::string_view text;
  SourceLocation origin;
};

// Parses a whole expression. Fails with kExpressionSyntax at the character where it went wrong.
Result<Node> parse(const Text& text);

// Returns the place of `length` bytes at `offset` of the expression: the origin moved to the right
// where the expression stands as written on the origin's line, else the origin itself.
SourceLocation locate(const Text& text, std::size_t offset, std::size_t length);

// Whether two trees say the same, wherever they stand.
bool is_same(const Node& a, const Node& b);

// Returns the names that the tree reads as columns, each once, in the order they stand.
std::vector<std::string> column_names(const Node& node);

}  // namespace rtml::expression
