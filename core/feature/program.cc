#include "core/feature/program.h"

#include <algorithm>
#include <map>

#include "core/base/name.h"
#include "core/base/time.h"
#include "core/feature/aggregate.h"
#include "core/feature/aggregate_call.h"

namespace rtml::feature {
namespace {

using expression::Expression;
using expression::Node;
using expression::NodeKind;
using expression::Text;
using project::Feature;
using project::FeatureForm;
using table::DataType;
using table::Kind;

Text text_of(const project::LocatedText& located) {
  return {located.text, located.location};
}

void rename_columns(Node& node, std::string_view from, const std::string& to) {
  if (node.kind == NodeKind::kColumn && node.text == from) node.text = to;
  for (Node& argument : node.arguments) rename_columns(argument, from, to);
}

// A feature half compiled: its trees, checked against the whole source.
struct Draft {
  const Feature* feature = nullptr;
  const AggregateRow* aggregate = nullptr;
  AggregateParameters parameters;
  std::optional<Node> argument;
  std::optional<Node> filter;
  std::optional<Node> expression;
  std::vector<std::size_t> uses;  // Features that the expression reads.
};

class Compiler {
 public:
  Compiler(const project::FeatureView& view, const project::Source& source,
           std::span<const project::EntityKey> keys, const table::Schema& schema)
      : view_(view), source_(source), keys_(keys), schema_(with_time(schema)) {}

  Result<Program> compile() {
    check_source();
    for (const Feature& feature : view_.features) drafts_.push_back(draft(feature));
    if (errors_.empty()) order_outputs();
    if (!errors_.empty()) return fail(Error::many(std::move(errors_)));
    choose_inputs();
    for (const Draft& draft : drafts_) build(draft);
    build_expressions();
    if (!errors_.empty()) return fail(Error::many(std::move(errors_)));
    return std::move(program_);
  }

 private:
  // The event's time is a TIMESTAMP, however the data write it.
  table::Schema with_time(const table::Schema& schema) const {
    std::vector<table::Field> fields = schema.fields();
    for (table::Field& field : fields) {
      if (field.name == source_.timestamp.column) field.type = {Kind::kTimestamp};
    }
    return table::Schema(std::move(fields));
  }

  void check_column(const std::string& column, const SourceLocation& location) {
    auto index = schema_.require(column, "source " + source_.name);
    if (!index) errors_.push_back(std::move(index).error().at(location));
  }

  void check_source() {
    program_.view = view_.name;
    program_.time_column = source_.timestamp.column;
    program_.id_column = source_.id;
    program_.nan_is_null = source_.nan_is_null;
    program_.ttl_us = view_.ttl_us;
    program_.as_of_created = view_.as_of_created;
    check_column(source_.timestamp.column, source_.location);
    if (source_.created) {
      program_.created_column = source_.created->column;
      check_column(source_.created->column, source_.location);
    } else if (view_.as_of_created) {
      errors_.push_back(Error(ErrorCode::kFeatureDefinition,
                              "as_of_created needs a source with `created`: " + source_.name)
                            .at(view_.location));
    }
    if (!source_.id.empty()) check_id();
    for (const project::EntityKey& key : keys_) check_key(key);
  }

  void check_id() {
    check_column(source_.id, source_.location);
    const auto index = schema_.find(source_.id);
    if (!index) return;
    const DataType type = schema_.field(*index).type;
    if (table::is_integer(type) || type == DataType{Kind::kString}) return;
    errors_.push_back(
        Error(ErrorCode::kDataWrongType, "an id must be an integer or STRING, but \"" + source_.id +
                                             "\" is " + to_string(type))
            .at(source_.location));
  }

