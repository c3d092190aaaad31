#include "core/expression/function.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/time.h"

namespace rtml::expression::detail {
namespace {

using Text = std::string_view;
using table::Kind;
using table::Value;

// An argument of a function that also looks at nulls.
template <typename T>
struct Nullable {
  bool valid;
  T value;
};

// ---- scalar functions: false means null ----

bool add(std::int64_t* out, std::int64_t a, std::int64_t b) {
  return !__builtin_add_overflow(a, b, out);
}
bool subtract(std::int64_t* out, std::int64_t a, std::int64_t b) {
  return !__builtin_sub_overflow(a, b, out);
}
bool multiply(std::int64_t* out, std::int64_t a, std::int64_t b) {
  return !__builtin_mul_overflow(a, b, out);
}
bool negate(std::int64_t* out, std::int64_t a) {
  return !__builtin_sub_overflow(std::int64_t{0}, a, out);
}
bool absolute(std::int64_t* out, std::int64_t a) {
  return a < 0 ? negate(out, a) : (*out = a, true);
}
bool remainder(std::int64_t* out, std::int64_t a, std::int64_t b) {
  if (b == 0) return false;
  *out = b == -1 ? 0 : a % b;  // INT64's least value % -1 would trap.
  return true;
}

bool add(double* out, double a, double b) {
  *out = a + b;
  return true;
}
bool subtract(double* out, double a, double b) {
  *out = a - b;
  return true;
}
bool multiply(double* out, double a, double b) {
  *out = a * b;
  return true;
}
bool divide(double* out, double a, double b) {
  *out = b == 0 ? 0 : a / b;
  return b != 0;
}
bool divide(double* out, std::int64_t a, std::int64_t b) {
  return divide(out, static_cast<double>(a), static_cast<double>(b));
}
bool remainder(double* out, double a, double b) {
  *out = b == 0 ? 0 : std::fmod(a, b);
  return b != 0;
}
bool negate(double* out, double a) {
  *out = -a;
  return true;
}
bool absolute(double* out, double a) {
  *out = std::fabs(a);
  return true;
}
bool widen(double* out, std::int64_t a) {
  *out = static_cast<double>(a);
  return true;
}

template <double (*F)(double)>
bool library(double* out, double a) {
  *out = F(a);
  return true;
}
bool power(double* out, double a, double b) {
  *out = std::pow(a, b);
  return true;
}
bool same(std::int64_t* out, std::int64_t a) {
  *out = a;
  return true;
}

template <typename T>
bool is_unordered(T value) {
  if constexpr (std::is_same_v<T, double>) return std::isnan(value);
  return false;
}

// NaN wins, as it would in a sum.
template <typename T>
bool least(T* out, T a, T b) {
  *out = is_unordered(a) || a < b ? a : b;
  return true;
}
template <typename T>
bool greatest(T* out, T a, T b) {
  *out = is_unordered(a) || b < a ? a : b;
  return true;
}
template <typename T>
bool clip(T* out, T value, T low, T high) {
  return greatest(out, value, low) && least(out, *out, high);
}

template <typename T>
bool equal(bool* out, T a, T b) {
  *out = a == b;
  return true;
}
template <typename T>
bool not_equal(bool* out, T a, T b) {
  *out = a != b;
  return true;
}
template <typename T>
bool less(bool* out, T a, T b) {
  *out = a < b;
  return true;
}
template <typename T>
bool less_or_equal(bool* out, T a, T b) {
  *out = a <= b;
  return true;
}
template <typename T>
bool greater(bool* out, T a, T b) {
  *out = a > b;
  return true;
}
template <typename T>
bool greater_or_equal(bool* out, T a, T b) {
  *out = a >= b;
  return true;
}

// Kleene's three-valued logic.
bool logical_and(bool* out, Nullable<bool> a, Nullable<bool> b) {
  const bool is_false = (a.valid && !a.value) || (b.valid && !b.value);
  *out = !is_false;
  return is_false || (a.valid && b.valid);
}
bool logical_or(bool* out, Nullable<bool> a, Nullable<bool> b) {
  const bool is_true = (a.valid && a.value) || (b.valid && b.value);
  *out = is_true;
  return is_true || (a.valid && b.valid);
}
bool logical_not(bool* out, bool a) {
  *out = !a;
  return true;
}

template <typename T>
bool choose(T* out, Nullable<bool> condition, Nullable<T> a, Nullable<T> b) {
  const Nullable<T>& chosen = condition.valid && condition.value ? a : b;
  *out = chosen.value;
  return chosen.valid;
}
template <typename T>
bool coalesce(T* out, Nullable<T> a, Nullable<T> b) {
  *out = a.valid ? a.value : b.value;
  return a.valid || b.valid;
}
template <typename T>
bool is_null(bool* out, Nullable<T> a) {
  *out = !a.valid;
  return true;
}
bool is_nan(bool* out, double a) {
  *out = std::isnan(a);
  return true;
}

bool lower(Arena& arena, Text* out, Text a) {
  std::string& text = arena.emplace_back(a);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  *out = text;
  return true;
}
bool upper(Arena& arena, Text* out, Text a) {
  std::string& text = arena.emplace_back(a);
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  *out = text;
  return true;
}
bool length(std::int64_t* out, Text a) {
  // Every byte of UTF-8 but the continuations starts a character.
  *out = std::count_if(a.begin(), a.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return true;
}
bool starts_with(bool* out, Text a, Text b) {
  *out = a.starts_with(b);
  return true;
}
bool ends_with(bool* out, Text a, Text b) {
  *out = a.ends_with(b);
  return true;
}
bool contains(bool* out, Text a, Text b) {
  *out = a.find(b) != Text::npos;
  return true;
}

bool to_timestamp(std::int64_t* out, Text a) {
  *out = 0;
  return parse_timestamp(a, out);
}
bool hour_of_day(std::int64_t* out, std::int64_t time_us) {
  *out = to_civil(time_us).hour;
  return true;
}
bool minute_of_hour(std::int64_t* out, std::int64_t time_us) {
  *out = to_civil(time_us).minute;
  return true;
}
bool day_of_week(std::int64_t* out, std::int64_t time_us) {
  *out = to_civil(time_us).weekday - 1;
  return true;
}
bool is_weekend(bool* out, std::int64_t time_us) {
  *out = to_civil(time_us).weekday >= 6;
  return true;
}
bool day_of_month(std::int64_t* out, std::int64_t time_us) {
  *out = to_civil(time_us).day;
  return true;
}
bool month(std::int64_t* out, std::int64_t time_us) {
  *out = to_civil(time_us).month;
  return true;
}
bool year(std::int64_t* out, std::int64_t time_us) {
  *out = to_civil(time_us).year;
  return true;
}

// ---- the two loops of a scalar function ----

template <typename T>
struct Argument {
  static bool is_valid(const Value& value) { return !value.is_null(); }
  static bool is_valid(const Lane& lane, std::int64_t row) { return lane.valid[row] != 0; }
  static T get(const Value& value) {
    if constexpr (std::is_same_v<T, bool>) {
      return value.boolean();
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
      return value.integer();
    } else if constexpr (std::is_same_v<T, double>) {
      return value.number();
    } else {
      return value.text();
    }
  }
  static T get(const Lane& lane, std::int64_t row) { return static_cast<const T*>(lane.data)[row]; }
};

template <typename T>
struct Argument<Nullable<T>> {
  static bool is_valid(const Value&) { return true; }
  static bool is_valid(const Lane&, std::int64_t) { return true; }
  static Nullable<T> get(const Value& value) {
    if (value.is_null()) return {false, T{}};
    return {true, Argument<T>::get(value)};
  }
  static Nullable<T> get(const Lane& lane, std::int64_t row) {
    return {lane.valid[row] != 0, Argument<T>::get(lane, row)};
  }
};

Value to_value(bool value) {
  return Value::of_bool(value);
}
Value to_value(std::int64_t value) {
  return Value::of_integer(value);
}
Value to_value(double value) {
  return Value::of_number(value);
}
Value to_value(Text value) {
  return Value::of_text(value);
}

template <typename F, typename R, typename... A>
struct Loops {
  template <std::size_t... I>
  static Value row(F f, Arena& arena, const Value* const* arguments, std::index_sequence<I...>) {
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
  static constexpr auto call = [](Arena&, R* out, A... a) { return F(out, a...); };
  using Made = Loops<decltype(call), R, A...>;
  static Value row(Arena& arena, const Value* const* arguments) {
    return Made::row(call, arena, arguments, std::index_sequence_for<A...>());
  }
  static void lanes(Arena& arena, const Lane& out, const Lane* const* arguments,
                    std::int64_t rows) {
    Made::lanes(call, arena, out, arguments, rows, std::index_sequence_for<A...>());
  }
};

template <typename R, typename... A, bool (*F)(Arena&, R*, A...)>
struct Bound<F> {
  static constexpr auto call = [](Arena& arena, R* out, A... a) { return F(arena, out, a...); };
  using Made = Loops<decltype(call), R, A...>;
  static Value row(Arena& arena, const Value* const* arguments) {
    return Made::row(call, arena, arguments, std::index_sequence_for<A...>());
  }
  static void lanes(Arena& arena, const Lane& out, const Lane* const* arguments,
                    std::int64_t rows) {
    Made::lanes(call, arena, out, arguments, rows, std::index_sequence_for<A...>());
  }
};

// ---- the table ----

Kind kind_of_letter(char letter) {
  switch (letter) {
    case 'b':
      return Kind::kBool;
    case 'i':
      return Kind::kInt64;
    case 'd':
      return Kind::kDouble;
    case 's':
      return Kind::kString;
    case 'y':
      return Kind::kBytes;
    default:
      return Kind::kTimestamp;
  }
}

// A row; `types` has a letter a parameter and, after a colon, one for the result.
template <auto F>
Overload row(std::string_view name, std::string_view types) {
  Overload overload;
  overload.name = name;
  for (const char letter : types.substr(0, types.size() - 2)) {
    overload.parameters.push_back(kind_of_letter(letter));
  }
  overload.result = kind_of_letter(types.back());
  overload.row = &Bound<F>::row;
  overload.lanes = &Bound<F>::lanes;
  return overload;
}

using Rows = std::vector<Overload>;
using I = std::int64_t;
using D = double;

void add_arithmetic(Rows& rows) {
  rows.push_back(row<static_cast<bool (*)(I*, I, I)>(add)>("+", "ii:i"));
  rows.push_back(row<static_cast<bool (*)(D*, D, D)>(add)>("+", "dd:d"));
  rows.push_back(row<static_cast<bool (*)(I*, I, I)>(add)>("+", "ti:t"));
  rows.push_back(row<static_cast<bool (*)(I*, I, I)>(add)>("+", "it:t"));
  rows.push_back(row<static_cast<bool (*)(I*, I, I)>(subtract)>("-", "ii:i"));
  rows.push_back(row<static_cast<bool (*)(D*, D, D)>(subtract)>("-", "dd:d"));
  rows.push_back(row<static_cast<bool (*)(I*, I, I)>(subtract)>("-", "tt:i"));
  rows.push_back(row<static_cast<bool (*)(I*, I, I)>(subtract)>("-", "ti:t"));
  rows.push_back(row<static_cast<bool (*)(I*, I, I)>(multiply)>("*", "ii:i"));
  rows.push_back(row<static_cast<bool (*)(D*, D, D)>(multiply)>("*", "dd:d"));
  rows.push_back(row<static_cast<bool (*)(D*, I, I)>(divide)>("/", "ii:d"));
  rows.push_back(row<static_cast<bool (*)(D*, D, D)>(divide)>("/", "dd:d"));
  rows.push_back(row<static_cast<bool (*)(I*, I, I)>(remainder)>("%", "ii:i"));
  rows.push_back(row<static_cast<bool (*)(D*, D, D)>(remainder)>("%", "dd:d"));
  rows.push_back(row<static_cast<bool (*)(I*, I)>(negate)>("negate", "i:i"));
  rows.push_back(row<static_cast<bool (*)(D*, D)>(negate)>("negate", "d:d"));
}

template <typename T>
void add_equality(Rows& rows, const std::string& letter) {
  rows.push_back(row<&equal<T>>("==", letter + letter + ":b"));
  rows.push_back(row<&not_equal<T>>("!=", letter + letter + ":b"));
  rows.push_back(row<&choose<T>>("if", "b" + letter + letter + ":" + letter));
  rows.push_back(row<&coalesce<T>>("coalesce", letter + letter + ":" + letter));
  rows.push_back(row<&is_null<T>>("is_null", letter + ":b"));
}

template <typename T>
void add_order(Rows& rows, const std::string& letter) {
  rows.push_back(row<&less<T>>("<", letter + letter + ":b"));
  rows.push_back(row<&less_or_equal<T>>("<=", letter + letter + ":b"));
  rows.push_back(row<&greater<T>>(">", letter + letter + ":b"));
  rows.push_back(row<&greater_or_equal<T>>(">=", letter + letter + ":b"));
  rows.push_back(row<&least<T>>("min", letter + letter + ":" + letter));
  rows.push_back(row<&greatest<T>>("max", letter + letter + ":" + letter));
  rows.push_back(row<&clip<T>>("clip", letter + letter + letter + ":" + letter));
}

void add_numeric_functions(Rows& rows) {
  rows.push_back(row<static_cast<bool (*)(I*, I)>(absolute)>("abs", "i:i"));
  rows.push_back(row<static_cast<bool (*)(D*, D)>(absolute)>("abs", "d:d"));
  rows.push_back(row<&same>("round", "i:i"));
  rows.push_back(row<&library<std::round>>("round", "d:d"));
  rows.push_back(row<&same>("floor", "i:i"));
  rows.push_back(row<&library<std::floor>>("floor", "d:d"));
  rows.push_back(row<&same>("ceil", "i:i"));
  rows.push_back(row<&library<std::ceil>>("ceil", "d:d"));
  rows.push_back(row<&library<std::log>>("log", "d:d"));
  rows.push_back(row<&library<std::log10>>("log10", "d:d"));
  rows.push_back(row<&library<std::log1p>>("log1p", "d:d"));
  rows.push_back(row<&library<std::exp>>("exp", "d:d"));
  rows.push_back(row<&library<std::sqrt>>("sqrt", "d:d"));
  rows.push_back(row<&power>("pow", "dd:d"));
  rows.push_back(row<&is_nan>("is_nan", "d:b"));
  rows.push_back(row<&widen>("double", "i:d"));
}

void add_texts_and_times(Rows& rows) {
  rows.push_back(row<&lower>("lower", "s:s"));
  rows.push_back(row<&upper>("upper", "s:s"));
  rows.push_back(row<&length>("length", "s:i"));
  rows.push_back(row<&starts_with>("starts_with", "ss:b"));
  rows.push_back(row<&ends_with>("ends_with", "ss:b"));
  rows.push_back(row<&contains>("contains", "ss:b"));
  rows.push_back(row<&to_timestamp>("timestamp", "s:t"));
  rows.push_back(row<&minute_of_hour>("minute_of_hour", "t:i"));
  rows.push_back(row<&hour_of_day>("hour_of_day", "t:i"));
  rows.push_back(row<&day_of_week>("day_of_week", "t:i"));
  rows.push_back(row<&is_weekend>("is_weekend", "t:b"));
  rows.push_back(row<&day_of_month>("day_of_month", "t:i"));
  rows.push_back(row<&month>("month", "t:i"));
  rows.push_back(row<&year>("year", "t:i"));
}

Rows make_overloads() {
  Rows rows;
  add_arithmetic(rows);
  rows.push_back(row<&logical_and>("and", "bb:b"));
  rows.push_back(row<&logical_or>("or", "bb:b"));
  rows.push_back(row<&logical_not>("not", "b:b"));
  add_order<I>(rows, "i");
  add_order<D>(rows, "d");
  add_order<I>(rows, "t");
  add_order<Text>(rows, "s");
  add_equality<I>(rows, "i");
  add_equality<D>(rows, "d");
  add_equality<I>(rows, "t");
  add_equality<Text>(rows, "s");
  add_equality<Text>(rows, "y");
  add_equality<bool>(rows, "b");
  add_numeric_functions(rows);
  add_texts_and_times(rows);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Overload& a, const Overload& b) { return a.name < b.name; });
  return rows;
}

}  // namespace

const std::vector<Overload>& overloads() {
  static const Rows rows = make_overloads();
  return rows;
}

const Overload& widening() {
  static const Overload overload = row<&widen>("double", "i:d");
  return overload;
}

const std::vector<Meaning>& meanings() {
  static const std::vector<Meaning> rows = {
      {"abs", "The absolute value; null where INT64 has none.", false},
      {"ceil", "The least whole number that is not below x.", false},
      {"clip", "x held between low and high.", false},
      {"coalesce", "The first argument that is not null.", true},
      {"contains", "Whether the first text holds the second.", false},
      {"day_of_month", "1 to 31, in UTC.", false},
      {"day_of_week", "0 Monday to 6 Sunday, in UTC.", false},
      {"double", "The nearest DOUBLE of an integer.", false},
      {"ends_with", "Whether the first text ends with the second.", false},
      {"exp", "e to the power of x.", false},
      {"floor", "The greatest whole number that is not above x.", false},
      {"hour_of_day", "0 to 23, in UTC.", false},
      {"if", "The second argument where the first is true, else the third.", false},
      {"is_nan", "Whether x is NaN.", false},
      {"is_null", "Whether there is no value; never null itself.", false},
      {"is_weekend", "Whether it is Saturday or Sunday in UTC.", false},
      {"length", "The number of characters (code points).", false},
      {"log", "The natural logarithm; -infinity of 0, NaN below.", false},
      {"log10", "The logarithm to base 10.", false},
      {"log1p", "The natural logarithm of 1 + x.", false},
      {"lower", "The text with A to Z made small; other letters stay.", false},
      {"max", "The greatest argument; NaN if one is NaN, null if one is null.", true},
      {"min", "The least argument; NaN if one is NaN, null if one is null.", true},
      {"minute_of_hour", "0 to 59, in UTC.", false},
      {"month", "1 to 12, in UTC.", false},
      {"pow", "x to the power of y.", false},
      {"round", "The nearest whole number; halves go away from zero.", false},
      {"sqrt", "The square root; NaN below 0.", false},
      {"starts_with", "Whether the first text starts with the second.", false},
      {"timestamp", "The moment an RFC 3339 text names; null if it names none.", false},
      {"upper", "The text with a to z made capital; other letters stay.", false},
      {"year", "The year, in UTC.", false},
  };
  return rows;
}

double canonical_number(double value) {
  return std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value;
}

}  // namespace rtml::expression::detail
