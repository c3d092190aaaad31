// The SHA-256 of the logical content of rows (docs/formats/manifest.md), as they come.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/table/batch.h"

namespace rtml::dataset {

class ContentHash {
 public:
  // Columns are hashed on up to `threads` threads; the hash does not depend on it.
  ContentHash(std::shared_ptr<const table::Schema> schema, int threads);

  // Adds rows behind those before. REQUIRES: the batch has the schema.
  void add(const table::Batch& rows);
  // REQUIRES: not called before on this object.
  std::string finish_hex();

 private:
  // What is hashed of one column.
  struct ColumnHash {
    Sha256 values;
    Sha256 nulls;
  };
  std::shared_ptr<const table::Schema> schema_;
  int threads_;
  std::int64_t rows_ = 0;
  std::vector<ColumnHash> columns_;
};

}  // namespace rtml::dataset
