// The table of aggregates: what each takes, what it gives, and how the kernel and the sweep compute
// it. A new aggregate is a row here. Internal to core/feature.

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/feature/exact_sum.h"
#include "core/feature/kernel.h"
#include "core/table/types.h"
#include "core/table/value.h"
#include "core/table/value_memory.h"

namespace rtml::feature {

class Accumulator;
struct SweepTask;

// The values of one slot, as plain arrays: of a state, or of a block of the sweep. Only the array
// of the slot's kind is there.
struct SlotView {
  table::Kind kind = table::Kind::kInt64;
  const std::uint8_t* valid = nullptr;
  const std::int64_t* integers = nullptr;   // BOOL, INT64, TIMESTAMP.
  const double* numbers = nullptr;          // DOUBLE.
  const std::string* texts = nullptr;       // STRING, BYTES, of a state
  const std::string_view* views = nullptr;  // or of a block.

  bool holds_numbers() const { return kind == table::Kind::kDouble; }
  bool holds_integers() const {
    return kind == table::Kind::kBool || kind == table::Kind::kInt64 ||
           kind == table::Kind::kTimestamp;
  }
  std::string_view text_at(std::size_t i) const { return texts != nullptr ? texts[i] : views[i]; }
  // The value of event i. Its text lives in the arrays.
  table::Value at(std::size_t i) const;
  // Whether event i passes a filter.
  bool is_true(std::size_t i) const { return valid[i] != 0 && integers[i] != 0; }
};

SlotView view_of(const SlotValues& values, table::Kind kind);

// The kept events [begin, end), of which a window's aggregate takes those that pass.
struct KeptWindow {
  std::size_t begin = 0;
  std::size_t end = 0;
  const AggregateParameters* parameters = nullptr;
  const std::int64_t* times_us = nullptr;    // Of the events.
  const SlotView* values = nullptr;          // Null: events are counted.
  const SlotView* filter = nullptr;          // Null: every event passes.
  const std::int64_t* created_us = nullptr;  // Null: does not matter.
  std::int64_t created_limit_us = 0;

  // Whether event i is in and its value is not null.
  bool takes(std::size_t i) const {
    if (filter != nullptr && !filter->is_true(i)) return false;
    if (created_us != nullptr && !was_created(created_us[i], created_limit_us)) return false;
    return values == nullptr || values->valid[i] != 0;
  }
  static bool was_created(std::int64_t created_us, std::int64_t limit_us) {
    return created_us != State::kNoCreated && created_us <= limit_us;
  }
};

// What reads leave behind, and memory that they use again. For one thread.
struct ReadMemory {
  std::int64_t overflows = 0;  // INT64 sums that did not fit and are null.
  table::ValueMemory values;   // Lists, and texts of accumulators, until it is cleared.
  std::vector<double> numbers;
  std::vector<std::int64_t> integers;
};

// A constant in the call of an aggregate, after the value: the 0.95 of quantile(x, 0.95).
struct ParameterRow {
  enum class Meaning : std::uint8_t { kProbability, kAccuracy, kCount, kHalfLife };
  Meaning meaning;
  std::string_view name;  // As errors call it.
  bool is_optional = false;
};

struct AggregateRow {
  std::string_view name;
  bool needs_value;      // False: it may also count events.
  bool is_order_needed;  // The result depends on the order of events.
  bool keeps_value;      // The result is one of the values or a list of them: of their type.
  bool is_sketch;        // Sliding windows need a resolution for it.
  bool is_per_second;    // The window must have a size.
  bool takes_lists;      // As values of their own; others take no lists.
  std::span<const ParameterRow> parameters;
  std::string_view takes;  // What values it takes, for errors: "numbers and BOOL".
  // The type of the result for values of a kind; nothing if it does not take them.
  std::optional<table::DataType> (*result)(table::Kind value);
  // The result's lists live in `memory`, its texts in the window.
  table::Value (*read)(const KeptWindow& window, ReadMemory& memory);
  void (*sweep)(const SweepTask& task);
  // Makes an accumulator (accumulator.h) that has seen nothing, for values of a kind; it does not
  // matter where events are counted.
  std::unique_ptr<Accumulator> (*accumulate)(table::Kind value,
                                             const AggregateParameters& parameters);
};

const std::vector<AggregateRow>& aggregate_table();

// The type of the result for values of a type; nothing if the aggregate does not take them.
std::optional<table::DataType> result_type(const AggregateRow& aggregate, table::DataType value);

// Window reads of the kernel, one an aggregate.
table::Value read_count(const KeptWindow& window, ReadMemory& memory);
table::Value read_sum(const KeptWindow& window, ReadMemory& memory);
table::Value read_mean(const KeptWindow& window, ReadMemory& memory);
table::Value read_min(const KeptWindow& window, ReadMemory& memory);
table::Value read_max(const KeptWindow& window, ReadMemory& memory);
table::Value read_first(const KeptWindow& window, ReadMemory& memory);
table::Value read_last(const KeptWindow& window, ReadMemory& memory);
table::Value read_var(const KeptWindow& window, ReadMemory& memory);
table::Value read_std(const KeptWindow& window, ReadMemory& memory);
table::Value read_rate(const KeptWindow& window, ReadMemory& memory);
table::Value read_ewma(const KeptWindow& window, ReadMemory& memory);
table::Value read_quantile(const KeptWindow& window, ReadMemory& memory);
table::Value read_approx_quantile(const KeptWindow& window, ReadMemory& memory);
table::Value read_count_distinct(const KeptWindow& window, ReadMemory& memory);
table::Value read_approx_count_distinct(const KeptWindow& window, ReadMemory& memory);
table::Value read_top_k(const KeptWindow& window, ReadMemory& memory);
table::Value read_last_k(const KeptWindow& window, ReadMemory& memory);

// Window sweeps, one an aggregate.
void sweep_count(const SweepTask& task);
void sweep_sum(const SweepTask& task);
void sweep_mean(const SweepTask& task);
void sweep_min(const SweepTask& task);
void sweep_max(const SweepTask& task);
void sweep_first(const SweepTask& task);
void sweep_last(const SweepTask& task);
void sweep_var(const SweepTask& task);
void sweep_std(const SweepTask& task);
void sweep_rate(const SweepTask& task);
void sweep_ewma(const SweepTask& task);
void sweep_quantile(const SweepTask& task);
void sweep_approx_quantile(const SweepTask& task);
void sweep_count_distinct(const SweepTask& task);
void sweep_approx_count_distinct(const SweepTask& task);
void sweep_top_k(const SweepTask& task);
void sweep_last_k(const SweepTask& task);

// A sum or a number of events by the seconds of the window.
inline double per_second(double total, const AggregateParameters& parameters) {
  return canonical(total / (static_cast<double>(parameters.window_us) / 1e6));
}

}  // namespace rtml::feature
