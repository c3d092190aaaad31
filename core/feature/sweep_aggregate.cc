#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/feature/aggregate.h"
#include "core/feature/sweep_block.h"

namespace rtml::feature {
namespace {

using table::Kind;

// Whether event i is in and its value is not null.
bool takes(const SweepTask& task, std::size_t i) {
  return (task.filter == nullptr || task.filter->is_true(i)) &&
         (task.values == nullptr || task.values->valid[i] != 0);
}

void make_counts(const SweepTask& task) {
  std::vector<Position>& counts = task.prefix->counts;
  if (!counts.empty()) return;
  counts.resize(task.events + 1);
  Position count = 0;
  for (std::size_t i = 0; i < task.events; ++i) {
    counts[i] = count;
    count += takes(task, i) ? 1 : 0;
  }
  counts[task.events] = count;
}

void make_previous(const SweepTask& task) {
  std::vector<Position>& previous = task.prefix->previous;
  if (!previous.empty()) return;
  previous.resize(task.events + 1);
  Position last = -1;
  for (std::size_t i = 0; i < task.events; ++i) {
    previous[i] = last;
    if (takes(task, i)) last = static_cast<Position>(i);
  }
  previous[task.events] = last;
}

void make_next(const SweepTask& task) {
  std::vector<Position>& next = task.prefix->next;
  if (!next.empty()) return;
  next.resize(task.events + 1);
  auto first = static_cast<Position>(task.events);
  next[task.events] = first;
  for (std::size_t i = task.events; i-- > 0;) {
    if (takes(task, i)) first = static_cast<Position>(i);
    next[i] = first;
  }
}

// A finite double as mantissa * 2^exponent.
struct Parts {
  std::int64_t mantissa;
  int exponent;
};
Parts parts_of(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const int exponent = static_cast<int>(bits >> 52 & 0x7FF);
  auto mantissa = static_cast<std::int64_t>(bits & ((std::uint64_t{1} << 52) - 1));
  if (exponent != 0) mantissa |= std::int64_t{1} << 52;
  return {(bits >> 63) != 0 ? -mantissa : mantissa, std::max(exponent, 1) - 1075};
}

// Finds a fixed-point scale on which every window's sum is an exact 127-bit number that becomes a
// normal double. Returns false if there is none.
bool find_scale(const SweepTask& task, int* exponent) {
  int low = std::numeric_limits<int>::max();
  int high = std::numeric_limits<int>::min();
  for (std::size_t i = 0; i < task.events; ++i) {
    if (!takes(task, i)) continue;
    const double value = task.values->numbers[i];
    if (!std::isfinite(value)) return false;
    if (value == 0) continue;
    const Parts parts = parts_of(value);
    const auto magnitude = static_cast<std::uint64_t>(std::abs(parts.mantissa));
    low = std::min(low, parts.exponent + std::countr_zero(magnitude));
    high = std::max(high, parts.exponent + 64 - std::countl_zero(magnitude));
  }
  if (low > high) low = high = 0;  // Nothing but zeros.
  const int headroom = std::bit_width(task.events);
  *exponent = low;
  return low >= -1022 && high + headroom <= 1023 && high - low + headroom <= 126;
}

void make_sums(const SweepTask& task) {
  Prefix& prefix = *task.prefix;
  if (prefix.is_exact || !prefix.sums.empty()) return;
  const double* const numbers = task.values->numbers;
  prefix.is_exact = !task.values->holds_numbers() || find_scale(task, &prefix.exponent);
  prefix.sums.assign(prefix.is_exact ? task.events + 1 : 1, 0);
  if (!prefix.is_exact) return;
  // Unsigned, because the running sum may wrap where no window's sum does.
  UnsignedInt128 sum = 0;
  for (std::size_t i = 0; i < task.events; ++i) {
    prefix.sums[i] = static_cast<Int128>(sum);
    if (!takes(task, i)) continue;
    if (!task.values->holds_numbers()) {
      sum += static_cast<UnsignedInt128>(static_cast<Int128>(task.values->integers[i]));
      continue;
    }
    const Parts parts = parts_of(numbers[i]);
    const int shift = parts.exponent - prefix.exponent;
    if (shift >= 0) {
      sum += static_cast<UnsignedInt128>(static_cast<Int128>(parts.mantissa)) << shift;
    } else if (shift > -64) {
      sum += static_cast<UnsignedInt128>(static_cast<Int128>(parts.mantissa >> -shift));
    }
  }
  prefix.sums[task.events] = static_cast<Int128>(sum);
}

Int128 window_sum(const Prefix& prefix, Position low, Position high) {
  return static_cast<Int128>(static_cast<UnsignedInt128>(prefix.sums[high]) -
                             static_cast<UnsignedInt128>(prefix.sums[low]));
}

// Calls `emit(read, sum, terms)` for each read, with the rounded sum of its window.
template <typename Emit>
void sweep_exact(const SweepTask& task, const Emit& emit) {
  const Prefix& prefix = *task.prefix;
  // A power of two between 2^-1022 and 2^1023, so the product is exact.
  const double unit = std::ldexp(1.0, prefix.exponent);
  for (std::size_t read = 0; read < task.reads; ++read) {
    const Position low = task.window->lows[read];
    const Position high = task.window->highs[read];
    emit(read, to_double(window_sum(prefix, low, high)) * unit,
         prefix.counts[high] - prefix.counts[low]);
  }
}

// The same for values that fit no common scale: a wide accumulator slides along.
template <typename Emit>
void sweep_wide(const SweepTask& task, const Emit& emit) {
  ExactSum sum;
  Position begin = 0;
  Position end = 0;
  for (std::size_t read = 0; read < task.reads; ++read) {
    const Position low = task.window->lows[read];
    const Position high = task.window->highs[read];
    for (; end < high; ++end) {
      if (takes(task, end)) sum.add(task.values->numbers[end]);
    }
    for (; begin < low; ++begin) {
      if (takes(task, begin)) sum.remove(task.values->numbers[begin]);
    }
    emit(read, sum.rounded(), task.prefix->counts[high] - task.prefix->counts[low]);
  }
}

template <typename Emit>
void sweep_numbers(const SweepTask& task, const Emit& emit) {
  make_counts(task);
  make_sums(task);
  if (task.prefix->is_exact) {
    sweep_exact(task, emit);
  } else {
    sweep_wide(task, emit);
  }
}

// Takes the value of event `position` of the block for read `read`.
void take(const SweepTask& task, std::size_t read, Position position, bool is_taken) {
  const SlotView& values = *task.values;
  CellValues& result = *task.result;
  result.valid[read] = is_taken ? 1 : 0;
  const auto i = static_cast<std::size_t>(is_taken ? position : 0);
  if (values.holds_numbers()) {
    result.numbers[read] = is_taken ? values.numbers[i] : 0;
  } else if (values.holds_integers()) {
    result.integers[read] = is_taken ? values.integers[i] : 0;
  } else if (is_taken) {
    result.views[read] = values.views[i];
  }
}

// Slides a deque of candidates, each of which precedes those behind it.
template <typename T, typename Precedes>
void slide_extreme(const SweepTask& task, const T* values, const Precedes& precedes) {
  std::vector<Position> candidates(task.events);
  std::size_t front = 0;
  std::size_t back = 0;
  Position end = 0;
  for (std::size_t read = 0; read < task.reads; ++read) {
    const Position low = task.window->lows[read];
    const Position high = task.window->highs[read];
    end = std::max(end, low);  // What no window sees need not be looked at.
    for (; end < high; ++end) {
      if (!takes(task, end)) continue;
      while (back > front && !precedes(values[candidates[back - 1]], values[end])) --back;
      candidates[back++] = end;
    }
    while (front < back && candidates[front] < low) ++front;
    take(task, read, front < back ? candidates[front] : 0, front < back);
  }
}

template <bool kGreatest>
void sweep_extreme(const SweepTask& task) {
  const SlotView& values = *task.values;
  if (values.holds_numbers()) {
    slide_extreme(task, values.numbers, [](double a, double b) {
      if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && !std::isnan(b);
      return kGreatest ? b < a : a < b;
    });
  } else if (values.holds_integers()) {
    slide_extreme(task, values.integers,
                  [](std::int64_t a, std::int64_t b) { return kGreatest ? b < a : a < b; });
  } else {
    slide_extreme(task, values.views,
                  [](std::string_view a, std::string_view b) { return kGreatest ? b < a : a < b; });
  }
}

}  // namespace

void sweep_count(const SweepTask& task) {
  const WindowReads& window = *task.window;
  std::int64_t* const result = task.result->integers.data();
  std::fill(task.result->valid.begin(), task.result->valid.end(), std::uint8_t{1});
  if (task.values == nullptr && task.filter == nullptr) {
    for (std::size_t read = 0; read < task.reads; ++read) {
      result[read] = window.highs[read] - window.lows[read];
    }
    return;
  }
  make_counts(task);
  const Position* const counts = task.prefix->counts.data();
  for (std::size_t read = 0; read < task.reads; ++read) {
    result[read] = counts[window.highs[read]] - counts[window.lows[read]];
  }
}

void sweep_sum(const SweepTask& task) {
  CellValues& result = *task.result;
  if (task.values->holds_numbers()) {
    return sweep_numbers(task, [&](std::size_t read, double sum, Position terms) {
      result.valid[read] = terms > 0 ? 1 : 0;
      result.numbers[read] = sum;
    });
  }
  make_counts(task);
  make_sums(task);
  const Prefix& prefix = *task.prefix;
  for (std::size_t read = 0; read < task.reads; ++read) {
    const Position low = task.window->lows[read];
    const Position high = task.window->highs[read];
    const Int128 sum = window_sum(prefix, low, high);
    const auto small = static_cast<std::int64_t>(sum);
    const bool fits = small == sum;
    result.integers[read] = small;
    result.valid[read] = fits && prefix.counts[high] > prefix.counts[low] ? 1 : 0;
    *task.overflows += fits ? 0 : 1;
  }
}

void sweep_mean(const SweepTask& task) {
  CellValues& result = *task.result;
  sweep_numbers(task, [&](std::size_t read, double sum, Position terms) {
    result.valid[read] = terms > 0 ? 1 : 0;
    result.numbers[read] = canonical(sum / static_cast<double>(std::max(terms, 1)));
  });
}

void sweep_min(const SweepTask& task) {
  sweep_extreme<false>(task);
}

void sweep_max(const SweepTask& task) {
  sweep_extreme<true>(task);
}

void sweep_first(const SweepTask& task) {
  make_next(task);
  for (std::size_t read = 0; read < task.reads; ++read) {
    const Position first = task.prefix->next[task.window->lows[read]];
    take(task, read, first, first < task.window->highs[read]);
  }
}

void sweep_last(const SweepTask& task) {
  make_previous(task);
  for (std::size_t read = 0; read < task.reads; ++read) {
    const Position last = task.prefix->previous[task.window->highs[read]];
    take(task, read, last, last >= task.window->lows[read]);
  }
}

}  // namespace rtml::feature
