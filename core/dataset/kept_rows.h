// The columns of rows that ask, kept until their features are there.

#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "core/dataset/packed_column.h"
#include "core/dataset/spill_file.h"
#include "core/table/batch.h"

namespace rtml::dataset {

class KeptRows {
 public:
  explicit KeptRows(std::filesystem::path spill_directory)
      : KeptRows(std::make_shared<SpillFile>(std::move(spill_directory))) {}
  // Several may share a file.
  explicit KeptRows(std::shared_ptr<SpillFile> file) : file_(std::move(file)) {}

  // REQUIRES: all batches have one schema.
  Status add(const table::Batch& batch);
  // Gives the batches back, in order and as they were.
  Result<std::optional<table::Batch>> next();

  std::int64_t rows() const { return rows_; }
  std::int64_t memory_bytes() const { return memory_bytes_; }
  // Puts what is there, and what comes, into a file.
  Status spill();
  std::int64_t spilled_bytes() const { return file_->size(); }

 private:
  struct Kept {
    std::vector<PackedColumn> columns;  // Empty: in the file.
    std::int64_t rows = 0;
    std::int64_t offset = 0;
    std::int64_t bytes = 0;
  };
  Status put_aside(Kept& kept);

  std::shared_ptr<const table::Schema> schema_;
  std::deque<Kept> batches_;
  std::shared_ptr<SpillFile> file_;
  bool is_spilling_ = false;
  std::int64_t rows_ = 0;
  std::int64_t memory_bytes_ = 0;
};

}  // namespace rtml::dataset