  void check_key(const project::EntityKey& key) {
    check_column(key.column, view_.location);
    const auto index = schema_.find(key.column);
    if (!index) return;
    const DataType found = schema_.field(*index).type;
    const DataType declared = key.type.value_or(found);
    const auto is_text = [](DataType type) {
      return !type.is_list && (type.kind == Kind::kString || type.kind == Kind::kBytes);
    };
    if ((!table::is_integer(found) || !table::is_integer(declared)) &&
        (!is_text(found) || found != declared)) {
      errors_.push_back(Error(ErrorCode::kDataWrongType,
                              "key \"" + key.column + "\" of view " + view_.name + " is declared " +
                                  to_string(declared) + ", but the source has " + to_string(found))
                            .with_help("a key is an integer, STRING or BYTES on both sides")
                            .at(view_.location));
    }
    // Integers of any width are one key.
    program_.keys.push_back(
        {key.column, table::is_integer(found) ? DataType{Kind::kInt64} : found});
  }

  void feature_error(const Feature& feature, const SourceLocation& location, ErrorCode code,
                     std::string message, std::string help = "") {
    errors_.push_back(Error(code, "feature " + feature.name + ": " + std::move(message))
                          .with_help(std::move(help))
                          .at(location));
  }

  // Whether `name` is the event's time and no column of the source.
  bool is_event_time(std::string_view name) const {
    return name == kEventTimestamp && !schema_.find(kEventTimestamp);
  }

  // Parses a text. Records what is wrong.
  std::optional<Node> parse(const project::LocatedText& located) {
    auto node = expression::parse(text_of(located));
    if (node) return std::move(*node);
    errors_.push_back(std::move(node).error());
    return std::nullopt;
  }

  // The same over an event's columns, with `event_timestamp` as the source calls it.
  std::optional<Node> parse_of_event(const project::LocatedText& located) {
    std::optional<Node> node = parse(located);
    if (node && is_event_time(kEventTimestamp)) {
      rename_columns(*node, kEventTimestamp, program_.time_column);
    }
    if (!node) return node;
    for (const std::string& name : expression::column_names(*node)) {
      const auto index = schema_.find(name);
      if (!index || !schema_.field(*index).type.is_list) continue;
      errors_.push_back(list_error(name).at(located.location));
      return std::nullopt;
    }
    return node;
  }

  // States keep values of one width or one text for each event.
  Error list_error(const std::string& column) const {
    return Error(ErrorCode::kFeatureDefinition,
                 "features cannot read lists of events: column \"" + column + "\" of source " +
                     source_.name + " is " +
                     to_string(schema_.field(*schema_.find(column)).type))
        .with_help("give its parts columns of their own");
  }

  Draft draft(const Feature& feature) {
    Draft result;
    result.feature = &feature;
    switch (feature.form) {
      case FeatureForm::kColumn:
        draft_column(result);
        break;
      case FeatureForm::kAggregate:
        draft_aggregate(result);
        break;
      case FeatureForm::kExpression:
        draft_expression(result);
        break;
    }
    return result;
  }

  void draft_column(Draft& draft) {
    const Feature& feature = *draft.feature;
    const std::string& name = feature.column.empty() ? feature.name : feature.column;
    const auto index = schema_.find(name);
    if (!index) {
      const std::vector<std::string> names = schema_.names();
      feature_error(
          feature, feature.location, ErrorCode::kDataMissingColumn,
          "no column \"" + name + "\" in source " + source_.name + did_you_mean(name, names),
          "a feature without `aggregate` or `expression` is a column of the source");
      return;
    }
    if (schema_.field(*index).type.is_list) {
      errors_.push_back(list_error(name).at(feature.location));
      return;
    }
    Node node;
    node.kind = NodeKind::kColumn;
    node.text = name;
    draft.argument = std::move(node);
    check_type(feature, schema_.field(*index).type, "column \"" + name + "\"");
    program_.is_order_needed = true;
  }

