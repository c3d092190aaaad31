// Which columns of its view's sources a feature sees and how it names them. Internal to
// core/feature.
//
// A view of one source sees that source's columns. Of several (core/project/source_union.h) a
// feature sees the columns that all have, or, where it says `source:`, those of the one.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/expression/syntax.h"
#include "core/project/definitions.h"
#include "core/table/types.h"

namespace rtml::feature {

// Calls `rename` with the name of each column of a tree and puts what it returns in its place.
template <typename Rename>
void rename_columns(expression::Node& node, const Rename& rename) {
  if (node.kind == expression::NodeKind::kColumn) node.text = rename(node.text);
  for (expression::Node& argument : node.arguments) rename_columns(argument, rename);
}

class VisibleColumns {
 public:
  // `schema` is the source's, or the union's; all must outlive this.
  VisibleColumns(const project::FeatureView& view, const project::Source& source,
                 const table::Schema& schema);

  // The columns that a feature of all sources may name.
  const table::Schema& common() const { return is_union_ ? common_ : schema_; }
  // Those that `feature` may name.
  const table::Schema& of(const project::Feature& feature) const;
  // Those of one of several sources.
  const table::Schema& of_part(std::size_t part) const { return parts_[part]; }
  // Whose columns of(feature) are, for errors: "source logins".
  std::string owner(const project::Feature& feature) const;
  // Which of several sources a feature sees alone.
  std::optional<std::size_t> part_of(const project::Feature& feature) const;

  // Why a feature of all sources cannot have a column that only some have, or have with several
  // types; nothing if it is no such column.
  std::optional<Error> partial_column(const std::string& column) const;
  // Appends such errors for the columns of a text.
  void check(const expression::Node& node, const project::LocatedText& located,
             std::vector<Error>& errors) const;
  // Says of which sources a key column is missing, or that it has several types.
  Error key_error(const std::string& key) const;

  // Turns the names that a feature uses into those of the union, and makes `filter` let through the
  // events of the feature's source alone. Does nothing to a feature of all sources.
  void bind(const project::Feature& feature, std::optional<expression::Node>& argument,
            std::optional<expression::Node>& filter) const;

 private:
  SourceLocation place_of_part(std::size_t part) const;

  const project::FeatureView& view_;
  const project::Source& source_;
  const table::Schema& schema_;
  bool is_union_;
  table::Schema common_;
  std::vector<table::Schema> parts_;
};

}  // namespace rtml::feature
