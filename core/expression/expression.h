// A typed, null-aware expression over the columns of a schema: filters, arguments of aggregates,
// features computed from features, conditions of checks. docs/expressions.md describes the
// language.
//
// An Expression is immutable; any number of threads may evaluate it at once. It gives the same bits
// a row at a time and a column at a time, and it never fails once compiled: what has no value (x/0,
// an overflow of INT64) is null.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/expression/syntax.h"
#include "core/table/batch.h"
#include "core/table/value.h"

namespace rtml::expression {

namespace detail {
struct Plan;
}

// What one thread needs to evaluate rows; reused from row to row. The text of a result lives in it
// until the next evaluation.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;

 private:
  friend class Expression;
  struct Storage;
  std::unique_ptr<Storage> storage_;
};

class Expression {
 public:
  // Parses `text` and checks it against `schema`. Fails with kExpressionSyntax or kExpressionType
  // at the place where it is wrong; an unknown column or function names the nearest one.
  static Result<Expression> compile(const Text& text, const table::Schema& schema);
  // The same for a part of a tree that parse() made of `text`.
  static Result<Expression> compile(const Node& node, const Text& text,
                                    const table::Schema& schema);

  // BOOL, INT64, DOUBLE, STRING, BYTES, TIMESTAMP or a list of one of these: INT32 columns are read
  // as INT64, FLOAT ones as DOUBLE, alone and in lists.
  table::DataType type() const;
  // The columns of the schema that are read, ascending.
  const std::vector<std::size_t>& columns() const;
  // Whether the expression is nothing but one column.
  bool is_column() const;

  // Evaluates one row; `row[i]` is the value of column i of the schema, and only those of columns()
  // are read. A DOUBLE NaN comes out with one bit pattern. What the result points to, a text
  // or the items of a list, lives in `row`, in `scratch` or in the expression.
  table::Value evaluate(std::span<const table::Value> row, Scratch& scratch) const;
  // Evaluates `rows` rows; `columns[i]` is column i of the schema, and only those of columns() are
  // read.
  table::Column evaluate(std::span<const table::Column> columns, std::int64_t rows) const;
  // REQUIRES: the batch has the schema given to compile().
  table::Column evaluate(const table::Batch& batch) const {
    return evaluate(batch.columns(), batch.rows());
  }

 private:
  explicit Expression(std::shared_ptr<const detail::Plan> plan) : plan_(std::move(plan)) {}
  std::shared_ptr<const detail::Plan> plan_;
};

// Compiles a condition. Fails like Expression::compile(), and with kExpressionType unless the type
// is BOOL. Null counts as false wherever a condition decides.
Result<Expression> compile_condition(const Text& text, const table::Schema& schema);

// A row of the table of functions, for documentation and completion.
struct FunctionInfo {
  std::string name;
  std::string arguments;                // As documentation shows them: "text, part".
  std::vector<std::string> signatures;  // "round(DOUBLE) -> DOUBLE"
  std::string meaning;                  // One sentence.
};

// Returns every function that can be called by name, sorted by name.
const std::vector<FunctionInfo>& function_table();

}  // namespace rtml::expression
