#include "core/expression/expression.h"

#include <algorithm>
#include <array>

#include "core/base/name.h"
#include "core/expression/function.h"

namespace rtml::expression {

using detail::Arena;
using detail::kLaneRows;
using detail::Lane;
using detail::Overload;
using table::Kind;
using table::Value;

namespace detail {

// Computes one register from registers before it.
struct Instruction {
  enum class Action : std::uint8_t { kLiteral, kColumn, kCall };
  Action action = Action::kLiteral;
  Kind kind = Kind::kInt64;  // Of the result; never kInt32 or kFloat.
  bool is_untyped_null = false;
  bool is_text = false;
  Value literal;
  std::string text;        // Of a literal with is_text.
  std::size_t column = 0;  // Of the schema.
  const Overload* overload = nullptr;
  std::array<std::size_t, 3> arguments{};
};

struct Plan {
  std::vector<Instruction> instructions;  // The last one is the result.
  std::vector<std::size_t> columns;
};

}  // namespace detail

namespace {

using detail::Instruction;
using detail::Plan;

Kind widened(Kind kind) {
  if (kind == Kind::kInt32) return Kind::kInt64;
  if (kind == Kind::kFloat) return Kind::kDouble;
  return kind;
}

std::string signature(const Overload& overload) {
  std::string text = std::string(overload.name) + "(";
  for (std::size_t i = 0; i < overload.parameters.size(); ++i) {
    text += (i == 0 ? "" : ", ") + to_string(table::DataType{overload.parameters[i]});
  }
  return text + ") -> " + to_string(table::DataType{overload.result});
}

std::vector<const Overload*> overloads_of(std::string_view name) {
  std::vector<const Overload*> found;
  for (const Overload& overload : detail::overloads()) {
    if (overload.name == name) found.push_back(&overload);
  }
  return found;
}

bool is_variadic(std::string_view name) {
  return std::any_of(detail::meanings().begin(), detail::meanings().end(),
                     [&](const detail::Meaning& m) { return m.name == name && m.is_variadic; });
}

bool is_function(std::string_view name) {
  return std::any_of(detail::meanings().begin(), detail::meanings().end(),
                     [&](const detail::Meaning& m) { return m.name == name; });
}

class Compiler {
 public:
  Compiler(const Text& text, const table::Schema& schema) : text_(text), schema_(schema) {}

  Result<std::shared_ptr<const Plan>> compile(const Node& root) {
    RTML_TRY_ASSIGN(const std::size_t result, visit(root));
    if (plan_->instructions[result].is_untyped_null) {
      return fail(type_error(root, "null alone has no type"));
    }
    std::sort(plan_->columns.begin(), plan_->columns.end());
    return std::shared_ptr<const Plan>(std::move(plan_));
  }

 private:
  Error type_error(const Node& node, std::string message) const {
    return Error(ErrorCode::kExpressionType, "cannot use the expression: " + std::move(message))
        .at(locate(text_, node.offset, node.length));
  }

  std::size_t push(Instruction instruction) {
    plan_->instructions.push_back(std::move(instruction));
    return plan_->instructions.size() - 1;
  }

  Result<std::size_t> visit(const Node& node) {
    Instruction instruction;
    switch (node.kind) {
      case NodeKind::kNull:
        instruction.is_untyped_null = true;
        break;
      case NodeKind::kBool:
        instruction.kind = Kind::kBool;
        instruction.literal = Value::of_bool(node.integer != 0);
        break;
      case NodeKind::kInteger:
        instruction.literal = Value::of_integer(node.integer);
        break;
      case NodeKind::kNumber:
        instruction.kind = Kind::kDouble;
        instruction.literal = Value::of_number(node.number);
        break;
      case NodeKind::kText:
        instruction.kind = Kind::kString;
        instruction.is_text = true;
        instruction.text = node.text;
        break;
      case NodeKind::kColumn:
        return visit_column(node);
      case NodeKind::kCall:
        return visit_call(node);
    }
    return push(std::move(instruction));
  }

  Result<std::size_t> visit_column(const Node& node) {
    const std::optional<std::size_t> index = schema_.find(node.text);
    if (!index) {
      const std::vector<std::string> names = schema_.names();
      std::string help =
          is_function(node.text) ? node.text + " is a function: write " + node.text + "(...)" : "";
      if (help.empty()) {
        for (const std::string& name : names) help += (help.empty() ? "known: " : ", ") + name;
      }
      return fail(
          type_error(node, "unknown column \"" + node.text + "\"" + did_you_mean(node.text, names))
              .with_help(std::move(help)));
    }
    const table::DataType type = schema_.field(*index).type;
    if (type.is_list) {
      return fail(type_error(node, "column \"" + node.text + "\" is a " + to_string(type)));
    }
    Instruction instruction;
    instruction.action = Instruction::Action::kColumn;
    instruction.kind = widened(type.kind);
    instruction.column = *index;
    if (std::find(plan_->columns.begin(), plan_->columns.end(), *index) == plan_->columns.end()) {
      plan_->columns.push_back(*index);
    }
    return push(std::move(instruction));
  }

