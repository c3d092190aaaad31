// The storage capabilities as a plugin's author writes them: derive, override, and name the class
// in RTML_PLUGIN (plugin.h).
//
// Every class that RTML_PLUGIN is given has a static function
//   static Result<std::unique_ptr<Itself>> open(const std::string& options, const Call& call);
// `options` is the text of a JSON object. An object is used by one thread at a time; different
// objects may be used at once. What each function must do is said in rtml_plugin.h.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rtml/sdk/call.h"
#include "rtml/sdk/rows.h"

namespace rtml::sdk {

// ---- table ----

struct ColumnHint {
  std::string column;
  std::string type;       // "INT64", "LIST<DOUBLE>"; empty: as the data has it.
  std::string time_unit;  // "s", "ms", "us", "ns"; empty: none.
};

struct ScanRequest {
  std::string path;
  std::string format;
  std::optional<std::vector<std::string>> columns;  // Nothing: all.
  std::vector<ColumnHint> hints;
  std::int64_t batch_rows = 65'536;
  std::string options;

  // The hint for a column, or null.
  const ColumnHint* hint(std::string_view column) const {
    for (const ColumnHint& hint : hints) {
      if (hint.column == column) return &hint;
    }
    return nullptr;
  }
};

struct WriteRequest {
  std::string path;
  std::string format;
  std::string options;
};

// Rows that a plugin gives, read once from front to back.
class RowReader {
 public:
  virtual ~RowReader() = default;
  virtual Status schema(ArrowSchema* out) = 0;
  // Gives the next rows as a struct array; false at the end, with `out` untouched.
  virtual Result<bool> next(ArrowArray* out) = 0;
};

// Rows that the host gives, read once from front to back.
class RowSource {
 public:
  explicit RowSource(ArrowArrayStream* stream) : stream_(stream) {}

  // For libraries that read a C stream themselves; they must not release it.
  ArrowArrayStream* stream() { return stream_; }
  Status schema(ArrowSchema* out) { return check(stream_->get_schema(stream_, out)); }
  // Gives the next rows, which the caller releases; false at the end.
  Result<bool> next(ArrowArray* out) {
    RTML_SDK_TRY(check(stream_->get_next(stream_, out)));
    return out->release != nullptr;
  }

 private:
  Status check(int status) {
    if (status == 0) return {};
    const char* message = stream_->get_last_error(stream_);
    return fail(RTML_STATUS_FAILED, message == nullptr ? "cannot read rows" : message);
  }
  ArrowArrayStream* stream_;
};

class TableStore {
 public:
  virtual ~TableStore() = default;
  virtual Status schema(const ScanRequest& request, const Call& call, ArrowSchema* out) = 0;
  // `call` stays valid as long as the reader.
  virtual Result<std::unique_ptr<RowReader>> scan(const ScanRequest& request, const Call& call) = 0;
  // Returns the number of rows written.
  virtual Result<std::int64_t> write(const WriteRequest& request, RowSource& rows,
                                     const Call& call) = 0;
};

// ---- online ----

class OnlineTransaction {
 public:
  virtual ~OnlineTransaction() = default;  // Without commit(), nothing happened.
  virtual Result<std::optional<std::string>> get(std::string_view key) = 0;
  virtual Status put(std::string_view key, std::string_view value) = 0;
  virtual Status remove(std::string_view key) = 0;
  virtual Status commit() = 0;
};

class OnlineStore {
 public:
  virtual ~OnlineStore() = default;
  virtual Result<std::vector<std::optional<std::string>>> get_many(
      const std::vector<std::string_view>& keys, const Call& call) = 0;
  virtual Result<std::vector<std::pair<std::string, std::string>>> scan(std::string_view prefix,
                                                                        std::string_view after,
                                                                        std::int64_t limit,
                                                                        const Call& call) = 0;
  // `call` stays valid as long as the transaction.
  virtual Result<std::unique_ptr<OnlineTransaction>> begin(std::string_view scope,
                                                           std::uint64_t epoch,
                                                           const Call& call) = 0;
};

// ---- stream ----

struct Message {
  std::string bytes;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t ingest_time_us = 0;  // 0: not known.
};

class StreamReader {
 public:
  virtual ~StreamReader() = default;
  // Sets `*ended` at the end of a finite stream.
  virtual Result<std::vector<Message>> poll(std::int64_t limit, bool* ended, const Call& call) = 0;
};

class StreamStore {
 public:
  virtual ~StreamStore() = default;
  virtual Result<std::unique_ptr<StreamReader>> open_reader(
      const std::string& options, const std::vector<rtml_partition_offset>& offsets,
      const Call& call) = 0;
};

// ---- blob ----

struct Blob {
  std::string bytes;
  std::string revision;
};

class BlobStore {
 public:
  virtual ~BlobStore() = default;
  virtual Result<std::optional<Blob>> get(const std::string& name, const Call& call) = 0;
  // Returns the new revision.
  virtual Result<std::string> put(const std::string& name, std::string_view bytes,
                                  const Call& call) = 0;
  // `expected` nothing: only if there is no such blob.
  virtual Result<std::string> put_if_unchanged(const std::string& name, std::string_view bytes,
                                               const std::optional<std::string>& expected,
                                               const Call& call) = 0;
};

}  // namespace rtml::sdk
