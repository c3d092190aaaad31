// Rows dealt out into parts by their entity, so that each part can be worked on alone: by several
// threads, in the cache, and from a file where memory does not hold them all.

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/result.h"
#include "core/dataset/packed_column.h"
#include "core/dataset/spill_file.h"
#include "core/table/column.h"

namespace rtml::dataset {

// The part of an entity.
using Part = std::uint16_t;

// Returns the part of each row by its key; equal keys have one part, integers of any width. Rows
// with a null key are in part 0.
std::vector<Part> parts_of(const std::vector<table::Column>& keys, std::int64_t rows,
                           std::size_t part_count);

// Batches of columns of some types, each batch sorted by part.
class EntityParts {
 public:
  EntityParts(std::size_t part_count, std::vector<table::DataType> types)
      : part_count_(part_count), types_(std::move(types)) {}

  // Makes room for batches that deal() then fills, from several threads, one batch each.
  void expect(std::size_t batches);
  // Sorts the rows of a batch by part, keeping their order within one.
  void deal(std::size_t batch, const std::vector<table::Column>& columns,
            const std::vector<Part>& parts);
  std::size_t batches() const { return batches_.size(); }

  // Puts what is in memory into a file.
  Status spill(SpillFile& file);
  // The rows of a part in the order in which they came.
  Result<std::vector<table::Column>> load(std::size_t part, const SpillFile& file) const;
  // The number of a part's rows.
  std::int64_t rows(std::size_t part) const;
  std::int64_t memory_bytes() const;

 private:
  struct Batch {
    std::vector<PackedColumn> columns;      // Empty: in the file.
    std::vector<std::uint32_t> begins;      // Of the parts, and the end.
    std::vector<std::int64_t> file_begins;  // Of the parts in the file, and the end.
  };
  std::size_t part_count_;
  std::vector<table::DataType> types_;
  std::vector<Batch> batches_;
};

}  // namespace rtml::dataset
