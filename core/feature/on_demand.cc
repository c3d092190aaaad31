#include "core/feature/on_demand.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/feature/evaluation_order.h"
#include "core/feature/program.h"

namespace rtml::feature {
namespace {

using expression::Expression;
using expression::Node;
using expression::NodeKind;
using expression::Text;
using table::DataType;
using table::Kind;

Text text_of(const project::Feature& feature) {
  return {feature.expression.text, feature.expression.location};
}

// An INT64 feature that is declared DOUBLE.
Node as_double(Node node) {
  Node call;
  call.kind = NodeKind::kCall;
  call.text = "double";
  call.offset = node.offset;
  call.length = node.length;
  call.arguments.push_back(std::move(node));
  return call;
}

}  // namespace

Result<OnDemandProgram> OnDemandProgram::compile(const project::OnDemandView& view,
                                                 std::vector<project::ServiceColumn> inputs) {
  OnDemandProgram program;
  program.view_ = view.name;
  program.request_ = view.request;
  program.inputs_ = std::move(inputs);
  std::vector<table::Field> fields = view.request;
  fields.push_back({std::string(kEventTimestamp), {Kind::kTimestamp}});
  for (const project::ServiceColumn& input : program.inputs_) {
    fields.push_back({input.name, input.feature->type});
  }
  const std::size_t first_output = fields.size();
  for (const project::Feature& feature : view.features) {
    program.outputs_.push_back({feature.name, feature.type});
    fields.push_back(program.outputs_.back());
  }
  std::map<std::string, std::size_t> taken;
  for (const table::Field& field : fields) ++taken[field.name];
  for (const project::ServiceColumn& input : program.inputs_) ++taken[input.feature->name];
  for (std::size_t i = 0; i < program.inputs_.size(); ++i) {
    const project::Feature& feature = *program.inputs_[i].feature;
    if (taken[feature.name] > 1) continue;
    program.short_names_.push_back(i);
    fields.push_back({feature.name, feature.type});
  }

  const table::Schema schema(std::move(fields));
  std::vector<Error> errors;
  std::vector<std::set<std::size_t>> uses(view.features.size());
  for (std::size_t i = 0; i < view.features.size(); ++i) {
    const project::Feature& feature = view.features[i];
    auto node = expression::parse(text_of(feature));
    if (!node) {
      errors.push_back(std::move(node).error());
      continue;
    }
    auto compiled = Expression::compile(*node, text_of(feature), schema);
    if (compiled && compiled->type() == DataType{Kind::kInt64} &&
        feature.type == DataType{Kind::kDouble}) {
      compiled = Expression::compile(as_double(std::move(*node)), text_of(feature), schema);
    }
    if (!compiled) {
      errors.push_back(std::move(compiled).error());
      continue;
    }
    if (compiled->type() != feature.type) {
      errors.push_back(Error(ErrorCode::kFeatureDefinition,
                             "feature " + feature.name + ": declared " + to_string(feature.type) +
                                 ", but the expression is " + to_string(compiled->type()))
                           .with_help("declare type: " + to_string(compiled->type()))
                           .at(feature.location));
      continue;
    }
    for (const std::size_t column : compiled->columns()) {
      if (column >= first_output && column < first_output + view.features.size()) {
        uses[i].insert(column - first_output);
      }
    }
    program.expressions_.push_back(std::move(*compiled));
  }
  if (errors.empty()) {
    std::vector<std::vector<std::size_t>> lists;
    for (const std::set<std::size_t>& used : uses) lists.emplace_back(used.begin(), used.end());
    EvaluationOrder ordered = evaluation_order(lists);
    program.order_ = std::move(ordered.order);
    if (!ordered.circle.empty()) {
      errors.push_back(Error(ErrorCode::kFeatureDefinition,
                             "features of on-demand view " + view.name + " depend on each other")
                           .at(view.location));
    }
  }
  if (!errors.empty()) return fail(Error::many(std::move(errors)));
  program.find_inputs(uses);
  return program;
}

void OnDemandProgram::find_inputs(const std::vector<std::set<std::size_t>>& uses) {
  const std::size_t first_input = request_.size() + 1;
  const std::size_t first_output = first_input + inputs_.size();
  const std::size_t first_short_name = first_output + outputs_.size();
  inputs_of_.resize(outputs_.size());
  for (const std::size_t output : order_) {
    std::set<std::size_t> found;
    for (const std::size_t column : expressions_[output].columns()) {
      if (column >= first_short_name) {
        found.insert(short_names_[column - first_short_name]);
      } else if (column >= first_input && column < first_output) {
        found.insert(column - first_input);
      }
    }
    for (const std::size_t used : uses[output]) {
      found.insert(inputs_of_[used].begin(), inputs_of_[used].end());
    }
    inputs_of_[output].assign(found.begin(), found.end());
  }
}

std::vector<table::Column> OnDemandProgram::evaluate(std::span<const table::Column> request,
                                                     const table::Column& time,
                                                     std::span<const table::Column> inputs,
                                                     std::int64_t rows) const {
  std::vector<table::Column> columns(request.begin(), request.end());
  columns.push_back(time);
  columns.insert(columns.end(), inputs.begin(), inputs.end());
  const std::size_t first_output = columns.size();
  columns.resize(first_output + outputs_.size());
  for (const std::size_t input : short_names_) columns.push_back(inputs[input]);
  for (const std::size_t output : order_) {
    columns[first_output + output] = expressions_[output].evaluate(columns, rows);
  }
  const auto first = columns.begin() + static_cast<std::ptrdiff_t>(first_output);
  return {first, first + std::ssize(outputs_)};
}

std::span<const table::Value> OnDemandProgram::evaluate(std::span<const table::Value> request,
                                                        std::int64_t time_us,
                                                        std::span<const table::Value> inputs,
                                                        Scratch& scratch) const {
  scratch.expressions.resize(outputs_.size());
  std::vector<table::Value>& row = scratch.row;
  row.assign(request.begin(), request.end());
  row.push_back(table::Value::of_integer(time_us));
  row.insert(row.end(), inputs.begin(), inputs.end());
  const std::size_t first_output = row.size();
  row.resize(first_output + outputs_.size());
  for (const std::size_t input : short_names_) row.push_back(inputs[input]);
  for (const std::size_t output : order_) {
    row[first_output + output] = expressions_[output].evaluate(row, scratch.expressions[output]);
  }
  return std::span<const table::Value>(row).subspan(first_output, outputs_.size());
}

}  // namespace rtml::feature
