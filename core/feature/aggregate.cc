#include "core/feature/aggregate.h"

#include "core/feature/accumulator_kinds.h"

namespace rtml::feature {
namespace {

using table::DataType;
using table::Kind;
using table::Value;

constexpr std::string_view kNumbers = "numbers and BOOL";
constexpr std::string_view kAny = "any value but a list";

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
  // In the order of the members: name, needs_value, is_order_needed, keeps_value, is_sketch,
  // is_per_second, parameters, takes, result, read, sweep, accumulate.
  static const std::vector<AggregateRow> rows = {
      {"count",
       false,
       false,
       false,
       false,
       false,
       {},
       kAny,
       to_count,
       read_count,
       sweep_count,
       accumulate_count},
      {"sum",
       true,
       false,
       false,
       false,
       false,
       {},
       kNumbers,
       to_sum,
       read_sum,
       sweep_sum,
       accumulate_sum},
      {"mean",
       true,
       false,
       false,
       false,
       false,
       {},
       kNumbers,
       to_number,
       read_mean,
       sweep_mean,
       accumulate_mean},
      {"var",
       true,
       false,
       false,
       false,
       false,
       {},
       kNumbers,
       to_number,
       read_var,
       sweep_var,
       accumulate_var},
      {"std",
       true,
       false,
       false,
       false,
       false,
       {},
       kNumbers,
       to_number,
       read_std,
       sweep_std,
       accumulate_std},
      {"min",
       true,
       false,
       true,
       false,
       false,
       {},
       kAny,
       to_same,
       read_min,
       sweep_min,
       accumulate_min},
      {"max",
       true,
       false,
       true,
       false,
       false,
       {},
       kAny,
       to_same,
       read_max,
       sweep_max,
       accumulate_max},
      {"first",
       true,
       true,
       true,
       false,
       false,
       {},
       kAny,
       to_same,
       read_first,
       sweep_first,
       accumulate_first},
      {"last",
       true,
       true,
       true,
       false,
       false,
       {},
       kAny,
       to_same,
       read_last,
       sweep_last,
       accumulate_last},
      {"last_k", true, true, true, false, false, kListLength, kAny, to_list, read_last_k, nullptr,
       accumulate_last_k},
      {"top_k", true, false, true, false, false, kListLength, kAny, to_list, read_top_k, nullptr,
       accumulate_top_k},
      {"count_distinct",
       true,
       false,
       false,
       false,
       false,
       {},
       kAny,
       to_count,
       read_count_distinct,
       sweep_count_distinct,
       accumulate_count_distinct},
      {"approx_count_distinct",
       true,
       false,
       false,
       true,
       false,
       {},
       kAny,
       to_count,
       read_approx_count_distinct,
       nullptr,
       accumulate_approx_count_distinct},
      {"quantile", true, false, false, false, false, kQuantile, kNumbers, to_number, read_quantile,
       sweep_quantile, accumulate_quantile},
      {"approx_quantile", true, false, false, true, false, kApproximateQuantile, kNumbers,
       to_number, read_approx_quantile, nullptr, accumulate_approx_quantile},
      {"ewma", true, false, false, false, false, kHalfLife, kNumbers, to_number, read_ewma, nullptr,
       accumulate_ewma},
      {"rate",
       false,
       false,
       false,
       false,
       true,
       {},
       kNumbers,
       to_number,
       read_rate,
       nullptr,
       accumulate_rate},
  };
  return rows;
}

}  // namespace rtml::feature
