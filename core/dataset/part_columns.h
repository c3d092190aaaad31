// Rows of one of several sources as rows of their union (core/project/source_union.h). Immutable.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/project/definitions.h"
#include "core/project/source_union.h"
#include "core/table/batch.h"

namespace rtml::dataset {

class PartColumns {
 public:
  // For rows of part `part` of `source`, as the columns `schema` of the union.
  PartColumns(const project::Source& source, std::size_t part,
              std::shared_ptr<const table::Schema> schema);

  // The columns of the part that are needed, none twice.
  const std::vector<std::string>& needed() const { return needed_; }
  // `rows` have the needed columns, in that order; `first_row` is the place of the first of them in
  // the part's table, for errors. Fails with kDataBadTimestamp for a row without a time.
  Result<table::Batch> unite(const table::Batch& rows, std::int64_t first_row) const;

 private:
  struct Value {
    project::UnionValue::Kind kind;
    std::size_t column = 0;  // Of `needed_`.
  };
  Status check_times(const table::Batch& rows, std::int64_t first_row) const;

  const project::Source& source_;  // The part.
  std::size_t part_;
  std::shared_ptr<const table::Schema> schema_;
  std::vector<std::string> needed_;
  std::vector<Value> values_;  // Of each column of the schema.
};

}  // namespace rtml::dataset
