#include "core/feature/order.h"

#include <bit>
#include <cmath>

#include "core/feature/exact_sum.h"
#include "core/feature/kernel.h"

namespace rtml::feature {
namespace {

void append_big_endian(std::string& bytes, std::uint64_t word) {
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(word >> shift & 0xFF);
}

// Whether the order of several sources stands before the ids.
bool has_source(const Program& program) {
  return program.source_input != kNone && program.is_order_needed;
}
constexpr std::size_t kSourceBytes = 2;

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

}  // namespace

void append_sortable(std::string& bytes, const table::Value& value) {
  if (value.is_null()) {
    bytes += '\0';
    return;
  }
  bytes += '\1';
  if (value.is_number()) {
    const auto word = std::bit_cast<std::uint64_t>(canonical(value.number()));
    append_big_endian(bytes, (word & kSignBit) != 0 ? ~word : word | kSignBit);
  } else if (value.is_text()) {
    // A zero byte is followed by 0xFF, the end by a zero, so that a prefix sorts first.
    for (const char c : value.text()) {
      bytes += c;
      if (c == '\0') bytes += '\xFF';
    }
    bytes += '\0';
    bytes += '\0';
  } else if (value.is_list()) {
    // A one stands before each item, a zero behind the last, so that a prefix sorts first.
    for (const table::Value& item : value.list()) {
      bytes += '\1';
      append_sortable(bytes, item);
    }
    bytes += '\0';
  } else {
    append_big_endian(bytes, static_cast<std::uint64_t>(value.integer()) ^ kSignBit);
  }
}

std::string tie_break(const Program& program, const table::Value& id,
                      std::span<const table::Value> inputs) {
  std::string bytes;
  if (has_source(program)) {
    const auto source = static_cast<std::uint64_t>(inputs[program.source_input].integer());
    bytes += static_cast<char>(source >> 8 & 0xFF);
    bytes += static_cast<char>(source & 0xFF);
  }
  if (!program.id_column.empty()) append_sortable(bytes, id);
  if (id.is_null() && program.is_order_needed) {
    for (const table::Value& input : inputs) append_sortable(bytes, input);
  }
  return bytes;
}

bool has_id(const Program& program, std::string_view tie_break) {
  if (program.id_column.empty()) return false;
  const std::size_t id = has_source(program) ? kSourceBytes : 0;
  // A null id begins with a zero byte and is none.
  return tie_break.size() > id && tie_break[id] != '\0';
}

std::string encode_key(std::span<const table::Value> key) {
  std::string bytes;
  for (const table::Value& value : key) append_sortable(bytes, value);
  return bytes;
}

}  // namespace rtml::feature
