#include "core/base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <memory>
#include <utility>

namespace rtml::log {
namespace {

Options& options() {
  static Options current;
  return current;
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      break;
  }
  return spdlog::level::err;
}

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made =
        std::make_shared<spdlog::logger>("rtml", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);  // is_enabled() has decided.
    return made;
  }();
  return *instance;
}

}  // namespace

std::string_view to_string(Level level) {
  static constexpr std::string_view kNames[] = {"debug", "info", "warning", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

void configure(Options changed) {
  options() = std::move(changed);
}

bool is_enabled(Level level) {
  return level >= options().least;
}

void write(Level level, std::string_view message) {
  if (!is_enabled(level)) return;
  const std::string line = options().format
                               ? options().format(level, message)
                               : std::string(to_string(level)) + ": " + std::string(message);
  logger().log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace rtml::log
