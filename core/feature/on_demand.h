// An on-demand view compiled: features that are computed from a request as it comes, out of the
// columns that it brings and the values of other features.
//
// Training sets evaluate it a column at a time over the rows that ask, requests a row at a time,
// with the same bits. An OnDemandProgram is immutable; any number of threads may use it.

#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/expression/expression.h"
#include "core/project/project.h"
#include "core/table/column.h"
#include "core/table/value.h"

namespace rtml::feature {

class OnDemandProgram {
 public:
  // Compiles a view; `inputs` are Project::inputs_of() it. An expression may name a column of the
  // request, `event_timestamp` (the moment that is asked for), a feature of the view, an input as
  // view__feature, and by its own name where no other has it. Fails with every error of the view at
  // once, each at its place: kExpressionSyntax, kExpressionType, kFeatureDefinition.
  static Result<OnDemandProgram> compile(const project::OnDemandView& view,
                                         std::vector<project::ServiceColumn> inputs);

  const std::string& view() const { return view_; }
  // What evaluate() takes: the columns of the request, then the time, then the inputs.
  const std::vector<table::Field>& request() const { return request_; }
  const std::vector<project::ServiceColumn>& inputs() const { return inputs_; }
  // The features, in the order of the view.
  const std::vector<table::Field>& outputs() const { return outputs_; }
  // The places in inputs() that an output is computed from, by other outputs too; ascending.
  const std::vector<std::size_t>& inputs_of(std::size_t output) const { return inputs_of_[output]; }

  // Columns that every one of `rows` asks with; REQUIRES: of the types of request() and inputs().
  std::vector<table::Column> evaluate(std::span<const table::Column> request,
                                      const table::Column& time,
                                      std::span<const table::Column> inputs,
                                      std::int64_t rows) const;

  // What one thread needs to evaluate rows. The results point into it until the next evaluation.
  struct Scratch {
    std::vector<table::Value> row;
    std::vector<expression::Scratch> expressions;
  };
  // The same for one row.
  std::span<const table::Value> evaluate(std::span<const table::Value> request,
                                         std::int64_t time_us, std::span<const table::Value> inputs,
                                         Scratch& scratch) const;

 private:
  OnDemandProgram() = default;
  // `uses`: of each output the other outputs that it reads.
  void find_inputs(const std::vector<std::set<std::size_t>>& uses);

  std::string view_;
  std::vector<table::Field> request_;
  std::vector<project::ServiceColumn> inputs_;
  std::vector<table::Field> outputs_;
  // The row that expressions read: request, time, inputs under their full names, outputs, inputs
  // under their own names. For each of the last its input.
  std::vector<std::size_t> short_names_;
  std::vector<expression::Expression> expressions_;  // One an output.
  std::vector<std::size_t> order_;                   // Of evaluation.
  std::vector<std::vector<std::size_t>> inputs_of_;  // Of each output.
};

}  // namespace rtml::feature
