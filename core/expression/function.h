// The table of operators and functions: for each overload its types and its two loops, one over
// the arguments of a row and one over columns, made from one scalar function so that both give the
// same bits. Internal to core/expression.

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/table/value.h"

namespace rtml::expression::detail {

// Keeps the texts that functions make.
using Arena = std::deque<std::string>;

// Up to kLaneRows values of one register. `data` holds bool, int64, double or string_view by kind;
// a null's value is unspecified but initialised.
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
  std::vector<table::Kind> parameters;
  table::Kind result;
  RowFunction row;
  LaneFunction lanes;
};

// Returns every overload of every operator and function, those of one name together, the one to
// prefer first.
const std::vector<Overload>& overloads();

// The conversion INT64 to DOUBLE that a call may need.
const Overload& widening();

// What a function means; operators have no row.
struct Meaning {
  std::string_view name;
  std::string_view meaning;
  bool is_variadic;  // f(a, b, c) means f(f(a, b), c).
};
const std::vector<Meaning>& meanings();

// The one NaN that leaves an expression.
double canonical_number(double value);

}  // namespace rtml::expression::detail
