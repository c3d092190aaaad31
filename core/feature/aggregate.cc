#include "core/feature/aggregate.h"

#include "core/feature/accumulator_kinds.h"

namespace rtml::feature {
namespace {

using table::DataType;
using table::Kind;
using table::Value;

constexpr std::string_view kNumbers = "numbers and BOOL";
constexpr std::string_view kAny = "any value but a list";
constexpr std::string_view kListsToo = "any value";

using Meaning = ParameterRow::Meaning;
constexpr ParameterRow kListLength[] = {{Meaning::kCount, "k"}};
constexpr ParameterRow kQuantile[] = {{Meaning::kProbability, "probability"}};
constexpr ParameterRow kApproximateQuantile[] = {{Meaning::kProbability, "probability"},
                                                 {Meaning::kAccuracy, "accuracy", true}};
constexpr ParameterRow kHalfLife[] = {{Meaning::kHalfLife, "half_life"}};

std::optional<DataType> to_count(Kind) {
  return DataType{Kind::kInt64};
}

std::optional<DataType> to_same(Kind kind) {
  return DataType{kind};
}

std::optional<DataType> to_list(Kind kind) {
  return DataType{kind, true};
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

// What AggregateRow says of an aggregate beside its functions.
enum Traits : unsigned {
  kCountsEvents = 0,
  kNeedsValue = 1,
  kNeedsOrder = 2,
  kKeepsValue = 4,
  kIsSketch = 8,
  kIsPerSecond = 16,
  kTakesLists = 32,
};

AggregateRow row(std::string_view name, unsigned traits, std::span<const ParameterRow> parameters,
                 std::string_view takes, decltype(AggregateRow::result) result,
                 decltype(AggregateRow::read) read, decltype(AggregateRow::sweep) sweep,
                 decltype(AggregateRow::accumulate) accumulate) {
  return {.name = name,
          .needs_value = (traits & kNeedsValue) != 0,
          .is_order_needed = (traits & kNeedsOrder) != 0,
          .keeps_value = (traits & kKeepsValue) != 0,
          .is_sketch = (traits & kIsSketch) != 0,
          .is_per_second = (traits & kIsPerSecond) != 0,
          .takes_lists = (traits & kTakesLists) != 0,
          .parameters = parameters,
          .takes = takes,
          .result = result,
          .read = read,
          .sweep = sweep,
          .accumulate = accumulate};
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

std::optional<DataType> result_type(const AggregateRow& aggregate, DataType value) {
  if (!value.is_list) return aggregate.result(value.kind);
  if (!aggregate.takes_lists) return std::nullopt;
  return aggregate.keeps_value ? value : aggregate.result(Kind::kBytes);
}

const std::vector<AggregateRow>& aggregate_table() {
  // Name, traits, parameters, takes, result, read, sweep, accumulate.
  static const std::vector<AggregateRow> rows = {
      row("count", kCountsEvents | kTakesLists, {}, kListsToo, to_count, read_count, sweep_count,
          accumulate_count),
      row("sum", kNeedsValue, {}, kNumbers, to_sum, read_sum, sweep_sum, accumulate_sum),
      row("mean", kNeedsValue, {}, kNumbers, to_number, read_mean, sweep_mean, accumulate_mean),
      row("var", kNeedsValue, {}, kNumbers, to_number, read_var, sweep_var, accumulate_var),
      row("std", kNeedsValue, {}, kNumbers, to_number, read_std, sweep_std, accumulate_std),
      row("min", kNeedsValue | kKeepsValue, {}, kAny, to_same, read_min, sweep_min, accumulate_min),
      row("max", kNeedsValue | kKeepsValue, {}, kAny, to_same, read_max, sweep_max, accumulate_max),
      row("first", kNeedsValue | kNeedsOrder | kKeepsValue | kTakesLists, {}, kListsToo, to_same,
          read_first, sweep_first, accumulate_first),
      row("last", kNeedsValue | kNeedsOrder | kKeepsValue | kTakesLists, {}, kListsToo, to_same,
          read_last, sweep_last, accumulate_last),
      row("last_k", kNeedsValue | kNeedsOrder | kKeepsValue, kListLength, kAny, to_list,
          read_last_k, sweep_last_k, accumulate_last_k),
      row("top_k", kNeedsValue | kKeepsValue, kListLength, kAny, to_list, read_top_k, sweep_top_k,
          accumulate_top_k),
      row("count_distinct", kNeedsValue | kTakesLists, {}, kListsToo, to_count, read_count_distinct,
          sweep_count_distinct, accumulate_count_distinct),
      row("approx_count_distinct", kNeedsValue | kIsSketch | kTakesLists, {}, kListsToo, to_count,
          read_approx_count_distinct, sweep_approx_count_distinct,
          accumulate_approx_count_distinct),
      row("quantile", kNeedsValue, kQuantile, kNumbers, to_number, read_quantile, sweep_quantile,
          accumulate_quantile),
      row("approx_quantile", kNeedsValue | kIsSketch, kApproximateQuantile, kNumbers, to_number,
          read_approx_quantile, sweep_approx_quantile, accumulate_approx_quantile),
      row("ewma", kNeedsValue, kHalfLife, kNumbers, to_number, read_ewma, sweep_ewma,
          accumulate_ewma),
      row("rate", kIsPerSecond, {}, kNumbers, to_number, read_rate, sweep_rate, accumulate_rate),
  };
  return rows;
}

}  // namespace rtml::feature
