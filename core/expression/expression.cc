#include "core/expression/expression.h"

#include <algorithm>
#include <array>

#include "core/expression/function.h"
#include "core/expression/plan.h"
#include "core/table/value_memory.h"

namespace rtml::expression {

using detail::Arena;
using detail::kLaneRows;
using detail::Lane;
using detail::List;
using detail::Overload;
using table::Kind;
using table::Value;

namespace {

using detail::Instruction;
using detail::Plan;

// Registers of up to kLaneRows rows, one an instruction.
class LaneSet {
 public:
  explicit LaneSet(const Plan& plan) : plan_(plan) {
    for (const Instruction& instruction : plan.instructions) {
      const std::size_t width = width_of(instruction.type);
      validity_.emplace_back(kLaneRows);
      storage_.emplace_back(kLaneRows * width / sizeof(std::string_view) + 1);
      lanes_.push_back({validity_.back().data(), storage_.back().data()});
    }
    for (std::size_t i = 0; i < plan.instructions.size(); ++i) fill_literal(i);
  }

  const Lane& run(std::span<const table::Column> columns, std::int64_t start, std::int64_t rows) {
    arena_.clear();
    memory_.clear();
    for (std::size_t i = 0; i < plan_.instructions.size(); ++i) {
      const Instruction& instruction = plan_.instructions[i];
      if (instruction.action == Instruction::Action::kColumn) {
        load(i, columns[instruction.column], start, rows);
      } else if (instruction.action == Instruction::Action::kCall) {
        std::array<const Lane*, detail::kMaximumArguments> arguments{};
        for (std::size_t a = 0; a < arguments.size(); ++a) {
          arguments[a] = &lanes_[instruction.arguments[a]];
        }
        instruction.overload->lanes(arena_, lanes_[i], arguments.data(), rows);
      }
    }
    return lanes_.back();
  }

 private:
  static std::size_t width_of(table::DataType type) {
    static_assert(sizeof(List) == sizeof(std::string_view));
    if (type.is_list || type.kind == Kind::kString || type.kind == Kind::kBytes) {
      return sizeof(std::string_view);
    }
    return type.kind == Kind::kBool ? sizeof(bool) : sizeof(std::int64_t);
  }

  template <typename T, typename Get>
  static void fill(const Lane& lane, std::int64_t rows, const Get& get) {
    auto* const data = static_cast<T*>(lane.data);
    for (std::int64_t row = 0; row < rows; ++row) data[row] = get(row);
  }

  void fill_literal(std::size_t index) {
    const Instruction& instruction = plan_.instructions[index];
    if (instruction.action != Instruction::Action::kLiteral) return;
    const Value value = instruction.literal.value();
    const Lane& lane = lanes_[index];
    std::fill_n(lane.valid, kLaneRows, static_cast<std::uint8_t>(value.is_null() ? 0 : 1));
    if (value.is_null()) return;
    if (value.is_bool()) {
      fill<bool>(lane, kLaneRows, [&](std::int64_t) { return value.boolean(); });
    } else if (value.is_integer()) {
      fill<std::int64_t>(lane, kLaneRows, [&](std::int64_t) { return value.integer(); });
    } else if (value.is_number()) {
      fill<double>(lane, kLaneRows, [&](std::int64_t) { return value.number(); });
    } else if (value.is_list()) {
      fill<List>(lane, kLaneRows, [&](std::int64_t) { return value.list(); });
    } else {
      fill<std::string_view>(lane, kLaneRows, [&](std::int64_t) { return value.text(); });
    }
  }

  // The items of lists become values, a list at a time.
  void load_lists(const Lane& lane, const table::Column& column, std::int64_t start,
                  std::int64_t rows) {
    fill<List>(lane, rows, [&](std::int64_t row) -> List {
      if (lane.valid[row] == 0) return {};
      return table::value_at(column, start + row, memory_).list();
    });
  }

  void load(std::size_t index, const table::Column& column, std::int64_t start, std::int64_t rows) {
    const Lane& lane = lanes_[index];
    for (std::int64_t row = 0; row < rows; ++row) {
      lane.valid[row] = column.is_null(start + row) ? 0 : 1;
    }
    if (column.type().is_list) return load_lists(lane, column, start, rows);
    switch (column.type().kind) {
      case Kind::kBool:
        return fill<bool>(lane, rows, [&](std::int64_t r) { return column.bool_at(start + r); });
      case Kind::kInt32:
        return fill<std::int64_t>(
            lane, rows, [&](std::int64_t r) { return column.values<std::int32_t>()[start + r]; });
      case Kind::kFloat:
        return fill<double>(lane, rows,
                            [&](std::int64_t r) { return column.values<float>()[start + r]; });
      case Kind::kDouble:
        return fill<double>(lane, rows,
                            [&](std::int64_t r) { return column.values<double>()[start + r]; });
      case Kind::kString:
      case Kind::kBytes:
        return fill<std::string_view>(lane, rows,
                                      [&](std::int64_t r) { return column.text_at(start + r); });
      case Kind::kInt64:
      case Kind::kTimestamp:
        break;
    }
    fill<std::int64_t>(lane, rows,
                       [&](std::int64_t r) { return column.values<std::int64_t>()[start + r]; });
  }

