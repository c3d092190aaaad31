// Numbers as people read them. Programs get exact ones from JSON.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rtml {

// The shortest text that reads back as the same double: "0.1", "1e+300", "nan".
std::string format_number(double value);

// Four significant digits, from ten thousand to 1e15 the nearest integer: "0.4512", "1.096e-05",
// "12345678".
std::string format_brief(double value);

// A share as a percentage of four significant digits: "12.5 %".
std::string format_percent(double share);

// A count of things: "1 row", "12 rows". `thing` takes an s where there are several.
std::string counted(std::int64_t count, std::string_view thing);

}  // namespace rtml
