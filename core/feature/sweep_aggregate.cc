#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/feature/aggregate.h"
#include "core/feature/sliding_window.h"
#include "core/feature/sweep_block.h"

namespace rtml::feature {
namespace {

using table::Kind;

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
  task.prefix->takes_all = static_cast<std::size_t>(count) == task.events;
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

// Calls store(read, count) with the number of events taken of each window.
template <typename Store>
void count_windows(const SweepTask& task, const Store& store) {
  const WindowReads window = task.window;
  std::fill(task.result.valid.begin(), task.result.valid.end(), std::uint8_t{1});
  if (task.values != nullptr || task.filter != nullptr) make_counts(task);
  if ((task.values == nullptr && task.filter == nullptr) || task.prefix->takes_all) {
    for (std::size_t read = 0; read < task.reads; ++read) {
      store(read, window.highs[read] - window.lows[read]);
    }
    return;
  }
  const Position* const counts = task.prefix->counts.data();
  for (std::size_t read = 0; read < task.reads; ++read) {
    store(read, counts[window.highs[read]] - counts[window.lows[read]]);
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

// Fills prefix.sums with the running sums of what `term(i)` gives for the events taken.
template <typename Term>
void add_up(const SweepTask& task, const Term& term) {
  Int128* const sums = task.prefix->sums.data();
  // Unsigned, because the running sum may wrap where no window's sum does.
  UnsignedInt128 sum = 0;
  for (std::size_t i = 0; i < task.events; ++i) {
    sums[i] = static_cast<Int128>(sum);
    if (takes(task, i)) sum += term(i);
  }
  sums[task.events] = static_cast<Int128>(sum);
}

void make_sums(const SweepTask& task) {
  Prefix& prefix = *task.prefix;
  if (!prefix.sums.empty()) return;
  const bool are_numbers = task.values->holds_numbers();
  prefix.is_exact = !are_numbers || find_scale(task, &prefix.exponent);
  prefix.sums.resize(prefix.is_exact ? task.events + 1 : 1);
  if (!prefix.is_exact) return;
  if (!are_numbers) {
    const std::int64_t* const integers = task.values->integers;
    return add_up(task, [&](std::size_t i) { return static_cast<UnsignedInt128>(integers[i]); });
  }
  const double* const numbers = task.values->numbers;
  const int exponent = prefix.exponent;
  add_up(task, [&](std::size_t i) -> UnsignedInt128 {
    const Parts parts = parts_of(numbers[i]);
    const int shift = parts.exponent - exponent;
    if (shift >= 0) return static_cast<UnsignedInt128>(Int128{parts.mantissa}) << shift;
    if (shift <= -64) return 0;  // A zero, whose exponent says nothing.
    return static_cast<UnsignedInt128>(Int128{parts.mantissa >> -shift});
  });
}

Int128 difference(const Int128* sums, Position low, Position high) {
  return static_cast<Int128>(static_cast<UnsignedInt128>(sums[high]) -
                             static_cast<UnsignedInt128>(sums[low]));
}

// to_double() in so few instructions, and with so few branches, as suit a loop over all windows.
[[gnu::always_inline]] inline double rounded(Int128 sum) {
  const auto small = static_cast<std::int64_t>(sum);
  if (small == sum) return static_cast<double>(small);
  const auto sign = static_cast<UnsignedInt128>(sum >> 127);  // 0, or all ones.
  const UnsignedInt128 magnitude = (static_cast<UnsignedInt128>(sum) ^ sign) - sign;
  // The upper 62 or 63 bits of 64 or more, with the last one set if anything below is: enough to
  // round once, and a signed integer, which converts faster than an unsigned one.
  const int shift = 65 - std::countl_zero(static_cast<std::uint64_t>(magnitude >> 64) | 1);
  const bool is_more = magnitude << (128 - shift) != 0;
  const auto top = static_cast<std::int64_t>(magnitude >> shift) | std::int64_t{is_more};
  const auto scale = std::bit_cast<double>(static_cast<std::uint64_t>(1023 + shift) << 52);
  return static_cast<double>(sign == 0 ? top : -top) * scale;
}

// What is made of a window's sum.
enum class Quotient : std::uint8_t { kNone, kByTerms, kBySeconds };

// A window's sum, or what it is a term or a second.
template <Quotient kQuotient>
double quotient_of(const SweepTask& task, double sum, Position terms) {
  if constexpr (kQuotient == Quotient::kByTerms) {
    return sum / static_cast<double>(std::max(terms, 1));
  }
  return kQuotient == Quotient::kBySeconds ? per_second(sum, *task.parameters) : sum;
}

// Sums of all windows, or quotients of them, as differences of running sums.
template <Quotient kQuotient, bool kTakesAll>
void sweep_exact(const SweepTask& task) {
  const Int128* const sums = task.prefix->sums.data();
  const Position* const counts = task.prefix->counts.data();
  const Position* const lows = task.window.lows;
  const Position* const highs = task.window.highs;
  std::uint8_t* const valid = task.result.valid.data();
  double* const numbers = task.result.numbers.data();
  // A power of two between 2^-1022 and 2^1023, so the product is exact, and no -0.0.
  const double unit = std::ldexp(1.0, task.prefix->exponent);
  for (std::size_t read = 0, reads = task.reads; read < reads; ++read) {
    const Position low = lows[read];
    const Position high = highs[read];
    const Position terms = kTakesAll ? high - low : counts[high] - counts[low];
    const double sum = rounded(difference(sums, low, high)) * unit;
    valid[read] = terms > 0 ? 1 : 0;
    numbers[read] = quotient_of<kQuotient>(task, sum, terms);
  }
}

// The same for values that fit no common scale: a wide accumulator slides along.
template <Quotient kQuotient>
void sweep_wide(const SweepTask& task) {
  const CellSpans& result = task.result;
  const std::vector<Position>& counts = task.prefix->counts;
  ExactSum sum;
  const auto add = [&](std::size_t i) { sum.add(task.values->numbers[i]); };
  const auto remove = [&](std::size_t i) { sum.remove(task.values->numbers[i]); };
  slide(task, add, remove, [&](std::size_t read) {
    const Position terms = counts[task.window.highs[read]] - counts[task.window.lows[read]];
    result.valid[read] = terms > 0 ? 1 : 0;
    result.numbers[read] = canonical(quotient_of<kQuotient>(task, sum.rounded(), terms));
  });
}

template <Quotient kQuotient>
void sweep_numbers(const SweepTask& task) {
  make_counts(task);
  make_sums(task);
  if (!task.prefix->is_exact) return sweep_wide<kQuotient>(task);
  return task.prefix->takes_all ? sweep_exact<kQuotient, true>(task)
                                : sweep_exact<kQuotient, false>(task);
}

// Takes the value of event `position` of the block for read `read`.
void take(const SweepTask& task, std::size_t read, Position position, bool is_taken) {
  const SlotView& values = *task.values;
  const CellSpans& result = task.result;
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
    const Position low = task.window.lows[read];
    const Position high = task.window.highs[read];
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
  std::int64_t* const result = task.result.integers.data();
  count_windows(task, [&](std::size_t read, Position count) { result[read] = count; });
}

void sweep_rate(const SweepTask& task) {
  if (task.values != nullptr) return sweep_numbers<Quotient::kBySeconds>(task);
  double* const result = task.result.numbers.data();
  count_windows(task, [&](std::size_t read, Position count) {
    result[read] = per_second(count, *task.parameters);
  });
}

void sweep_sum(const SweepTask& task) {
  const CellSpans& result = task.result;
  if (task.values->holds_numbers()) return sweep_numbers<Quotient::kNone>(task);
  make_counts(task);
  make_sums(task);
  const Prefix& prefix = *task.prefix;
  for (std::size_t read = 0; read < task.reads; ++read) {
    const Position low = task.window.lows[read];
    const Position high = task.window.highs[read];
    const Int128 sum = difference(prefix.sums.data(), low, high);
    const auto small = static_cast<std::int64_t>(sum);
    const bool fits = small == sum;
    result.integers[read] = small;
    result.valid[read] = fits && prefix.counts[high] > prefix.counts[low] ? 1 : 0;
    task.memory->overflows += fits ? 0 : 1;
  }
}

void sweep_mean(const SweepTask& task) {
  sweep_numbers<Quotient::kByTerms>(task);
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
    const Position first = task.prefix->next[task.window.lows[read]];
    take(task, read, first, first < task.window.highs[read]);
  }
}

void sweep_last(const SweepTask& task) {
  make_previous(task);
  for (std::size_t read = 0; read < task.reads; ++read) {
    const Position last = task.prefix->previous[task.window.highs[read]];
    take(task, read, last, last >= task.window.lows[read]);
  }
}

// The values taken stand in one list, the newest first, of which each window's is a part.
void sweep_last_k(const SweepTask& task) {
  make_counts(task);
  const std::vector<Position>& counts = task.prefix->counts;
  const auto most = static_cast<Position>(task.parameters->count);
  const std::span<table::Value> newest_first =
      task.memory->values.make_list(static_cast<std::size_t>(counts[task.events]));
  auto place = newest_first.end();
  for (std::size_t i = 0; i < task.events; ++i) {
    if (takes(task, i)) *--place = task.values->at(i);
  }
  for (std::size_t read = 0; read < task.reads; ++read) {
    const Position end = counts[task.window.highs[read]];
    const Position size = std::min(end - counts[task.window.lows[read]], most);
    task.result.valid[read] = size > 0 ? 1 : 0;
    task.result.lists[read] = table::Value::of_list(newest_first.subspan(
        newest_first.size() - static_cast<std::size_t>(end), static_cast<std::size_t>(size)));
  }
}

}  // namespace rtml::feature
