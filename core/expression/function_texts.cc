#include <algorithm>

#include "core/expression/function_rows.h"

namespace rtml::expression::detail {
namespace {

// Positions and lengths count characters: code points, each of which starts with a byte that is no
// continuation of UTF-8. So every function has a value for any bytes.
bool is_start(char c) {
  return (c & 0xC0) != 0x80;
}

std::int64_t characters_in(Text text) {
  return std::count_if(text.begin(), text.end(), is_start);
}

// The byte at which character `index` starts; the size if there are fewer.
// REQUIRES: index is not negative.
std::size_t byte_of(Text text, std::int64_t index) {
  // A character has at least a byte.
  if (index >= static_cast<std::int64_t>(text.size())) return text.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_start(text[i]) && index-- == 0) return i;
  }
  return text.size();
}

// Keeps a text that was made, unless it is longer than a text may be.
bool keep(Arena& arena, Text* out, std::string text) {
  if (text.size() > kMaximumTextLength) return false;
  *out = arena.texts.emplace_back(std::move(text));
  return true;
}

bool lower(Arena& arena, Text* out, Text a) {
  std::string& text = arena.texts.emplace_back(a);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  *out = text;
  return true;
}
bool upper(Arena& arena, Text* out, Text a) {
  std::string& text = arena.texts.emplace_back(a);
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  *out = text;
  return true;
}
bool length(std::int64_t* out, Text a) {
  *out = characters_in(a);
  return true;
}
bool size_of_bytes(std::int64_t* out, Text a) {
  *out = static_cast<std::int64_t>(a.size());
  return true;
}
bool starts_with(bool* out, Text a, Text b) {
  *out = a.starts_with(b);
  return true;
}
bool ends_with(bool* out, Text a, Text b) {
  *out = a.ends_with(b);
  return true;
}
bool contains(bool* out, Text a, Text b) {
  *out = a.find(b) != Text::npos;
  return true;
}
bool index_of(std::int64_t* out, Text a, Text b) {
  const std::size_t found = a.find(b);
  if (found == Text::npos) return false;
  *out = characters_in(a.substr(0, found));
  return true;
}

bool substring(Text* out, Text a, std::int64_t start, std::int64_t count) {
  if (count < 0) return false;
  if (start < 0) start = std::max<std::int64_t>(0, start + characters_in(a));
  const Text rest = a.substr(byte_of(a, start));
  *out = rest.substr(0, byte_of(rest, count));
  return true;
}
bool substring_to_end(Text* out, Text a, std::int64_t start) {
  return substring(out, a, start, static_cast<std::int64_t>(a.size()));
}

constexpr Text kBlanks = " \t\n\v\f\r";

bool trim_start(Text* out, Text a) {
  *out = a.substr(std::min(a.find_first_not_of(kBlanks), a.size()));
  return true;
}
bool trim_end(Text* out, Text a) {
  *out = a.substr(0, a.find_last_not_of(kBlanks) + 1);
  return true;
}
bool trim(Text* out, Text a) {
  return trim_start(out, a) && trim_end(out, *out);
}

bool concat(Arena& arena, Text* out, Text a, Text b) {
  if (a.size() + b.size() > kMaximumTextLength) return false;
  std::string joined(a);
  joined += b;
  return keep(arena, out, std::move(joined));
}

bool replace(Arena& arena, Text* out, Text a, Text from, Text to) {
  if (from.empty()) return keep(arena, out, std::string(a));
  std::string made;
  while (true) {
    const std::size_t at = a.find(from);
    made += a.substr(0, at);
    if (at == Text::npos) break;
    made += to;
    if (made.size() > kMaximumTextLength) return false;
    a.remove_prefix(at + from.size());
  }
  return keep(arena, out, std::move(made));
}

std::int64_t parts_of(Text a, Text separator) {
  std::int64_t parts = 1;
  for (std::size_t at = a.find(separator); at != Text::npos;
       at = a.find(separator, at + separator.size())) {
    ++parts;
  }
  return parts;
}

bool split_part(Text* out, Text a, Text separator, std::int64_t index) {
  if (separator.empty()) return false;
  if (index < 0) index += parts_of(a, separator);
  if (index < 0) return false;
  for (; index > 0; --index) {
    const std::size_t at = a.find(separator);
    if (at == Text::npos) return false;
    a.remove_prefix(at + separator.size());
  }
  *out = a.substr(0, a.find(separator));
  return true;
}

// The length of the character at `i`.
std::size_t character_size(Text text, std::size_t i) {
  std::size_t end = i + 1;
  while (end < text.size() && !is_start(text[end])) ++end;
  return end - i;
}

// One character of a pattern that stands for itself: where it starts and ends, behind a backslash.
struct Literal {
  std::size_t start;
  std::size_t end;
};
Literal literal_at(Text pattern, std::size_t i) {
  if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
  return {i, i + character_size(pattern, i)};
}

// SQL's LIKE. Where a later part fails, only the last % takes a character more, so that the time is
// bounded by the product of the lengths.
bool like(bool* out, Text text, Text pattern) {
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t after_any = Text::npos;  // Of the pattern, behind the last %.
  std::size_t retry = 0;               // Of the text, where what follows it was tried last.
  *out = false;
  while (t < text.size()) {
    const std::size_t size = character_size(text, t);
    if (p < pattern.size() && pattern[p] == '%') {
      after_any = ++p;
      retry = t;
      continue;
    }
    if (p < pattern.size() && pattern[p] == '_') {
      ++p;
      t += size;
      continue;
    }
    if (p < pattern.size()) {
      const Literal literal = literal_at(pattern, p);
      if (text.substr(t, size) == pattern.substr(literal.start, literal.end - literal.start)) {
        p = literal.end;
        t += size;
        continue;
      }
    }
    if (after_any == Text::npos) return true;
    p = after_any;
    retry += character_size(text, retry);
    t = retry;
  }
  *out = pattern.find_first_not_of('%', p) == Text::npos;
  return true;
}

}  // namespace

void add_text_functions(Rows& rows) {
  rows.push_back(row<&lower>("lower", "s:s"));
  rows.push_back(row<&upper>("upper", "s:s"));
  rows.push_back(row<&length>("length", "s:i"));
  rows.push_back(row<&size_of_bytes>("length", "y:i"));
  rows.push_back(row<&starts_with>("starts_with", "ss:b"));
  rows.push_back(row<&ends_with>("ends_with", "ss:b"));
  rows.push_back(row<&contains>("contains", "ss:b"));
  rows.push_back(row<&index_of>("index_of", "ss:i"));
  rows.push_back(row<&substring_to_end>("substring", "si:s"));
  rows.push_back(row<&substring>("substring", "sii:s"));
  rows.push_back(row<&trim>("trim", "s:s"));
  rows.push_back(row<&trim_start>("trim_start", "s:s"));
  rows.push_back(row<&trim_end>("trim_end", "s:s"));
  rows.push_back(row<&concat>("concat", "ss:s"));
  rows.push_back(row<&replace>("replace", "sss:s"));
  rows.push_back(row<&split_part>("split_part", "ssi:s"));
  rows.push_back(row<&like>("like", "ss:b"));
}

}  // namespace rtml::expression::detail
