// A column whose values are gathered from packed columns, one after the other.

#pragma once

#include <cstdint>
#include <vector>

#include "core/dataset/entity_parts.h"
#include "core/dataset/packed_column.h"

namespace rtml::dataset {

class GatheredColumn {
 public:
  // Will hold `count` values.
  GatheredColumn(table::DataType type, std::int64_t count);

  // Takes value `rows[i]` of `sources[parts[i]]` for each place i of [begin, end). Places come in
  // order and none is left out. The sources have this column's type; those of parts that are not
  // named may be null.
  void add(const std::vector<const PackedColumn*>& sources, const std::vector<Part>& parts,
           const std::vector<std::uint32_t>& rows, std::size_t begin, std::size_t end);
  table::Column finish();

 private:
  template <typename T>
  void add_values(RawVector<T>& target, const std::vector<const PackedColumn*>& sources,
                  const std::vector<Part>& parts, const std::vector<std::uint32_t>& rows,
                  std::size_t begin, std::size_t end);

  table::DataType type_;
  std::size_t count_;
  // The one of the type is used.
  RawVector<std::int32_t> int32_;
  RawVector<std::int64_t> int64_;
  RawVector<float> float32_;
  RawVector<double> float64_;
  std::vector<std::uint8_t> valid_;  // Empty: none is null so far.
  table::ColumnBuilder builder_;     // Texts, lists and BOOL.
};

}  // namespace rtml::dataset
