#include "core/expression/function_rows.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <functional>

#include "core/base/fast_hash.h"
#include "core/base/number.h"
#include "core/base/time.h"
#include "core/base/utf8.h"

namespace rtml::expression::detail {
namespace {

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

// `Compare` is a function object of <functional>.
template <typename T, typename Compare>
bool compare(bool* out, T a, T b) {
  *out = Compare()(a, b);
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

// ---- conversions: null where the text or number has no such value ----

template <typename T>
bool identity(T* out, T a) {
  *out = a;
  return true;
}

// The whole text as a number in decimal, with nothing before or after it.
template <typename T>
bool parse_number(T* out, Text a) {
  *out = 0;
  if (a.size() > 1 && a[0] == '+' && a[1] != '-') a.remove_prefix(1);
  const auto read = std::from_chars(a.data(), a.data() + a.size(), *out);
  return read.ec == std::errc() && read.ptr == a.data() + a.size();
}

bool number_to_integer(std::int64_t* out, double a) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  *out = 0;
  if (!(a >= -kLimit && a < kLimit)) return false;
  *out = static_cast<std::int64_t>(a);
  return true;
}
bool bool_to_integer(std::int64_t* out, bool a) {
  *out = a ? 1 : 0;
  return true;
}
bool integer_to_number(double* out, std::int64_t a) {
  *out = static_cast<double>(a);
  return true;
}
bool bool_to_number(double* out, bool a) {
  *out = a ? 1 : 0;
  return true;
}
bool integer_to_bool(bool* out, std::int64_t a) {
  *out = a != 0;
  return true;
}
bool number_to_bool(bool* out, double a) {
  *out = a != 0;
  return !std::isnan(a);
}
bool text_to_bool(bool* out, Text a) {
  *out = a == "true";
  return *out || a == "false";
}
bool integer_to_text(Arena& arena, Text* out, std::int64_t a) {
  *out = arena.texts.emplace_back(std::to_string(a));
  return true;
}
bool number_to_text(Arena& arena, Text* out, double a) {
  *out = arena.texts.emplace_back(format_number(canonical_number(a)));
  return true;
}
bool bool_to_text(Text* out, bool a) {
  *out = a ? "true" : "false";
  return true;
}
bool moment_to_text(Arena& arena, Text* out, std::int64_t a) {
  if (a < kMinTimestamp || a > kMaxTimestamp) return false;
  *out = arena.texts.emplace_back(format_timestamp(a));
  return true;
}
bool bytes_to_text(Text* out, Text a) {
  *out = a;
  return is_utf8(a);
}
bool integer_to_moment(std::int64_t* out, std::int64_t a) {
  *out = a;
  return a >= kMinTimestamp && a <= kMaxTimestamp;
}
bool text_to_moment(std::int64_t* out, Text a) {
  *out = 0;
  return parse_timestamp(a, out);
}

// ---- hashes ----

std::uint64_t hash_of(Text a) {
  return xxhash64(a);
}
std::uint64_t hash_of(bool a) {
  return xxhash64(a ? Text("\x01", 1) : Text("\0", 1));
}
std::uint64_t hash_of(std::int64_t a) {
  std::array<char, 8> bytes;  // Least significant first, on any machine.
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(static_cast<std::uint64_t>(a) >> (8 * i));
  }
  return xxhash64({bytes.data(), bytes.size()});
}
std::uint64_t hash_of(double a) {
  // One NaN, and -0 is 0, because they count as one value.
  return hash_of(std::bit_cast<std::int64_t>(canonical_number(a) + 0.0));
}

template <typename T>
bool hash(std::int64_t* out, T a) {
  *out = static_cast<std::int64_t>(hash_of(a));
  return true;
}
template <typename T>
bool hash_bucket(std::int64_t* out, T a, std::int64_t buckets) {
  *out = 0;
  if (buckets <= 0) return false;
  *out = static_cast<std::int64_t>(hash_of(a) % static_cast<std::uint64_t>(buckets));
  return true;
}

// ---- the rows ----

using I = std::int64_t;
using D = double;

template <typename T>
void add_equality(Rows& rows, const std::string& letter) {
  rows.push_back(row<&compare<T, std::equal_to<>>>("==", letter + letter + ":b"));
  rows.push_back(row<&compare<T, std::not_equal_to<>>>("!=", letter + letter + ":b"));
  rows.push_back(row<&hash<T>>("hash", letter + ":i"));
  rows.push_back(row<&hash_bucket<T>>("hash_bucket", letter + "i:i"));
}

template <typename T>
void add_order(Rows& rows, const std::string& letter) {
  rows.push_back(row<&compare<T, std::less<>>>("<", letter + letter + ":b"));
  rows.push_back(row<&compare<T, std::less_equal<>>>("<=", letter + letter + ":b"));
  rows.push_back(row<&compare<T, std::greater<>>>(">", letter + letter + ":b"));
  rows.push_back(row<&compare<T, std::greater_equal<>>>(">=", letter + letter + ":b"));
  rows.push_back(row<&least<T>>("min", letter + letter + ":" + letter));
  rows.push_back(row<&greatest<T>>("max", letter + letter + ":" + letter));
  rows.push_back(row<&clip<T>>("clip", letter + letter + letter + ":" + letter));
}

// What takes values of any type, lists too.
template <typename T>
void add_choice(Rows& rows, const std::string& letter) {
  rows.push_back(row<&choose<T>>("if", "b" + letter + letter + ":" + letter));
  rows.push_back(row<&coalesce<T>>("coalesce", letter + letter + ":" + letter));
  rows.push_back(row<&is_null<T>>("is_null", letter + ":b"));
}

void add_conversions(Rows& rows) {
  rows.push_back(row<&identity<I>>("int", "i:i"));
  rows.push_back(row<&number_to_integer>("int", "d:i"));
  rows.push_back(row<&bool_to_integer>("int", "b:i"));
  rows.push_back(row<&parse_number<I>>("int", "s:i"));
  rows.push_back(row<&identity<I>>("int", "t:i"));
  rows.push_back(row<&identity<D>>("double", "d:d"));
  rows.push_back(row<&integer_to_number>("double", "i:d"));
  rows.push_back(row<&bool_to_number>("double", "b:d"));
  rows.push_back(row<&parse_number<D>>("double", "s:d"));
  rows.push_back(row<&identity<bool>>("bool", "b:b"));
  rows.push_back(row<&integer_to_bool>("bool", "i:b"));
  rows.push_back(row<&number_to_bool>("bool", "d:b"));
  rows.push_back(row<&text_to_bool>("bool", "s:b"));
  rows.push_back(row<&identity<Text>>("string", "s:s"));
  rows.push_back(row<&integer_to_text>("string", "i:s"));
  rows.push_back(row<&number_to_text>("string", "d:s"));
  rows.push_back(row<&bool_to_text>("string", "b:s"));
  rows.push_back(row<&moment_to_text>("string", "t:s"));
  rows.push_back(row<&bytes_to_text>("string", "y:s"));
  rows.push_back(row<&identity<Text>>("bytes", "s:y"));
  rows.push_back(row<&text_to_moment>("timestamp", "s:t"));
  rows.push_back(row<&integer_to_moment>("timestamp", "i:t"));
}

}  // namespace

void add_value_functions(Rows& rows) {
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
  add_choice<I>(rows, "i");
  add_choice<D>(rows, "d");
  add_choice<I>(rows, "t");
  add_choice<Text>(rows, "s");
  add_choice<Text>(rows, "y");
  add_choice<bool>(rows, "b");
  for (const char* letter : {"I", "D", "T", "S", "Y", "B"}) add_choice<List>(rows, letter);
  add_conversions(rows);
}

}  // namespace rtml::expression::detail
