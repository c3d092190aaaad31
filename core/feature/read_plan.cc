#include "core/feature/read_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "core/feature/events.h"
#include "core/feature/exact_sum.h"
#include "core/feature/fixed_sum.h"

namespace rtml::feature {
namespace {

using table::Kind;
using table::Value;

std::optional<PassResult> result_of(const Program& program, const Cell& cell) {
  const std::string_view name = cell.aggregate->name;
  if (name == "count") return PassResult::kCount;
  if (cell.slot == kNone) return std::nullopt;
  const Kind kind = program.slots[cell.slot].kind;
  if (kind == Kind::kString || kind == Kind::kBytes) return std::nullopt;
  if (name == "min") return PassResult::kMin;
  if (name == "max") return PassResult::kMax;
  if (name == "sum") return PassResult::kSum;
  if (name == "mean") return PassResult::kMean;
  return std::nullopt;
}

bool have_one_end(const Window& a, const Window& b) {
  return a.kind == b.kind && a.delay_us == b.delay_us && a.is_closed_open == b.is_closed_open &&
         a.is_partial == b.is_partial;
}

bool is_plain(const Program& program, const Cell& cell) {
  if (cell.aggregate == nullptr || program.as_of_created) return false;
  const Window& window = program.windows[cell.window];
  return !window.is_session() && !window.is_foldable();
}

ReadPass& pass_of(ReadPlan& plan, const Program& program, const Cell& cell) {
  for (ReadPass& pass : plan.passes) {
    if (pass.slot == cell.slot && pass.filter == cell.filter &&
        have_one_end(program.windows[pass.windows.front().window], program.windows[cell.window])) {
      return pass;
    }
  }
  plan.passes.push_back({cell.slot, cell.filter, false, false, {{cell.window, {}}}});
  return plan.passes.back();
}

void add_to_fold_pass(ReadPlan& plan, const Program& program, std::size_t index) {
  const Cell& cell = program.cells[index];
  const Window& window = program.windows[cell.window];
  for (FoldPass& pass : plan.fold_passes) {
    const Cell& first = program.cells[pass.cells.front()];
    if (pass.fold != cell.fold || !have_one_end(program.windows[first.window], window)) continue;
    const auto longer = std::find_if(pass.cells.begin(), pass.cells.end(), [&](std::size_t other) {
      return program.windows[program.cells[other].window].size_us > window.size_us;
    });
    pass.cells.insert(longer, index);
    return;
  }
  plan.fold_passes.push_back({cell.fold, {index}});
}

PassWindow& window_of(ReadPass& pass, std::size_t window) {
  for (PassWindow& known : pass.windows) {
    if (known.window == window) return known;
  }
  pass.windows.push_back({window, {}});
  return pass.windows.back();
}

// What a pass has seen so far.
struct Seen {
  explicit Seen(std::size_t terms) : numbers(terms) {}

  std::int64_t count = 0;
  Int128 integers = 0;
  FixedSum numbers;
  bool has_nan = false;
  double least_number = std::numeric_limits<double>::infinity();
  double greatest_number = -std::numeric_limits<double>::infinity();
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t greatest = std::numeric_limits<std::int64_t>::min();
};

// Takes the events [begin, end), newest first. What a pass does not need costs nothing: the loop is
// made for each combination.
template <bool kNumbers, bool kSums, bool kExtremes>
void see(const SlotView& values, const SlotView* filter, std::size_t begin, std::size_t end,
         Seen& seen) {
  for (std::size_t i = end; i-- > begin;) {
    if (values.valid[i] == 0 || (filter != nullptr && !filter->is_true(i))) continue;
    ++seen.count;
    if constexpr (kNumbers) {
      const double value = values.numbers[i];
      if constexpr (kSums) seen.numbers.add(value);
      if constexpr (kExtremes) {
        // Comparisons with NaN are false.
        seen.has_nan |= value != value;
        seen.least_number = value < seen.least_number ? value : seen.least_number;
        seen.greatest_number = value > seen.greatest_number ? value : seen.greatest_number;
      }
    } else if constexpr (kSums || kExtremes) {  // Texts are counted, and have no integers.
      const std::int64_t value = values.integers[i];
      if constexpr (kSums) seen.integers += value;
      if constexpr (kExtremes) {
        seen.least = std::min(seen.least, value);
        seen.greatest = std::max(seen.greatest, value);
      }
    }
  }
}

void see_events(const SlotView* filter, std::size_t begin, std::size_t end, Seen& seen) {
  if (filter == nullptr) {
    seen.count += static_cast<std::int64_t>(end - begin);
    return;
  }
  for (std::size_t i = begin; i < end; ++i) seen.count += filter->is_true(i) ? 1 : 0;
}

using See = void (*)(const SlotView&, const SlotView*, std::size_t, std::size_t, Seen&);

See see_of(const ReadPass& pass, bool has_numbers) {
  static constexpr See kTable[2][2][2] = {{{see<false, false, false>, see<false, false, true>},
                                           {see<false, true, false>, see<false, true, true>}},
                                          {{see<true, false, false>, see<true, false, true>},
                                           {see<true, true, false>, see<true, true, true>}}};
  return kTable[has_numbers ? 1 : 0][pass.has_sums ? 1 : 0][pass.has_extremes ? 1 : 0];
}

Value of_kind(Kind kind, std::int64_t value) {
  return kind == Kind::kBool ? Value::of_bool(value != 0) : Value::of_integer(value);
}

Value extreme_of(const Seen& seen, Kind kind, bool is_greatest) {
  if (seen.count == 0) return {};
  if (kind != Kind::kDouble) return of_kind(kind, is_greatest ? seen.greatest : seen.least);
  if (seen.has_nan) return Value::of_number(std::numeric_limits<double>::quiet_NaN());
  return Value::of_number(is_greatest ? seen.greatest_number : seen.least_number);
}

Value sum_of_integers(const Seen& seen, bool is_mean, ReadMemory& memory) {
  if (seen.count == 0) return {};
  if (is_mean) {
    return Value::of_number(canonical(to_double(seen.integers) / static_cast<double>(seen.count)));
  }
  const auto sum = static_cast<std::int64_t>(seen.integers);
  if (sum == seen.integers) return Value::of_integer(sum);
  ++memory.overflows;
  return {};
}

Value sum_of_numbers(const Seen& seen, double sum, bool is_mean) {
  if (seen.count == 0) return {};
  return Value::of_number(is_mean ? canonical(sum / static_cast<double>(seen.count)) : sum);
}

// The values of one window's cells from what the pass has seen.
class Emitter {
 public:
  Emitter(const ReadPass& pass, const Program& program, const PassEvents& events,
          std::vector<Value>& cells, ReadMemory& memory)
      : pass_(pass), program_(program), events_(events), cells_(cells), memory_(memory) {
    if (pass.slot != kNone) kind_ = program.slots[pass.slot].kind;
  }

