#include "core/feature/column_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include "core/feature/exact_sum.h"

namespace rtml::feature {
namespace {

// The low two bits of an integer column's first byte; the others are the power of ten that divides
// every value.
enum IntegerForm : std::uint8_t { kConstant = 0, kAboveLeast = 1, kDifferences = 2 };
constexpr int kFormBits = 2;

constexpr auto kPowers = [] {
  std::array<std::int64_t, 19> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

// How many bytes a varint takes: 1 to 10.
constexpr std::size_t varint_bytes(std::uint64_t word) {
  return static_cast<std::size_t>((70 - std::countl_zero(word | 1)) / 7);
}
constexpr std::uint64_t zigzag(std::uint64_t word) {
  return word << 1 ^ (~(word >> 63) + 1);
}

constexpr std::uint64_t word(std::int64_t number) {
  return static_cast<std::uint64_t>(number);
}
constexpr std::int64_t number(std::uint64_t word) {
  return static_cast<std::int64_t>(word);
}

// The greatest exponent whose power of ten divides all values, up to whole days in microseconds.
std::size_t common_power(std::span<const std::int64_t> values) {
  constexpr std::size_t kMost = 9;
  std::size_t power = kMost;
  for (const std::int64_t value : values) {
    while (power > 0 && value % kPowers[power] != 0) --power;
    if (power == 0) break;
  }
  return power;
}

// The size of a column of the differences between neighbours, and of those above the least.
struct Sizes {
  std::size_t differences = 0;
  std::size_t above_least = 0;
};

Sizes sizes_of(std::span<const std::int64_t> values, std::int64_t least) {
  Sizes sizes;
  std::int64_t last = 0;
  for (const std::int64_t value : values) {
    sizes.differences += varint_bytes(zigzag(word(value) - word(last)));
    sizes.above_least += varint_bytes(word(value) - word(least));
    last = value;
  }
  sizes.above_least += varint_bytes(zigzag(word(least)));
  return sizes;
}

}  // namespace

void write_integers(ByteWriter& writer, std::span<const std::int64_t> values) {
  if (values.empty()) return;
  if (std::all_of(values.begin(), values.end(), [&](auto v) { return v == values.front(); })) {
    writer.byte(kConstant);
    writer.zigzag(values.front());
    return;
  }
  const std::size_t power = common_power(values);
  std::vector<std::int64_t> divided;
  if (power > 0) {
    divided.reserve(values.size());
    for (const std::int64_t value : values) divided.push_back(value / kPowers[power]);
    values = divided;
  }
  const std::int64_t least = *std::min_element(values.begin(), values.end());
  const Sizes sizes = sizes_of(values, least);
  const bool as_differences = sizes.differences < sizes.above_least;
  writer.byte(static_cast<std::uint8_t>(power << kFormBits |
                                        (as_differences ? kDifferences : kAboveLeast)));
  if (!as_differences) {
    writer.zigzag(least);
    for (const std::int64_t value : values) writer.varint(word(value) - word(least));
    return;
  }
  std::int64_t last = 0;
  for (const std::int64_t value : values) {
    writer.zigzag(number(word(value) - word(last)));
    last = value;
  }
}

namespace {

// Moves the low seven bits of each byte together.
constexpr std::uint64_t without_top_bits(std::uint64_t bytes) {
  bytes &= 0x7F7F7F7F7F7F7F7FULL;
  bytes = (bytes & 0x007F007F007F007FULL) | (bytes & 0x7F007F007F007F00ULL) >> 1;
  bytes = (bytes & 0x00003FFF00003FFFULL) | (bytes & 0x3FFF00003FFF0000ULL) >> 2;
  return (bytes & 0x000000000FFFFFFFULL) | (bytes & 0x0FFFFFFF00000000ULL) >> 4;
}

// Reads varints of up to eight bytes without a branch on their lengths, which differ from value to
// value and so would be guessed wrong; calls `take` with each. What is longer or near the end is
// left to ByteReader. REQUIRES: at least `count` bytes are left.
template <typename Take>
void read_varints(ByteReader& reader, std::size_t count, const Take& take) {
  constexpr std::uint64_t kTopBits = 0x8080808080808080ULL;
  std::size_t done = 0;
  while (done < count) {
    const std::string_view rest = reader.rest();
    std::size_t at = 0;
    bool has_zero_end = false;
    for (; done < count && at + sizeof(std::uint64_t) <= rest.size(); ++done) {
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, rest.data() + at, sizeof bytes);
      if constexpr (std::endian::native == std::endian::big) bytes = __builtin_bswap64(bytes);
      const std::uint64_t ends = ~bytes & kTopBits;
      if (ends == 0) break;
      if (ends == kTopBits && count - done >= sizeof bytes) {  // Eight small values.
        for (std::size_t i = 0; i < sizeof bytes; ++i, bytes >>= 8) take(bytes & 0x7F);
        at += sizeof bytes;
        done += sizeof bytes - 1;
        continue;
      }
      const int bits = std::countr_zero(ends) + 1;
      bytes &= ~std::uint64_t{0} >> (64 - bits);
      // One writing each: no zero byte at the end.
      has_zero_end |= bits > 8 && bytes >> (bits - 8) == 0;
      take(without_top_bits(bytes));
      at += static_cast<std::size_t>(bits / 8);
    }
    reader.take(at);
    if (has_zero_end) return reader.refuse();
    if (done == count) return;
    take(reader.varint());
    if (reader.failed()) return;
    ++done;
  }
}

}  // namespace

void read_integers(ByteReader& reader, std::size_t count, std::vector<std::int64_t>& values) {
  if (count == 0) return;
  const std::uint8_t head = reader.byte();
  const std::size_t power = head >> kFormBits;
  const auto form = static_cast<std::uint8_t>(head & ((1 << kFormBits) - 1));
  if (power >= kPowers.size() || form > kDifferences || (form == kConstant && power != 0)) {
    return reader.refuse();
  }
  const std::int64_t start = form == kDifferences ? 0 : reader.zigzag();
  if (form == kConstant) {
    values.insert(values.end(), count, start);
    return;
  }
  // Each value has a byte at least, so that a wrong count cannot ask for much memory.
  if (count > reader.left()) return reader.refuse();
  const std::size_t before = values.size();
  values.resize(before + count);
  std::int64_t* out = values.data() + before;
  const std::uint64_t scale = word(kPowers[power]);
  std::uint64_t last = word(start);
  if (form == kAboveLeast) {
    read_varints(reader, count,
                 [&](std::uint64_t above) { *out++ = number((last + above) * scale); });
  } else {
    read_varints(reader, count, [&](std::uint64_t step) {
      last += step >> 1 ^ (~(step & 1) + 1);
      *out++ = number(last * scale);
    });
  }
}

namespace {

// The first byte of a column of doubles: how they are written, or kDecimal plus an exponent.
constexpr std::uint8_t kRaw = 0;
constexpr std::uint8_t kXor = 1;
constexpr std::uint8_t kDecimal = 0x40;

constexpr std::array<double, 10> kDecimalPowers = {1.0, 1e1, 1e2, 1e3, 1e4,
                                                   1e5, 1e6, 1e7, 1e8, 1e9};
constexpr double kLargestMantissa = 9'007'199'254'740'992.0;  // 2^53.

// Whether value = mantissa / 10^exponent. Both are doubles without error, and division rounds once,
// so the quotient is the double that is nearest to the decimal number: what a parser gave.
bool as_decimal(double value, std::size_t exponent, std::int64_t& mantissa) {
  const double scaled = value * kDecimalPowers[exponent];
  if (!(std::fabs(scaled) <= kLargestMantissa)) return false;
  mantissa = std::llrint(scaled);
  return static_cast<double>(mantissa) / kDecimalPowers[exponent] == value;
}

// The mantissas of all values under the least exponent that suits them; empty if none does.
std::vector<std::int64_t> decimal_mantissas(std::span<const double> values, std::size_t& exponent) {
  std::vector<std::int64_t> mantissas(values.size());
  exponent = 0;
  std::size_t settled_from = 0;  // The first value that was looked at under this exponent.
  for (std::size_t i = 0; i < values.size(); ++i) {
    while (!as_decimal(values[i], exponent, mantissas[i])) {
      if (++exponent == kDecimalPowers.size()) return {};
      settled_from = i;
    }
  }
  for (std::size_t i = 0; i < settled_from; ++i) {
    if (!as_decimal(values[i], exponent, mantissas[i])) return {};
  }
  return mantissas;
}

std::uint64_t reversed(std::uint64_t bits) {
  bits = (bits >> 1 & 0x5555555555555555ULL) | (bits & 0x5555555555555555ULL) << 1;
  bits = (bits >> 2 & 0x3333333333333333ULL) | (bits & 0x3333333333333333ULL) << 2;
  bits = (bits >> 4 & 0x0F0F0F0F0F0F0F0FULL) | (bits & 0x0F0F0F0F0F0F0F0FULL) << 4;
  return __builtin_bswap64(bits);
}

}  // namespace

void write_doubles(ByteWriter& writer, std::span<const double> values) {
  if (values.empty()) return;
  std::size_t exponent = 0;
  const std::vector<std::int64_t> mantissas = decimal_mantissas(values, exponent);
  if (!mantissas.empty()) {
    writer.byte(static_cast<std::uint8_t>(kDecimal + exponent));
    return write_integers(writer, mantissas);
  }
  std::size_t xor_bytes = 0;
  std::uint64_t last = 0;
  for (const double value : values) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    xor_bytes += varint_bytes(reversed(bits ^ last));
    last = bits;
  }
  const bool as_xor = xor_bytes < 8 * values.size();
  writer.byte(as_xor ? kXor : kRaw);
  last = 0;
  for (const double value : values) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    // Numbers of few digits end in zeros; reversed, these are the high bits that a varint leaves.
    if (as_xor) {
      writer.varint(reversed(bits ^ last));
    } else {
      writer.fixed(bits);
    }
    last = bits;
  }
}

