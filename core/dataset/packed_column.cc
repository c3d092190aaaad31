#include "core/dataset/packed_column.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>

#include "core/base/time.h"
#include "core/dataset/column_bytes.h"

namespace rtml::dataset {
namespace {

using table::Column;
using table::DataType;
using table::Kind;

}  // namespace

bool PackedColumn::is_packed(DataType type) {
  return !type.is_list && type.kind != Kind::kBool && type.kind != Kind::kString &&
         type.kind != Kind::kBytes;
}

PackedColumn::PackedColumn(const Column& column) : type_(column.type()), length_(column.length()) {
  pack(column, nullptr);
}

PackedColumn::PackedColumn(const Column& column, const RawVector<std::uint32_t>& rows)
    : type_(column.type()), length_(column.length()) {
  pack(column, rows.data());
}

void PackedColumn::pack(const Column& column, const std::uint32_t* rows) {
  if (!is_packed(type_)) {
    plain_ =
        rows == nullptr ? column : column.take(std::vector<std::int64_t>(rows, rows + length_));
    return;
  }
  if (column.null_count() > 0) {
    valid_.resize(static_cast<std::size_t>(length_));
    for (std::int64_t i = 0; i < length_; ++i) {
      valid_[i] = column.is_null(rows == nullptr ? i : rows[i]) ? 0 : 1;
    }
  }
  switch (type_.kind) {
    case Kind::kInt32:
      return pack_as_is<std::int32_t>(column, rows);
    case Kind::kFloat:
      return pack_as_is<float>(column, rows);
    case Kind::kDouble:
      return pack_as_is<double>(column, rows);
    default:
      return pack_integers(column, rows);
  }
}

template <typename T>
void PackedColumn::pack_as_is(const Column& column, const std::uint32_t* rows) {
  const std::span<const T> values = column.values<T>();
  width_ = sizeof(T);
  if (rows == nullptr) {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(values.data());
    values_.assign(bytes, bytes + values.size_bytes());
    return;
  }
  values_.resize(values.size_bytes());
  T* const target = reinterpret_cast<T*>(values_.data());
  for (std::size_t i = 0; i < values.size(); ++i) target[i] = values[rows[i]];
}

void PackedColumn::pack_integers(const Column& column, const std::uint32_t* rows) {
  const std::span<const std::int64_t> values = column.values<std::int64_t>();
  if (values.empty()) return pack_as_is<std::int64_t>(column, rows);
  // What stands under a null may widen the range, which only costs memory.
  std::int64_t least = values[0];
  std::int64_t greatest = values[0];
  for (const std::int64_t value : values) {
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  std::uint64_t range = static_cast<std::uint64_t>(greatest) - static_cast<std::uint64_t>(least);
  const auto is_whole = [](std::int64_t value) { return value % kSecond == 0; };
  if (type_.kind == Kind::kTimestamp && range > std::numeric_limits<std::uint32_t>::max() &&
      std::all_of(values.begin(), values.end(), is_whole)) {
    unit_ = kSecond;
    range /= static_cast<std::uint64_t>(kSecond);
  }
  const auto narrow = [&]<typename Narrow>(Narrow) {
    width_ = sizeof(Narrow);
    least_ = least;
    values_.resize(values.size() * sizeof(Narrow));
    auto* const target = reinterpret_cast<Narrow*>(values_.data());
    // One loop for each case, so that none decides anything a value.
    const auto fill = [&](const auto& value_at) {
      const auto above = [&](std::size_t i) {
        return static_cast<std::uint64_t>(value_at(i)) - static_cast<std::uint64_t>(least);
      };
      const std::size_t count = values.size();
      if (unit_ == 1) {
        for (std::size_t i = 0; i < count; ++i) target[i] = static_cast<Narrow>(above(i));
      } else {
        for (std::size_t i = 0; i < count; ++i) target[i] = static_cast<Narrow>(above(i) / kSecond);
      }
    };
    if (rows == nullptr) {
      fill([&](std::size_t i) { return values[i]; });
    } else {
      fill([&](std::size_t i) { return values[rows[i]]; });
    }
  };
  if (range <= std::numeric_limits<std::uint16_t>::max()) return narrow(std::uint16_t{});
  if (range <= std::numeric_limits<std::uint32_t>::max()) return narrow(std::uint32_t{});
  unit_ = 1;
  pack_as_is<std::int64_t>(column, rows);
}

std::int64_t PackedColumn::memory_bytes() const {
  const std::int64_t plain = is_packed(type_) ? 0 : dataset::memory_bytes(plain_);
  return static_cast<std::int64_t>(values_.size() + valid_.size()) + plain;
}

template <typename T>
void PackedColumn::unpack_to(std::int64_t start, std::int64_t count, T* target,
                             std::uint8_t* valid) const {
  const auto first = static_cast<std::size_t>(start);
  const auto size = static_cast<std::size_t>(count);
  if (has_nulls() && valid != nullptr) std::copy_n(valid_.data() + first, size, valid);
  if (width_ == sizeof(T)) {
    std::memcpy(target, values_.data() + first * sizeof(T), size * sizeof(T));
    return;
  }
  const auto widen = [&]<typename Narrow>(Narrow) {
    const auto* const source = reinterpret_cast<const Narrow*>(values_.data()) + first;
    const auto unit = static_cast<std::uint64_t>(unit_);
    const auto least = static_cast<std::uint64_t>(least_);
    for (std::size_t i = 0; i < size; ++i) target[i] = static_cast<T>(source[i] * unit + least);
  };
  if constexpr (std::is_same_v<T, std::int64_t>) {
    if (width_ == 2) return widen(std::uint16_t{});
    if (width_ == 4) return widen(std::uint32_t{});
  }
}

template void PackedColumn::unpack_to(std::int64_t, std::int64_t, std::int32_t*,
                                      std::uint8_t*) const;
template void PackedColumn::unpack_to(std::int64_t, std::int64_t, std::int64_t*,
                                      std::uint8_t*) const;
template void PackedColumn::unpack_to(std::int64_t, std::int64_t, float*, std::uint8_t*) const;
template void PackedColumn::unpack_to(std::int64_t, std::int64_t, double*, std::uint8_t*) const;

Column PackedColumn::unpack(std::int64_t start, std::int64_t count) const {
  if (!is_packed(type_)) return plain_.slice(start, count);
  const auto size = static_cast<std::size_t>(count);
  std::vector<std::uint8_t> valid(has_nulls() ? size : 0);
  const auto unpacked = [&]<typename T>(T) {
    RawVector<T> values(size);
    unpack_to(start, count, values.data(), valid.data());
    return make_column(type_, std::move(values), valid);
  };
  switch (type_.kind) {
    case Kind::kInt32:
      return unpacked(std::int32_t{});
    case Kind::kFloat:
      return unpacked(float{});
    case Kind::kDouble:
      return unpacked(double{});
    default:
      return unpacked(std::int64_t{});
  }
}

void PackedColumn::append_bytes(std::string& bytes, std::int64_t start, std::int64_t count) const {
  if (!is_packed(type_)) return append_column_bytes(bytes, plain_.slice(start, count));
  const std::array<std::int64_t, 5> head = {count, width_, least_, has_nulls() ? 1 : 0, unit_};
  const auto append = [&](const void* data, std::size_t size) {
    bytes.append(static_cast<const char*>(data), size);
    bytes.resize((bytes.size() + 7) / 8 * 8);
  };
  append(head.data(), sizeof head);
  append(values_.data() + start * width_, static_cast<std::size_t>(count * width_));
  if (has_nulls()) append(valid_.data() + start, static_cast<std::size_t>(count));
}

PackedColumn PackedColumn::from_bytes(const std::shared_ptr<const std::string>& bytes,
                                      std::size_t* position, DataType type) {
  if (!is_packed(type)) return PackedColumn(column_from_bytes(bytes, position, type));
  PackedColumn column;
  column.type_ = type;
  std::array<std::int64_t, 5> head{};
  const auto take = [&](void* target, std::size_t size) {
    if (size > 0) std::memcpy(target, bytes->data() + *position, size);
    *position += (size + 7) / 8 * 8;
  };
  take(head.data(), sizeof head);
  column.length_ = head[0];
  column.width_ = static_cast<int>(head[1]);
  column.least_ = head[2];
  column.unit_ = head[4];
  column.values_.resize(static_cast<std::size_t>(head[0] * head[1]));
  if (head[3] != 0) column.valid_.resize(static_cast<std::size_t>(head[0]));
  take(column.values_.data(), column.values_.size());
  take(column.valid_.data(), column.valid_.size());
  return column;
}

namespace {

// What a made column points into.
template <typename T>
struct MadeBuffers {
  RawVector<T> values;
  std::vector<std::uint8_t> bitmap;
};

}  // namespace

template <typename T>
Column make_column(DataType type, RawVector<T> values, const std::vector<std::uint8_t>& valid) {
  auto owner = std::make_shared<MadeBuffers<T>>();
  owner->values = std::move(values);
  auto data = std::make_shared<table::ColumnData>();
  data->type = type;
  data->length = static_cast<std::int64_t>(owner->values.size());
  data->values = owner->values.data();
  data->null_count = std::count(valid.begin(), valid.end(), std::uint8_t{0});
  if (data->null_count > 0) {
    owner->bitmap.assign((valid.size() + 7) / 8, 0);
    for (std::size_t row = 0; row < valid.size(); ++row) {
      owner->bitmap[row >> 3] |= static_cast<std::uint8_t>((valid[row] & 1U) << (row & 7));
    }
    data->validity = owner->bitmap.data();
  }
  data->owner = std::move(owner);
  return Column(std::move(data));
}

template Column make_column(DataType, RawVector<std::int32_t>, const std::vector<std::uint8_t>&);
template Column make_column(DataType, RawVector<std::int64_t>, const std::vector<std::uint8_t>&);
template Column make_column(DataType, RawVector<float>, const std::vector<std::uint8_t>&);
template Column make_column(DataType, RawVector<double>, const std::vector<std::uint8_t>&);

}  // namespace rtml::dataset