  void emit(const PassWindow& window, const Seen& seen, std::size_t begin, std::size_t end) {
    const bool has_sum = kind_ == Kind::kDouble && pass_.has_sums && seen.numbers.fits();
    const double sum = has_sum ? seen.numbers.rounded() : 0.0;
    for (const PassCell& cell : window.cells) {
      Value& value = cells_[cell.cell];
      const bool is_mean = cell.result == PassResult::kMean;
      if (cell.result == PassResult::kCount) {
        value = Value::of_integer(seen.count);
      } else if (cell.result == PassResult::kMin || cell.result == PassResult::kMax) {
        value = extreme_of(seen, kind_, cell.result == PassResult::kMax);
      } else if (kind_ != Kind::kDouble) {
        value = sum_of_integers(seen, is_mean, memory_);
      } else {
        value = has_sum ? sum_of_numbers(seen, sum, is_mean) : read_alone(cell.cell, begin, end);
      }
    }
  }

 private:
  // A sum that needs more than 128 bits.
  Value read_alone(std::size_t index, std::size_t begin, std::size_t end) {
    const Cell& cell = program_.cells[index];
    KeptWindow window;
    window.begin = begin;
    window.end = end;
    window.parameters = &cell.parameters;
    window.times_us = events_.times_us.data();
    window.values = &events_.views[cell.slot];
    if (cell.filter != kNone) window.filter = &events_.views[cell.filter];
    return cell.aggregate->read(window, memory_);
  }

  const ReadPass& pass_;
  const Program& program_;
  const PassEvents& events_;
  std::vector<Value>& cells_;
  ReadMemory& memory_;
  Kind kind_ = Kind::kInt64;
};

}  // namespace

ReadPlan make_plan(const Program& program) {
  ReadPlan plan;
  for (std::size_t c = 0; c < program.cells.size(); ++c) {
    const Cell& cell = program.cells[c];
    if (cell.fold != kNone) {
      add_to_fold_pass(plan, program, c);
      continue;
    }
    const auto result = is_plain(program, cell) ? result_of(program, cell) : std::nullopt;
    if (!result) {
      plan.others.push_back(c);
      continue;
    }
    ReadPass& pass = pass_of(plan, program, cell);
    pass.has_sums |= *result == PassResult::kSum || *result == PassResult::kMean;
    pass.has_extremes |= *result == PassResult::kMin || *result == PassResult::kMax;
    window_of(pass, cell.window).cells.push_back({c, *result});
  }
  for (ReadPass& pass : plan.passes) {
    std::sort(pass.windows.begin(), pass.windows.end(),
              [&](const PassWindow& a, const PassWindow& b) {
                return program.windows[a.window].size_us < program.windows[b.window].size_us;
              });
  }
  return plan;
}

void run_pass(const ReadPass& pass, const Program& program, const PassEvents& events,
              std::vector<Value>& cells, ReadMemory& memory) {
  const SlotView* const values = pass.slot == kNone ? nullptr : &events.views[pass.slot];
  const SlotView* const filter = pass.filter == kNone ? nullptr : &events.views[pass.filter];
  const See see_values = see_of(pass, values != nullptr && values->holds_numbers());
  Seen seen(events.times_us.size());
  Emitter emitter(pass, program, events, cells, memory);
  bool is_first = true;
  std::size_t end = 0;    // Of the windows.
  std::size_t begin = 0;  // Events from here on have been seen.
  for (const PassWindow& window : pass.windows) {
    const WindowEnds ends = ends_of(program.windows[window.window], events.time_us);
    if (is_first) begin = end = first_after(events.times_us, ends.high_us);
    is_first = false;
    const std::size_t low = std::min(begin, first_after(events.times_us, ends.low_us));
    if (values == nullptr) {
      see_events(filter, low, begin, seen);
    } else {
      see_values(*values, filter, low, begin, seen);
    }
    begin = low;
    emitter.emit(window, seen, begin, end);
  }
}

}  // namespace rtml::feature