  const Plan& plan_;
  Arena arena_;
  table::ValueMemory memory_;
  std::vector<std::vector<std::uint8_t>> validity_;
  std::vector<std::vector<std::string_view>> storage_;  // Wide and aligned enough for any kind.
  std::vector<Lane> lanes_;
};

void append_lane(table::ColumnBuilder& builder, const Lane& lane, std::int64_t rows) {
  const Kind kind = builder.type().kind;
  for (std::int64_t row = 0; row < rows; ++row) {
    if (lane.valid[row] == 0) {
      builder.append_null();
    } else if (builder.type().is_list) {
      table::append_value(builder, Value::of_list(static_cast<const List*>(lane.data)[row]));
    } else if (kind == Kind::kBool) {
      builder.append_bool(static_cast<const bool*>(lane.data)[row]);
    } else if (kind == Kind::kDouble) {
      builder.append_number(detail::canonical_number(static_cast<const double*>(lane.data)[row]));
    } else if (kind == Kind::kString || kind == Kind::kBytes) {
      builder.append_text(static_cast<const std::string_view*>(lane.data)[row]);
    } else {
      builder.append_integer(static_cast<const std::int64_t*>(lane.data)[row]);
    }
  }
}

}  // namespace

struct Scratch::Storage {
  std::vector<Value> registers;
  Arena arena;
};

Scratch::Scratch() : storage_(std::make_unique<Storage>()) {}
Scratch::~Scratch() = default;
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;

Result<Expression> Expression::compile(const Text& text, const table::Schema& schema) {
  RTML_TRY_ASSIGN(const Node node, parse(text));
  return compile(node, text, schema);
}

Result<Expression> Expression::compile(const Node& node, const Text& text,
                                       const table::Schema& schema) {
  RTML_TRY_ASSIGN(auto plan, detail::make_plan(node, text, schema));
  return Expression(std::move(plan));
}

table::DataType Expression::type() const {
  return plan_->instructions.back().type;
}

const std::vector<std::size_t>& Expression::columns() const {
  return plan_->columns;
}

bool Expression::is_column() const {
  return plan_->instructions.size() == 1 &&
         plan_->instructions.front().action == Instruction::Action::kColumn;
}

Value Expression::evaluate(std::span<const Value> row, Scratch& scratch) const {
  std::vector<Value>& registers = scratch.storage_->registers;
  registers.resize(plan_->instructions.size());
  scratch.storage_->arena.clear();
  for (std::size_t i = 0; i < registers.size(); ++i) {
    const Instruction& instruction = plan_->instructions[i];
    switch (instruction.action) {
      case Instruction::Action::kLiteral:
        registers[i] = instruction.literal.value();
        break;
      case Instruction::Action::kColumn:
        registers[i] = row[instruction.column];
        break;
      case Instruction::Action::kCall: {
        std::array<const Value*, detail::kMaximumArguments> arguments{};
        for (std::size_t a = 0; a < arguments.size(); ++a) {
          arguments[a] = &registers[instruction.arguments[a]];
        }
        registers[i] = instruction.overload->row(scratch.storage_->arena, arguments.data());
      }
    }
  }
  const Value& result = registers.back();
  if (result.is_number()) return Value::of_number(detail::canonical_number(result.number()));
  return result;
}

table::Column Expression::evaluate(std::span<const table::Column> columns,
                                   std::int64_t rows) const {
  table::ColumnBuilder builder(type());
  builder.reserve(rows);
  LaneSet lanes(*plan_);
  for (std::int64_t start = 0; start < rows; start += kLaneRows) {
    const std::int64_t count = std::min(kLaneRows, rows - start);
    append_lane(builder, lanes.run(columns, start, count), count);
  }
  return builder.finish();
}

Result<Expression> compile_condition(const Text& text, const table::Schema& schema) {
  RTML_TRY_ASSIGN(Expression condition, Expression::compile(text, schema));
  if (condition.type() != table::DataType{Kind::kBool}) {
    return fail(Error(ErrorCode::kExpressionType,
                      "a condition must be BOOL, but this is " + to_string(condition.type()))
                    .at(locate(text, 0, text.text.size())));
  }
  return condition;
}

const std::vector<FunctionInfo>& function_table() {
  static const std::vector<FunctionInfo> table = [] {
    std::vector<FunctionInfo> rows;
    for (const detail::Meaning& meaning : detail::meanings()) {
      FunctionInfo info{std::string(meaning.name),
                        std::string(meaning.arguments),
                        {},
                        std::string(meaning.meaning)};
      for (const Overload* overload : detail::overloads_of(meaning.name)) {
        info.signatures.push_back(detail::signature(*overload));
      }
      rows.push_back(std::move(info));
    }
    return rows;
  }();
  return table;
}

}  // namespace rtml::expression