void read_doubles(ByteReader& reader, std::size_t count, std::vector<double>& values) {
  if (count == 0) return;
  const std::uint8_t head = reader.byte();
  if (head >= kDecimal) {
    const std::size_t exponent = head - kDecimal;
    if (exponent >= kDecimalPowers.size()) return reader.refuse();
    std::vector<std::int64_t> mantissas;
    read_integers(reader, count, mantissas);
    if (reader.failed()) return;
    for (const std::int64_t mantissa : mantissas) {
      if (mantissa < -(std::int64_t{1} << 53) || mantissa > std::int64_t{1} << 53) {
        return reader.refuse();
      }
      values.push_back(static_cast<double>(mantissa) / kDecimalPowers[exponent]);
    }
    return;
  }
  if (head > kXor || count > reader.left()) return reader.refuse();
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < count; ++i) {
    last = head == kXor ? last ^ reversed(reader.varint()) : reader.fixed();
    const auto value = std::bit_cast<double>(last);
    if (last != std::bit_cast<std::uint64_t>(canonical(value))) reader.refuse();
    values.push_back(value);
  }
}

namespace {

constexpr std::uint8_t kPlain = 0;
constexpr std::uint8_t kDictionary = 1;

void write_plain(ByteWriter& writer, std::span<const std::string_view> values) {
  std::vector<std::int64_t> lengths;
  lengths.reserve(values.size());
  for (const std::string_view value : values) lengths.push_back(std::ssize(value));
  write_integers(writer, lengths);
  for (const std::string_view value : values) writer.raw(value);
}

void read_plain(ByteReader& reader, std::size_t count, std::vector<std::string_view>& values) {
  std::vector<std::int64_t> lengths;
  read_integers(reader, count, lengths);
  for (const std::int64_t length : lengths) {
    // A negative length is more than there can be.
    values.push_back(reader.take(word(length)));
    if (reader.failed()) return;
  }
}

}  // namespace

