#include <algorithm>
#include <cmath>

#include "core/base/exact_sum.h"
#include "core/expression/function_rows.h"

namespace rtml::expression::detail {
namespace {

using table::Value;

bool length(std::int64_t* out, List list) {
  *out = static_cast<std::int64_t>(list.size());
  return true;
}

// Null where there is no such item, or it is null.
template <typename T>
bool element(T* out, List list, std::int64_t index) {
  const auto size = static_cast<std::int64_t>(list.size());
  if (index < 0) index += size;
  if (index < 0 || index >= size || list[static_cast<std::size_t>(index)].is_null()) return false;
  *out = unwrap<T>(list[static_cast<std::size_t>(index)]);
  return true;
}

// As SQL has it: null where the value is not there but a null might be it.
template <typename T>
bool is_in(bool* out, T value, List list) {
  bool has_null = false;
  for (const Value& item : list) {
    has_null = has_null || item.is_null();
    *out = !item.is_null() && unwrap<T>(item) == value;
    if (*out) return true;
  }
  *out = false;
  return !has_null;
}
template <typename T>
bool contains(bool* out, List list, T value) {
  return is_in<T>(out, value, list);
}

template <typename T>
bool ordinal(std::int64_t* out, T value, List list) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].is_null() || unwrap<T>(list[i]) != value) continue;
    *out = static_cast<std::int64_t>(i);
    return true;
  }
  return false;
}

// ---- of all items, nulls skipped as by aggregates ----

bool sum(std::int64_t* out, List list) {
  Int128 total = 0;  // A list has fewer than 2^63 items.
  std::int64_t values = 0;
  for (const Value& item : list) {
    if (item.is_null()) continue;
    total += item.integer();
    ++values;
  }
  *out = static_cast<std::int64_t>(total);
  return values > 0 && *out == total;
}
bool sum(double* out, List list) {
  ExactSum total;
  std::int64_t values = 0;
  for (const Value& item : list) {
    if (item.is_null()) continue;
    total.add(item.number());
    ++values;
  }
  *out = total.rounded();
  return values > 0;
}

bool mean_of_integers(double* out, List list) {
  Int128 total = 0;
  std::int64_t values = 0;
  for (const Value& item : list) {
    if (item.is_null()) continue;
    total += item.integer();
    ++values;
  }
  *out = values == 0 ? 0 : to_double(total) / static_cast<double>(values);
  return values > 0;
}
bool mean(double* out, List list) {
  std::int64_t values = 0;
  for (const Value& item : list) values += item.is_null() ? 0 : 1;
  if (values == 0 || !sum(out, list)) return false;
  *out /= static_cast<double>(values);
  return true;
}

template <typename T>
bool is_unordered(T value) {
  if constexpr (std::is_same_v<T, double>) return std::isnan(value);
  return false;
}
template <typename T, bool kGreatest>
bool extreme(T* out, List list) {
  bool found = false;
  for (const Value& item : list) {
    if (item.is_null()) continue;
    const T value = unwrap<T>(item);
    if (!found || is_unordered(value) ||
        (!is_unordered(*out) && (kGreatest ? *out < value : value < *out))) {
      *out = value;
    }
    found = true;
  }
  return found;
}

// ---- of lists as vectors: added up from the first item to the last. Null where an item is, or
// where two differ in length, because a vector that lacks a part has no product ----

template <typename Term>
bool add_up(double* out, List a, List b, const Term& term) {
  *out = 0;
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].is_null() || b[i].is_null()) return false;
    *out += term(a[i].number(), b[i].number());
  }
  return true;
}

double product(double a, double b) {
  return a * b;
}

bool dot(double* out, List a, List b) {
  return add_up(out, a, b, product);
}

bool norm(double* out, List list) {
  const bool is_there = add_up(out, list, list, product);
  *out = std::sqrt(*out);
  return is_there;
}

bool euclidean(double* out, List a, List b) {
  const bool is_there = add_up(out, a, b, [](double x, double y) { return (x - y) * (x - y); });
  *out = std::sqrt(*out);
  return is_there;
}

// Null where a norm is 0, as division has it. Rounding does not lead out of [-1, 1].
bool cosine(double* out, List a, List b) {
  double norm_a = 0;
  double norm_b = 0;
  *out = 0;
  if (!norm(&norm_a, a) || !norm(&norm_b, b) || norm_a == 0 || norm_b == 0) return false;
  if (!dot(out, a, b)) return false;
  *out /= norm_a * norm_b;
  if (!std::isnan(*out)) *out = std::clamp(*out, -1.0, 1.0);
  return true;
}

bool widen(Arena& arena, List* out, List list) {
  std::vector<Value>& made = arena.lists.emplace_back();
  made.reserve(list.size());
  for (const Value& item : list) {
    made.push_back(item.is_null() ? item : Value::of_number(static_cast<double>(item.integer())));
  }
  *out = made;
  return true;
}

template <typename T>
void add_search(Rows& rows, const std::string& letter, const std::string& list) {
  rows.push_back(row<&length>("length", list + ":i"));
  rows.push_back(row<&element<T>>("element", list + "i:" + letter));
  rows.push_back(row<&is_in<T>>("in", letter + list + ":b"));
  rows.push_back(row<&contains<T>>("contains", list + letter + ":b"));
  rows.push_back(row<&ordinal<T>>("ordinal", letter + list + ":i"));
}

template <typename T>
void add_extremes(Rows& rows, const std::string& letter, const std::string& list) {
  rows.push_back(row<&extreme<T, false>>("min", list + ":" + letter));
  rows.push_back(row<&extreme<T, true>>("max", list + ":" + letter));
}

using I = std::int64_t;
using D = double;

}  // namespace

void add_list_functions(Rows& rows) {
  add_search<I>(rows, "i", "I");
  add_search<D>(rows, "d", "D");
  add_search<I>(rows, "t", "T");
  add_search<Text>(rows, "s", "S");
  add_search<Text>(rows, "y", "Y");
  add_search<bool>(rows, "b", "B");
  add_extremes<I>(rows, "i", "I");
  add_extremes<D>(rows, "d", "D");
  add_extremes<I>(rows, "t", "T");
  add_extremes<Text>(rows, "s", "S");
  rows.push_back(row<static_cast<bool (*)(I*, List)>(sum)>("sum", "I:i"));
  rows.push_back(row<static_cast<bool (*)(D*, List)>(sum)>("sum", "D:d"));
  rows.push_back(row<&mean_of_integers>("mean", "I:d"));
  rows.push_back(row<&mean>("mean", "D:d"));
  rows.push_back(row<&dot>("dot", "DD:d"));
  rows.push_back(row<&norm>("norm", "D:d"));
  rows.push_back(row<&euclidean>("euclidean", "DD:d"));
  rows.push_back(row<&cosine>("cosine", "DD:d"));
}

const Overload& widening_of_lists() {
  static const Overload overload = row<&widen>("double", "I:D");
  return overload;
}

}  // namespace rtml::expression::detail