  void check_type(const Feature& feature, DataType inferred, const std::string& what) {
    if (table::is_convertible(inferred, feature.type)) return;
    feature_error(
        feature, feature.location, ErrorCode::kFeatureDefinition,
        "declared " + to_string(feature.type) + ", but " + what + " is " + to_string(inferred),
        "declare type: " + to_string(inferred));
  }

  // Checks the window of a feature against what `aggregate` can do. Records what is wrong.
  void check_window(const Feature& feature, const AggregateRow& aggregate) {
    const WindowProblem problem = problem_of(written_window(feature), aggregate.name,
                                             aggregate.accumulate != nullptr, view_.as_of_created);
    if (problem.message.empty()) return;
    feature_error(feature, feature.window ? feature.window->location : feature.location,
                  ErrorCode::kFeatureDefinition, problem.message, problem.help);
  }

  void draft_aggregate(Draft& draft) {
    const Feature& feature = *draft.feature;
    if (!feature.filter.empty()) {
      draft.filter = parse_of_event(feature.filter);
      if (draft.filter) check_filter(*draft.filter, text_of(feature.filter));
    }
    std::optional<Node> call = parse_of_event(feature.aggregate);
    if (!call) return;
    const SourceLocation place =
        expression::locate(text_of(feature.aggregate), call->offset, call->length);
    draft.aggregate = find_aggregate(feature, *call, place);
    if (draft.aggregate == nullptr) return;
    check_window(feature, *draft.aggregate);
    auto parameters = parse_parameters(*draft.aggregate, *call, text_of(feature.aggregate),
                                       written_window(feature), feature.name);
    if (!parameters) {
      errors_.push_back(std::move(parameters).error());
      return;
    }
    draft.parameters = *parameters;
    if (draft.aggregate->is_order_needed) program_.is_order_needed = true;
    if (call->arguments.empty()) {
      return check_type(feature, *draft.aggregate->result(Kind::kInt64), feature.aggregate.text);
    }
    draft.argument = std::move(call->arguments.front());
    check_argument(feature, draft, place);
  }

  void check_filter(const Node& node, const Text& text) {
    auto compiled = Expression::compile(node, text, schema_);
    if (!compiled) {
      errors_.push_back(std::move(compiled).error());
    } else if (compiled->type() != DataType{Kind::kBool}) {
      errors_.push_back(Error(ErrorCode::kExpressionType,
                              "a filter must be BOOL, but this is " + to_string(compiled->type()))
                            .at(expression::locate(text, 0, text.text.size())));
    }
  }

  void check_argument(const Feature& feature, const Draft& draft, const SourceLocation& place) {
    auto value = Expression::compile(*draft.argument, text_of(feature.aggregate), schema_);
    if (!value) {
      errors_.push_back(std::move(value).error());
      return;
    }
    const std::optional<DataType> result = draft.aggregate->result(value->type().kind);
    if (!result || value->type().is_list) {
      feature_error(
          feature, place, ErrorCode::kExpressionType,
          std::string(draft.aggregate->name) + " does not take " + to_string(value->type()),
          "it takes " + std::string(draft.aggregate->takes));
      return;
    }
    // The values of a narrow column fit a narrow feature again.
    DataType inferred = *result;
    if (draft.aggregate->keeps_value && value->is_column()) {
      inferred.kind = schema_.field(value->columns().front()).type.kind;
    }
    check_type(feature, inferred, feature.aggregate.text);
  }

  const AggregateRow* find_aggregate(const Feature& feature, const Node& call,
                                     const SourceLocation& place) {
    const bool is_name = call.kind == NodeKind::kCall || call.kind == NodeKind::kColumn;
    std::vector<std::string> names;
    for (const AggregateRow& row : aggregate_table()) {
      if (is_name && row.name == call.text) return &row;
      names.emplace_back(row.name);
    }
    std::string known;
    for (const std::string& name : names) known += (known.empty() ? "" : ", ") + name;
    feature_error(
        feature, place, ErrorCode::kExpressionType,
        "not an aggregate: " + feature.aggregate.text +
            (is_name ? did_you_mean(call.text, names) : ""),
        "one of " + known + "; combine aggregates in a feature with `expression` over their names");
    return nullptr;
  }

