// Messages for whoever watches a run: warnings, and with --verbose what is being done.
//
// The only place that includes spdlog. Messages go to standard error; any thread may write them.
// Nothing is set up before the first message, so that a silent command does not pay for it.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace rtml::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError };

std::string_view to_string(Level level);  // "debug", "info", "warning", "error".

struct Options {
  Level least = Level::kWarning;  // Messages below are dropped.
  // Makes the line of a message, without its end. Called by the thread that writes the message.
  std::function<std::string(Level, std::string_view message)> format;
};

// Sets how messages are written. Not while other threads write messages.
void configure(Options options);

// True if a message of `level` would be written, for those that are dear to make.
bool is_enabled(Level level);

void write(Level level, std::string_view message);
inline void debug(std::string_view message) {
  write(Level::kDebug, message);
}
inline void info(std::string_view message) {
  write(Level::kInfo, message);
}
inline void warning(std::string_view message) {
  write(Level::kWarning, message);
}

}  // namespace rtml::log
