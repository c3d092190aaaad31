// Makes rows of the table of functions out of scalar functions: a scalar function takes where to
// put its result and its arguments, and returns false where there is no value. Internal to
// core/expression.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/expression/function.h"

namespace rtml::expression::detail {

using Text = std::string_view;
using Rows = std::vector<Overload>;

// An argument of a function that also looks at nulls.
template <typename T>
struct Nullable {
  bool valid;
  T value;
};

// A value as the scalar functions take it. REQUIRES: it is not null and of that type.
template <typename T>
T unwrap(const table::Value& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value.boolean();
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return value.integer();
  } else if constexpr (std::is_same_v<T, double>) {
    return value.number();
  } else if constexpr (std::is_same_v<T, List>) {
    return value.list();
  } else {
    return value.text();
  }
}

inline table::Value to_value(bool value) {
  return table::Value::of_bool(value);
}
inline table::Value to_value(std::int64_t value) {
  return table::Value::of_integer(value);
}
inline table::Value to_value(double value) {
  return table::Value::of_number(value);
}
inline table::Value to_value(Text value) {
  return table::Value::of_text(value);
}
inline table::Value to_value(List value) {
  return table::Value::of_list(value);
}

template <typename T>
struct Argument {
  static bool is_valid(const table::Value& value) { return !value.is_null(); }
  static bool is_valid(const Lane& lane, std::int64_t row) { return lane.valid[row] != 0; }
  static T get(const table::Value& value) { return unwrap<T>(value); }
  static T get(const Lane& lane, std::int64_t row) { return static_cast<const T*>(lane.data)[row]; }
};

template <typename T>
struct Argument<Nullable<T>> {
  static bool is_valid(const table::Value&) { return true; }
  static bool is_valid(const Lane&, std::int64_t) { return true; }
  static Nullable<T> get(const table::Value& value) {
    if (value.is_null()) return {false, T{}};
    return {true, unwrap<T>(value)};
  }
  static Nullable<T> get(const Lane& lane, std::int64_t row) {
    return {lane.valid[row] != 0, Argument<T>::get(lane, row)};
  }
};

// The two loops of a scalar function.
template <typename F, typename R, typename... A>
struct Loops {
  template <std::size_t... I>
  static table::Value row(F f, Arena& arena, const table::Value* const* arguments,
                          std::index_sequence<I...>) {
    if (!(Argument<A>::is_valid(*arguments[I]) && ...)) return {};
    R result{};
    if (!f(arena, &result, Argument<A>::get(*arguments[I])...)) return {};
    return to_value(result);
  }
  template <std::size_t... I>
  static void lanes(F f, Arena& arena, const Lane& out, const Lane* const* arguments,
                    std::int64_t rows, std::index_sequence<I...>) {
    auto* const data = static_cast<R*>(out.data);
    for (std::int64_t row = 0; row < rows; ++row) {
      R result{};
      const bool valid = (Argument<A>::is_valid(*arguments[I], row) && ...) &&
                         f(arena, &result, Argument<A>::get(*arguments[I], row)...);
      data[row] = result;
      out.valid[row] = valid ? 1 : 0;
    }
  }
};

template <auto F>
struct Bound;

template <typename R, typename... A, bool (*F)(R*, A...)>
struct Bound<F> {
  static_assert(sizeof...(A) <= kMaximumArguments);
  static constexpr auto call = [](Arena&, R* out, A... a) { return F(out, a...); };
  using Made = Loops<decltype(call), R, A...>;
  static table::Value row(Arena& arena, const table::Value* const* arguments) {
    return Made::row(call, arena, arguments, std::index_sequence_for<A...>());
  }
  static void lanes(Arena& arena, const Lane& out, const Lane* const* arguments,
                    std::int64_t rows) {
    Made::lanes(call, arena, out, arguments, rows, std::index_sequence_for<A...>());
  }
};

template <typename R, typename... A, bool (*F)(Arena&, R*, A...)>
struct Bound<F> {
  static_assert(sizeof...(A) <= kMaximumArguments);
  static constexpr auto call = [](Arena& arena, R* out, A... a) { return F(arena, out, a...); };
  using Made = Loops<decltype(call), R, A...>;
  static table::Value row(Arena& arena, const table::Value* const* arguments) {
    return Made::row(call, arena, arguments, std::index_sequence_for<A...>());
  }
  static void lanes(Arena& arena, const Lane& out, const Lane* const* arguments,
                    std::int64_t rows) {
    Made::lanes(call, arena, out, arguments, rows, std::index_sequence_for<A...>());
  }
};

// The type a letter stands for: b i d s y t are BOOL, INT64, DOUBLE, STRING, BYTES, TIMESTAMP, and
// capitals are lists of them.
table::DataType type_of_letter(char letter);

// A row; `types` has a letter a parameter and, after a colon, one for the result.
template <auto F>
Overload row(std::string_view name, std::string_view types) {
  Overload overload;
  overload.name = name;
  for (const char letter : types.substr(0, types.size() - 2)) {
    overload.parameters.push_back(type_of_letter(letter));
  }
  overload.result = type_of_letter(types.back());
  overload.row = &Bound<F>::row;
  overload.lanes = &Bound<F>::lanes;
  return overload;
}

// The rows by subject, each list from its own file.
void add_numeric_functions(Rows& rows);
void add_value_functions(Rows& rows);
void add_text_functions(Rows& rows);
void add_time_functions(Rows& rows);
void add_list_functions(Rows& rows);

const Overload& widening_of_lists();

}  // namespace rtml::expression::detail