  // What the expression of a feature may name: the view's features, and else the latest row.
  table::Schema names_of_expressions() const {
    std::vector<table::Field> fields;
    for (const Feature& feature : view_.features) fields.push_back({feature.name, feature.type});
    for (const table::Field& field : schema_.fields()) {
      const bool is_shadowed =
          std::any_of(view_.features.begin(), view_.features.end(),
                      [&](const Feature& feature) { return feature.name == field.name; });
      if (!is_shadowed) fields.push_back(field);
    }
    if (is_event_time(kEventTimestamp) && !table::Schema(fields).find(kEventTimestamp)) {
      fields.push_back({std::string(kEventTimestamp), {Kind::kTimestamp}});
    }
    return table::Schema(std::move(fields));
  }

  void draft_expression(Draft& draft) {
    const Feature& feature = *draft.feature;
    draft.expression = parse(feature.expression);
    if (!draft.expression) return;
    const table::Schema names = names_of_expressions();
    auto compiled = Expression::compile(*draft.expression, text_of(feature.expression), names);
    if (!compiled) {
      errors_.push_back(std::move(compiled).error());
      return;
    }
    DataType inferred = compiled->type();
    if (compiled->is_column()) inferred = names.field(compiled->columns().front()).type;
    check_type(feature, inferred, "its expression");
    for (const std::size_t column : compiled->columns()) {
      if (column < view_.features.size()) {
        draft.uses.push_back(column);
      } else {
        program_.is_order_needed = true;
        if (names.field(column).type.is_list) {
          errors_.push_back(
              list_error(names.field(column).name).at(feature.expression.location));
        }
      }
    }
  }

  // Puts each feature after those that it reads. Records a cycle.
  void order_outputs() {
    std::vector<int> mark(drafts_.size(), 0);  // 1: being visited, 2: done.
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      if (!visit(i, mark)) return;
    }
  }

  bool visit(std::size_t root, std::vector<int>& mark) {
    // A path of features, each with the next one of its uses to look at.
    std::vector<std::pair<std::size_t, std::size_t>> path;
    if (mark[root] == 0) path.emplace_back(root, 0);
    mark[root] = std::max(mark[root], 1);
    while (!path.empty()) {
      auto& [index, next] = path.back();
      if (next == drafts_[index].uses.size()) {
        mark[index] = 2;
        program_.evaluation_order.push_back(index);
        path.pop_back();
        continue;
      }
      const std::size_t used = drafts_[index].uses[next++];
      if (mark[used] == 1) {
        report_cycle(path, used);
        return false;
      }
      if (mark[used] == 0) {
        mark[used] = 1;
        path.emplace_back(used, 0);
      }
    }
    return true;
  }

  void report_cycle(const std::vector<std::pair<std::size_t, std::size_t>>& path,
                    std::size_t start) {
    std::string names;
    bool is_in_cycle = false;
    for (const auto& [index, next] : path) {
      is_in_cycle = is_in_cycle || index == start;
      if (is_in_cycle) names += drafts_[index].feature->name + " -> ";
    }
    const Feature& feature = *drafts_[start].feature;
    feature_error(feature, feature.expression.location, ErrorCode::kFeatureDefinition,
                  "it depends on itself: " + names + feature.name,
                  "a feature hides the source's column of its name; rename the feature");
  }

