// What is kept of a message that no state took: a late event or a dead letter.
//
// It is stored as the line of JSON that is written into the files of late events and dead letters,
// where it stands with its origin: docs/streams.md describes the members. Values.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/online/part_writer.h"

namespace rtml::stream {

// Why a message was not taken. The word stands in the line and is what `--filter` compares.
enum class Reason : std::uint8_t {
  kInvalid,  // It cannot be decoded.
  kNullKey,  // A key column of its entity is null.
  kFuture,   // Its time lies too far ahead of its arrival.
  kTooMany,  // Its entity has more events than the view keeps.
  kLate,     // Its time lies too far behind the watermark.
};
std::string_view to_string(Reason reason);  // "invalid", "null_key", …
std::optional<Reason> parse_reason(std::string_view word);

struct Letter {
  Reason reason = Reason::kInvalid;
  std::string detail;  // For people: "$.amount: not DOUBLE: \"many\"".
  std::string view;
  std::string view_identity;
  std::string source;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t ingest_time_us = 0;  // 0: not known.
  std::int64_t recorded_us = 0;     // When it was put aside.
  std::optional<std::int64_t> event_time_us;
  std::string bytes;          // The message as it came,
  bool is_truncated = false;  // but for what is beyond kLongestLetter.
};

// So many bytes of a message are kept at most.
inline constexpr std::size_t kLongestLetter = std::size_t{11} << 20;

inline online::RecordKind record_kind(Reason reason) {
  return reason == Reason::kLate ? online::RecordKind::kLate : online::RecordKind::kDeadLetter;
}

// One line of JSON without its end. Bytes that are not UTF-8 are written in base64.
std::string to_line(const Letter& letter);
// Fails with kDataCorrupt for a line that to_line() does not give.
Result<Letter> letter_of_line(std::string_view line);

// The letter as the store keeps it.
online::Record to_record(const Letter& letter);

}  // namespace rtml::stream
