// Rows that travel together, and streams of them.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/table/column.h"

namespace rtml::table {

// Columns of one length under a schema. Cheap to copy.
class Batch {
 public:
  Batch() = default;
  // REQUIRES: one column a field, of its type, all of `rows` values.
  Batch(std::shared_ptr<const Schema> schema, std::vector<Column> columns, std::int64_t rows)
      : schema_(std::move(schema)), columns_(std::move(columns)), rows_(rows) {}

  const Schema& schema() const { return *schema_; }
  const std::shared_ptr<const Schema>& shared_schema() const { return schema_; }
  std::int64_t rows() const { return rows_; }
  const Column& column(std::size_t index) const { return columns_[index]; }
  const std::vector<Column>& columns() const { return columns_; }

  Batch slice(std::int64_t start, std::int64_t count) const;
  Batch take(std::span<const std::int64_t> rows) const;

 private:
  std::shared_ptr<const Schema> schema_ = std::make_shared<Schema>();
  std::vector<Column> columns_;
  std::int64_t rows_ = 0;
};

// A stream of batches under one schema, read once from front to back by one thread.
class BatchReader {
 public:
  virtual ~BatchReader() = default;
  virtual const std::shared_ptr<const Schema>& schema() const = 0;
  // Returns the next batch, or nothing at the end. After an error the reader must not be used.
  virtual Result<std::optional<Batch>> next() = 0;
};

// Reads batches that are in memory.
std::unique_ptr<BatchReader> read_batches(std::shared_ptr<const Schema> schema,
                                          std::vector<Batch> batches);

// Makes a reader of a function that gives the next batch.
std::unique_ptr<BatchReader> read_generated(std::shared_ptr<const Schema> schema,
                                            std::function<Result<std::optional<Batch>>()> next);

// Reads `reader` to its end.
Result<std::vector<Batch>> read_all(BatchReader& reader);

// Joins batches of one schema into one.
Batch concatenate(const std::shared_ptr<const Schema>& schema, std::span<const Batch> batches);

}  // namespace rtml::table
