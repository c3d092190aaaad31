// Rows as a plugin reads and makes them: views over what the host passes in, and builders for what
// goes back. Both speak the Arrow C data interface, so that no other library is needed; a plugin
// that uses Arrow itself may export its own arrays instead.
//
// A view points into memory of the host and is valid during the call. A builder is for one thread.

#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rtml/sdk/result.h"

namespace rtml::sdk {

enum class Type : std::uint8_t {
  kBool,
  kInt32,
  kInt64,
  kFloat,
  kDouble,
  kString,
  kBytes,
  kTimestamp,  // int64 microseconds since the epoch, UTC.
  kList,
};

// The Arrow format of a type other than kList.
inline const char* format_of(Type type) {
  constexpr const char* kFormats[] = {"b", "i", "l", "f", "g", "u", "z", "tsu:UTC", "+l"};
  return kFormats[static_cast<std::size_t>(type)];
}

// The type of an Arrow format; nothing if rows of a plugin do not have it.
inline std::optional<Type> type_of_format(std::string_view format) {
  for (int type = 0; type <= static_cast<int>(Type::kList); ++type) {
    if (format == format_of(static_cast<Type>(type))) return static_cast<Type>(type);
  }
  return std::nullopt;
}

// One column of the host's.
class ColumnView {
 public:
  // `offset` is where the rows start in the parent.
  ColumnView(const ArrowSchema* schema, const ArrowArray* array, std::int64_t offset,
             std::int64_t length)
      : schema_(schema),
        array_(array),
        offset_(array->offset + offset),
        length_(length),
        type_(*type_of_format(schema->format)) {}

  std::string_view name() const { return schema_->name; }
  Type type() const { return type_; }
  std::int64_t length() const { return length_; }
  bool may_have_nulls() const { return array_->null_count != 0 && array_->buffers[0] != nullptr; }

  bool is_null(std::int64_t row) const {
    const auto* bits = static_cast<const std::uint8_t*>(array_->buffers[0]);
    if (bits == nullptr) return false;
    const std::int64_t bit = offset_ + row;
    return (bits[bit >> 3] >> (bit & 7) & 1) == 0;
  }
  // The values of a fixed-width column; a null's value is unspecified. REQUIRES: T is int32_t,
  // int64_t (also for kTimestamp), float or double, and matches the type.
  template <typename T>
  const T* values() const {
    return static_cast<const T*>(array_->buffers[1]) + offset_;
  }
  // REQUIRES: kBool.
  bool bool_at(std::int64_t row) const {
    const std::int64_t bit = offset_ + row;
    return static_cast<const std::uint8_t*>(array_->buffers[1])[bit >> 3] >> (bit & 7) & 1;
  }
  // REQUIRES: kString or kBytes.
  std::string_view text_at(std::int64_t row) const {
    const std::int32_t* start =
        static_cast<const std::int32_t*>(array_->buffers[1]) + offset_ + row;
    return {static_cast<const char*>(array_->buffers[2]) + start[0],
            static_cast<std::size_t>(start[1] - start[0])};
  }
  // The value of any numeric, kBool or kTimestamp column. REQUIRES: not null.
  double number_at(std::int64_t row) const {
    switch (type_) {
      case Type::kBool:
        return bool_at(row) ? 1 : 0;
      case Type::kInt32:
        return values<std::int32_t>()[row];
      case Type::kFloat:
        return values<float>()[row];
      case Type::kDouble:
        return values<double>()[row];
      default:
        return static_cast<double>(values<std::int64_t>()[row]);
    }
  }
  // The items of one list. REQUIRES: kList.
  ColumnView list_at(std::int64_t row) const {
    const std::int32_t* start =
        static_cast<const std::int32_t*>(array_->buffers[1]) + offset_ + row;
    return {schema_->children[0], array_->children[0], start[0], start[1] - start[0]};
  }

 private:
  const ArrowSchema* schema_;
  const ArrowArray* array_;
  std::int64_t offset_;
  std::int64_t length_;
  Type type_;
};

// Rows of the host's.
class RowsView {
 public:
  RowsView(const ArrowSchema* schema, const ArrowArray* array) : schema_(schema), array_(array) {}

