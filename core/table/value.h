// One value out of a column, for code that works a row at a time.
//
// A Value does not know its exact type (the column's or program's schema does) and does not own
// its text or its list: it is valid as long as what it was read from.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/table/column.h"

namespace rtml::table {

class Value {
 public:
  // Null.
  Value() : integer_(0) {}
  static Value of_bool(bool value) {
    Value result;
    result.tag_ = Tag::kBool;
    result.integer_ = value ? 1 : 0;
    return result;
  }
  // INT32, INT64 and TIMESTAMP.
  static Value of_integer(std::int64_t value) {
    Value result;
    result.tag_ = Tag::kInteger;
    result.integer_ = value;
    return result;
  }
  // FLOAT and DOUBLE.
  static Value of_number(double value) {
    Value result;
    result.tag_ = Tag::kNumber;
    result.number_ = value;
    return result;
  }
  // STRING and BYTES.
  static Value of_text(std::string_view value) {
    Value result;
    result.tag_ = Tag::kText;
    result.text_ = value;
    return result;
  }

  // Lists of any of the above; an item may be null.
  static Value of_list(std::span<const Value> items) {
    Value result;
    result.tag_ = Tag::kList;
    result.list_ = {items.data(), items.size()};
    return result;
  }

  bool is_null() const { return tag_ == Tag::kNull; }
  bool is_bool() const { return tag_ == Tag::kBool; }
  bool is_integer() const { return tag_ == Tag::kInteger; }
  bool is_number() const { return tag_ == Tag::kNumber; }
  bool is_text() const { return tag_ == Tag::kText; }
  bool is_list() const { return tag_ == Tag::kList; }

  // REQUIRES: the value is of that sort. A BOOL is also the integer 0 or 1.
  bool boolean() const { return integer_ != 0; }
  std::int64_t integer() const { return integer_; }
  double number() const { return number_; }
  std::string_view text() const { return text_; }
  std::span<const Value> list() const { return {list_.items, list_.size}; }

 private:
  enum class Tag : std::uint8_t { kNull, kBool, kInteger, kNumber, kText, kList };
  // A span of an incomplete type is no member.
  struct List {
    const Value* items;
    std::size_t size;
  };
  Tag tag_ = Tag::kNull;
  union {
    std::int64_t integer_;
    double number_;
    std::string_view text_;
    List list_;
  };
};

// Returns the value of row `row`. REQUIRES: the column is no list.
Value value_at(const Column& column, std::int64_t row);

class ValueMemory;

// The same for any column; the items of a list are put into `memory`.
Value value_at(const Column& column, std::int64_t row, ValueMemory& memory);

// The column with its NaN as nulls, those of items too; itself if its type has none.
Column null_where_nan(const Column& column);
// The same of one value; the items of a list are put into `memory`.
Value null_where_nan(const Value& value, ValueMemory& memory);

// Appends a value, or null. REQUIRES: the builder's type takes such a value; integers also go into
// FLOAT and DOUBLE builders, also within lists.
void append_value(ColumnBuilder& builder, const Value& value);

}  // namespace rtml::table
