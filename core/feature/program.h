// A feature view compiled: what each event leaves behind and what each read computes from it.
//
// There is one Program per view, run by the kernel (kernel.h) an event at a time and by the sweep
// (sweep.h) over sorted columns, which give the same bits. A Program does not change after
// compile(); any number of threads may use it. The semantics are those of docs/features.md.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/expression/expression.h"
#include "core/project/definitions.h"
#include "core/table/types.h"

namespace rtml::feature {

struct AggregateRow;

// Under this name expressions read the time of an event, whatever the source's column is called.
inline constexpr std::string_view kEventTimestamp = "event_timestamp";

// A value that is computed once from each event and kept: the argument of an aggregate, a filter,
// a column of the latest row. Its expression reads the program's inputs and, after them, the
// event's time. A DOUBLE is kept with one NaN and without -0.0.
struct Slot {
  expression::Expression expression;
  table::Kind kind;
};

// A sliding window, (t - delay - size, t - delay] or, closed-open, [t - delay - size, t - delay).
struct SlidingWindow {
  std::int64_t size_us = 0;
  std::int64_t delay_us = 0;
  bool is_closed_open = false;

  friend bool operator==(const SlidingWindow&, const SlidingWindow&) = default;
};

inline constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// The constants of an aggregate's call, and what it knows of its window.
struct AggregateParameters {
  double probability = 0;         // quantile: 0 to 1.
  double accuracy = 0;            // approx_quantile: the relative error.
  std::int64_t count = 0;         // last_k, top_k: the length of the list.
  std::int64_t half_life_us = 0;  // ewma.
  std::int64_t window_us = 0;     // rate: the size of the window.
  bool counts_events = false;     // There is no value to aggregate.

  friend bool operator==(const AggregateParameters&, const AggregateParameters&) = default;
};

// One value that a read takes from the kept events: an aggregate of a window, or a slot of the
// latest row.
struct Cell {
  const AggregateRow* aggregate = nullptr;  // Null: the latest row.
  std::size_t slot = kNone;                 // kNone: the aggregate counts events.
  std::size_t filter = kNone;               // A BOOL slot; kNone: every event.
  std::size_t window = kNone;               // Of Program::windows.
  AggregateParameters parameters;
  table::Kind kind = table::Kind::kInt64;  // Of the value, or of the items of a list.
  bool is_list = false;
};

// A column of the source that a feature's value depends on, and how old at least the values are
// that it sees. A label column must not be seen before it is mature.
struct Dependency {
  std::string column;
  std::int64_t least_delay_us = 0;
};

struct Output {
  table::Field field;
  std::size_t cell = kNone;  // kNone: the expression over the values (Program::value_order).
  std::optional<expression::Expression> expression;
  std::vector<Dependency> dependencies;
};

struct Program {
  std::string view;

  // What an event brings: the key columns, its time, the moment it was created and its id where
  // the source has them, and the inputs. Where order matters and there is no id, every column of
  // the source is an input, because the canonical bytes of the row break ties.
  std::vector<table::Field> keys;
  std::string time_column;
  std::string created_column;  // Empty: none.
  std::string id_column;       // Empty: none.
  std::vector<table::Field> inputs;
  bool nan_is_null = false;
  bool is_order_needed = false;  // Some feature tells the events of one moment apart.

  std::vector<Slot> slots;
  std::vector<SlidingWindow> windows;

  // What a read computes, in this order: the cells, then the outputs in `evaluation_order`.
  // Expressions of outputs read a row of values: those of the outputs, then `row_cells` as columns.
  std::vector<Cell> cells;
  std::vector<Output> outputs;
  std::vector<std::size_t> evaluation_order;
  std::vector<std::size_t> row_cells;

  std::int64_t ttl_us = 0;  // 0: for ever.
  bool as_of_created = false;
  // No read at t sees a window's event older than t - retention_us.
  std::int64_t retention_us = 0;

  // The features in the order of the view.
  table::Schema output_schema() const;
};

// Compiles `view` over events of `source`, whose columns after renaming and conversion are
// `schema`; `keys` are the view's key columns (Project::keys_of). Fails with every error of the
// view at once, each at its place: kExpressionSyntax, kExpressionType, kFeatureDefinition (types
// that do not fit, cycles, a window or aggregate that is not computed yet), kDataMissingColumn.
Result<Program> compile(const project::FeatureView& view, const project::Source& source,
                        std::span<const project::EntityKey> keys, const table::Schema& schema);

}  // namespace rtml::feature
