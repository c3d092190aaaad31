// Values of fixed width as whole numbers of one order: of INT64, TIMESTAMP and BOOL the number
// itself, of DOUBLE its bits, turned so that they sort as the values do, with NaN highest. Equal
// words are equal values. Internal to core/feature.

#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "core/feature/aggregate.h"
#include "core/feature/exact_sum.h"
#include "core/table/types.h"
#include "core/table/value.h"

namespace rtml::feature {

inline bool is_text_kind(table::Kind kind) {
  return kind == table::Kind::kString || kind == table::Kind::kBytes;
}

// REQUIRES: the value is canonical().
inline std::int64_t word_of_number(double value) {
  const auto bits = std::bit_cast<std::int64_t>(value);
  return bits >= 0 ? bits : bits ^ std::numeric_limits<std::int64_t>::max();
}
inline double number_of_word(std::int64_t word) {
  return std::bit_cast<double>(word >= 0 ? word : word ^ std::numeric_limits<std::int64_t>::max());
}

inline std::int64_t word_of(table::Kind kind, const table::Value& value) {
  return kind == table::Kind::kDouble ? word_of_number(value.number()) : value.integer();
}
inline table::Value value_of_word(table::Kind kind, std::int64_t word) {
  if (kind == table::Kind::kDouble) return table::Value::of_number(number_of_word(word));
  return kind == table::Kind::kBool ? table::Value::of_bool(word != 0)
                                    : table::Value::of_integer(word);
}
// Whether a word is that of some value.
inline bool is_word(table::Kind kind, std::int64_t word) {
  if (kind == table::Kind::kBool) return word == 0 || word == 1;
  if (kind != table::Kind::kDouble) return true;
  return word_of_number(canonical(number_of_word(word))) == word;
}

// The value of event i as a double, and as a word. REQUIRES: it is of a fixed width.
inline double number_at(const SlotView& values, std::size_t i) {
  return values.holds_numbers() ? values.numbers[i] : static_cast<double>(values.integers[i]);
}
inline std::int64_t word_at(const SlotView& values, std::size_t i) {
  return values.holds_numbers() ? word_of_number(values.numbers[i]) : values.integers[i];
}
inline double number_of(table::Kind kind, const table::Value& value) {
  return kind == table::Kind::kDouble ? value.number() : static_cast<double>(value.integer());
}

}  // namespace rtml::feature
