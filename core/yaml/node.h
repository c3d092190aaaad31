// A YAML document as rtml sees it: scalars with the types of the YAML 1.2 core schema, sequences,
// mappings without duplicate keys, aliases expanded, `${VAR}` replaced; each with its place.
//
// A Node is a value that shares the text of its file; it never changes after parse().

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/yaml/source_text.h"

namespace rtml::yaml {

enum class NodeKind : std::uint8_t {
  kNull,
  kBool,
  kInteger,
  kNumber,
  kString,
  kSequence,
  kMapping,
};

// Returns what a person calls it: "a list", "a mapping", "an integer", …
std::string_view describe(NodeKind kind);

// Returns the kind of a plain (unquoted) scalar by the YAML 1.2 core schema: `no`, `on` and `yes`
// are strings, 012 is the decimal 12, 0o14 and 0x0C are integers.
NodeKind resolve_plain_scalar(std::string_view text);

class Node {
 public:
  struct Member;

  NodeKind kind() const { return kind_; }
  bool is_scalar() const { return kind_ <= NodeKind::kString; }
  bool is_null() const { return kind_ == NodeKind::kNull; }
  bool is_sequence() const { return kind_ == NodeKind::kSequence; }
  bool is_mapping() const { return kind_ == NodeKind::kMapping; }

  // The text of a scalar, without quotes, after interpolation.
  const std::string& text() const { return text_; }
  // The text before interpolation: what may be shown, since a variable may hold a secret.
  const std::string& written() const { return written_.empty() ? text_ : written_; }
  // True if `${VAR}` was replaced.
  bool is_interpolated() const { return interpolated_; }
  // True if the text stands in the file exactly so, on one line without escapes.
  bool is_verbatim() const { return verbatim_; }

  bool boolean() const { return !text_.empty() && (text_[0] == 't' || text_[0] == 'T'); }
  // The value of a kInteger; nothing if it does not fit 64 bits.
  std::optional<std::int64_t> integer() const;
  // The value of a kInteger or kNumber.
  std::optional<double> number() const;

  const std::vector<Node>& items() const { return items_; }
  const std::vector<Member>& members() const { return members_; }
  // The value of a key of a mapping, or null.
  const Node* find(std::string_view key) const;

  // The whole scalar, its quotes included, or where a collection starts.
  SourceLocation location() const;
  // Where the first character of text() stands; the length is that of text() if it is verbatim.
  SourceLocation text_location() const;

  // The value as JSON. Integers beyond 64 bits become numbers.
  Json to_json() const;

 private:
  friend class TreeBuilder;  // Of parse.cc.

  NodeKind kind_ = NodeKind::kNull;
  bool interpolated_ = false;
  bool verbatim_ = false;
  std::size_t begin_ = 0;       // Of the scalar in the file's text.
  std::size_t length_ = 0;      // Bytes, quotes included.
  std::size_t text_begin_ = 0;  // Of the first character of the text.
  std::string text_;
  std::string written_;  // Only where it differs from text_.
  std::vector<Node> items_;
  std::vector<Member> members_;
  std::shared_ptr<const SourceText> source_;
};

struct Node::Member {
  Node key;  // A scalar; its text() is the key.
  Node value;
};

}  // namespace rtml::yaml
