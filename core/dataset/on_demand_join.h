// Adds features of on-demand views to rows that have been joined with the features of views: in
// training, a request is a row that asks.
//
// Immutable; batches of one join may be given one after the other.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/feature/on_demand_features.h"
#include "core/project/project.h"
#include "core/table/batch.h"

namespace rtml::dataset {

class OnDemandJoin {
 public:
  // Fails with every error of the on-demand views.
  static Result<OnDemandJoin> make(const project::FeatureSelection& selection,
                                   const project::Project& project);

  // What to join before: the selection's features of views, then those that on-demand views read
  // beside them, under names that no row can have.
  const std::vector<project::ServiceColumn>& features() const { return on_demand_.features; }
  // The feature columns of the result, in their order.
  std::vector<std::string> feature_columns() const;
  // The columns of requests, each once.
  std::vector<std::string> request_columns() const;

  // Adds the types of those columns, for a file whose reader would guess them.
  void add_request_types(std::map<std::string, table::DataType>& types) const;

  // Takes rows with their own columns and features(), gives them with feature_columns() behind
  // their own. Without on-demand features these are the same rows. `what` says whose rows they are.
  // Fails with kDataMissingColumn if a row lacks a column of a request, kDataWrongType if it has
  // another type (integers widen), kDataBadValue if a feature's name is taken.
  Result<table::Batch> apply(const table::Batch& joined, std::string_view what,
                             const std::string& timestamp_column) const;

 private:
  explicit OnDemandJoin(feature::OnDemandFeatures on_demand) : on_demand_(std::move(on_demand)) {}
  static Result<std::vector<table::Column>> request_of(const feature::OnDemandProgram& program,
                                                       const table::Batch& rows,
                                                       std::string_view what);

  feature::OnDemandFeatures on_demand_;
};

}  // namespace rtml::dataset
