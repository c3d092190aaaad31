#include "core/expression/plan.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/exact_sum.h"
#include "core/base/name.h"
#include "core/base/text_list.h"

namespace rtml::expression::detail {
namespace {

using expression::Text;
using table::DataType;
using table::Kind;
using table::Value;

DataType widened(DataType type) {
  if (type.kind == Kind::kInt32) return {Kind::kInt64, type.is_list};
  if (type.kind == Kind::kFloat) return {Kind::kDouble, type.is_list};
  return type;
}

// Whether INT64 becomes DOUBLE, each alone or in lists.
bool is_widening(DataType from, DataType to) {
  return from.kind == Kind::kInt64 && to.kind == Kind::kDouble && from.is_list == to.is_list;
}

bool is_variadic(std::string_view name) {
  return std::any_of(meanings().begin(), meanings().end(),
                     [&](const Meaning& m) { return m.name == name && m.is_variadic; });
}

bool is_function(std::string_view name) {
  return std::any_of(meanings().begin(), meanings().end(),
                     [&](const Meaning& m) { return m.name == name; });
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const Meaning& meaning : meanings()) names.emplace_back(meaning.name);
  return names;
}

// Whether a tree is one value as written; "-1" too.
bool is_literal(const Node& node) {
  if (node.kind == NodeKind::kCall) {
    if (node.text != "negate") return false;
    const Node& positive = node.arguments[0];
    return positive.kind == NodeKind::kNumber ||
           (positive.kind == NodeKind::kInteger && positive.integer >= 0);
  }
  return node.kind != NodeKind::kColumn && node.kind != NodeKind::kList;
}

// The type of a literal; nothing for null.
std::optional<Kind> kind_of_literal(const Node& node) {
  switch (node.kind) {
    case NodeKind::kBool:
      return Kind::kBool;
    case NodeKind::kInteger:
      return Kind::kInt64;
    case NodeKind::kNumber:
      return Kind::kDouble;
    case NodeKind::kText:
      return Kind::kString;
    case NodeKind::kCall:
      return kind_of_literal(node.arguments[0]);
    default:
      return std::nullopt;
  }
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
    if (node.kind == NodeKind::kColumn) return visit_column(node);
    if (node.kind == NodeKind::kCall) return visit_call(node);
    if (node.kind == NodeKind::kList) return visit_list(node);
    Instruction instruction;
    instruction.is_untyped_null = node.kind == NodeKind::kNull;
    instruction.type = {kind_of_literal(node).value_or(Kind::kInt64)};
    instruction.literal = Literal(node);
    return push(std::move(instruction));
  }

  // The items have one type; integers beside numbers are numbers.
  Result<std::size_t> visit_list(const Node& node) {
    std::optional<Kind> kind;
    for (const Node& item : node.arguments) {
      if (!is_literal(item)) {
        return fail(
            type_error(item, "a list holds literals only: numbers, texts, true, false, null"));
      }
      const std::optional<Kind> found = kind_of_literal(item);
      if (!found) continue;
      const bool is_number = kind && (*kind == Kind::kInt64 || *kind == Kind::kDouble) &&
                             (*found == Kind::kInt64 || *found == Kind::kDouble);
      if (kind && *kind != *found && !is_number) {
        return fail(type_error(item, "a list of " + to_string(DataType{*kind}) + " cannot hold a " +
                                         to_string(DataType{*found})));
      }
      kind = kind == Kind::kDouble ? Kind::kDouble : *found;
    }
    if (!kind) return fail(type_error(node, "a list without a value has no type"));
    Instruction instruction;
    instruction.type = {*kind, true};
    instruction.literal = Literal(node);
    return push(std::move(instruction));
  }

  Result<std::size_t> visit_column(const Node& node) {
    const std::optional<std::size_t> index = schema_.find(node.text);
    if (!index) {
      std::vector<std::string> names = schema_.names();
      // What begins with a control character has a name that nobody could write.
      std::erase_if(names, [](const std::string& name) { return name < " "; });
      std::string help =
          is_function(node.text) ? node.text + " is a function: write " + node.text + "(...)" : "";
      if (help.empty() && !names.empty()) help = "known: " + short_list(names);
      return fail(
          type_error(node, "unknown column \"" + node.text + "\"" + did_you_mean(node.text, names))
              .with_help(std::move(help)));
    }
    Instruction instruction;
    instruction.action = Instruction::Action::kColumn;
    instruction.type = widened(schema_.field(*index).type);
    instruction.column = *index;
    if (std::find(plan_->columns.begin(), plan_->columns.end(), *index) == plan_->columns.end()) {
      plan_->columns.push_back(*index);
    }
    return push(std::move(instruction));
  }