  Result<std::size_t> visit_call(const Node& node) {
    const std::vector<const Overload*> candidates = overloads_of(node.text);
    if (candidates.empty()) {
      std::vector<std::string> names;
      for (const FunctionInfo& info : function_table()) names.push_back(info.name);
      return fail(type_error(
          node, "unknown function \"" + node.text + "\"" + did_you_mean(node.text, names)));
    }
    std::vector<std::size_t> arguments;
    for (const Node& argument : node.arguments) {
      RTML_TRY_ASSIGN(const std::size_t index, visit(argument));
      arguments.push_back(index);
    }
    RTML_TRY(check_nulls(node, arguments));
    if (arguments.size() <= 2 || !is_variadic(node.text)) {
      return call(node, candidates, arguments);
    }
    std::size_t folded = arguments[0];
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      RTML_TRY_ASSIGN(folded, call(node, candidates, {folded, arguments[i]}));
    }
    return folded;
  }

  // Refuses nulls that can only be a mistake.
  Status check_nulls(const Node& node, const std::vector<std::size_t>& arguments) const {
    const auto is_null = [&](std::size_t i) {
      return plan_->instructions[arguments[i]].is_untyped_null;
    };
    std::size_t nulls = 0;
    for (std::size_t i = 0; i < arguments.size(); ++i) nulls += is_null(i) ? 1 : 0;
    if (nulls == 0) return {};
    if (node.text == "==" || node.text == "!=") {
      return fail(type_error(node, "a comparison with null is always null")
                      .with_help("write is_null(x) or not is_null(x)"));
    }
    const std::size_t values = node.text == "if" ? arguments.size() - 1 : arguments.size();
    if (nulls >= values) return fail(type_error(node, "null alone has no type"));
    return {};
  }

  bool accepts(const Overload& overload, const std::vector<std::size_t>& arguments,
               bool widens) const {
    if (overload.parameters.size() != arguments.size()) return false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const Instruction& argument = plan_->instructions[arguments[i]];
      const Kind parameter = overload.parameters[i];
      if (argument.is_untyped_null || argument.kind == parameter) continue;
      if (!widens || argument.kind != Kind::kInt64 || parameter != Kind::kDouble) return false;
    }
    return true;
  }

  Result<std::size_t> call(const Node& node, const std::vector<const Overload*>& candidates,
                           const std::vector<std::size_t>& arguments) {
    for (const bool widens : {false, true}) {
      for (const Overload* overload : candidates) {
        if (accepts(*overload, arguments, widens)) return emit(*overload, arguments);
      }
    }
    std::string types;
    for (const std::size_t index : arguments) {
      const Instruction& argument = plan_->instructions[index];
      types += types.empty() ? "" : ", ";
      types += argument.is_untyped_null ? "null" : to_string(table::DataType{argument.kind});
    }
    std::string help;
    for (const Overload* overload : candidates) {
      help += (help.empty() ? "it takes " : "; ") + signature(*overload);
    }
    const std::string name = node.text == "negate" ? "-" : node.text;
    return fail(type_error(node, "\"" + name + "\" does not take (" + types + ")").with_help(help));
  }

  std::size_t emit(const Overload& overload, const std::vector<std::size_t>& arguments) {
    Instruction instruction;
    instruction.action = Instruction::Action::kCall;
    instruction.kind = overload.result;
    instruction.overload = &overload;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      instruction.arguments[i] = convert(arguments[i], overload.parameters[i]);
    }
    return push(std::move(instruction));
  }

  std::size_t convert(std::size_t index, Kind kind) {
    Instruction& argument = plan_->instructions[index];
    if (argument.is_untyped_null) {
      argument.is_untyped_null = false;
      argument.kind = kind;
    }
    if (argument.kind == kind) return index;
    Instruction widening;
    widening.action = Instruction::Action::kCall;
    widening.kind = kind;
    widening.overload = &detail::widening();
    widening.arguments[0] = index;
    return push(std::move(widening));
  }

  const Text& text_;
  const table::Schema& schema_;
  std::shared_ptr<Plan> plan_ = std::make_shared<Plan>();
};

