// A source's batch table under the names and types that the project declares.
//
// A union of several sources is one table too: the rows of the first, then those of the next.
// Opening reads no rows. Used by one thread; the source and the context must outlive it.

#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/dataset/training_set.h"
#include "core/plugin/backends.h"
#include "core/project/definitions.h"

namespace rtml::dataset {

// Rows of a batch of a source: enough that what a batch costs does not matter, few enough that it
// stays in the cache.
inline constexpr std::int64_t kBatchRows = 131'072;

class SourceTable {
 public:
  // Asks the store for the table's columns and checks that those of the declaration are there:
  // timestamp, created, id, renamed ones. Fails with kUnsupported if the source has no batch input,
  // kDataMissingColumn, or what the store fails with.
  static Result<SourceTable> open(const project::Source& source, const BuildContext& context);

  const project::Source& source() const { return *source_; }
  // Every column, by the name that features and labels use, with the type it will have.
  const std::shared_ptr<const table::Schema>& schema() const { return schema_; }

  // Reads `columns`, named as in schema(), in their order. Fails with kDataMissingColumn. Rows come
  // in the order of the files' names, then of the rows. With `nan: null` NaNs come as nulls.
  Result<std::unique_ptr<table::BatchReader>> scan(std::span<const std::string> columns) const;

  // Fails with kUnsupported if the data have this column, of a kind that cannot be read: then it is
  // not in schema().
  Status check_readable(const std::string& column) const;

  // As errors name the table: the path as the project writes it.
  const std::string& label() const { return source_->batch->path; }

 private:
  SourceTable() = default;
  static Result<SourceTable> open_union(const project::Source& source, const BuildContext& context);
  Result<std::unique_ptr<table::BatchReader>> scan_union(
      std::shared_ptr<const table::Schema> schema) const;

  std::vector<SourceTable> parts_;  // Of a union, in the order of its sources.
  const project::Source* source_ = nullptr;
  const CancelFlag* cancel_ = nullptr;
  std::shared_ptr<plugin::TableStore> store_;
  plugin::ScanRequest request_;  // Without columns.
  std::shared_ptr<const table::Schema> schema_;
  std::vector<std::string> data_names_;  // Of each column of schema_, as the data call it.
};

// Reads every row of `columns` into memory, showing progress. Fails as SourceTable::scan() does,
// and with kInterrupted.
Result<table::Batch> read_rows(const SourceTable& table, const std::vector<std::string>& columns,
                               const BuildContext& context);

// Returns the files of a path or glob (*, ?, [...]) in the order of their names; a path without
// such characters is returned whether the file exists or not.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& pattern);

}  // namespace rtml::dataset
