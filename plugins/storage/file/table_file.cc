#include "plugins/storage/file/table_file.h"

#include "core/base/time.h"
#include "core/base/utf8.h"

namespace rtml::file {

Result<TextOptions> read_text_options(const Json& options) {
  TextOptions text;
  for (const auto& [key, value] : options.items()) {
    if (key == "delimiter") {
      const std::string delimiter = value.is_string() ? value.get<std::string>() : "";
      if (delimiter.size() != 1 || delimiter == "\"" || delimiter == "\n" || delimiter == "\r") {
        return fail(ErrorCode::kBadValue, "option \"delimiter\" is not one character");
      }
      text.delimiter = delimiter[0];
    } else if (key == "null_values") {
      if (!value.is_array()) {
        return fail(ErrorCode::kBadValue, "option \"null_values\" is not a list");
      }
      for (const Json& null_value : value) {
        if (!null_value.is_string()) {
          return fail(ErrorCode::kBadValue, "option \"null_values\" holds more than texts");
        }
        text.null_values.push_back(null_value.get<std::string>());
      }
    } else {
      return fail(Error(ErrorCode::kBadValue, "unknown option of file: " + key)
                      .with_help("the options are: delimiter, null_values"));
    }
  }
  return text;
}

Error file_error(ErrorCode code, const std::string& message, const std::string& file,
                 std::int64_t line, std::int64_t column) {
  SourceLocation location;
  location.file = file;
  location.line = static_cast<int>(line);
  location.column = static_cast<int>(column);
  return Error(code, message).at(std::move(location));
}

std::string shown_value(std::string_view value) {
  constexpr std::size_t kShownBytes = 40;
  std::string shown(value.substr(0, kShownBytes));
  while (!shown.empty() && !is_utf8(shown) && shown.size() + 4 > kShownBytes) shown.pop_back();
  const bool is_text = is_utf8(shown);
  for (char& c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (!is_text && byte >= 0x80)) c = '?';
  }
  return "\"" + shown + (value.size() > kShownBytes ? "…\"" : "\"");
}

bool time_from_integer(std::int64_t value, std::string_view unit, std::int64_t* timestamp_us) {
  if (unit == "ns") {
    *timestamp_us = floor_divide(value, 1'000);
  } else {
    const std::int64_t scale = unit == "s" ? kSecond : unit == "ms" ? kMillisecond : 1;
    if (__builtin_mul_overflow(value, scale, timestamp_us)) return false;
  }
  return *timestamp_us >= kMinTimestamp && *timestamp_us <= kMaxTimestamp;
}

}  // namespace rtml::file
