// Values of a column in as little memory as keeps access simple: integers in 2, 4 or 8 bytes above
// the least of them, whatever fits, and times in whole seconds where they are.

#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "core/base/raw_vector.h"
#include "core/table/column.h"

namespace rtml::dataset {

class PackedColumn {
 public:
  PackedColumn() = default;
  // Copies the values, except for texts, lists and BOOL, which stay as they are.
  explicit PackedColumn(const table::Column& column);
  // Copies the rows in the given order. REQUIRES: they are all rows of the column, once each.
  PackedColumn(const table::Column& column, const RawVector<std::uint32_t>& rows);

  std::int64_t length() const { return length_; }
  std::int64_t memory_bytes() const;

  // Plain access to the values. REQUIRES: is_packed(type).
  struct Values {
    const std::uint8_t* bytes = nullptr;
    const std::uint8_t* valid = nullptr;  // Null: all are.
    std::uint64_t least = 0;
    std::uint64_t unit = 1;
    int width = 8;

    // REQUIRES: T is what values<T>() of the packed column took.
    template <typename T>
    T at(std::size_t row) const {
      if constexpr (std::is_same_v<T, std::int64_t>) {
        if (width == 2) return static_cast<T>(narrow<std::uint16_t>(row) * unit + least);
        if (width == 4) return static_cast<T>(narrow<std::uint32_t>(row) * unit + least);
      }
      return narrow<T>(row);
    }

   private:
    template <typename Narrow>
    Narrow narrow(std::size_t row) const {
      Narrow value;
      std::memcpy(&value, bytes + row * sizeof(Narrow), sizeof(Narrow));
      return value;
    }
  };
  Values values() const {
    return {values_.data(), valid_.empty() ? nullptr : valid_.data(),
            static_cast<std::uint64_t>(least_), static_cast<std::uint64_t>(unit_), width_};
  }

  // The rows [start, start + count) as a column.
  table::Column unpack(std::int64_t start, std::int64_t count) const;
  // Writes the values of those rows to `target`, and to `valid` whether each is one if the column
  // has nulls. REQUIRES: is_packed(type), and T is what values<T>() of the packed column took.
  template <typename T>
  void unpack_to(std::int64_t start, std::int64_t count, T* target, std::uint8_t* valid) const;
  bool has_nulls() const { return !valid_.empty(); }

  // Texts, lists and BOOL.
  const table::Column& plain() const { return plain_; }
  static bool is_packed(table::DataType type);

  // All rows, or the rows [start, start + count).
  void append_bytes(std::string& bytes) const { append_bytes(bytes, 0, length_); }
  void append_bytes(std::string& bytes, std::int64_t start, std::int64_t count) const;
  static PackedColumn from_bytes(const std::shared_ptr<const std::string>& bytes,
                                 std::size_t* position, table::DataType type);

 private:
  // The rows in the given order; null: in theirs.
  void pack(const table::Column& column, const std::uint32_t* rows);
  void pack_integers(const table::Column& column, const std::uint32_t* rows);
  template <typename T>
  void pack_as_is(const table::Column& column, const std::uint32_t* rows);

  table::DataType type_;
  std::int64_t length_ = 0;
  int width_ = 0;  // Bytes a value.
  // Integers of less than 8 bytes are in these units above the least one.
  std::int64_t unit_ = 1;
  std::int64_t least_ = 0;
  RawVector<std::uint8_t> values_;
  std::vector<std::uint8_t> valid_;  // Empty: none is null.
  table::Column plain_;
};

// A column over a vector that it keeps, with the nulls that `valid` marks by 0; empty: none.
template <typename T>
table::Column make_column(table::DataType type, RawVector<T> values,
                          const std::vector<std::uint8_t>& valid);

}  // namespace rtml::dataset
