#include "tests/unit/feature/random_world.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rtml::feature {

using table::Kind;

std::uint64_t below(Random& random, std::uint64_t limit) {
  return random() % limit;
}
bool one_in(Random& random, std::uint64_t chance) {
  return below(random, chance) == 0;
}

std::int64_t moved(std::int64_t time_us, std::int64_t change_us) {
  std::int64_t result = 0;
  if (!__builtin_add_overflow(time_us, change_us, &result)) return result;
  return change_us < 0 ? std::numeric_limits<std::int64_t>::min()
                       : std::numeric_limits<std::int64_t>::max();
}

namespace {

// Around which moment all happens: mostly 1970, at times the ends of all time.
std::int64_t random_origin(Random& random, std::uint64_t span) {
  switch (below(random, 12)) {
    case 0:  // The least moment of all is none.
      return std::numeric_limits<std::int64_t>::min() + 5 + static_cast<std::int64_t>(span) / 2;
    case 1:
      return std::numeric_limits<std::int64_t>::max() - 10;
    case 2:
      return -62'135'596'800'000'000;
    default:
      return 0;
  }
}

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

// Mostly short, at times as long as an embedding; a third of them empty or with nulls.
template <typename T, typename Make>
MaybeList<T> random_list(Random& random, const Make& make) {
  return maybe<std::vector<std::optional<T>>>(random, [&] {
    std::vector<std::optional<T>> items(one_in(random, 40) ? 20 : below(random, 4));
    const bool has_nulls = one_in(random, 4);
    for (std::optional<T>& item : items) {
      if (!has_nulls || one_in(random, 2)) item = make();
    }
    return items;
  });
}

std::vector<SourceRow> random_rows(Random& random, const World& world) {
  const std::size_t count = one_in(random, 8) ? below(random, 400) : below(random, 60);
  const int flavour = static_cast<int>(below(random, 6));
  const std::uint64_t keys = 1 + below(random, 4);
  // In a long one most of an exponential mean is forgotten.
  const std::uint64_t span = 1 + below(random, one_in(random, 6) ? 400 : 40);
  const std::int64_t origin = random_origin(random, span);
  std::vector<SourceRow> rows;
  for (std::size_t i = 0; i < count; ++i) {
    SourceRow row;
    row.k = maybe<std::int64_t>(random,
                                [&] { return static_cast<std::int64_t>(below(random, keys)) - 1; });
    row.name = one_in(random, 3) ? "a" : std::string("a\0b", 3);
    row.t = moved(origin, static_cast<std::int64_t>(below(random, span)) -
                              static_cast<std::int64_t>(span) / 2);
    // The least moment of all would be no moment.
    row.c = maybe<std::int64_t>(random, [&] {
      return std::max(moved(row.t, static_cast<std::int64_t>(below(random, 12)) - 1),
                      std::numeric_limits<std::int64_t>::min() + 1);
    });
    row.id = maybe<std::int64_t>(random, [&] {
      const bool is_shared = !world.are_ids_exact && one_in(random, 4);
      return static_cast<std::int64_t>(is_shared ? below(random, count) : i);
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
    row.e = random_list<double>(random, number);
    row.u = random_list<double>(random,
                                [&] { return static_cast<double>(static_cast<float>(number())); });
    row.h = random_list<std::int64_t>(
        random, [&] { return static_cast<std::int64_t>(below(random, 5)) - 2; });
    row.g = random_list<std::string>(random, [&] {
      const char* texts[] = {"", "a", "b", "ab", "a text that is longer than sixteen bytes"};
      return std::string(texts[below(random, std::size(texts))]);
    });
    if (world.sources == 2) {
      row.source = below(random, 2);
      if (row.source == 0) row.z.reset();
      if (row.source == 1) row.w.reset();
    }
    rows.push_back(std::move(row));
    // The same event again, as at-least-once delivery brings it.
    if (world.has_id && one_in(random, 10)) rows.push_back(rows[below(random, rows.size())]);
  }
  return rows;
}

std::int64_t up_to(Random& random, std::uint64_t limit) {
  return 1 + static_cast<std::int64_t>(below(random, limit));
}

project::Window random_sliding(Random& random, bool is_exact) {
  project::Window window;
  const std::int64_t tile = !is_exact && one_in(random, 2) ? up_to(random, 6) : 0;
  const std::int64_t unit = std::max<std::int64_t>(tile, 1);
  window.resolution_us = tile;
  window.size_us = unit * up_to(random, tile > 0 ? 6 : 20);
  if (one_in(random, 2)) window.delay_us = unit * (up_to(random, tile > 0 ? 4 : 8) - 1);
  if (one_in(random, 3)) window.bounds = project::WindowBounds::kClosedOpen;
  if (one_in(random, 30)) window.size_us = unit * 10'000'000'000'000;
  return window;
}

// Of any kind, or nothing for lifetime.
std::optional<project::Window> random_window(Random& random, bool is_exact) {
  if (is_exact) return random_sliding(random, true);
  project::Window window;
  switch (below(random, 6)) {
    case 0:
      if (one_in(random, 2)) return std::nullopt;
      window.kind = project::WindowKind::kLifetime;
      return window;
    case 1:
      window.kind = project::WindowKind::kTumbling;
      window.size_us = up_to(random, 15);
      if (one_in(random, 2)) window.offset_us = up_to(random, 30) - 1;
      window.partial = one_in(random, 2);
      return window;
    case 2:
      window.kind = project::WindowKind::kSession;
      window.gap_us = up_to(random, 6);
      window.max_length_us = up_to(random, one_in(random, 2) ? 8 : 60);
      window.closed = one_in(random, 2);
      return window;
    default:
      return random_sliding(random, false);
  }
}

// What stands behind the value in the call of an aggregate.
std::string constant_of(const std::string& aggregate, Random& random) {
  if (aggregate == "last_k" || aggregate == "top_k") return ", " + std::to_string(kListLength);
  if (aggregate == "quantile") return ", 0.3";
  if (aggregate == "approx_quantile") return ", 0.3, 0.01";
  if (aggregate == "ewma") return one_in(random, 2) ? ", 5us" : ", 1us";
  return "";
}

bool is_list(const std::string& aggregate) {
  return aggregate == "last_k" || aggregate == "top_k";
}

// Not a column alone.
bool is_expression(char argument) {
  return argument == 'L' || argument == 'E';
}

// Whether an aggregate can be computed over a window.
bool fits(const std::string& aggregate, const std::optional<project::Window>& window) {
  const bool is_sliding = window && window->kind == project::WindowKind::kSliding;
  if (aggregate.starts_with("approx_")) return !is_sliding || window->resolution_us > 0;
  if (aggregate != "rate") return true;
  return is_sliding || (window && window->kind == project::WindowKind::kTumbling);
}

// `may_be_list`: expressions of the tests do not take lists.
Spec random_spec(Random& random, bool is_exact, bool may_be_list) {
  static const std::vector<std::string> common = {"count", "sum",   "mean", "min",
                                                  "max",   "first", "last", "column"};
  static const std::vector<std::string> rare = {"var",
                                                "std",
                                                "last_k",
                                                "top_k",
                                                "count_distinct",
                                                "quantile",
                                                "ewma",
                                                "rate",
                                                "approx_count_distinct",
                                                "approx_quantile"};
  static const std::string takes_any =
      "count min max first last column last_k top_k "
      "count_distinct approx_count_distinct";
  static const std::string takes_lists =
      "count first last column count_distinct approx_count_distinct";
  Spec spec;
  spec.window = random_window(random, is_exact);
  do {
    const auto& aggregates = one_in(random, 3) ? rare : common;
    spec.aggregate = aggregates[below(random, aggregates.size())];
  } while (!fits(spec.aggregate, spec.window) || (is_list(spec.aggregate) && !may_be_list));
  const std::string numbers = "xzwyn+fLE";
  const std::string any = "xzwynsfLE";
  const std::string lists = "euhg";
  const bool is_any = takes_any.find(spec.aggregate) != std::string::npos;
  spec.argument = is_any ? any[below(random, any.size())] : numbers[below(random, numbers.size())];
  if (takes_lists.find(spec.aggregate) != std::string::npos && one_in(random, 3)) {
    spec.argument = lists[below(random, lists.size())];
  } else if (spec.aggregate == "column" && is_expression(spec.argument)) {
    spec.argument = 'x';
  }
  const bool may_count_events = spec.aggregate == "count" || spec.aggregate == "rate";
  if (may_count_events && one_in(random, 2)) spec.argument = ' ';
  spec.filter = one_in(random, 2) ? static_cast<int>(below(random, 5)) : 0;
  return spec;
}

Kind kind_of(const Spec& spec) {
  static const std::string doubles = "mean var std quantile ewma rate approx_quantile";
  if (spec.aggregate == "count" || spec.aggregate.ends_with("count_distinct")) return Kind::kInt64;
  if (doubles.find(spec.aggregate) != std::string::npos) return Kind::kDouble;
  switch (spec.argument) {
    case 'x':
    case 'z':
    case '+':
    case 'e':
    case 'E':
      return Kind::kDouble;
    case 'u':
      return Kind::kFloat;
    case 'h':
      return Kind::kInt32;
    case 'g':
      return Kind::kString;
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

void add_feature(ViewBuilder& builder, const std::string& name, Spec& spec, bool is_united,
                 Random& random) {
  const std::string argument = spec.argument == '+'   ? "x + z"
                               : spec.argument == 'f' ? "flag"
                               : spec.argument == 'L' ? "length(g)"
                               : spec.argument == 'E' ? "element(e, -1)"
                                                      : std::string(1, spec.argument);
  Kind kind = kind_of(spec);
  // A union has integers of one width.
  const bool is_kept =
      spec.aggregate == "first" || spec.aggregate == "last" || spec.aggregate == "column";
  const bool is_event_list = is_kept && is_list_argument(spec.argument);
  if (is_united && kind == Kind::kInt32 && !is_event_list) kind = Kind::kInt64;
  const bool is_integer = kind == Kind::kInt64 || kind == Kind::kInt32;
  const bool is_list_value = is_event_list || is_list(spec.aggregate);
  if (is_integer && !is_list_value && one_in(random, 4)) {
    kind = Kind::kDouble;
    spec.is_widened = true;
  }
  if (spec.aggregate == "column") {
    builder.column(name, {kind, is_event_list}, argument);
    return;
  }
  const char* filters[] = {"", "flag", "x > 0", "y % 2 == 0", "contains(g, 'b')"};
  const std::string text = spec.argument == ' ' ? spec.aggregate
                                                : spec.aggregate + "(" + argument +
                                                      constant_of(spec.aggregate, random) + ")";
  builder.aggregate_over(name, {kind, is_list_value}, text, spec.window, filters[spec.filter]);
}

// Which of two sources a feature sees: the one that has its column, else at random one or both.
std::optional<std::string> choose_source(Spec& spec, const World& world, Random& random) {
  if (world.sources == 1) return std::nullopt;
  const std::string only_first = "w";
  const std::string only_second = "z+";
  if (spec.aggregate == "column") {
    // The latest row is that of both.
    if ((only_first + only_second).find(spec.argument) != std::string::npos) spec.argument = 'x';
    return std::nullopt;
  }
  if (only_first.find(spec.argument) != std::string::npos) {
    spec.source = 0;
  } else if (only_second.find(spec.argument) != std::string::npos) {
    spec.source = 1;
  } else if (one_in(random, 2)) {
    spec.source = below(random, 2);
  }
  if (!spec.source) return std::nullopt;
  return *spec.source == 0 ? "a" : "b";
}

}  // namespace

table::Batch World::batch(const std::vector<SourceRow>& some) const {
  return sources == 1 ? to_batch(builder.schema, some)
                      : to_union_batch(builder.source, builder.schema, some);
}

World random_world(Random& random) {
  World world;
  world.has_id = one_in(random, 2);
  world.has_created = one_in(random, 2);
  if (one_in(random, 4)) world.sources = 2;
  if (world.has_id) world.builder.with_id();
  if (world.has_created) world.builder.with_created();
  if (world.has_created && one_in(random, 3)) world.builder.as_of_created();
  if (one_in(random, 3)) world.builder.ttl(1 + static_cast<std::int64_t>(below(random, 12)));
  if (one_in(random, 3)) world.builder.nan_is_null();
  const std::vector<std::vector<std::string>> keys = {{"k"}, {"name"}, {"k", "name"}, {}};
  world.builder.keyed_by(keys[below(random, keys.size())]);
  world.are_ids_exact = one_in(random, 2);
  const std::size_t features = 1 + below(random, 6);
  for (std::size_t f = 0; f < features; ++f) {
    Spec spec = random_spec(random, world.builder.view.as_of_created, f > 0);
    const std::optional<std::string> source = choose_source(spec, world, random);
    add_feature(world.builder, "f" + std::to_string(f), spec, world.sources == 2, random);
    if (source) world.builder.of_source(*source);
    world.specs.push_back(spec);
  }
  if (world.sources == 2) {
    world.has_second_id = one_in(random, 2);
    world.builder.of_two_sources(world.has_second_id);
  }
  world.rows = random_rows(random, world);
  return world;
}

std::string describe(const World& world) {
  std::string text = world.has_id ? "id " : "";
  if (world.sources == 2) text += world.has_second_id ? "two sources " : "second without id ";
  if (world.has_created) text += world.builder.view.as_of_created ? "as_of_created " : "created ";
  for (const Spec& spec : world.specs) {
    text +=
        "\n  " + spec.aggregate + "(" + spec.argument + ") filter " + std::to_string(spec.filter);
    if (spec.source) text += " of source " + std::to_string(*spec.source);
    if (!spec.window) {
      text += " no window";
      continue;
    }
    const project::Window& window = *spec.window;
    text += " " + std::string(to_string(window.kind)) + " size " + std::to_string(window.size_us) +
            " delay " + std::to_string(window.delay_us) + " resolution " +
            std::to_string(window.resolution_us) + " offset " + std::to_string(window.offset_us) +
            " gap " + std::to_string(window.gap_us) + " max " +
            std::to_string(window.max_length_us);
    if (window.partial) text += " partial";
    if (window.closed) text += " closed";
    if (window.bounds == project::WindowBounds::kClosedOpen) text += " closed-open";
  }
  return text;
}

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

bool is_list_argument(char argument) {
  return std::string_view("euhg").find(argument) != std::string_view::npos;
}

void add_expressions(World& world) {
  const project::Feature& first = world.builder.view.features.front();
  if (table::is_numeric(first.type)) {
    world.builder.expression("e0", Kind::kDouble, "f0 / 3 + coalesce(x, y)");
  }
  world.builder.expression("e1", Kind::kBool, "is_null(f0) or x > 1 or e2 == 'b'");
  world.builder.expression("e2", Kind::kString, "if(flag, lower(name), s)");
  world.builder.expression("e3", Kind::kDouble, "coalesce(cosine(e, u), dot(u, h), sum(e))");
  world.builder.expression("e4", {Kind::kDouble, true},
                           "if(contains(g, 'a'), e, coalesce(u, [1]))");
}

std::vector<SourceRow> random_reads(const World& world, Random& random) {
  std::vector<SourceRow> reads = world.rows;
  for (int i = 0; i < 20; ++i) {
    SourceRow read;
    if (!world.rows.empty()) read = world.rows[below(random, world.rows.size())];
    if (one_in(random, 5)) read.k = 99;
    read.t = moved(read.t, static_cast<std::int64_t>(below(random, 31)) - 10);
    reads.push_back(read);
  }
  std::shuffle(reads.begin(), reads.end(), random);
  return reads;
}

}  // namespace rtml::feature
