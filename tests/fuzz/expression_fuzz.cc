// A text is an expression that gives a value for any row, or an error at a place within it.

#include "core/expression/expression.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace expression = rtml::expression;
  using rtml::table::Kind;
  using rtml::table::Value;
  static const rtml::table::Schema schema({{"amount", {Kind::kDouble}},
                                           {"count", {Kind::kInt64}},
                                           {"shop", {Kind::kString}},
                                           {"at", {Kind::kTimestamp}},
                                           {"ok", {Kind::kBool}},
                                           {"last", {Kind::kDouble, true}}});
  const auto compiled =
      expression::Expression::compile({rtml::fuzz::text_of(data, size), {}}, schema);
  if (!compiled) {
    rtml::fuzz::require(!compiled.error().message().empty(), "a refusal has a reason");
    return 0;
  }
  const Value items[] = {Value::of_number(1.5), Value()};
  const Value row[] = {Value::of_number(-0.5),   Value::of_integer(-9'223'372'036'854'775'807 - 1),
                       Value::of_text("Zürich"), Value::of_integer(1'709'208'000'000'000),
                       Value::of_bool(true),     Value::of_list(items)};
  const Value nulls[6];
  static expression::Scratch scratch;
  (void)compiled->evaluate(row, scratch);
  (void)compiled->evaluate(nulls, scratch);
  return 0;
}
