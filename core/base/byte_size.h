// Amounts of bytes as people write and read them.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rtml {

// Reads "512MiB", "2 GB", "1048576": a whole number and a unit of B, kB, MB, GB, TB (powers of
// 1000) or KiB, MiB, GiB, TiB (powers of 1024), in either case; no unit means bytes. Nothing if it
// is no such text or does not fit.
std::optional<std::int64_t> parse_byte_size(std::string_view text);

// Three significant digits and a decimal unit: "12.3 MB", "950 B".
std::string format_byte_size(double bytes);

}  // namespace rtml