  void choose_inputs() {
    std::vector<std::string> used;
    const auto add = [&](const Node& node) {
      for (std::string& name : expression::column_names(node)) used.push_back(std::move(name));
    };
    for (const Draft& draft : drafts_) {
      if (draft.argument) add(*draft.argument);
      if (draft.filter) add(*draft.filter);
      if (draft.expression) add(*draft.expression);
    }
    const bool is_whole_row = program_.is_order_needed && program_.id_column.empty();
    for (const table::Field& field : schema_.fields()) {
      if (field.name == program_.time_column || field.type.is_list) continue;
      const bool is_key = std::any_of(keys_.begin(), keys_.end(),
                                      [&](const auto& key) { return key.column == field.name; });
      const bool is_used = std::find(used.begin(), used.end(), field.name) != used.end();
      if (is_used || (is_whole_row && !is_key && field.name != program_.created_column)) {
        program_.inputs.push_back(field);
      }
    }
    // Sorted, because the order of the columns in a file must not decide ties.
    std::sort(program_.inputs.begin(), program_.inputs.end(),
              [](const table::Field& a, const table::Field& b) { return a.name < b.name; });
    std::vector<table::Field> fields = program_.inputs;
    fields.push_back({program_.time_column, {Kind::kTimestamp}});
    event_schema_ = table::Schema(std::move(fields));
  }

  // The slot that keeps the value of a checked tree.
  std::size_t slot_of(const Node& node, const Text& text) {
    for (std::size_t i = 0; i < slot_nodes_.size(); ++i) {
      if (expression::is_same(slot_nodes_[i], node)) return i;
    }
    auto compiled = Expression::compile(node, text, event_schema_);
    if (!compiled) {
      errors_.push_back(std::move(compiled).error());
      return 0;
    }
    slot_nodes_.push_back(node);
    program_.slots.push_back({*compiled, compiled->type().kind});
    return program_.slots.size() - 1;
  }

  std::size_t window_of(const Feature& feature) {
    const Window wanted = to_window(written_window(feature));
    if (wanted.is_session()) program_.has_sessions = true;
    program_.raw_retention_us = std::max(program_.raw_retention_us, reach_of(wanted));
    const auto found = std::find(program_.windows.begin(), program_.windows.end(), wanted);
    const auto index = static_cast<std::size_t>(found - program_.windows.begin());
    if (found == program_.windows.end()) program_.windows.push_back(wanted);
    return index;
  }

  // The fold of a cell whose window is foldable.
  std::size_t fold_of(const Cell& cell) {
    const Buckets buckets = buckets_of(program_.windows[cell.window]);
    const auto is_same = [&](const Fold& fold) {
      return fold.aggregate == cell.aggregate && fold.slot == cell.slot &&
             fold.filter == cell.filter && fold.parameters == cell.parameters &&
             fold.buckets == buckets;
    };
    auto found = std::find_if(program_.folds.begin(), program_.folds.end(), is_same);
    if (found == program_.folds.end()) {
      program_.folds.push_back(
          {cell.aggregate, cell.slot, cell.filter, cell.parameters, buckets, {}});
      found = program_.folds.end() - 1;
    }
    found->windows.push_back(cell.window);
    return static_cast<std::size_t>(found - program_.folds.begin());
  }

  std::size_t row_cell_of(const Node& column, const Text& text) {
    const std::size_t slot = slot_of(column, text);
    for (std::size_t i = 0; i < program_.cells.size(); ++i) {
      if (program_.cells[i].aggregate == nullptr && program_.cells[i].slot == slot) return i;
    }
    Cell cell;
    cell.slot = slot;
    cell.kind = program_.slots.empty() ? Kind::kInt64 : program_.slots[slot].kind;
    program_.cells.push_back(cell);
    return program_.cells.size() - 1;
  }

  void depend(Output& output, const Node& node, std::int64_t delay_us) const {
    for (const std::string& name : expression::column_names(node)) depend(output, name, delay_us);
  }
  void depend(Output& output, const std::string& column, std::int64_t delay_us) const {
    if (column == program_.time_column || is_event_time(column)) return;
    const auto found =
        std::find_if(output.dependencies.begin(), output.dependencies.end(),
                     [&](const Dependency& known) { return known.column == column; });
    if (found == output.dependencies.end()) {
      output.dependencies.push_back({column, delay_us});
    } else {
      found->least_delay_us = std::min(found->least_delay_us, delay_us);
    }
  }

