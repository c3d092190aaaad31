// The table of operators and functions: for each overload its types and its two loops, one over
// the arguments of a row and one over columns, made from one scalar function so that both give the
// same bits. Internal to core/expression.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/table/value.h"

namespace rtml::expression::detail {

// No overload takes more arguments.
inline constexpr std::size_t kMaximumArguments = 4;

// Texts made by an evaluation may not be longer; what would be is null. Otherwise a short
// expression of nested replace() could ask for all memory there is.
inline constexpr std::size_t kMaximumTextLength = 1 << 20;

using List = std::span<const table::Value>;

// Keeps the texts and lists that functions make, until the next evaluation.
struct Arena {
  std::deque<std::string> texts;
  std::deque<std::vector<table::Value>> lists;

  void clear() {
    texts.clear();
    lists.clear();
  }
};

// Up to kLaneRows values of one register. `data` holds bool, int64, double, string_view or List by
// type; a null's value is unspecified but initialised.
inline constexpr std::int64_t kLaneRows = 1'024;
struct Lane {
  std::uint8_t* valid = nullptr;
  void* data = nullptr;
};

using RowFunction = table::Value (*)(Arena& arena, const table::Value* const* arguments);
using LaneFunction = void (*)(Arena& arena, const Lane& result, const Lane* const* arguments,
                              std::int64_t rows);

struct Overload {
  std::string_view name;
  std::vector<table::DataType> parameters;
  table::DataType result;
  RowFunction row;
  LaneFunction lanes;
};

// Returns every overload of every operator and function, those of one name together, the one to
// prefer first.
const std::vector<Overload>& overloads();

// The conversions of INT64 to DOUBLE that a call may need, of a value and of a list.
const Overload& widening(bool is_list);

// What a function means; operators have no row.
struct Meaning {
  std::string_view name;
  std::string_view arguments;  // As documentation shows them: "text, part".
  std::string_view meaning;
  // f(a, b, c) means f(f(a, b), c).
  bool is_variadic = false;
};
const std::vector<Meaning>& meanings();

// The one NaN that leaves an expression.
double canonical_number(double value);

}  // namespace rtml::expression::detail
