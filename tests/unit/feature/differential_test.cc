// Random views over random events: the kernel in any order of arrival, the sweep with one and two
// threads, a state written and read in the middle, and a brute force that shares no code with them
// must agree bit for bit.
//
// RTML_DIFFERENTIAL_ROUNDS sets how many views are tried; the suite's default takes some seconds.

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <random>

#include "tests/unit/feature/view_builder.h"

namespace rtml::feature {
namespace {

using boost::multiprecision::cpp_int;
using table::Kind;
using table::Value;

using Random = std::mt19937_64;

std::uint64_t below(Random& random, std::uint64_t limit) {
  return random() % limit;
}
bool one_in(Random& random, std::uint64_t chance) {
  return below(random, chance) == 0;
}

// ---- brute force ----

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

// An event with its values as the features name them.
struct BruteEvent {
  std::int64_t time = 0;
  std::optional<std::int64_t> created;
  std::optional<std::int64_t> id;
  std::int64_t row = 0;
  SourceRow source;
};

// One feature of a random view, in a form that the brute force can read.
struct Spec {
  std::string aggregate;  // "column" for the latest row.
  char argument = ' ';    // x, y, n, w, s, f (flag), z, or '+' for x + z; ' ' for none.
  std::int64_t size = 0;
  std::int64_t delay = 0;
  int filter = 0;  // 0 none, 1 flag, 2 x > 0, 3 y % 2 == 0
  bool is_closed_open = false;
  bool is_widened = false;  // An INT64 declared DOUBLE.
};

double clean(double value) {
  if (std::isnan(value)) return std::numeric_limits<double>::quiet_NaN();
  return value == 0 ? 0.0 : value;
}

std::optional<double> number_of(const std::optional<double>& value, bool nan_is_null) {
  if (value && nan_is_null && std::isnan(*value)) return std::nullopt;
  return value;
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
    default: {
      const auto x = number_of(row.x, nan_is_null);
      const auto z = number_of(row.z, nan_is_null);
      return x && z ? Value::of_number(clean(*x + *z)) : Value();
    }
  }
}

bool passes(const Spec& spec, const SourceRow& row, bool nan_is_null) {
  switch (spec.filter) {
    case 1:
      return row.flag.value_or(false);
    case 2: {
      const auto x = number_of(row.x, nan_is_null);
      return x && *x > 0;
    }
    case 3:
      return row.y && *row.y % 2 == 0;
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

struct World {
  ViewBuilder builder;
  std::vector<Spec> specs;  // Of the features that the brute force checks, which come first.
  std::vector<SourceRow> rows;
  bool has_id = false;
  bool has_created = false;
};

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

// Compares two rows by the columns named, which are sorted.
int compare_rows(const World& world, const std::vector<table::Field>& columns, const SourceRow& a,
                 const SourceRow& b) {
  const bool nan_is_null = world.builder.source.nan_is_null;
  for (const table::Field& column : columns) {
    int order = 0;
    const std::string& name = column.name;
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
  if (world.has_id && a.id != b.id) return compare(a.id, b.id) < 0;
  return compare_rows(world, columns, a.source, b.source) < 0;
}

Value widened(const Value& value) {
  return value.is_integer() ? Value::of_number(static_cast<double>(value.integer())) : value;
}

// The features of one read from the events of its entity, by looking at each of them.
std::vector<Value> brute_read(const World& world, const std::vector<BruteEvent>& all,
                              std::int64_t t) {
  std::vector<const BruteEvent*> events;
  for (const BruteEvent& event : all) {
    if (event.time > t) continue;
    if (world.builder.view.as_of_created && (!event.created || *event.created > t)) continue;
    events.push_back(&event);
  }
  const std::int64_t ttl = world.builder.view.ttl_us;
  std::vector<Value> values(world.specs.size());
  if (ttl > 0 && (events.empty() || t - events.back()->time > ttl)) return values;
  const bool nan_is_null = world.builder.source.nan_is_null;
  for (std::size_t f = 0; f < world.specs.size(); ++f) {
    const Spec& spec = world.specs[f];
    if (spec.aggregate == "column") {
      if (!events.empty()) values[f] = argument_of(spec, events.back()->source, nan_is_null);
      if (spec.is_widened) values[f] = widened(values[f]);
      continue;
    }
    std::vector<Value> taken;
    std::int64_t passed = 0;
    for (const BruteEvent* event : events) {
      const std::int64_t age = t - spec.delay - event->time;
      const bool is_in =
          spec.is_closed_open ? age > 0 && age <= spec.size : age >= 0 && age < spec.size;
      if (!is_in || !passes(spec, event->source, nan_is_null)) continue;
      ++passed;
      const Value value = argument_of(spec, event->source, nan_is_null);
      if (!value.is_null()) taken.push_back(value);
    }
    if (spec.aggregate == "count") {
      values[f] = Value::of_integer(spec.argument == ' ' ? passed
                                                         : static_cast<std::int64_t>(taken.size()));
    } else if (spec.aggregate == "sum" || spec.aggregate == "mean") {
      values[f] = brute_sum(taken, spec.aggregate == "mean");
    } else if (spec.aggregate == "min" || spec.aggregate == "max") {
      values[f] = brute_extreme(taken, spec.aggregate == "max");
    } else if (!taken.empty()) {
      values[f] = spec.aggregate == "first" ? taken.front() : taken.back();
    }
    if (spec.is_widened) values[f] = widened(values[f]);
  }
  return values;
}

// ---- random worlds ----

double random_number(Random& random, int flavour) {
  switch (flavour) {
    case 0:  // Money.
      return static_cast<double>(below(random, 100'000)) / 100;
    case 1:  // Small and of both signs, so that sums cancel.
      return (static_cast<double>(below(random, 2'001)) - 1'000) / 8;
    case 2: {  // Any magnitude.
      const double scale = std::ldexp(1.0, static_cast<int>(below(random, 2'098)) - 1'074);
      return (one_in(random, 2) ? -1 : 1) * scale *
             (1 + static_cast<double>(random() >> 12) * 0x1p-52);
    }
    case 3: {  // The odd ones.
      const double odd[] = {NAN,    -NAN,    INFINITY, -INFINITY, 0.0,  -0.0,
                            5e-324, 1.7e308, -1.7e308, 1,         1e16, -5e-324};
      return odd[below(random, std::size(odd))];
    }
    default:  // Ties of rounding.
      return std::ldexp(static_cast<double>(below(random, 4)),
                        static_cast<int>(below(random, 3)) * 53);
  }
}

std::int64_t random_integer(Random& random) {
  switch (below(random, 4)) {
    case 0:
      return std::numeric_limits<std::int64_t>::max() - static_cast<std::int64_t>(below(random, 3));
    case 1:
      return std::numeric_limits<std::int64_t>::min() + static_cast<std::int64_t>(below(random, 3));
    default:
      return static_cast<std::int64_t>(below(random, 11)) - 5;
  }
}

template <typename T, typename Make>
std::optional<T> maybe(Random& random, const Make& make) {
  if (one_in(random, 6)) return std::nullopt;
  return make();
}

std::vector<SourceRow> random_rows(Random& random, const World& world) {
  const std::size_t count = one_in(random, 8) ? below(random, 400) : below(random, 60);
  const int flavour = static_cast<int>(below(random, 6));
  const std::uint64_t keys = 1 + below(random, 4);
  const std::uint64_t span = 1 + below(random, 40);
  std::vector<SourceRow> rows;
  for (std::size_t i = 0; i < count; ++i) {
    SourceRow row;
    row.k = maybe<std::int64_t>(random,
                                [&] { return static_cast<std::int64_t>(below(random, keys)) - 1; });
    row.name = one_in(random, 3) ? "a" : std::string("a\0b", 3);
    row.t = static_cast<std::int64_t>(below(random, span)) - static_cast<std::int64_t>(span) / 2;
    row.c = maybe<std::int64_t>(
        random, [&] { return row.t + static_cast<std::int64_t>(below(random, 12)) - 1; });
    row.id = maybe<std::int64_t>(random, [&] {
      return static_cast<std::int64_t>(one_in(random, 4) ? below(random, count) : i);
    });
    const auto number = [&] {
      return random_number(random, flavour == 5 ? static_cast<int>(below(random, 5)) : flavour);
    };
    row.x = maybe<double>(random, number);
    row.z = maybe<double>(random, number);
    row.w =
        maybe<double>(random, [&] { return static_cast<double>(static_cast<float>(number())); });
    row.y = maybe<std::int64_t>(random, [&] { return random_integer(random); });
    row.n = maybe<std::int64_t>(
        random, [&] { return static_cast<std::int64_t>(static_cast<std::int32_t>(random())); });
    row.s = maybe<std::string>(random, [&] {
      const char* texts[] = {"", "a", "b", "a text that is longer than sixteen bytes", "é"};
      return std::string(texts[below(random, std::size(texts))]);
    });
    row.flag = maybe<bool>(random, [&] { return one_in(random, 2); });
    rows.push_back(std::move(row));
    // The same event again, as at-least-once delivery brings it.
    if (world.has_id && one_in(random, 10)) rows.push_back(rows[below(random, rows.size())]);
  }
  return rows;
}

Spec random_spec(Random& random) {
  static const std::vector<std::string> aggregates = {"count", "sum",   "mean", "min",
                                                      "max",   "first", "last", "column"};
  Spec spec;
  spec.aggregate = aggregates[below(random, aggregates.size())];
  const std::string numbers = "xzwyn+f";
  const std::string any = "xzwynsf";
  const bool is_sum = spec.aggregate == "sum" || spec.aggregate == "mean";
  spec.argument = is_sum ? numbers[below(random, numbers.size())] : any[below(random, any.size())];
  if (spec.aggregate == "count" && one_in(random, 2)) spec.argument = ' ';
  spec.size = 1 + static_cast<std::int64_t>(below(random, 20));
  spec.delay = one_in(random, 2) ? static_cast<std::int64_t>(below(random, 8)) : 0;
  spec.filter = one_in(random, 2) ? static_cast<int>(below(random, 4)) : 0;
  spec.is_closed_open = one_in(random, 3);
  return spec;
}

Kind kind_of(const Spec& spec) {
  if (spec.aggregate == "count") return Kind::kInt64;
  if (spec.aggregate == "mean") return Kind::kDouble;
  switch (spec.argument) {
    case 'x':
    case 'z':
    case '+':
      return Kind::kDouble;
    case 'w':
      return spec.aggregate == "sum" ? Kind::kDouble : Kind::kFloat;
    case 'n':
      return spec.aggregate == "sum" ? Kind::kInt64 : Kind::kInt32;
    case 's':
      return Kind::kString;
    case 'f':
      return spec.aggregate == "sum" ? Kind::kInt64 : Kind::kBool;
    default:
      return Kind::kInt64;
  }
}

void add_feature(ViewBuilder& builder, const std::string& name, Spec& spec, Random& random) {
  const std::string argument = spec.argument == '+'   ? "x + z"
                               : spec.argument == 'f' ? "flag"
                                                      : std::string(1, spec.argument);
  Kind kind = kind_of(spec);
  if ((kind == Kind::kInt64 || kind == Kind::kInt32) && one_in(random, 4)) {
    kind = Kind::kDouble;
    spec.is_widened = true;
  }
  if (spec.aggregate == "column") {
    builder.column(name, kind, argument);
    return;
  }
  const char* filters[] = {"", "flag", "x > 0", "y % 2 == 0"};
  const std::string text =
      spec.argument == ' ' ? spec.aggregate : spec.aggregate + "(" + argument + ")";
  builder.aggregate(name, kind, text, spec.size, spec.delay, filters[spec.filter],
                    spec.is_closed_open);
}

World random_world(Random& random) {
  World world;
  world.has_id = one_in(random, 2);
  world.has_created = one_in(random, 2);
  if (world.has_id) world.builder.with_id();
  if (world.has_created) world.builder.with_created();
  if (world.has_created && one_in(random, 3)) world.builder.as_of_created();
  if (one_in(random, 3)) world.builder.ttl(1 + static_cast<std::int64_t>(below(random, 12)));
  if (one_in(random, 3)) world.builder.nan_is_null();
  const std::vector<std::vector<std::string>> keys = {{"k"}, {"name"}, {"k", "name"}, {}};
  world.builder.keyed_by(keys[below(random, keys.size())]);
  const std::size_t features = 1 + below(random, 6);
  for (std::size_t f = 0; f < features; ++f) {
    Spec spec = random_spec(random);
    add_feature(world.builder, "f" + std::to_string(f), spec, random);
    world.specs.push_back(spec);
  }
  world.rows = random_rows(random, world);
  return world;
}

// The key of a row as a text; nothing where a part is null.
std::optional<std::string> key_of(const World& world, const SourceRow& row) {
  std::string key;
  for (const project::EntityKey& part : world.builder.keys) {
    if (part.column == "name") {
      key += row.name + "|" + std::to_string(row.name.size()) + "|";
    } else if (row.k) {
      key += std::to_string(*row.k) + "|";
    } else {
      return std::nullopt;
    }
  }
  return key;
}

// The events of each entity, ordered and without duplicates. Nothing if two events with one id
// stand at one place with different values: then the rule needs the order of slots.
std::optional<std::map<std::string, std::vector<BruteEvent>>> brute_entities(
    const World& world, const std::vector<table::Field>& columns) {
  std::map<std::string, std::vector<BruteEvent>> entities;
  for (std::size_t i = 0; i < world.rows.size(); ++i) {
    const SourceRow& row = world.rows[i];
    const auto key = key_of(world, row);
    if (!key) continue;
    std::vector<BruteEvent>& events = entities[*key];
    BruteEvent event{row.t, row.c, row.id, static_cast<std::int64_t>(i), row};
    const auto same = std::find_if(events.begin(), events.end(), [&](const BruteEvent& known) {
      return world.has_id && event.id && known.id == event.id;
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

// ---- the comparison ----

std::string show_row(const std::vector<Value>& values) {
  std::string text;
  for (const Value& value : values) text += show(value) + " ";
  return text;
}

std::vector<Value> row_of(const SweepResult& result, std::int64_t row) {
  std::vector<Value> values;
  for (const table::Column& column : result.features) values.push_back(value_at(column, row));
  return values;
}

// The kernel's states of all entities, fed in a random order.
std::map<std::string, State> feed(Kernel& kernel, const World& world, const EventColumns& events,
                                  Random& random, std::int64_t& duplicates) {
  std::vector<std::int64_t> arrival;
  for (std::int64_t row = 0; row < events.rows; ++row) arrival.push_back(row);
  if (!one_in(random, 4)) std::shuffle(arrival.begin(), arrival.end(), random);
  std::map<std::string, State> states;
  for (const std::int64_t row : arrival) {
    const auto key = key_of(world, world.rows[static_cast<std::size_t>(row)]);
    if (!key) continue;
    State& state = states.try_emplace(*key, kernel.make_state()).first->second;
    kernel.update(state, event_of(events, row).event);
    if (!one_in(random, 20)) continue;
    const std::string bytes = kernel.encode(state);
    auto decoded = kernel.decode(bytes);
    REQUIRE(decoded.has_value());
    state = std::move(*decoded);
    CHECK(kernel.encode(state) == bytes);
  }
  for (const auto& [key, state] : states) duplicates += state.duplicates;
  return states;
}

void add_expressions(World& world) {
  const project::Feature& first = world.builder.view.features.front();
  if (table::is_numeric(first.type)) {
    world.builder.expression("e0", Kind::kDouble, "f0 / 3 + coalesce(x, y)");
  }
  world.builder.expression("e1", Kind::kBool, "is_null(f0) or x > 1 or e2 == 'b'");
  world.builder.expression("e2", Kind::kString, "if(flag, lower(name), s)");
}

// Reads at the events' own times, and at others of known and unknown keys.
std::vector<SourceRow> random_reads(const World& world, Random& random) {
  std::vector<SourceRow> reads = world.rows;
  for (int i = 0; i < 20; ++i) {
    SourceRow read;
    if (!world.rows.empty()) read = world.rows[below(random, world.rows.size())];
    if (one_in(random, 5)) read.k = 99;
    read.t += static_cast<std::int64_t>(below(random, 31)) - 10;
    reads.push_back(read);
  }
  std::shuffle(reads.begin(), reads.end(), random);
  return reads;
}

void check_sweeps_agree(const SweepResult& one, const SweepResult& two) {
  CHECK(one.duplicates == two.duplicates);
  CHECK(one.statuses == two.statuses);
  CHECK(one.overflows == two.overflows);
  for (std::size_t row = 0; row < one.statuses.size(); ++row) {
    const auto at = static_cast<std::int64_t>(row);
    CHECK(show_row(row_of(one, at)) == show_row(row_of(two, at)));
  }
}

void check_world(World& world, Random& random) {
  add_expressions(world);
  const Program program = world.builder.program();
  const auto batch = to_batch(world.builder.schema, world.rows);
  const auto events = event_columns(program, batch, "the rows");
  REQUIRE(events.has_value());
  const std::vector<SourceRow> read_rows = random_reads(world, random);
  const auto read_batch = to_batch(world.builder.schema, read_rows);
  ReadColumns reads;
  reads.rows = read_batch.rows();
  for (const table::Field& key : program.keys) {
    reads.keys.push_back(read_batch.column(*read_batch.schema().find(key.name)));
  }
  reads.time = read_batch.column(2);
  const auto swept = sweep(program, *events, reads);
  REQUIRE(swept.has_value());
  const auto in_two = sweep(program, *events, reads, {2, nullptr});
  REQUIRE(in_two.has_value());
  check_sweeps_agree(*swept, *in_two);

  Kernel kernel(program);
  std::int64_t duplicates = 0;
  std::map<std::string, State> states = feed(kernel, world, *events, random, duplicates);
  CHECK(duplicates == static_cast<std::int64_t>(swept->duplicates.size()));
  const auto entities = brute_entities(world, program.inputs);
  std::int64_t overflows = 0;
  for (std::size_t r = 0; r < read_rows.size(); ++r) {
    const auto at = static_cast<std::int64_t>(r);
    const std::vector<Value> values = row_of(*swept, at);
    const auto key = key_of(world, read_rows[r]);
    if (!key) {
      CHECK(show_row(values) == show_row(std::vector<Value>(values.size())));
      CHECK(swept->statuses[r] == Status::kNotFound);
      continue;
    }
    State empty = kernel.make_state();
    const auto found = states.find(*key);
    const State& state = found == states.end() ? empty : found->second;
    const auto row = kernel.read(state, read_rows[r].t);
    REQUIRE(row.has_value());
    CAPTURE(r);
    CHECK(show_row(row->values) == show_row(values));
    const bool is_whole =
        row->statuses[0] == Status::kNotFound || row->statuses[0] == Status::kOutsideMaxAge;
    CHECK((is_whole ? row->statuses[0] : Status::kPresent) == swept->statuses[r]);
    if (swept->statuses[r] != Status::kNotFound) {
      CHECK(row->latest_event_us == swept->latest_event_us[r]);
    }
    overflows += row->overflows;
    if (!entities) continue;
    const auto known = entities->find(*key);
    const std::vector<BruteEvent> none;
    const std::vector<Value> expected =
        brute_read(world, known == entities->end() ? none : known->second, read_rows[r].t);
    CHECK(show_row(expected) ==
          show_row(std::vector<Value>(
              values.begin(), values.begin() + static_cast<std::ptrdiff_t>(expected.size()))));
  }
  if (!program.ttl_us) CHECK(overflows == swept->overflows);
}

}  // namespace

TEST_CASE("kernel, sweep and brute force: the same bits for random views and events") {
  const char* wanted = std::getenv("RTML_DIFFERENTIAL_ROUNDS");
  const int rounds = wanted != nullptr ? std::atoi(wanted) : 2'000;
  for (int round = 0; round < rounds; ++round) {
    Random random(static_cast<std::uint64_t>(round) * 7'919 + 17);
    World world = random_world(random);
    CAPTURE(round);
    check_world(world, random);
  }
}

}  // namespace rtml::feature
