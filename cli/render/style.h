// How text looks on a stream: whether it is a terminal, whether it takes colour, what must be
// escaped.

#pragma once

#include <string>
#include <string_view>

#include "cli/report.h"
#include "core/base/environment.h"

namespace rtml::cli {

// What a renderer needs to know of the stream it writes for.
struct Style {
  bool terminal = false;  // Align tables.
  bool color = false;
  bool in_actions = false;  // A GitHub Actions runner reads the stream for workflow commands.
};

// Decides by `when` ("auto", "always", "never"); auto follows NO_COLOR, FORCE_COLOR, TERM=dumb and
// whether the stream is a terminal (https://no-color.org, https://clig.dev).
Style style_for(bool is_terminal, std::string_view when, const Environment& environment);

// Returns `text` in the colour of `tone`, or as it is where there is no colour.
std::string painted(std::string_view text, Tone tone, const Style& style);

// Returns `text` fit for one line of a terminal: control characters, which could move the cursor or
// recolour the screen, are written as \xNN, and what a GitHub Actions runner would take for a
// command is broken up.
std::string printable(std::string_view text, const Style& style);

// Returns JSON text in which a GitHub Actions runner sees no command; its value is the same.
std::string safe_for_actions(std::string json, const Style& style);

// Columns that `text` takes, counting one for each code point.
std::size_t width_of(std::string_view text);

}  // namespace rtml::cli
