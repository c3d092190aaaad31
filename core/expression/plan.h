// An expression compiled: instructions that each fill one register from registers before it.
// Internal to core/expression.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/expression/function.h"
#include "core/expression/syntax.h"
#include "core/table/types.h"
#include "core/table/value.h"

namespace rtml::expression::detail {

// A literal. Its texts live here, so that it may be moved but not copied.
class Literal {
 public:
  Literal() = default;
  explicit Literal(const Node& node);
  Literal(Literal&&) noexcept = default;
  Literal& operator=(Literal&&) noexcept = default;

  table::Value value() const;

 private:
  bool is_text_ = false;
  bool is_list_ = false;
  table::Value value_;
  std::string text_;
  std::vector<Literal> items_;
  std::vector<table::Value> item_values_;
};

struct Instruction {
  enum class Action : std::uint8_t { kLiteral, kColumn, kCall };
  Action action = Action::kLiteral;
  table::DataType type;  // Of the result; never INT32 or FLOAT.
  bool is_untyped_null = false;
  Literal literal;
  std::size_t column = 0;  // Of the schema.
  const Overload* overload = nullptr;
  std::array<std::size_t, kMaximumArguments> arguments{};
};

struct Plan {
  std::vector<Instruction> instructions;  // The last one is the result.
  std::vector<std::size_t> columns;
};

// Checks a tree against a schema. Fails with kExpressionType.
Result<std::shared_ptr<const Plan>> make_plan(const Node& root, const expression::Text& text,
                                              const table::Schema& schema);

// Every overload of a name, and "name(INT64) -> INT64".
std::vector<const Overload*> overloads_of(std::string_view name);
std::string signature(const Overload& overload);

}  // namespace rtml::expression::detail
