#include "cli/render/style.h"

namespace rtml::cli {
namespace {

std::string_view escape_of(Tone tone) {
  switch (tone) {
    case Tone::kPlain:
      return "";
    case Tone::kStrong:
      return "\x1b[1m";
    case Tone::kFaint:
      return "\x1b[2m";
    case Tone::kGood:
      return "\x1b[32m";
    case Tone::kWarning:
      return "\x1b[33m";
    case Tone::kBad:
      return "\x1b[31m";
  }
  return "";
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

Style style_for(bool is_terminal, std::string_view when, const Environment& environment) {
  Style style;
  style.terminal = is_terminal;
  style.in_actions = environment.get("GITHUB_ACTIONS") == "true";
  if (when != "auto") {
    style.color = when == "always";
  } else if (environment.get_non_empty("NO_COLOR") || environment.get("TERM") == "dumb") {
    style.color = false;
  } else {
    style.color = is_terminal || environment.get_non_empty("FORCE_COLOR").has_value();
  }
  return style;
}

std::string painted(std::string_view text, Tone tone, const Style& style) {
  if (!style.color || tone == Tone::kPlain || text.empty()) return std::string(text);
  return std::string(escape_of(tone)) + std::string(text) + "\x1b[0m";
}

std::string printable(std::string_view text, const Style& style) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  if (style.in_actions) {
    // "::name::" counts at the start of a line, "##[name]" anywhere in it.
    const std::size_t start = out.find_first_not_of(' ');
    if (start != std::string::npos && out.compare(start, 2, "::") == 0) out.insert(start + 1, " ");
    replace_all(out, "##[", "## [");
  }
  return out;
}

std::string safe_for_actions(std::string json, const Style& style) {
  // "#" stands only inside strings, where it may be written as an escape.
  if (style.in_actions) replace_all(json, "##[", "#\\u0023[");
  return json;
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++width;
  }
  return width;
}

}  // namespace rtml::cli
