#include "core/base/number.h"

#include <charconv>
#include <cmath>

namespace rtml {

std::string format_number(double value) {
  char buffer[40];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, written.ptr};
}

std::string format_brief(double value) {
  char buffer[40];
  const double size = std::fabs(value);
  const bool is_whole = size >= 1e4 && size < 1e15;
  const auto written =
      is_whole
          ? std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, 0)
          : std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, 4);
  return {buffer, written.ptr};
}

std::string format_percent(double share) {
  return format_brief(100 * share) + " %";
}

std::string counted(std::int64_t count, std::string_view thing) {
  return std::to_string(count) + " " + std::string(thing) + (count == 1 ? "" : "s");
}

}  // namespace rtml
