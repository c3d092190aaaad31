#include "core/feature/aggregate.h"

#include <cmath>
#include <limits>

#include "core/feature/exact_sum.h"

namespace rtml::feature {
namespace {

using table::Kind;
using table::Value;

std::optional<Kind> to_count(Kind) {
  return Kind::kInt64;
}

std::optional<Kind> to_same(Kind kind) {
  return kind;
}

std::optional<Kind> to_sum(Kind kind) {
  if (kind == Kind::kBool || kind == Kind::kInt64) return Kind::kInt64;
  if (kind == Kind::kDouble) return kind;
  return std::nullopt;
}

std::optional<Kind> to_mean(Kind kind) {
  if (!to_sum(kind)) return std::nullopt;
  return Kind::kDouble;
}

// Whether `a` comes before `b` as a least (or greatest) value. NaN comes before all, so that it
// wins both.
template <bool kGreatest>
bool precedes(const SlotView& values, std::size_t a, std::size_t b) {
  if (values.holds_numbers()) {
    const double x = values.numbers[a];
    const double y = values.numbers[b];
    if (std::isnan(x) || std::isnan(y)) return std::isnan(x) && !std::isnan(y);
    return kGreatest ? y < x : x < y;
  }
  if (values.holds_integers()) {
    return kGreatest ? values.integers[b] < values.integers[a]
                     : values.integers[a] < values.integers[b];
  }
  return kGreatest ? values.text_at(b) < values.text_at(a) : values.text_at(a) < values.text_at(b);
}

template <bool kGreatest>
Value read_extreme(const KeptWindow& window) {
  std::size_t best = kNone;
  for (std::size_t i = window.begin; i < window.end; ++i) {
    if (!window.takes(i)) continue;
    if (best == kNone || precedes<kGreatest>(*window.values, i, best)) best = i;
  }
  return best == kNone ? Value() : window.values->at(best);
}

// The exact sum of a window and the number of its terms.
struct Total {
  Int128 integers = 0;
  ExactSum numbers;
  std::int64_t terms = 0;
};

Total total_of(const KeptWindow& window) {
  Total total;
  for (std::size_t i = window.begin; i < window.end; ++i) {
    if (!window.takes(i)) continue;
    ++total.terms;
    if (window.values->holds_numbers()) {
      total.numbers.add(window.values->numbers[i]);
    } else {
      total.integers += window.values->integers[i];
    }
  }
  return total;
}

}  // namespace

Value SlotView::at(std::size_t i) const {
  if (valid[i] == 0) return {};
  if (holds_numbers()) return Value::of_number(numbers[i]);
  if (!holds_integers()) return Value::of_text(text_at(i));
  return kind == Kind::kBool ? Value::of_bool(integers[i] != 0) : Value::of_integer(integers[i]);
}

SlotView view_of(const SlotValues& values, Kind kind) {
  SlotView view;
  view.kind = kind;
  view.valid = values.valid.data();
  if (kind == Kind::kDouble) {
    view.numbers = values.numbers.data();
  } else if (kind == Kind::kString || kind == Kind::kBytes) {
    view.texts = values.texts.data();
  } else {
    view.integers = values.integers.data();
  }
  return view;
}

Value read_count(const KeptWindow& window, std::int64_t&) {
  std::int64_t count = 0;
  for (std::size_t i = window.begin; i < window.end; ++i) count += window.takes(i) ? 1 : 0;
  return Value::of_integer(count);
}

Value read_sum(const KeptWindow& window, std::int64_t& overflows) {
  const Total total = total_of(window);
  if (total.terms == 0) return {};
  if (window.values->holds_numbers()) return Value::of_number(total.numbers.rounded());
  const auto sum = static_cast<std::int64_t>(total.integers);
  if (sum == total.integers) return Value::of_integer(sum);
  ++overflows;
  return {};
}

Value read_mean(const KeptWindow& window, std::int64_t&) {
  const Total total = total_of(window);
  if (total.terms == 0) return {};
  const double sum =
      window.values->holds_numbers() ? total.numbers.rounded() : to_double(total.integers);
  return Value::of_number(canonical(sum / static_cast<double>(total.terms)));
}

Value read_min(const KeptWindow& window, std::int64_t&) {
  return read_extreme<false>(window);
}

Value read_max(const KeptWindow& window, std::int64_t&) {
  return read_extreme<true>(window);
}

Value read_first(const KeptWindow& window, std::int64_t&) {
  for (std::size_t i = window.begin; i < window.end; ++i) {
    if (window.takes(i)) return window.values->at(i);
  }
  return {};
}

Value read_last(const KeptWindow& window, std::int64_t&) {
  for (std::size_t i = window.end; i > window.begin; --i) {
    if (window.takes(i - 1)) return window.values->at(i - 1);
  }
  return {};
}

const std::vector<AggregateRow>& aggregate_table() {
  static const std::vector<AggregateRow> rows = {
      {"count", false, false, false, to_count, read_count, sweep_count},
      {"sum", true, false, false, to_sum, read_sum, sweep_sum},
      {"mean", true, false, false, to_mean, read_mean, sweep_mean},
      {"min", true, false, true, to_same, read_min, sweep_min},
      {"max", true, false, true, to_same, read_max, sweep_max},
      {"first", true, true, true, to_same, read_first, sweep_first},
      {"last", true, true, true, to_same, read_last, sweep_last},
  };
  return rows;
}

const std::vector<std::string>& reserved_aggregates() {
  static const std::vector<std::string> names = {"var",    "std",   "quantile", "count_distinct",
                                                 "last_k", "top_k", "rate",     "ewma"};
  return names;
}

}  // namespace rtml::feature
