// Numbers and texts as bytes and back, for what is kept: docs/formats/state.md. Each value has one
// writing, so that equal states are equal bytes. Internal to core/feature.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace rtml::feature {

class ByteWriter {
 public:
  // Eight bytes, the lowest first.
  void fixed(std::uint64_t word) {
    for (int i = 0; i < 8; ++i) bytes_ += static_cast<char>(word >> (8 * i) & 0xFF);
  }
  // Seven bits a byte, the lowest first; the top bit says that more follow.
  void varint(std::uint64_t word) {
    while (word >= 0x80) {
      bytes_ += static_cast<char>(word | 0x80);
      word >>= 7;
    }
    bytes_ += static_cast<char>(word);
  }
  // Small numbers of either sign are short.
  void zigzag(std::int64_t number) {
    varint(static_cast<std::uint64_t>(number) << 1 ^ static_cast<std::uint64_t>(number >> 63));
  }
  void text(std::string_view text) {
    varint(text.size());
    bytes_ += text;
  }
  void raw(std::string_view raw) { bytes_ += raw; }
  void byte(std::uint8_t byte) { bytes_ += static_cast<char>(byte); }

  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::exchange(bytes_, {}); }

 private:
  std::string bytes_;
};

// Reads what ByteWriter wrote. After a failure every read gives zero or nothing, and failed() is
// true.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t fixed() {
    const std::string_view raw = take(8);
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      word |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(raw[i])) << (8 * i);
    }
    return word;
  }
  std::uint64_t varint() {
    std::uint64_t word = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = this->byte();
      // One writing each: no zero byte at the end, nothing beyond 64 bits.
      if ((byte == 0 && shift > 0) || (shift == 63 && byte > 1)) break;
      word |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return word;
    }
    failed_ = true;
    return 0;
  }
  std::int64_t zigzag() {
    const std::uint64_t word = varint();
    return static_cast<std::int64_t>(word >> 1 ^ (~(word & 1) + 1));
  }
  // A number of things that follow, each of `least_bytes` or more, so that a wrong one cannot ask
  // for much memory.
  std::size_t count(std::size_t least_bytes) {
    const std::uint64_t count = varint();
    if (failed_ || count > left() / least_bytes) {
      failed_ = true;
      return 0;
    }
    return static_cast<std::size_t>(count);
  }
  std::string_view text() { return take(varint()); }
  std::uint8_t byte() {
    const std::string_view raw = take(1);
    return raw.empty() ? 0 : static_cast<std::uint8_t>(raw[0]);
  }
  std::string_view take(std::uint64_t count) {
    if (failed_ || count > bytes_.size() - position_) {
      failed_ = true;
      return {};
    }
    const std::string_view raw = bytes_.substr(position_, count);
    position_ += count;
    return raw;
  }
  std::size_t left() const { return bytes_.size() - position_; }
  // What is not taken yet, for readers of many values at once; none after a failure.
  std::string_view rest() const { return failed_ ? std::string_view() : bytes_.substr(position_); }
  bool failed() const { return failed_; }
  void refuse() { failed_ = true; }

 private:
  std::string_view bytes_;
  std::size_t position_ = 0;
  bool failed_ = false;
};

}  // namespace rtml::feature
