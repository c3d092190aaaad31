#include "core/feature/program.h"

#include <algorithm>
#include <map>

#include "core/base/name.h"
#include "core/base/text_list.h"
#include "core/base/time.h"
#include "core/feature/aggregate.h"
#include "core/feature/aggregate_call.h"
#include "core/feature/check_source.h"
#include "core/feature/evaluation_order.h"
#include "core/feature/packed_list.h"
#include "core/feature/visible_columns.h"
#include "core/project/source_union.h"

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
      : view_(view),
        source_(source),
        keys_(keys),
        schema_(with_time(schema)),
        visible_(view, source, schema_) {}

  Result<Program> compile() {
    errors_ = check_source(view_, source_, keys_, schema_, visible_);
    describe_events();
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

  void describe_events() {
    program_.view = view_.name;
    program_.time_column = source_.timestamp.column;
    if (source_.created) program_.created_column = source_.created->column;
    program_.id_column = source_.id;
    program_.nan_is_null = source_.nan_is_null;
    program_.ttl_us = view_.ttl_us;
    program_.as_of_created = view_.as_of_created;
    for (const project::EntityKey& key : keys_) {
      const auto index = schema_.find(key.column);
      if (!index) continue;
      program_.keys.push_back({key.column, key_type(schema_.field(*index).type)});
    }
  }

  void feature_error(const Feature& feature, const SourceLocation& location, ErrorCode code,
                     std::string message, std::string help = "") {
    errors_.push_back(Error(code, "feature " + feature.name + ": " + std::move(message))
                          .with_help(std::move(help))
                          .at(location));
  }

  // Whether `name` is the event's time and no column of what a feature sees.
  static bool is_event_time(std::string_view name, const table::Schema& schema) {
    return name == kEventTimestamp && !schema.find(kEventTimestamp);
  }

  // Parses a text. Records what is wrong.
  std::optional<Node> parse(const project::LocatedText& located) {
    auto node = expression::parse(text_of(located));
    if (node) return std::move(*node);
    errors_.push_back(std::move(node).error());
    return std::nullopt;
  }

  // The same over an event's columns, with `event_timestamp` as the source calls it.
  std::optional<Node> parse_of_event(const Feature& feature, const project::LocatedText& located) {
    std::optional<Node> node = parse(located);
    if (!node) return node;
    const table::Schema& schema = visible_.of(feature);
    if (!visible_.part_of(feature) && !is_visible(*node, located)) return std::nullopt;
    rename_columns(*node, [&](const std::string& name) {
      return is_event_time(name, schema) ? program_.time_column : name;
    });
    return node;
  }

  // Records the columns of a text that a feature of all sources cannot see.
  bool is_visible(const Node& node, const project::LocatedText& located) {
    const std::size_t before = errors_.size();
    visible_.check(node, located, errors_);
    return errors_.size() == before;
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
    const table::Schema& schema = visible_.of(feature);
    if (auto error = visible_.partial_column(name)) {
      std::string help = "the latest row is that of all sources; write \"aggregate: last(" + name +
                         ")\" with \"source:\" for the latest value of one";
      return feature_error(feature, feature.location, error->code(), error->message(),
                           std::move(help));
    }
    const auto index = schema.find(name);
    if (!index) {
      const std::vector<std::string> names = schema.names();
      feature_error(
          feature, feature.location, ErrorCode::kDataMissingColumn,
          "no column \"" + name + "\" in " + visible_.owner(feature) + did_you_mean(name, names),
          "a feature without `aggregate` or `expression` is a column of the source");
      return;
    }
    Node node;
    node.kind = NodeKind::kColumn;
    node.text = name;
    draft.argument = std::move(node);
    check_type(feature, schema.field(*index).type, "column \"" + name + "\"");
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
      draft.filter = parse_of_event(feature, feature.filter);
      if (draft.filter) check_filter(feature, *draft.filter, text_of(feature.filter));
    }
    if (feature.aggregate.text == "count(*)") {
      return feature_error(feature, feature.aggregate.location, ErrorCode::kExpressionSyntax,
                           "not an aggregate: count(*) (did you mean \"count\"?)");
    }
    std::optional<Node> call = parse_of_event(feature, feature.aggregate);
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
      check_type(feature, *draft.aggregate->result(Kind::kInt64), feature.aggregate.text);
    } else {
      draft.argument = std::move(call->arguments.front());
      check_argument(feature, draft, place);
    }
    visible_.bind(feature, draft.argument, draft.filter);
  }

  void check_filter(const Feature& feature, const Node& node, const Text& text) {
    auto compiled = Expression::compile(node, text, visible_.of(feature));
    if (!compiled) {
      errors_.push_back(std::move(compiled).error());
    } else if (compiled->type() != DataType{Kind::kBool}) {
      errors_.push_back(Error(ErrorCode::kExpressionType,
                              "a filter must be BOOL, but this is " + to_string(compiled->type()))
                            .at(expression::locate(text, 0, text.text.size())));
    }
  }

  // What to do about values that an aggregate does not take.
  static std::string help_with_values(const AggregateRow& aggregate, const Expression& value) {
    if (value.type().is_list) {
      return "make one value of each list, as element(x, 0), length(x), sum(x) and mean(x) do; "
             "first, last, count and count_distinct take lists as they are";
    }
    // What is learnt from the values of a file is a text as soon as one is no number.
    const bool is_text = value.is_column() && value.type() == DataType{Kind::kString};
    return "it takes " + std::string(aggregate.takes) +
           (is_text ? "; give the column its type under `columns` of the source to see which value "
                      "is no number"
                    : "");
  }

  void check_argument(const Feature& feature, const Draft& draft, const SourceLocation& place) {
    const table::Schema& schema = visible_.of(feature);
    auto value = Expression::compile(*draft.argument, text_of(feature.aggregate), schema);
    if (!value) {
      errors_.push_back(std::move(value).error());
      return;
    }
    const std::optional<DataType> result = result_type(*draft.aggregate, value->type());
    if (!result) {
      feature_error(
          feature, place, ErrorCode::kExpressionType,
          std::string(draft.aggregate->name) + " does not take " + to_string(value->type()),
          help_with_values(*draft.aggregate, *value));
      return;
    }
    // The values of a narrow column fit a narrow feature again.
    DataType inferred = *result;
    if (draft.aggregate->keeps_value && value->is_column()) {
      inferred.kind = schema.field(value->columns().front()).type.kind;
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
    const std::string own = is_name ? foreign_name(call.text) : "";
    const std::string meant = own.empty() ? is_name ? did_you_mean(call.text, names) : ""
                                          : " (did you mean \"" + own + "\"?)";
    feature_error(feature, place, ErrorCode::kExpressionType,
                  "not an aggregate: " + feature.aggregate.text + meant,
                  "one of " + text_list(names) +
                      "; combine aggregates in a feature with `expression` over their names");
    return nullptr;
  }

  // What the expression of a feature may name: the view's features, and else the latest row.
  table::Schema names_of_expressions() const {
    std::vector<table::Field> fields;
    for (const Feature& feature : view_.features) fields.push_back({feature.name, feature.type});
    for (const table::Field& field : visible_.common().fields()) {
      const bool is_shadowed =
          std::any_of(view_.features.begin(), view_.features.end(),
                      [&](const Feature& feature) { return feature.name == field.name; });
      if (!is_shadowed) fields.push_back(field);
    }
    if (is_event_time(kEventTimestamp, table::Schema(fields))) {
      fields.push_back({std::string(kEventTimestamp), {Kind::kTimestamp}});
    }
    return table::Schema(std::move(fields));
  }

  // The same where a feature's name hides the column's.
  bool check_columns_of_expression(Node node, const project::LocatedText& located) {
    rename_columns(node, [&](const std::string& name) {
      const auto is_named = [&](const Feature& feature) { return feature.name == name; };
      return std::any_of(view_.features.begin(), view_.features.end(), is_named) ? std::string()
                                                                                 : name;
    });
    return is_visible(node, located);
  }

  void draft_expression(Draft& draft) {
    const Feature& feature = *draft.feature;
    draft.expression = parse(feature.expression);
    if (!draft.expression) return;
    const table::Schema names = names_of_expressions();
    if (!check_columns_of_expression(*draft.expression, feature.expression)) return;
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
      }
    }
  }

  // Puts each feature after those that it reads. Records a circle.
  void order_outputs() {
    std::vector<std::vector<std::size_t>> uses;
    for (const Draft& draft : drafts_) uses.push_back(draft.uses);
    EvaluationOrder ordered = evaluation_order(uses);
    program_.evaluation_order = std::move(ordered.order);
    if (ordered.circle.empty()) return;
    std::string names;
    for (const std::size_t index : ordered.circle) names += drafts_[index].feature->name + " -> ";
    const Feature& feature = *drafts_[ordered.circle.front()].feature;
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
    if (source_.is_union()) used.emplace_back(project::kUnionSource);
    for (const table::Field& field : schema_.fields()) {
      if (field.name == program_.time_column) continue;
      const bool is_key = std::any_of(keys_.begin(), keys_.end(),
                                      [&](const auto& key) { return key.column == field.name; });
      const bool is_used = std::find(used.begin(), used.end(), field.name) != used.end();
      if (is_used || (!is_key && breaks_ties(field.name))) program_.inputs.push_back(field);
    }
    // Sorted, because the order of the columns in a file must not decide ties.
    std::sort(program_.inputs.begin(), program_.inputs.end(),
              [](const table::Field& a, const table::Field& b) { return a.name < b.name; });
    std::vector<table::Field> fields = program_.inputs;
    if (source_.is_union()) {
      program_.source_input = *table::Schema(fields).find(project::kUnionSource);
    }
    fields.push_back({program_.time_column, {Kind::kTimestamp}});
    event_schema_ = table::Schema(std::move(fields));
  }

  // Whether a column is an input for the sake of the order of events, where there are no ids.
  bool breaks_ties(const std::string& column) const {
    if (!program_.is_order_needed) return false;
    if (!source_.is_union()) {
      return program_.id_column.empty() && column != program_.created_column;
    }
    if (column.starts_with(project::kUnionMark)) return false;
    const std::string part = project::origin_of(column).part;
    return std::any_of(source_.parts.begin(), source_.parts.end(), [&](const auto& source) {
      const std::string own = project::origin_of(column).column;
      return source.id.empty() && own != source.timestamp.column &&
             (part.empty() || part == source.name);
    });
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
    program_.slots.push_back({*compiled, kept_kind(compiled->type()), compiled->type()});
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
    if (!program_.slots.empty()) set_type(cell, program_.slots[slot].type);
    return add_cell(cell);
  }

  // `type`: of the value, where the cell keeps one.
  static void set_type(Cell& cell, DataType type) {
    cell.kind = type.kind;
    cell.is_list = type.is_list;
    cell.is_packed = type.is_list;
  }

  std::size_t add_cell(const Cell& cell) {
    if (cell.is_packed) program_.packed_cells.push_back(program_.cells.size());
    program_.cells.push_back(cell);
    return program_.cells.size() - 1;
  }

  void depend(Output& output, const Node& node, const Feature& feature,
              std::int64_t delay_us) const {
    for (const std::string& name : expression::column_names(node)) {
      if (name == program_.time_column || name == project::kUnionSource) continue;
      const std::string source = visible_.part_of(feature) ? feature.source.text : "";
      depend(output, {project::origin_of(name).column, source, delay_us});
    }
  }
  static void depend(Output& output, const Dependency& dependency) {
    const auto found = std::find_if(
        output.dependencies.begin(), output.dependencies.end(), [&](const Dependency& known) {
          return known.column == dependency.column && known.source == dependency.source;
        });
    if (found == output.dependencies.end()) {
      output.dependencies.push_back(dependency);
    } else {
      found->least_delay_us = std::min(found->least_delay_us, dependency.least_delay_us);
    }
  }

  // Makes the output of a feature; those with expressions follow when all others are there.
  void build(const Draft& draft) {
    const Feature& feature = *draft.feature;
    Output output;
    output.field = {feature.name, feature.type};
    if (feature.form == FeatureForm::kColumn) {
      output.cell = row_cell_of(*draft.argument, {});
      depend(output, *draft.argument, feature, 0);
    } else if (feature.form == FeatureForm::kAggregate) {
      Cell cell;
      cell.aggregate = draft.aggregate;
      cell.parameters = draft.parameters;
      cell.window = window_of(feature);
      const std::int64_t delay_us = program_.windows[cell.window].delay_us;
      if (draft.argument) {
        cell.slot = slot_of(*draft.argument, text_of(feature.aggregate));
        depend(output, *draft.argument, feature, delay_us);
      }
      const DataType values = draft.argument ? program_.slots[cell.slot].type : DataType{};
      set_type(cell, *result_type(*draft.aggregate, values));
      cell.is_packed = cell.is_list && values.is_list;
      if (draft.filter) {
        cell.filter = slot_of(*draft.filter, text_of(feature.filter));
        depend(output, *draft.filter, feature, delay_us);
      }
      if (program_.windows[cell.window].is_foldable()) cell.fold = fold_of(cell);
      output.cell = add_cell(cell);
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
        column.text = is_event_time(name, visible_.common()) ? program_.time_column : name;
        program_.row_cells.push_back(row_cell_of(column, {}));
        const Cell& cell = program_.cells[program_.row_cells.back()];
        values.push_back({name, {cell.kind, cell.is_list}});
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
      if (column < program_.outputs.size()) {
        for (const Dependency& used : program_.outputs[column].dependencies) depend(output, used);
        continue;
      }
      const std::string& name = names.field(column).name;
      const bool is_time = name == program_.time_column || is_event_time(name, visible_.common());
      if (!is_time) depend(output, {name, "", 0});
    }
    output.expression = std::move(*compiled);
  }

  const project::FeatureView& view_;
  const project::Source& source_;
  std::span<const project::EntityKey> keys_;
  table::Schema schema_;
  VisibleColumns visible_;
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
