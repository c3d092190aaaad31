// Tables over the Arrow C data interface, which is how they cross to and from plugins.
//
// Export shares a column's memory with the receiver, who keeps it alive until it releases the
// array. Import takes the array over without a copy after checking all of it: what comes in is not
// trusted. The types that cross are those of plugins/abi/rtml/rtml_plugin.h, section 5.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/base/result.h"
#include "core/table/batch.h"
#include "plugins/abi/rtml/arrow_c_data_interface.h"

namespace rtml::table {

// An imported structure that is released when it goes out of scope. `Structure` is ArrowSchema,
// ArrowArray or ArrowArrayStream.
template <typename Structure>
class Imported {
 public:
  Imported() = default;
  Imported(Imported&& other) noexcept : value_(other.value_) { other.value_.release = nullptr; }
  Imported& operator=(Imported&&) = delete;
  ~Imported() {
    if (value_.release != nullptr) value_.release(&value_);
  }

  Structure* get() { return &value_; }
  bool is_released() const { return value_.release == nullptr; }

 private:
  Structure value_ = {};
};

// Fills in `out`, which the receiver releases.
void export_schema(const Schema& schema, ArrowSchema* out);
void export_batch(const Batch& batch, ArrowArray* out);
void export_column(const Column& column, ArrowArray* out);

// Gives the batches of a reader to a plugin. Must outlive the plugin's use of stream().
class ExportedStream {
 public:
  explicit ExportedStream(BatchReader& reader);
  ExportedStream(const ExportedStream&) = delete;
  ExportedStream& operator=(const ExportedStream&) = delete;

  ArrowArrayStream* stream() { return &stream_; }
  // What the reader failed with, if it did; the plugin saw only the message.
  const std::optional<Error>& error() const { return error_; }

 private:
  static int get_schema(ArrowArrayStream* stream, ArrowSchema* out);
  static int get_next(ArrowArrayStream* stream, ArrowArray* out);
  static const char* get_last_error(ArrowArrayStream* stream);

  BatchReader& reader_;
  std::optional<Error> error_;
  ArrowArrayStream stream_ = {};
};

// Reads a table's schema. Fails with kPluginContract, naming the column.
Result<Schema> import_schema(const ArrowSchema& schema);

// Takes over one batch of a table with that schema. Checks lengths, offsets, nulls, bounds that the
// interface lets one check, and that every STRING is UTF-8. Fails with kPluginContract, naming the
// column and the row.
Result<Batch> import_batch(Imported<ArrowArray> array, std::shared_ptr<const Schema> schema);

// Takes over one column in the same way. `name` is for the error.
Result<Column> import_column(Imported<ArrowArray> array, const Field& field);

}  // namespace rtml::table