void write_texts(ByteWriter& writer, std::span<const std::string_view> values) {
  if (values.empty()) return;
  std::unordered_map<std::string_view, std::int64_t> places;
  std::vector<std::string_view> distinct;
  std::vector<std::int64_t> indexes;
  for (const std::string_view value : values) {
    const auto [found, is_new] = places.try_emplace(value, std::ssize(distinct));
    if (is_new) distinct.push_back(value);
    indexes.push_back(found->second);
    if (distinct.size() > values.size() / 2) break;
  }
  if (indexes.size() < values.size()) {
    writer.byte(kPlain);
    return write_plain(writer, values);
  }
  writer.byte(kDictionary);
  writer.varint(distinct.size());
  write_plain(writer, distinct);
  write_integers(writer, indexes);
}

void read_texts(ByteReader& reader, std::size_t count, std::vector<std::string_view>& values) {
  if (count == 0) return;
  const std::uint8_t form = reader.byte();
  if (form == kPlain) return read_plain(reader, count, values);
  const std::uint64_t size = reader.varint();
  if (form != kDictionary || size > count) return reader.refuse();
  std::vector<std::string_view> distinct;
  read_plain(reader, static_cast<std::size_t>(size), distinct);
  std::vector<std::int64_t> indexes;
  read_integers(reader, count, indexes);
  if (reader.failed()) return;
  for (const std::int64_t index : indexes) {
    if (word(index) >= distinct.size()) return reader.refuse();
    values.push_back(distinct[static_cast<std::size_t>(index)]);
  }
}

