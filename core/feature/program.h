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
#include "core/feature/window.h"
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
  table::Kind kind;      // As it is kept: a list as BYTES (packed_list.h).
  table::DataType type;  // As the expression gives it.
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
  std::size_t fold = kNone;                 // Of Program::folds; kNone: read from events alone.
  AggregateParameters parameters;
  table::Kind kind = table::Kind::kInt64;  // Of the value, or of the items of a list.
  bool is_list = false;
  bool is_packed = false;  // The list is one of an event, and comes as its slot keeps it.

  // As it comes out of its slot or aggregate.
  table::DataType kept_type() const {
    return is_packed ? table::DataType{table::Kind::kBytes} : table::DataType{kind, is_list};
  }
};

// What foldable cells share of events that were folded: cells of one aggregate, slot and filter
// whose windows cut time alike need one accumulator a bucket.
struct Fold {
  const AggregateRow* aggregate = nullptr;
  std::size_t slot = kNone;    // As in Cell.
  std::size_t filter = kNone;  // As in Cell.
  AggregateParameters parameters;
  Buckets buckets;
  std::vector<std::size_t> windows;  // Those that read it; what none of them sees is forgotten.
};

// How long after the watermark has passed a moment reads of it still succeed, where nothing else is
// said.
inline constexpr std::int64_t kDefaultHistoryUs = 86'400'000'000;

// A column of the source that a feature's value depends on, and how old at least the values are
// that it sees. A label column must not be seen before it is mature.
struct Dependency {
  std::string column;  // As its source calls it.
  std::string source;  // Of a view of several sources the one; empty: any of them.
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
  // The input that says which of several sources an event is of; it comes before the id in the
  // order of events. kNone: the view has one source.
  std::size_t source_input = kNone;

  std::vector<Slot> slots;
  std::vector<Window> windows;
  std::vector<Fold> folds;
  bool has_sessions = false;

  // What a read computes, in this order: the cells, then the outputs in `evaluation_order`.
  // Expressions of outputs read a row of values: those of the outputs, then `row_cells` as columns.
  std::vector<Cell> cells;
  std::vector<std::size_t> packed_cells;  // Those whose lists are packed.
  std::vector<Output> outputs;
  std::vector<std::size_t> evaluation_order;
  std::vector<std::size_t> row_cells;

  std::int64_t ttl_us = 0;  // 0: for ever.
  bool as_of_created = false;
  // A read at t takes no event at or before t - raw_retention_us - 1 from the events themselves,
  // but for the latest row and for the sessions at that moment: the reach of windows that do not
  // fold.
  std::int64_t raw_retention_us = 0;

  // How late an event may be behind the watermark where reads reach `history_us` back and the
  // stream declares no `allowed_lateness`: late is time <= watermark - lateness_us(). Such an event
  // never meets what trim(watermark - history_us) has folded.
  std::int64_t lateness_us(std::int64_t history_us = kDefaultHistoryUs) const {
    return raw_retention_us + history_us;
  }

  // The features in the order of the view.
  table::Schema output_schema() const;
};

// Compiles `view` over events of `source`, whose columns after renaming and conversion are
// `schema`, union_schema() where the view has several; `keys` are the view's key columns
// (Project::keys_of). Fails with every error of the view at once, each at its place:
// kExpressionSyntax, kExpressionType, kFeatureDefinition (types that do not fit, cycles, a window
// or aggregate that is not computed yet), kDataMissingColumn.
Result<Program> compile(const project::FeatureView& view, const project::Source& source,
                        std::span<const project::EntityKey> keys, const table::Schema& schema);

}  // namespace rtml::feature