Value literal_of(const Instruction& instruction) {
  return instruction.is_text ? Value::of_text(instruction.text) : instruction.literal;
}

// Registers of up to kLaneRows rows, one an instruction.
class LaneSet {
 public:
  explicit LaneSet(const Plan& plan) : plan_(plan) {
    for (const Instruction& instruction : plan.instructions) {
      const bool is_text = instruction.kind == Kind::kString || instruction.kind == Kind::kBytes;
      const std::size_t width = is_text                           ? sizeof(std::string_view)
                                : instruction.kind == Kind::kBool ? sizeof(bool)
                                                                  : sizeof(std::int64_t);
      validity_.emplace_back(kLaneRows);
      storage_.emplace_back(kLaneRows * width / sizeof(std::string_view) + 1);
      lanes_.push_back({validity_.back().data(), storage_.back().data()});
    }
    for (std::size_t i = 0; i < plan.instructions.size(); ++i) fill_literal(i);
  }

  const Lane& run(std::span<const table::Column> columns, std::int64_t start, std::int64_t rows) {
    arena_.clear();
    for (std::size_t i = 0; i < plan_.instructions.size(); ++i) {
      const Instruction& instruction = plan_.instructions[i];
      if (instruction.action == Instruction::Action::kColumn) {
        load(lanes_[i], columns[instruction.column], start, rows);
      } else if (instruction.action == Instruction::Action::kCall) {
        std::array<const Lane*, 3> arguments{};
        for (std::size_t a = 0; a < arguments.size(); ++a) {
          arguments[a] = &lanes_[instruction.arguments[a]];
        }
        instruction.overload->lanes(arena_, lanes_[i], arguments.data(), rows);
      }
    }
    return lanes_.back();
  }

 private:
  template <typename T, typename Get>
  static void fill(const Lane& lane, std::int64_t rows, const Get& get) {
    auto* const data = static_cast<T*>(lane.data);
    for (std::int64_t row = 0; row < rows; ++row) data[row] = get(row);
  }

  void fill_literal(std::size_t index) {
    const Instruction& instruction = plan_.instructions[index];
    if (instruction.action != Instruction::Action::kLiteral) return;
    const Value value = literal_of(instruction);
    const Lane& lane = lanes_[index];
    std::fill_n(lane.valid, kLaneRows, static_cast<std::uint8_t>(value.is_null() ? 0 : 1));
    if (value.is_null()) return;
    if (value.is_bool()) {
      fill<bool>(lane, kLaneRows, [&](std::int64_t) { return value.boolean(); });
    } else if (value.is_integer()) {
      fill<std::int64_t>(lane, kLaneRows, [&](std::int64_t) { return value.integer(); });
    } else if (value.is_number()) {
      fill<double>(lane, kLaneRows, [&](std::int64_t) { return value.number(); });
    } else {
      fill<std::string_view>(lane, kLaneRows, [&](std::int64_t) { return value.text(); });
    }
  }

  static void load(const Lane& lane, const table::Column& column, std::int64_t start,
                   std::int64_t rows) {
    for (std::int64_t row = 0; row < rows; ++row) {
      lane.valid[row] = column.is_null(start + row) ? 0 : 1;
    }
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
  std::vector<std::vector<std::uint8_t>> validity_;
  std::vector<std::vector<std::string_view>> storage_;  // Wide and aligned enough for any kind.
  std::vector<Lane> lanes_;
};

void append_lane(table::ColumnBuilder& builder, const Lane& lane, std::int64_t rows) {
  const Kind kind = builder.type().kind;
  for (std::int64_t row = 0; row < rows; ++row) {
    if (lane.valid[row] == 0) {
      builder.append_null();
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
  RTML_TRY_ASSIGN(auto plan, Compiler(text, schema).compile(node));
  return Expression(std::move(plan));
}

table::DataType Expression::type() const {
  return {plan_->instructions.back().kind};
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
        registers[i] = literal_of(instruction);
        break;
      case Instruction::Action::kColumn:
        registers[i] = row[instruction.column];
        break;
      case Instruction::Action::kCall: {
        std::array<const Value*, 3> arguments{};
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
  if (condition.type().kind != Kind::kBool) {
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
      FunctionInfo info{std::string(meaning.name), {}, std::string(meaning.meaning)};
      for (const Overload* overload : overloads_of(meaning.name)) {
        info.signatures.push_back(signature(*overload));
      }
      rows.push_back(std::move(info));
    }
    return rows;
  }();
  return table;
}

}  // namespace rtml::expression
