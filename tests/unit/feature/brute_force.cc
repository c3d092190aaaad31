#include "tests/unit/feature/brute_force.h"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <limits>

namespace rtml::feature {
namespace {

using boost::multiprecision::cpp_int;
using table::Value;

// A finite double as a whole number of 2^-1074.
cpp_int to_units(double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  const auto mantissa = static_cast<std::int64_t>(std::ldexp(fraction, 53));
  const int shift = exponent - 53 + 1074;
  cpp_int units = mantissa;
  if (shift >= 0) return units << static_cast<unsigned>(shift);
  return units / (cpp_int(1) << static_cast<unsigned>(-shift));
}

// The nearest double to units * 2^-1074, ties to even, by comparing neighbours.
double from_units(const cpp_int& units) {
  if (units == 0) return 0.0;
  const bool is_negative = units < 0;
  const cpp_int magnitude = is_negative ? cpp_int(-units) : units;
  const auto bits = static_cast<int>(msb(magnitude)) + 1;
  const int dropped = std::max(bits - 53, 0);
  cpp_int kept = magnitude >> static_cast<unsigned>(dropped);
  const cpp_int rest = magnitude - (kept << static_cast<unsigned>(dropped));
  if (dropped > 0) {
    const cpp_int half = cpp_int(1) << static_cast<unsigned>(dropped - 1);
    if (rest > half || (rest == half && (kept & 1) != 0)) ++kept;
  }
  const double value =
      std::ldexp(static_cast<double>(kept.convert_to<std::int64_t>()), dropped - 1074);
  return is_negative ? -value : value;
}

double clean(double value) {
  if (std::isnan(value)) return std::numeric_limits<double>::quiet_NaN();
  return value == 0 ? 0.0 : value;
}

std::optional<double> number_of(const std::optional<double>& value, bool nan_is_null) {
  if (value && nan_is_null && std::isnan(*value)) return std::nullopt;
  return value;
}

// Where the items of lists live until the next read.
table::ValueMemory& list_memory() {
  static table::ValueMemory memory;
  return memory;
}

Value clean_list(const MaybeList<double>& list, bool nan_is_null) {
  if (!list) return {};
  const std::span<Value> items = list_memory().make_list(list->size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto item = number_of((*list)[i], nan_is_null);
    if (item) items[i] = Value::of_number(clean(*item));
  }
  return Value::of_list(items);
}

Value argument_of(const Spec& spec, const SourceRow& row, bool nan_is_null) {
  const auto number = [&](const std::optional<double>& value) {
    const auto kept = number_of(value, nan_is_null);
    return kept ? Value::of_number(clean(*kept)) : Value();
  };
  const auto integer = [](const std::optional<std::int64_t>& value) {
    return value ? Value::of_integer(*value) : Value();
  };
  switch (spec.argument) {
    case 'x':
      return number(row.x);
    case 'z':
      return number(row.z);
    case 'w':
      return number(row.w);
    case 'y':
      return integer(row.y);
    case 'n':
      return integer(row.n);
    case 's':
      return row.s ? Value::of_text(*row.s) : Value();
    case 'f':
      return row.flag ? Value::of_bool(*row.flag) : Value();
    case 'e':
      return clean_list(row.e, nan_is_null);
    case 'u':
      return clean_list(row.u, nan_is_null);
    case 'h':
      return value_of(row.h, list_memory());
    case 'g':
      return value_of(row.g, list_memory());
    case 'L':
      return row.g ? Value::of_integer(static_cast<std::int64_t>(row.g->size())) : Value();
    case 'E':
      return row.e && !row.e->empty() ? number(row.e->back()) : Value();
    default: {
      const auto x = number_of(row.x, nan_is_null);
      const auto z = number_of(row.z, nan_is_null);
      return x && z ? Value::of_number(clean(*x + *z)) : Value();
    }
  }
}

bool passes(const Spec& spec, const SourceRow& row, bool nan_is_null) {
  if (spec.source && row.source != *spec.source) return false;
  switch (spec.filter) {
    case 1:
      return row.flag.value_or(false);
    case 2: {
      const auto x = number_of(row.x, nan_is_null);
      return x && *x > 0;
    }
    case 3:
      return row.y && *row.y % 2 == 0;
    case 4:
      return row.g && std::find(row.g->begin(), row.g->end(), "b") != row.g->end();
    default:
      return true;
  }
}

Value brute_sum(const std::vector<Value>& values, bool is_mean) {
  if (values.empty()) return {};
  cpp_int total = 0;
  bool has_nan = false;
  bool has_positive = false;
  bool has_negative = false;
  for (const Value& value : values) {
    if (!value.is_number()) {
      total += value.integer();
    } else if (std::isnan(value.number())) {
      has_nan = true;
    } else if (std::isinf(value.number())) {
      (value.number() > 0 ? has_positive : has_negative) = true;
    } else {
      total += to_units(value.number());
    }
  }
  const auto count = static_cast<double>(values.size());
  if (!values[0].is_number()) {
    const cpp_int units = total << 1074U;
    if (is_mean) return Value::of_number(clean(from_units(units) / count));
    if (total > std::numeric_limits<std::int64_t>::max() ||
        total < std::numeric_limits<std::int64_t>::min()) {
      return {};
    }
    return Value::of_integer(total.convert_to<std::int64_t>());
  }
  double sum = from_units(total);
  if (has_positive) sum = INFINITY;
  if (has_negative) sum = -INFINITY;
  if (has_nan || (has_positive && has_negative)) sum = NAN;
  return Value::of_number(clean(is_mean ? sum / count : sum));
}

bool is_less(const Value& a, const Value& b) {
  if (a.is_number()) return a.number() < b.number();
  if (a.is_text()) return a.text() < b.text();
  return a.integer() < b.integer();
}

Value brute_extreme(const std::vector<Value>& values, bool is_greatest) {
  if (values.empty()) return {};
  Value best = values[0];
  for (const Value& value : values) {
    if (value.is_number() && std::isnan(value.number())) return value;
    if (is_greatest ? is_less(best, value) : is_less(value, best)) best = value;
  }
  return best;
}

// -1, 0 or 1; null lowest, NaN highest.
template <typename T>
int compare(const std::optional<T>& a, const std::optional<T>& b) {
  if (!a || !b) return static_cast<int>(a.has_value()) - static_cast<int>(b.has_value());
  if constexpr (std::is_same_v<T, double>) {
    if (std::isnan(*a) || std::isnan(*b)) {
      return static_cast<int>(std::isnan(*a)) - static_cast<int>(std::isnan(*b));
    }
  }
  return *a < *b ? -1 : static_cast<int>(*b < *a);
}

// The first item that differs decides, and else the length.
template <typename T, typename Item>
int compare_lists(const MaybeList<T>& a, const MaybeList<T>& b, const Item& item) {
  if (!a || !b) return static_cast<int>(a.has_value()) - static_cast<int>(b.has_value());
  for (std::size_t i = 0; i < std::min(a->size(), b->size()); ++i) {
    if (const int order = compare(item((*a)[i]), item((*b)[i])); order != 0) return order;
  }
  return compare(std::optional(a->size()), std::optional(b->size()));
}

// Compares two rows by the columns named, which are sorted.
int compare_rows(const World& world, const std::vector<table::Field>& columns, const SourceRow& a,
                 const SourceRow& b) {
  const bool nan_is_null = world.builder.source.nan_is_null;
  for (const table::Field& column : columns) {
    int order = 0;
    // What one of several sources has alone has that source's name behind its own.
    const std::string name = column.name.substr(0, column.name.find('\x1F'));
    if (name == "x") order = compare(number_of(a.x, nan_is_null), number_of(b.x, nan_is_null));
    if (name == "z") order = compare(number_of(a.z, nan_is_null), number_of(b.z, nan_is_null));
    if (name == "w") order = compare(number_of(a.w, nan_is_null), number_of(b.w, nan_is_null));
    if (name == "y") order = compare(a.y, b.y);
    if (name == "n") order = compare(a.n, b.n);
    if (name == "k") order = compare(a.k, b.k);
    if (name == "c") order = compare(a.c, b.c);
    if (name == "id") order = compare(a.id, b.id);
    if (name == "s") order = compare(a.s, b.s);
    if (name == "flag") order = compare(a.flag, b.flag);
    const auto plain = [](const auto& item) { return item; };
    const auto number = [&](const auto& item) { return number_of(item, nan_is_null); };
    if (name == "e") order = compare_lists(a.e, b.e, number);
    if (name == "u") order = compare_lists(a.u, b.u, number);
    if (name == "h") order = compare_lists(a.h, b.h, plain);
    if (name == "g") order = compare_lists(a.g, b.g, plain);
    if (name == "name") order = a.name.compare(b.name);
    if (order != 0) return order;
  }
  return 0;
}

bool is_at_one_place(const World& world, const BruteEvent& a, const BruteEvent& b) {
  return a.time == b.time && (!world.has_created || a.created == b.created);
}

bool is_ordered(const World& world, const std::vector<table::Field>& columns, const BruteEvent& a,
                const BruteEvent& b) {
  if (a.time != b.time) return a.time < b.time;
  if (world.has_created && a.created != b.created) return compare(a.created, b.created) < 0;
  if (a.source.source != b.source.source) return a.source.source < b.source.source;
  if (world.has_id && a.id != b.id) return compare(a.id, b.id) < 0;
  return compare_rows(world, columns, a.source, b.source) < 0;
}

Value widened(const Value& value) {
  return value.is_integer() ? Value::of_number(static_cast<double>(value.integer())) : value;
}

// ---- windows ----

__extension__ typedef __int128 Wide;

// The greatest multiple of `unit` that is not above `value`.
Wide floor_to_multiple(Wide value, Wide unit) {
  const Wide rest = ((value % unit) + unit) % unit;
  return value - rest;
}

// Tiles are (start, start + r], or [start, start + r) where the window is closed-open. A window
// holds the tiles that reach into it at its far end; at its near end those that are over, or every
// event so far if it has no delay.
bool is_in_tiles(const project::Window& window, Wide event, Wide t) {
  const Wide tile = window.resolution_us;
  const bool is_closed_open = window.bounds == project::WindowBounds::kClosedOpen;
  const Wide end = floor_to_multiple(is_closed_open ? event : event - 1, tile) + tile;
  if (end <= t - window.delay_us - window.size_us) return false;
  if (window.delay_us > 0) return end <= t - window.delay_us;
  return is_closed_open ? event < t : event <= t;
}

bool is_in_sliding(const project::Window& window, Wide event, Wide t) {
  if (window.resolution_us > 0) return is_in_tiles(window, event, t);
  const Wide age = t - window.delay_us - event;
  if (window.bounds == project::WindowBounds::kClosedOpen) return age > 0 && age <= window.size_us;
  return age >= 0 && age < window.size_us;
}

bool is_in_tumbling(const project::Window& window, Wide event, Wide t) {
  const Wide start = floor_to_multiple(event - window.offset_us, window.size_us) + window.offset_us;
  const Wide end = start + window.size_us;
  if (window.partial) return event <= t && t < end;
  return end <= t && t < end + window.size_us;
}

// Which of the events, all at or before t, belong to the session that the window names.
std::vector<bool> in_session(const project::Window& window,
                             const std::vector<const BruteEvent*>& events, Wide t) {
  std::vector<int> sessions;
  Wide first = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Wide time = events[i]->time;
    const bool is_new =
        i == 0 || time - events[i - 1]->time > window.gap_us || time - first > window.max_length_us;
    if (is_new) first = time;
    sessions.push_back(i == 0 ? 0 : sessions.back() + (is_new ? 1 : 0));
  }
  std::vector<bool> taken(events.size(), false);
  if (events.empty()) return taken;
  const bool is_open =
      t - events.back()->time <= window.gap_us && t - first <= window.max_length_us;
  int wanted = sessions.back();
  if (window.closed && is_open) --wanted;
  if (!window.closed && !is_open) wanted = -1;
  for (std::size_t i = 0; i < events.size(); ++i) taken[i] = sessions[i] == wanted;
  return taken;
}

// Which of the events, all at or before t, are in a window.
std::vector<bool> in_window(const std::optional<project::Window>& window,
                            const std::vector<const BruteEvent*>& events, std::int64_t t) {
  if (window && window->kind == project::WindowKind::kSession) {
    return in_session(*window, events, t);
  }
  std::vector<bool> taken;
  for (const BruteEvent* event : events) {
    const std::int64_t time = event->time;
    bool is_in = true;
    if (window && window->kind == project::WindowKind::kSliding) {
      is_in = is_in_sliding(*window, time, t);
    } else if (window && window->kind == project::WindowKind::kTumbling) {
      is_in = is_in_tumbling(*window, time, t);
    }
    taken.push_back(is_in);
  }
  return taken;
}

// ---- aggregates ----

// The nearest double to numerator / denominator * 2^exponent, ties to even.
double nearest(cpp_int numerator, cpp_int denominator, int exponent) {
  if (numerator == 0) return 0.0;
  // So many bits of the quotient that all a double drops is below the last but one.
  const int missing = 1'200;
  cpp_int quotient = (numerator << missing) / denominator;
  const bool is_more = quotient * denominator != (numerator << missing);
  quotient = (quotient << 1U) + (is_more ? 1 : 0);
  const int unit = exponent - missing - 1;
  const auto bits = static_cast<int>(msb(quotient)) + 1;
  const int dropped = std::max({bits - 53, -1'074 - unit, 0});
  cpp_int kept = quotient >> static_cast<unsigned>(dropped);
  const cpp_int rest = quotient - (kept << static_cast<unsigned>(dropped));
  if (dropped > 0) {
    const cpp_int half = cpp_int(1) << static_cast<unsigned>(dropped - 1);
    if (rest > half || (rest == half && (kept & 1) != 0)) ++kept;
  }
  return std::ldexp(static_cast<double>(kept.convert_to<std::int64_t>()), unit + dropped);
}

// (n Σx² − (Σx)²) / (n (n − 1)), exactly and rounded once.
Value brute_variance(const std::vector<Value>& values) {
  if (values.size() < 2) return {};
  cpp_int sum = 0;
  cpp_int squares = 0;
  const bool is_number = values[0].is_number();
  for (const Value& value : values) {
    if (is_number && !std::isfinite(value.number())) return Value::of_number(clean(NAN));
    const cpp_int units = is_number ? to_units(value.number()) : cpp_int(value.integer());
    sum += units;
    squares += units * units;
  }
  const cpp_int n = values.size();
  return Value::of_number(
      nearest(n * squares - sum * sum, n * (n - 1), is_number ? 2 * -1'074 : 0));
}

Value brute_rate(const Spec& spec, const std::vector<Value>& values, std::int64_t events) {
  const double seconds = static_cast<double>(spec.window->size_us) / 1e6;
  if (spec.argument == ' ') return Value::of_number(static_cast<double>(events) / seconds);
  if (values.empty()) return {};
  const Value sum = brute_sum(values, false);
  if (!values[0].is_number()) {
    cpp_int total = 0;
    for (const Value& value : values) total += value.integer();
    return Value::of_number(clean(from_units(total << 1074U) / seconds));
  }
  return Value::of_number(clean(sum.number() / seconds));
}

std::string show_list(const std::vector<Value>& values) {
  return values.empty() ? show(Value()) : show(Value::of_list(values));
}

// Whether `a` sorts before `b`; NaN last.
bool sorts_before(const Value& a, const Value& b) {
  if (!a.is_number()) return is_less(a, b);
  return !std::isnan(a.number()) && (std::isnan(b.number()) || a.number() < b.number());
}

// The most frequent values first, ties by value.
std::string brute_top(const std::vector<Value>& values) {
  std::map<std::string, std::pair<std::int64_t, Value>> counts;
  for (const Value& value : values) {
    auto& [count, kept] = counts[show(value)];
    ++count;
    kept = value;
  }
  std::vector<std::pair<std::int64_t, Value>> sorted;
  for (const auto& [text, counted] : counts) sorted.push_back(counted);
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : sorts_before(a.second, b.second);
  });
  std::vector<Value> top;
  for (std::size_t i = 0; i < std::min(sorted.size(), kListLength); ++i) {
    top.push_back(sorted[i].second);
  }
  return show_list(top);
}

std::int64_t distinct(const std::vector<Value>& values) {
  std::map<std::string, int> seen;
  for (const Value& value : values) ++seen[show(value)];
  return static_cast<std::int64_t>(seen.size());
}

// The aggregate of the values that are not null, in order, and of how many events there were.
Value brute_aggregate(const Spec& spec, const std::vector<Value>& values, std::int64_t events) {
  const std::string& name = spec.aggregate;
  if (name == "count") {
    return Value::of_integer(spec.argument == ' ' ? events
                                                  : static_cast<std::int64_t>(values.size()));
  }
  if (name == "count_distinct") return Value::of_integer(distinct(values));
  if (name == "rate") return brute_rate(spec, values, events);
  if (name == "var") return brute_variance(values);
  if (name == "std") {
    const Value variance = brute_variance(values);
    return variance.is_null() ? variance : Value::of_number(std::sqrt(variance.number()));
  }
  if (name == "sum" || name == "mean") return brute_sum(values, name == "mean");
  if (name == "min" || name == "max") return brute_extreme(values, name == "max");
  if (values.empty()) return {};
  return name == "first" ? values.front() : values.back();
}

std::string brute_feature(const Spec& spec, const std::vector<const BruteEvent*>& events,
                          std::int64_t t, bool nan_is_null) {
  const std::string& name = spec.aggregate;
  if (name == "ewma" || name == "quantile" || name.starts_with("approx_")) return "";
  const auto declared = [&](const Value& value) {
    return show(spec.is_widened ? widened(value) : value);
  };
  if (name == "column") {
    return declared(events.empty() ? Value()
                                   : argument_of(spec, events.back()->source, nan_is_null));
  }
  const std::vector<bool> is_in = in_window(spec.window, events, t);
  std::vector<Value> taken;
  std::int64_t passed = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (!is_in[i] || !passes(spec, events[i]->source, nan_is_null)) continue;
    ++passed;
    const Value value = argument_of(spec, events[i]->source, nan_is_null);
    if (!value.is_null()) taken.push_back(value);
  }
  if (name == "top_k") return brute_top(taken);
  if (name == "last_k") {
    std::reverse(taken.begin(), taken.end());
    taken.resize(std::min(taken.size(), kListLength));
    return show_list(taken);
  }
  return declared(brute_aggregate(spec, taken, passed));
}

}  // namespace

std::vector<std::string> brute_read(const World& world, const std::vector<BruteEvent>& all,
                                    std::int64_t t) {
  list_memory().clear();
  std::vector<const BruteEvent*> events;
  for (const BruteEvent& event : all) {
    if (event.time > t) continue;
    if (world.builder.view.as_of_created && (!event.created || *event.created > t)) continue;
    events.push_back(&event);
  }
  const std::int64_t ttl = world.builder.view.ttl_us;
  const bool is_too_old =
      ttl > 0 && (events.empty() || static_cast<Wide>(t) - events.back()->time > ttl);
  std::vector<std::string> values;
  for (const Spec& spec : world.specs) {
    values.push_back(is_too_old ? show(Value())
                                : brute_feature(spec, events, t, world.builder.source.nan_is_null));
  }
  return values;
}

std::optional<BruteEntities> brute_entities(const World& world,
                                            const std::vector<table::Field>& columns) {
  BruteEntities entities;
  for (std::size_t i = 0; i < world.rows.size(); ++i) {
    const SourceRow& row = world.rows[i];
    const auto key = key_of(world, row);
    if (!key) continue;
    std::vector<BruteEvent>& events = entities[*key];
    BruteEvent event{row.t, row.c, row.id, row};
    if (row.source == 1 && !world.has_second_id) event.id.reset();
    const auto same = std::find_if(events.begin(), events.end(), [&](const BruteEvent& known) {
      return world.has_id && event.id && known.id == event.id &&
             known.source.source == event.source.source;
    });
    if (same == events.end()) {
      events.push_back(std::move(event));
    } else if (is_at_one_place(world, event, *same)) {
      if (compare_rows(world, columns, event.source, same->source) != 0) return std::nullopt;
    } else if (is_ordered(world, columns, event, *same)) {
      *same = std::move(event);
    }
  }
  for (auto& [key, events] : entities) {
    std::stable_sort(events.begin(), events.end(), [&](const BruteEvent& a, const BruteEvent& b) {
      return is_ordered(world, columns, a, b);
    });
  }
  return entities;
}

}  // namespace rtml::feature
