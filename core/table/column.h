// Columns of values in memory, laid out as Apache Arrow lays them out, so that they pass to and
// from plugins without a copy.
//
// A Column is immutable and cheap to copy; copies share the buffers. A ColumnBuilder is for one
// thread.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/table/types.h"

namespace rtml::table {

// Memory that a column points into, kept alive by shared ownership. `owner` may be anything.
struct ColumnData {
  DataType type;
  std::int64_t length = 0;
  std::int64_t offset = 0;  // Of the first value in the buffers.
  std::int64_t null_count = 0;
  const std::uint8_t* validity = nullptr;  // Bitmap, least significant bit first; null: no nulls.
  // Fixed-width values; bits for BOOL; the characters of STRING and BYTES; unused for lists.
  const void* values = nullptr;
  // Of STRING, BYTES and lists: where each value starts, length + 1 entries past `offset`.
  const std::int32_t* offsets = nullptr;
  std::shared_ptr<const ColumnData> items;  // Of lists: the values of all lists.
  std::shared_ptr<const void> owner;
};

class Column {
 public:
  Column() : data_(std::make_shared<ColumnData>()) {}
  explicit Column(std::shared_ptr<const ColumnData> data) : data_(std::move(data)) {}

  DataType type() const { return data_->type; }
  std::int64_t length() const { return data_->length; }
  std::int64_t null_count() const { return data_->null_count; }

  bool is_null(std::int64_t row) const {
    if (data_->validity == nullptr) return false;
    const std::int64_t bit = row + data_->offset;
    return (data_->validity[bit >> 3] >> (bit & 7) & 1) == 0;
  }

  // The values of a fixed-width column; a null's value is unspecified. REQUIRES: T is int32_t,
  // int64_t (also for TIMESTAMP), float or double, and matches the type.
  template <typename T>
  std::span<const T> values() const {
    return {static_cast<const T*>(data_->values) + data_->offset,
            static_cast<std::size_t>(data_->length)};
  }
  // REQUIRES: the type is BOOL.
  bool bool_at(std::int64_t row) const {
    const std::int64_t bit = row + data_->offset;
    return static_cast<const std::uint8_t*>(data_->values)[bit >> 3] >> (bit & 7) & 1;
  }
  // REQUIRES: the type is STRING or BYTES. Valid while the column or a copy lives.
  std::string_view text_at(std::int64_t row) const {
    const std::int32_t* offset = data_->offsets + data_->offset + row;
    return {static_cast<const char*>(data_->values) + offset[0],
            static_cast<std::size_t>(offset[1] - offset[0])};
  }
  // The value of any numeric, BOOL or TIMESTAMP column as a double. REQUIRES: not null.
  double number_at(std::int64_t row) const;
  // The value of any INT32, INT64, BOOL or TIMESTAMP column. REQUIRES: not null.
  std::int64_t integer_at(std::int64_t row) const;
  // The values of one list. REQUIRES: the type is a list.
  Column list_at(std::int64_t row) const;

  // A view of rows [start, start + count).
  Column slice(std::int64_t start, std::int64_t count) const;
  // A copy with row `rows[i]` in place i; a row of -1 gives null.
  Column take(std::span<const std::int64_t> rows) const;

  const std::shared_ptr<const ColumnData>& data() const { return data_; }

 private:
  std::shared_ptr<const ColumnData> data_;
};

// Collects values into a column.
class ColumnBuilder {
 public:
  explicit ColumnBuilder(DataType type);

  void reserve(std::int64_t count);
  void append_null();
  // REQUIRES: the builder's type takes such a value: append_number for FLOAT and DOUBLE,
  // append_integer for INT32, INT64 and TIMESTAMP, append_bool, append_text for STRING and BYTES.
  void append_number(double value);
  void append_integer(std::int64_t value);
  void append_bool(bool value);
  void append_text(std::string_view value);
  // Starts the next list; the values appended to items() until the next call belong to it.
  void append_list();
  ColumnBuilder& items() { return *items_; }
  // Appends row `row` of a column of the same type.
  void append_from(const Column& column, std::int64_t row);
  // Appends every row of a column of the same type, or the rows named; a row of -1 gives null.
  // Fixed-width values without nulls are copied in bulk.
  void append_column(const Column& column);
  void append_rows(const Column& column, std::span<const std::int64_t> rows);

  std::int64_t length() const { return length_; }
  DataType type() const { return type_; }
  // Returns the column and leaves the builder empty.
  Column finish();

 private:
  struct Buffers;
  void append_validity(bool valid);
  void append_all_valid(std::int64_t count);
  void start_list();

  DataType type_;
  std::int64_t length_ = 0;
  std::int64_t null_count_ = 0;
  std::shared_ptr<Buffers> buffers_;
  std::unique_ptr<ColumnBuilder> items_;
};

// Makes columns from plain vectors; for tests and small results.
Column int64_column(const std::vector<std::int64_t>& values);
Column double_column(const std::vector<double>& values);
Column string_column(const std::vector<std::string>& values);
Column timestamp_column(const std::vector<std::int64_t>& values_us);

}  // namespace rtml::table
