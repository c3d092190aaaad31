#include "core/dataset/column_bytes.h"

#include <array>
#include <cstring>

namespace rtml::dataset {
namespace {

using table::Column;
using table::ColumnData;
using table::DataType;
using table::Kind;

bool has_offsets(DataType type) {
  return type.is_list || type.kind == Kind::kString || type.kind == Kind::kBytes;
}

std::int64_t value_bytes(DataType type, std::int64_t length) {
  switch (type.kind) {
    case Kind::kBool:
      return (length + 7) / 8;
    case Kind::kInt32:
    case Kind::kFloat:
      return length * 4;
    default:
      return length * 8;
  }
}

// A column whose first value is the first of its buffers, and whose offsets start at 0.
bool is_plain(const Column& column) {
  const ColumnData& data = *column.data();
  return data.offset == 0 && (!has_offsets(data.type) || data.offsets[0] == 0);
}

void append_padded(std::string& bytes, const void* data, std::int64_t size) {
  bytes.append(static_cast<const char*>(data), static_cast<std::size_t>(size));
  bytes.resize((bytes.size() + 7) / 8 * 8);
}

}  // namespace

std::int64_t memory_bytes(const Column& column) {
  const ColumnData& data = *column.data();
  const std::int64_t validity = data.validity == nullptr ? 0 : (data.length + 7) / 8;
  if (!has_offsets(data.type)) return validity + value_bytes(data.type, data.length);
  if (data.offsets == nullptr) return validity;
  const std::int32_t* const offsets = data.offsets + data.offset;
  const std::int64_t items = offsets[data.length] - offsets[0];
  const std::int64_t item_bytes =
      data.type.is_list ? memory_bytes(Column(data.items).slice(offsets[0], items)) : items;
  return validity + data.length * 4 + item_bytes;
}

void append_column_bytes(std::string& bytes, const Column& column) {
  if (!is_plain(column)) {
    table::ColumnBuilder builder(column.type());
    builder.reserve(column.length());
    builder.append_column(column);
    return append_column_bytes(bytes, builder.finish());
  }
  const ColumnData& data = *column.data();
  const std::array<std::int64_t, 2> head = {data.length, data.null_count};
  append_padded(bytes, head.data(), sizeof head);
  if (data.null_count > 0) append_padded(bytes, data.validity, (data.length + 7) / 8);
  if (!has_offsets(data.type)) {
    return append_padded(bytes, data.values, value_bytes(data.type, data.length));
  }
  append_padded(bytes, data.offsets, (data.length + 1) * 4);
  // A slice may end before the items do.
  if (data.type.is_list) {
    return append_column_bytes(bytes, Column(data.items).slice(0, data.offsets[data.length]));
  }
  append_padded(bytes, data.values, data.offsets[data.length]);
}

Column column_from_bytes(const std::shared_ptr<const std::string>& bytes, std::size_t* position,
                         DataType type) {
  const auto take = [&](std::int64_t size) {
    const char* const start = bytes->data() + *position;
    *position += static_cast<std::size_t>((size + 7) / 8 * 8);
    return start;
  };
  auto data = std::make_shared<ColumnData>();
  data->type = type;
  data->owner = bytes;
  std::array<std::int64_t, 2> head{};
  std::memcpy(head.data(), take(sizeof head), sizeof head);
  data->length = head[0];
  data->null_count = head[1];
  if (data->null_count > 0) {
    data->validity = reinterpret_cast<const std::uint8_t*>(take((data->length + 7) / 8));
  }
  if (!has_offsets(type)) {
    data->values = take(value_bytes(type, data->length));
    return Column(std::move(data));
  }
  data->offsets = reinterpret_cast<const std::int32_t*>(take((data->length + 1) * 4));
  if (type.is_list) {
    data->items = column_from_bytes(bytes, position, {type.kind}).data();
  } else {
    data->values = take(data->offsets[data->length]);
  }
  return Column(std::move(data));
}

}  // namespace rtml::dataset
