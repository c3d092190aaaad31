#include "core/feature/aggregate.h"

#include "core/feature/accumulator_kinds.h"

namespace rtml::feature {
namespace {

using table::DataType;
using table::Kind;
using table::Value;

constexpr std::string_view kNumbers = "numbers and BOOL";
constexpr std::string_view kAny = "any value";

std::optional<DataType> to_count(Kind) {
  return DataType{Kind::kInt64};
}

std::optional<DataType> to_same(Kind kind) {
  return DataType{kind};
}

std::optional<DataType> to_sum(Kind kind) {
  if (kind == Kind::kBool || kind == Kind::kInt64) return DataType{Kind::kInt64};
  if (kind == Kind::kDouble) return DataType{kind};
  return std::nullopt;
}

std::optional<DataType> to_number(Kind kind) {
  if (!to_sum(kind)) return std::nullopt;
  return DataType{Kind::kDouble};
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

const std::vector<AggregateRow>& aggregate_table() {
  static const std::vector<AggregateRow> rows = {
      {"count", false, false, false, false, false, {}, kAny, to_count, read_count, sweep_count,
       accumulate_count},
      {"sum", true, false, false, false, false, {}, kNumbers, to_sum, read_sum, sweep_sum,
       accumulate_sum},
      {"mean", true, false, false, false, false, {}, kNumbers, to_number, read_mean, sweep_mean,
       accumulate_mean},
      {"min", true, false, true, false, false, {}, kAny, to_same, read_min, sweep_min, accumulate_min},
      {"max", true, false, true, false, false, {}, kAny, to_same, read_max, sweep_max, accumulate_max},
      {"first", true, true, true, false, false, {}, kAny, to_same, read_first, sweep_first,
       accumulate_first},
      {"last", true, true, true, false, false, {}, kAny, to_same, read_last, sweep_last, accumulate_last},
  };
  return rows;
}

const std::vector<std::string>& reserved_aggregates() {
  static const std::vector<std::string> names = {"var",    "std",   "quantile", "count_distinct",
                                                 "last_k", "top_k", "rate",     "ewma"};
  return names;
}

}  // namespace rtml::feature