  std::int64_t rows() const { return array_->length; }
  std::int64_t columns() const { return schema_->n_children; }
  ColumnView column(std::int64_t index) const {
    return {schema_->children[index], array_->children[index], array_->offset, array_->length};
  }

 private:
  const ArrowSchema* schema_;
  const ArrowArray* array_;
};

struct Field {
  std::string name;
  Type type = Type::kInt64;
  Type items = Type::kInt64;  // Of a kList: the type of its values.
};

// Fills in the schema of a table with these columns, as rtml_plugin.h wants it.
void export_schema(const std::vector<Field>& fields, ArrowSchema* out);

// Collects the values of one column.
class ColumnBuilder {
 public:
  explicit ColumnBuilder(const Field& field) : type_(field.type) {
    if (type_ == Type::kString || type_ == Type::kBytes || type_ == Type::kList) {
      offsets_.push_back(0);
    }
    if (type_ == Type::kList) items_ = std::make_unique<ColumnBuilder>(Field{"item", field.items});
  }

  std::int64_t length() const { return length_; }

  void append_null() {
    switch (type_) {
      case Type::kBool:
        bools_.push_back(false);
        break;
      case Type::kString:
      case Type::kBytes:
        offsets_.push_back(static_cast<std::int32_t>(bytes_.size()));
        break;
      case Type::kList:
        offsets_.push_back(static_cast<std::int32_t>(items_->length()));
        break;
      default:
        bytes_.append(width(), '\0');
    }
    append_validity(false);
  }
  // REQUIRES: kFloat or kDouble.
  void append_number(double value) {
    if (type_ == Type::kFloat) {
      append_raw(static_cast<float>(value));
    } else {
      append_raw(value);
    }
  }
  // REQUIRES: kInt32, kInt64 or kTimestamp.
  void append_integer(std::int64_t value) {
    if (type_ == Type::kInt32) {
      append_raw(static_cast<std::int32_t>(value));
    } else {
      append_raw(value);
    }
  }
  // REQUIRES: kBool.
  void append_bool(bool value) {
    bools_.push_back(value);
    append_validity(true);
  }
  // REQUIRES: kString (valid UTF-8) or kBytes.
  void append_text(std::string_view value) {
    bytes_.append(value);
    offsets_.push_back(static_cast<std::int32_t>(bytes_.size()));
    append_validity(true);
  }
  // Ends a list of the values appended to items() since the last one.
  void append_list() {
    offsets_.push_back(static_cast<std::int32_t>(items_->length()));
    append_validity(true);
  }
  ColumnBuilder& items() { return *items_; }

  // Moves the values into `out` and leaves the builder of no further use.
  void finish(ArrowArray* out);

 private:
  template <typename T>
  void append_raw(T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    bytes_.append(bytes, sizeof value);
    append_validity(true);
  }
  std::size_t width() const { return type_ == Type::kInt32 || type_ == Type::kFloat ? 4 : 8; }
  void append_validity(bool valid) {
    valid_.push_back(valid);
    if (!valid) ++null_count_;
    ++length_;
  }

  Type type_;
  std::int64_t length_ = 0;
  std::int64_t null_count_ = 0;
  std::vector<bool> valid_;
  std::vector<bool> bools_;
  std::vector<std::int32_t> offsets_;
  std::string bytes_;  // Fixed-width values, or the characters of texts.
  std::unique_ptr<ColumnBuilder> items_;
};

// Collects rows of several columns.
class RowsBuilder {
 public:
  explicit RowsBuilder(std::vector<Field> fields) : fields_(std::move(fields)) { start(); }

  ColumnBuilder& column(std::size_t index) { return columns_[index]; }
  std::int64_t rows() const { return columns_.empty() ? 0 : columns_.front().length(); }

  // Moves the rows into `out` and leaves the builder empty. REQUIRES: columns of equal length.
  void finish(ArrowArray* out);

 private:
  void start() {
    columns_.clear();
    for (const Field& field : fields_) columns_.emplace_back(field);
  }
  std::vector<Field> fields_;
  std::vector<ColumnBuilder> columns_;
};

// Moves doubles without nulls into an array, as predict() returns them.
void export_doubles(std::vector<double> values, ArrowArray* out);

}  // namespace rtml::sdk

#include "rtml/sdk/detail/rows_export.h"