  Result<std::size_t> visit_call(const Node& node) {
    if (node.text == "in") return visit_in(node);
    if (node.text == "between") return visit_between(node);
    if (node.text == "if" && node.arguments.size() > 3) return visit_chain(node);
    if (node.text == "bucket") RTML_TRY(check_bounds(node));
    const std::vector<const Overload*> candidates = overloads_of(node.text);
    if (candidates.empty()) {
      return fail(type_error(node, "unknown function \"" + node.text + "\"" +
                                       did_you_mean(node.text, function_names())));
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

  Result<std::size_t> call_named(const Node& node, std::string_view name,
                                 const std::vector<std::size_t>& arguments) {
    Node named;
    named.text = name;
    named.offset = node.offset;
    named.length = node.length;
    return call(named, overloads_of(name), arguments);
  }

  // x in (a, b) with anything but literals means x == a or x == b.
  Result<std::size_t> visit_in(const Node& node) {
    RTML_TRY_ASSIGN(const std::size_t value, visit(node.arguments[0]));
    RTML_TRY(check_nulls(node, {value}));
    const Node& list = node.arguments[1];
    const bool is_tuple = list.kind == NodeKind::kList &&
                          !std::all_of(list.arguments.begin(), list.arguments.end(), is_literal);
    if (!is_tuple) {
      RTML_TRY_ASSIGN(const std::size_t items, visit(list));
      return call_named(node, "in", {value, items});
    }
    std::optional<std::size_t> folded;
    for (const Node& argument : list.arguments) {
      RTML_TRY_ASSIGN(const std::size_t item, visit(argument));
      if (list.arguments.size() == 1 && plan_->instructions[item].type.is_list) {
        return call_named(node, "in", {value, item});
      }
      RTML_TRY_ASSIGN(const std::size_t same, call_named(node, "==", {value, item}));
      if (folded) {
        RTML_TRY_ASSIGN(folded, call_named(node, "or", {*folded, same}));
      } else {
        folded = same;
      }
    }
    return *folded;
  }

  Result<std::size_t> visit_between(const Node& node) {
    std::vector<std::size_t> values;
    for (const Node& argument : node.arguments) {
      RTML_TRY_ASSIGN(const std::size_t index, visit(argument));
      RTML_TRY(check_nulls(node, {index}));
      values.push_back(index);
    }
    RTML_TRY_ASSIGN(const std::size_t low, call_named(node, ">=", {values[0], values[1]}));
    RTML_TRY_ASSIGN(const std::size_t high, call_named(node, "<=", {values[0], values[2]}));
    return call_named(node, "and", {low, high});
  }

  // if(c, a, d, b, e) means if(c, a, if(d, b, e)).
  Result<std::size_t> visit_chain(const Node& node) {
    if (node.arguments.size() % 2 == 0) {
      return fail(
          type_error(node, "\"if\" takes pairs of condition and value and one value more, not " +
                               std::to_string(node.arguments.size()) + " arguments")
              .with_help("write if(condition, value, condition, value, otherwise)"));
    }
    std::vector<std::size_t> arguments;
    for (const Node& argument : node.arguments) {
      RTML_TRY_ASSIGN(const std::size_t index, visit(argument));
      arguments.push_back(index);
    }
    const auto is_null = [&](std::size_t i) { return plan_->instructions[i].is_untyped_null; };
    std::size_t folded = arguments.back();
    for (std::size_t i = arguments.size() - 1; i > 0; i -= 2) {
      if (is_null(folded) && is_null(arguments[i - 1])) continue;
      RTML_TRY_ASSIGN(folded, call_named(node, "if", {arguments[i - 2], arguments[i - 1], folded}));
    }
    if (is_null(folded)) return fail(type_error(node, "null alone has no type"));
    return folded;
  }

  // Bounds that do not ascend are a mistake.
  Status check_bounds(const Node& node) const {
    if (node.arguments.size() != 2 || node.arguments[1].kind != NodeKind::kList) return {};
    std::optional<double> last;
    for (const Node& bound : node.arguments[1].arguments) {
      if (!is_literal(bound)) break;
      const Value value = Literal(bound).value();
      if (!value.is_integer() && !value.is_number()) {
        return fail(type_error(bound, "a bound is a number"));
      }
      const double number =
          value.is_integer() ? static_cast<double>(value.integer()) : value.number();
      if (last && number <= *last) {
        return fail(type_error(bound, "the bounds do not ascend"));
      }
      last = number;
    }
    return {};
  }

  // Refuses nulls that can only be a mistake.
  Status check_nulls(const Node& node, const std::vector<std::size_t>& arguments) const {
    const auto is_null = [&](std::size_t i) {
      return plan_->instructions[arguments[i]].is_untyped_null;
    };
    std::size_t nulls = 0;
    for (std::size_t i = 0; i < arguments.size(); ++i) nulls += is_null(i) ? 1 : 0;
    if (nulls == 0) return {};
    if (node.text == "==" || node.text == "!=" || node.text == "in" || node.text == "between") {
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
      const DataType parameter = overload.parameters[i];
      if (argument.is_untyped_null || argument.type == parameter) continue;
      if (!widens || !is_widening(argument.type, parameter)) return false;
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
      types += argument.is_untyped_null ? "null" : to_string(argument.type);
    }
    std::string help;
    for (const Overload* overload : candidates) {
      help += (help.empty() ? "it takes " : "; ") + signature(*overload);
    }
    if (node.text == "+" && types == "STRING, STRING") help = "write concat(a, b) to join texts";
    const std::string name = node.text == "negate" ? "-" : node.text;
    return fail(type_error(node, "\"" + name + "\" does not take (" + types + ")").with_help(help));
  }

  std::size_t emit(const Overload& overload, const std::vector<std::size_t>& arguments) {
    Instruction instruction;
    instruction.action = Instruction::Action::kCall;
    instruction.type = overload.result;
    instruction.overload = &overload;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      instruction.arguments[i] = convert(arguments[i], overload.parameters[i]);
    }
    return push(std::move(instruction));
  }

  std::size_t convert(std::size_t index, DataType type) {
    Instruction& argument = plan_->instructions[index];
    if (argument.is_untyped_null) {
      argument.is_untyped_null = false;
      argument.type = type;
    }
    if (argument.type == type) return index;
    Instruction widening;
    widening.action = Instruction::Action::kCall;
    widening.type = type;
    widening.overload = &detail::widening(type.is_list);
    widening.arguments[0] = index;
    return push(std::move(widening));
  }

  const Text& text_;
  const table::Schema& schema_;
  std::shared_ptr<Plan> plan_ = std::make_shared<Plan>();
};

}  // namespace

