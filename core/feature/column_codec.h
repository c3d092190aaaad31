// Columns of values as few bytes (docs/formats/state.md). Lossless to the bit; a writer tries the
// forms that a column may have and takes the shortest. Internal to core/feature.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/feature/byte_codec.h"

namespace rtml::feature {

// A column of no values is no bytes. The readers append `count` values; on bytes that are no such
// column the ByteReader fails and what was appended means nothing.

void write_integers(ByteWriter& writer, std::span<const std::int64_t> values);
void read_integers(ByteReader& reader, std::size_t count, std::vector<std::int64_t>& values);

// REQUIRES: canonical values (exact_sum.h); anything else is refused when read.
void write_doubles(ByteWriter& writer, std::span<const double> values);
void read_doubles(ByteReader& reader, std::size_t count, std::vector<double>& values);

void write_texts(ByteWriter& writer, std::span<const std::string_view> values);
// The texts point into the bytes that the reader reads.
void read_texts(ByteReader& reader, std::size_t count, std::vector<std::string_view>& values);

// Texts in an order of their own, of which neighbours begin alike: tie-breaks of events.
void write_sorted_texts(ByteWriter& writer, std::span<const std::string> values);
void read_sorted_texts(ByteReader& reader, std::size_t count, std::vector<std::string>& values);

// Bits, 0 or 1 each.
void write_bits(ByteWriter& writer, std::span<const std::uint8_t> bits);
void read_bits(ByteReader& reader, std::size_t count, std::vector<std::uint8_t>& bits);

}  // namespace rtml::feature
