// The table capability of the file plugin: Parquet, CSV and JSON lines on a file system.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugins/storage/file/table_file.h"
#include "rtml/sdk/storage.h"

namespace rtml::file {

enum class Format : std::uint8_t { kParquet, kCsv, kJsonl };

// The format by name, or by the file's ending where the name is empty. Fails with kBadValue.
Result<Format> find_format(const std::string& name, const std::string& path);

// The files that a path or glob (*, ?, [...]) means, in the order of their names' bytes. Fails with
// kNotFound if there is none, and kIo for a directory.
Result<std::vector<std::string>> find_files(const std::string& path);

class FileTableStore : public sdk::TableStore {
 public:
  static sdk::Result<std::unique_ptr<FileTableStore>> open(const std::string& options,
                                                           const sdk::Call& call);

  sdk::Status schema(const sdk::ScanRequest& request, const sdk::Call& call,
                     ArrowSchema* out) override;
  sdk::Result<std::unique_ptr<sdk::RowReader>> scan(const sdk::ScanRequest& request,
                                                    const sdk::Call& call) override;
  sdk::Result<std::int64_t> write(const sdk::WriteRequest& request, sdk::RowSource& rows,
                                  const sdk::Call& call) override;

 private:
  // What a request means: its files, their format and the columns with their types.
  struct Plan {
    std::vector<std::string> files;
    Format format = Format::kParquet;
    ScanSettings settings;
  };
  // Of all columns, schema() names those that can be read, by which a caller then asks; a scan of
  // all fails where one cannot be given, so that no column of a table is lost unnoticed.
  enum class Purpose { kSchema, kScan };
  Result<Plan> plan(const sdk::ScanRequest& request, Purpose purpose, const sdk::Call& call);
  Result<std::vector<FoundColumn>> find_columns(const Plan& plan, const Declarations& declared,
                                                const sdk::ScanRequest& request, Purpose purpose,
                                                const Checkpoint& checkpoint);

  // Types learnt from reading text files to their end, kept for the scan that mostly follows.
  std::string learnt_key_;
  std::vector<FoundColumn> learnt_;
};

}  // namespace rtml::file
