// Bytes as a line of late events or dead letters: refused, or a letter whose own line gives it
// back.

#include "core/stream/letter.h"
#include "tests/fuzz/target.h"

using rtml::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto letter = rtml::stream::letter_of_line(rtml::fuzz::text_of(data, size));
  if (!letter) {
    require(letter.error().code() == rtml::ErrorCode::kDataCorrupt, "it is corrupt");
    return 0;
  }
  require(letter->partition >= 0 && letter->offset >= 0, "it has an origin");
  const std::string line = rtml::stream::to_line(*letter);
  require(line.find('\n') == std::string::npos, "it is one line");
  const auto again = rtml::stream::letter_of_line(line);
  require(again.has_value(), "what is written can be read");
  require(again->bytes == letter->bytes && again->reason == letter->reason &&
              again->offset == letter->offset && again->recorded_us == letter->recorded_us &&
              again->event_time_us == letter->event_time_us,
          "a letter comes back as it was");
  return 0;
}