namespace {

constexpr std::uint8_t kShared = 0;
constexpr std::uint8_t kIntegerIds = 1;
constexpr std::size_t kIntegerIdBytes = 9;
constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

// An integer id as order.h writes it: a byte 1, then the number with its sign bit flipped, the
// highest byte first.
bool is_integer_id(std::string_view text) {
  return text.size() == kIntegerIdBytes && text[0] == '\1';
}
std::int64_t integer_of(std::string_view text) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, text.data() + 1, sizeof bits);
  return number(__builtin_bswap64(bits) ^ kSignBit);
}
std::string id_of(std::int64_t integer) {
  char raw[kIntegerIdBytes] = {'\1'};
  const std::uint64_t bits = __builtin_bswap64(word(integer) ^ kSignBit);
  std::memcpy(raw + 1, &bits, sizeof bits);
  return {raw, sizeof raw};
}

}  // namespace

void write_sorted_texts(ByteWriter& writer, std::span<const std::string> values) {
  if (values.empty()) return;
  if (std::all_of(values.begin(), values.end(), is_integer_id)) {
    std::vector<std::int64_t> integers;
    integers.reserve(values.size());
    for (const std::string& value : values) integers.push_back(integer_of(value));
    writer.byte(kIntegerIds);
    return write_integers(writer, integers);
  }
  writer.byte(kShared);
  std::vector<std::int64_t> shared;
  std::vector<std::string_view> rest;
  std::string_view last;
  for (const std::string_view value : values) {
    const auto end = std::mismatch(last.begin(), last.end(), value.begin(), value.end()).second;
    const auto length = static_cast<std::size_t>(end - value.begin());
    shared.push_back(static_cast<std::int64_t>(length));
    rest.push_back(value.substr(length));
    last = value;
  }
  write_integers(writer, shared);
  write_plain(writer, rest);
}

void read_sorted_texts(ByteReader& reader, std::size_t count, std::vector<std::string>& values) {
  if (count == 0) return;
  const std::uint8_t form = reader.byte();
  std::vector<std::int64_t> integers;
  if (form > kIntegerIds) return reader.refuse();
  read_integers(reader, count, integers);
  if (form == kIntegerIds) {
    values.reserve(values.size() + integers.size());
    for (const std::int64_t integer : integers) values.push_back(id_of(integer));
    return;
  }
  std::vector<std::string_view> rest;
  read_plain(reader, count, rest);
  if (reader.failed()) return;
  std::string last;
  for (std::size_t i = 0; i < count; ++i) {
    if (word(integers[i]) > last.size()) return reader.refuse();
    last.resize(static_cast<std::size_t>(integers[i]));
    last += rest[i];
    values.push_back(last);
  }
}

void write_bits(ByteWriter& writer, std::span<const std::uint8_t> bits) {
  for (std::size_t i = 0; i < bits.size(); i += 8) {
    std::uint8_t byte = 0;
    for (std::size_t j = i; j < std::min(i + 8, bits.size()); ++j) {
      byte |= static_cast<std::uint8_t>(bits[j] << (j - i));
    }
    writer.byte(byte);
  }
}

void read_bits(ByteReader& reader, std::size_t count, std::vector<std::uint8_t>& bits) {
  const std::string_view bytes = reader.take(count / 8 + (count % 8 == 0 ? 0 : 1));
  if (reader.failed()) return;
  if (count % 8 != 0 && static_cast<std::uint8_t>(bytes.back()) >> (count % 8) != 0) {
    return reader.refuse();
  }
  for (std::size_t i = 0; i < count; ++i) {
    bits.push_back(static_cast<std::uint8_t>(bytes[i / 8]) >> (i % 8) & 1);
  }
}

}  // namespace rtml::feature
