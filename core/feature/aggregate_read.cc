// What each aggregate reads from a window of kept events.

#include <cmath>

#include "core/feature/aggregate.h"
#include "core/feature/exact_sum.h"

namespace rtml::feature {
namespace {

using table::Value;

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

Value read_count(const KeptWindow& window, ReadMemory&) {
  std::int64_t count = 0;
  for (std::size_t i = window.begin; i < window.end; ++i) count += window.takes(i) ? 1 : 0;
  return Value::of_integer(count);
}

Value read_sum(const KeptWindow& window, ReadMemory& memory) {
  const Total total = total_of(window);
  if (total.terms == 0) return {};
  if (window.values->holds_numbers()) return Value::of_number(total.numbers.rounded());
  const auto sum = static_cast<std::int64_t>(total.integers);
  if (sum == total.integers) return Value::of_integer(sum);
  ++memory.overflows;
  return {};
}

Value read_mean(const KeptWindow& window, ReadMemory&) {
  const Total total = total_of(window);
  if (total.terms == 0) return {};
  const double sum =
      window.values->holds_numbers() ? total.numbers.rounded() : to_double(total.integers);
  return Value::of_number(canonical(sum / static_cast<double>(total.terms)));
}

Value read_min(const KeptWindow& window, ReadMemory&) {
  return read_extreme<false>(window);
}

Value read_max(const KeptWindow& window, ReadMemory&) {
  return read_extreme<true>(window);
}

Value read_first(const KeptWindow& window, ReadMemory&) {
  for (std::size_t i = window.begin; i < window.end; ++i) {
    if (window.takes(i)) return window.values->at(i);
  }
  return {};
}

Value read_last(const KeptWindow& window, ReadMemory&) {
  for (std::size_t i = window.end; i > window.begin; --i) {
    if (window.takes(i - 1)) return window.values->at(i - 1);
  }
  return {};
}

}  // namespace rtml::feature