  // Makes the output of a feature; those with expressions follow when all others are there.
  void build(const Draft& draft) {
    const Feature& feature = *draft.feature;
    Output output;
    output.field = {feature.name, feature.type};
    if (feature.form == FeatureForm::kColumn) {
      output.cell = row_cell_of(*draft.argument, {});
      depend(output, *draft.argument, 0);
    } else if (feature.form == FeatureForm::kAggregate) {
      Cell cell;
      cell.aggregate = draft.aggregate;
      cell.parameters = draft.parameters;
      cell.window = window_of(feature);
      const std::int64_t delay_us = program_.windows[cell.window].delay_us;
      if (draft.argument) {
        cell.slot = slot_of(*draft.argument, text_of(feature.aggregate));
        depend(output, *draft.argument, delay_us);
      }
      const Kind values = draft.argument ? program_.slots[cell.slot].kind : Kind::kInt64;
      const DataType result = *draft.aggregate->result(values);
      cell.kind = result.kind;
      cell.is_list = result.is_list;
      if (draft.filter) {
        cell.filter = slot_of(*draft.filter, text_of(feature.filter));
        depend(output, *draft.filter, delay_us);
      }
      if (program_.windows[cell.window].is_foldable()) cell.fold = fold_of(cell);
      output.cell = program_.cells.size();
      program_.cells.push_back(cell);
    }
    program_.outputs.push_back(std::move(output));
  }

  void build_expressions() {
    std::vector<table::Field> values;
    for (const Output& output : program_.outputs) values.push_back(output.field);
    for (const Draft& draft : drafts_) {
      if (!draft.expression) continue;
      for (const std::string& name : expression::column_names(*draft.expression)) {
        if (table::Schema(values).find(name)) continue;
        Node column;
        column.kind = NodeKind::kColumn;
        column.text = is_event_time(name) ? program_.time_column : name;
        program_.row_cells.push_back(row_cell_of(column, {}));
        values.push_back({name, {program_.cells[program_.row_cells.back()].kind}});
      }
    }
    const table::Schema names(std::move(values));
    for (const std::size_t index : program_.evaluation_order) {
      const Draft& draft = drafts_[index];
      if (draft.expression) build_expression(draft, program_.outputs[index], names);
    }
  }

  void build_expression(const Draft& draft, Output& output, const table::Schema& names) {
    auto compiled =
        Expression::compile(*draft.expression, text_of(draft.feature->expression), names);
    if (!compiled) {
      errors_.push_back(std::move(compiled).error());
      return;
    }
    for (const std::size_t column : compiled->columns()) {
      if (column >= program_.outputs.size()) {
        depend(output, names.field(column).name, 0);
        continue;
      }
      for (const Dependency& used : program_.outputs[column].dependencies) {
        depend(output, used.column, used.least_delay_us);
      }
    }
    output.expression = std::move(*compiled);
  }

  const project::FeatureView& view_;
  const project::Source& source_;
  std::span<const project::EntityKey> keys_;
  table::Schema schema_;
  table::Schema event_schema_;
  std::vector<Draft> drafts_;
  std::vector<Node> slot_nodes_;
  std::vector<Error> errors_;
  Program program_;
};

}  // namespace

table::Schema Program::output_schema() const {
  std::vector<table::Field> fields;
  fields.reserve(outputs.size());
  for (const Output& output : outputs) fields.push_back(output.field);
  return table::Schema(std::move(fields));
}

Result<Program> compile(const project::FeatureView& view, const project::Source& source,
                        std::span<const project::EntityKey> keys, const table::Schema& schema) {
  return Compiler(view, source, keys, schema).compile();
}

}  // namespace rtml::feature
