// The id of a stream's entry, "MILLISECONDS-NUMBER", and the 64-bit offset that stands for it.
//
// An offset is milliseconds * 2^20 + number. Servers count the number up within a millisecond, and
// on without end while their clock stands behind the last entry; an entry beyond 2^20 of them has
// an offset that looks like one of a later millisecond. Offsets still ascend as ids do, as long as
// a stream takes fewer than 2^20 entries a millisecond over the time that its clock stood still;
// what an offset stands for is found by asking the server for the entry before it
// (stream_reader.cc).

#pragma once

#include <charconv>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rtml::redis {

struct StreamId {
  std::uint64_t milliseconds = 0;
  std::uint64_t number = 0;

  auto operator<=>(const StreamId&) const = default;

  std::string text() const { return std::to_string(milliseconds) + "-" + std::to_string(number); }

  // Nothing if the text is no id.
  static std::optional<StreamId> parse(std::string_view text) {
    StreamId id;
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, id.milliseconds);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return std::nullopt;
    const auto second = std::from_chars(first.ptr + 1, end, id.number);
    if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
    return id;
  }
};

inline constexpr int kNumberBits = 20;
// Offsets are not negative: milliseconds reach into the year 2248.
inline constexpr std::uint64_t kMillisecondsEnd = std::uint64_t{1} << (63 - kNumberBits);

// Nothing if the id has none: its time is no time in milliseconds, or its number is absurd.
inline std::optional<std::int64_t> offset_of(const StreamId& id) {
  if (id.milliseconds >= kMillisecondsEnd || id.number >= (std::uint64_t{1} << 62)) {
    return std::nullopt;
  }
  const std::uint64_t offset = (id.milliseconds << kNumberBits) + id.number;
  if (offset >= (std::uint64_t{1} << 63)) return std::nullopt;
  return static_cast<std::int64_t>(offset);
}

// The id of an offset whose number did not run over. REQUIRES: offset >= 0.
inline StreamId plain_id(std::int64_t offset) {
  const auto bits = static_cast<std::uint64_t>(offset);
  return {bits >> kNumberBits, bits & ((std::uint64_t{1} << kNumberBits) - 1)};
}

}  // namespace rtml::redis