Literal::Literal(const Node& node) {
  switch (node.kind) {
    case NodeKind::kBool:
      value_ = Value::of_bool(node.integer != 0);
      break;
    case NodeKind::kInteger:
      value_ = Value::of_integer(node.integer);
      break;
    case NodeKind::kNumber:
      value_ = Value::of_number(node.number);
      break;
    case NodeKind::kText:
      is_text_ = true;
      text_ = node.text;
      break;
    case NodeKind::kCall: {
      const Node& positive = node.arguments[0];
      value_ = positive.kind == NodeKind::kInteger ? Value::of_integer(-positive.integer)
                                                   : Value::of_number(-positive.number);
      break;
    }
    case NodeKind::kList: {
      is_list_ = true;
      const bool has_numbers =
          std::any_of(node.arguments.begin(), node.arguments.end(),
                      [](const Node& item) { return kind_of_literal(item) == Kind::kDouble; });
      // Texts point into the items, which stay where they are when the literal is moved.
      for (const Node& item : node.arguments) items_.emplace_back(item);
      for (const Literal& item : items_) {
        const Value value = item.value();
        if (value.is_number()) {
          item_values_.push_back(Value::of_number(canonical(value.number())));
        } else {
          item_values_.push_back(has_numbers && value.is_integer()
                                     ? Value::of_number(static_cast<double>(value.integer()))
                                     : value);
        }
      }
      break;
    }
    case NodeKind::kNull:
    case NodeKind::kColumn:
      break;
  }
}

Value Literal::value() const {
  if (is_text_) return Value::of_text(text_);
  if (is_list_) return Value::of_list(item_values_);
  return value_;
}

Result<std::shared_ptr<const Plan>> make_plan(const Node& root, const Text& text,
                                              const table::Schema& schema) {
  return Compiler(text, schema).compile(root);
}

std::string signature(const Overload& overload) {
  std::string text = std::string(overload.name) + "(";
  for (std::size_t i = 0; i < overload.parameters.size(); ++i) {
    text += (i == 0 ? "" : ", ") + to_string(overload.parameters[i]);
  }
  return text + ") -> " + to_string(overload.result);
}

std::vector<const Overload*> overloads_of(std::string_view name) {
  std::vector<const Overload*> found;
  for (const Overload& overload : overloads()) {
    if (overload.name == name) found.push_back(&overload);
  }
  return found;
}

}  // namespace rtml::expression::detail
