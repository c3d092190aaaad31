#include "core/table/column.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace rtml::table {

struct ColumnBuilder::Buffers {
  std::vector<std::uint8_t> validity;
  std::vector<std::uint8_t> bits;     // BOOL.
  std::vector<std::int32_t> int32;    // INT32.
  std::vector<std::int64_t> int64;    // INT64, TIMESTAMP.
  std::vector<float> float32;         // FLOAT.
  std::vector<double> float64;        // DOUBLE.
  std::string text;                   // STRING, BYTES.
  std::vector<std::int32_t> offsets;  // STRING, BYTES, lists.
};

namespace {

void append_bit(std::vector<std::uint8_t>& bits, std::int64_t index, bool value) {
  if (static_cast<std::size_t>(index >> 3) >= bits.size()) bits.push_back(0);
  if (value) bits[index >> 3] |= static_cast<std::uint8_t>(1U << (index & 7));
}

// Where a text or a list ends, in the 32 bits that Arrow gives it. One that ran over would be read
// as other values, so it ends the work.
std::int32_t offset_of(std::size_t end) {
  if (end > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw std::length_error(
        "a column in memory takes 2 GiB of texts or 2^31 items of lists at most");
  }
  return static_cast<std::int32_t>(end);
}

}  // namespace

double Column::number_at(std::int64_t row) const {
  switch (type().kind) {
    case Kind::kFloat:
      return values<float>()[row];
    case Kind::kDouble:
      return values<double>()[row];
    default:
      return static_cast<double>(integer_at(row));
  }
}

std::int64_t Column::integer_at(std::int64_t row) const {
  switch (type().kind) {
    case Kind::kInt32:
      return values<std::int32_t>()[row];
    case Kind::kBool:
      return bool_at(row) ? 1 : 0;
    default:
      return values<std::int64_t>()[row];
  }
}

Column Column::list_at(std::int64_t row) const {
  const std::int32_t* offset = data_->offsets + data_->offset + row;
  return Column(data_->items).slice(offset[0], offset[1] - offset[0]);
}

Column Column::slice(std::int64_t start, std::int64_t count) const {
  auto data = std::make_shared<ColumnData>(*data_);
  data->offset += start;
  data->length = count;
  data->null_count = 0;
  Column view(data);
  if (data->validity != nullptr && data_->null_count > 0) {
    for (std::int64_t row = 0; row < count; ++row) data->null_count += view.is_null(row) ? 1 : 0;
  }
  return view;
}

Column Column::take(std::span<const std::int64_t> rows) const {
  ColumnBuilder builder(type());
  builder.append_rows(*this, rows);
  return builder.finish();
}

ColumnBuilder::ColumnBuilder(DataType type) : type_(type), buffers_(std::make_shared<Buffers>()) {
  if (type.is_list || type.kind == Kind::kString || type.kind == Kind::kBytes) {
    buffers_->offsets.push_back(0);
  }
  if (type.is_list) items_ = std::make_unique<ColumnBuilder>(DataType{type.kind, false});
}

void ColumnBuilder::reserve(std::int64_t count) {
  const auto size = static_cast<std::size_t>(length_ + count);
  if (type_.is_list || type_.kind == Kind::kString || type_.kind == Kind::kBytes) {
    buffers_->offsets.reserve(size + 1);
    return;
  }
  switch (type_.kind) {
    case Kind::kInt32:
      return buffers_->int32.reserve(size);
    case Kind::kFloat:
      return buffers_->float32.reserve(size);
    case Kind::kDouble:
      return buffers_->float64.reserve(size);
    case Kind::kBool:
      return buffers_->bits.reserve(size / 8 + 1);
    default:
      return buffers_->int64.reserve(size);
  }
}

void ColumnBuilder::append_validity(bool valid) {
  // The bitmap is made at the first null; most columns have none.
  if (!valid && buffers_->validity.empty() && null_count_ == 0) {
    buffers_->validity.assign(static_cast<std::size_t>(length_ + 7) / 8, 0xFF);
    if (length_ % 8 != 0) {
      buffers_->validity.back() = static_cast<std::uint8_t>((1U << (length_ % 8)) - 1);
    }
  }
  if (!valid) ++null_count_;
  if (null_count_ > 0) append_bit(buffers_->validity, length_, valid);
  ++length_;
}

void ColumnBuilder::append_all_valid(std::int64_t count) {
  if (null_count_ == 0) {
    length_ += count;
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) append_validity(true);
}

void ColumnBuilder::append_null() {
  if (type_.is_list) {
    start_list();
    append_validity(false);
    return;
  }
  switch (type_.kind) {
    case Kind::kBool:
      append_bit(buffers_->bits, length_, false);
      break;
    case Kind::kInt32:
      buffers_->int32.push_back(0);
      break;
    case Kind::kFloat:
      buffers_->float32.push_back(0);
      break;
    case Kind::kDouble:
      buffers_->float64.push_back(0);
      break;
    case Kind::kString:
    case Kind::kBytes:
      buffers_->offsets.push_back(offset_of(buffers_->text.size()));
      break;
    default:
      buffers_->int64.push_back(0);
  }
  append_validity(false);
}

void ColumnBuilder::append_number(double value) {
  if (type_.kind == Kind::kFloat) {
    buffers_->float32.push_back(static_cast<float>(value));
  } else {
    buffers_->float64.push_back(value);
  }
  append_validity(true);
}

void ColumnBuilder::append_integer(std::int64_t value) {
  if (type_.kind == Kind::kInt32) {
    buffers_->int32.push_back(static_cast<std::int32_t>(value));
  } else {
    buffers_->int64.push_back(value);
  }
  append_validity(true);
}

void ColumnBuilder::append_bool(bool value) {
  append_bit(buffers_->bits, length_, value);
  append_validity(true);
}

void ColumnBuilder::append_text(std::string_view value) {
  buffers_->text.append(value);
  buffers_->offsets.push_back(offset_of(buffers_->text.size()));
  append_validity(true);
}

void ColumnBuilder::start_list() {
  // A list's end is the start of the next one, so it is written when that or finish() comes.
  const std::int32_t end = offset_of(static_cast<std::size_t>(items_->length()));
  buffers_->offsets.back() = end;
  buffers_->offsets.push_back(end);
}

void ColumnBuilder::append_list() {
  start_list();
  append_validity(true);
}

void ColumnBuilder::append_from(const Column& column, std::int64_t row) {
  if (column.is_null(row)) return append_null();
  if (type_.is_list) {
    append_list();
    const Column list = column.list_at(row);
    for (std::int64_t i = 0; i < list.length(); ++i) items_->append_from(list, i);
    return;
  }
  switch (type_.kind) {
    case Kind::kBool:
      return append_bool(column.bool_at(row));
    case Kind::kFloat:
    case Kind::kDouble:
      return append_number(column.number_at(row));
    case Kind::kString:
    case Kind::kBytes:
      return append_text(column.text_at(row));
    default:
      return append_integer(column.integer_at(row));
  }
}

void ColumnBuilder::append_column(const Column& column) {
  const bool is_plain = column.null_count() == 0 && !type_.is_list;
  const auto append_to = [&]<typename T>(std::vector<T>& buffer) {
    const std::span<const T> values = column.values<T>();
    buffer.insert(buffer.end(), values.begin(), values.end());
    append_all_valid(column.length());
  };
  if (is_plain && type_.kind == Kind::kInt32) return append_to(buffers_->int32);
  if (is_plain && type_.kind == Kind::kFloat) return append_to(buffers_->float32);
  if (is_plain && type_.kind == Kind::kDouble) return append_to(buffers_->float64);
  if (is_plain && (type_.kind == Kind::kInt64 || type_.kind == Kind::kTimestamp)) {
    return append_to(buffers_->int64);
  }
  for (std::int64_t row = 0; row < column.length(); ++row) append_from(column, row);
}

void ColumnBuilder::append_rows(const Column& column, std::span<const std::int64_t> rows) {
  const bool is_plain = column.null_count() == 0 && !type_.is_list &&
                        std::find(rows.begin(), rows.end(), -1) == rows.end();
  const auto append_to = [&]<typename T>(std::vector<T>& buffer) {
    const std::span<const T> values = column.values<T>();
    buffer.reserve(buffer.size() + rows.size());
    for (const std::int64_t row : rows) buffer.push_back(values[static_cast<std::size_t>(row)]);
    append_all_valid(static_cast<std::int64_t>(rows.size()));
  };
  if (is_plain && type_.kind == Kind::kInt32) return append_to(buffers_->int32);
  if (is_plain && type_.kind == Kind::kFloat) return append_to(buffers_->float32);
  if (is_plain && type_.kind == Kind::kDouble) return append_to(buffers_->float64);
  if (is_plain && (type_.kind == Kind::kInt64 || type_.kind == Kind::kTimestamp)) {
    return append_to(buffers_->int64);
  }
  if (is_plain && (type_.kind == Kind::kString || type_.kind == Kind::kBytes)) {
    std::size_t size = buffers_->text.size();
    buffers_->offsets.reserve(buffers_->offsets.size() + rows.size());
    for (const std::int64_t row : rows) {
      size += column.text_at(row).size();
      buffers_->offsets.push_back(static_cast<std::int32_t>(size));
    }
    buffers_->text.reserve(size);
    for (const std::int64_t row : rows) buffers_->text.append(column.text_at(row));
    return append_all_valid(static_cast<std::int64_t>(rows.size()));
  }
  reserve(static_cast<std::int64_t>(rows.size()));
  for (const std::int64_t row : rows) {
    if (row < 0) {
      append_null();
    } else {
      append_from(column, row);
    }
  }
}

Column ColumnBuilder::finish() {
  auto data = std::make_shared<ColumnData>();
  data->type = type_;
  data->length = length_;
  data->null_count = null_count_;
  if (null_count_ > 0) data->validity = buffers_->validity.data();
  if (type_.is_list) {
    buffers_->offsets.back() = offset_of(static_cast<std::size_t>(items_->length()));
    data->items = items_->finish().data();
    data->offsets = buffers_->offsets.data();
  } else {
    switch (type_.kind) {
      case Kind::kBool:
        data->values = buffers_->bits.data();
        break;
      case Kind::kInt32:
        data->values = buffers_->int32.data();
        break;
      case Kind::kFloat:
        data->values = buffers_->float32.data();
        break;
      case Kind::kDouble:
        data->values = buffers_->float64.data();
        break;
      case Kind::kString:
      case Kind::kBytes:
        data->values = buffers_->text.data();
        data->offsets = buffers_->offsets.data();
        break;
      default:
        data->values = buffers_->int64.data();
    }
  }
  data->owner = std::move(buffers_);
  *this = ColumnBuilder(type_);
  return Column(std::move(data));
}

Column int64_column(const std::vector<std::int64_t>& values) {
  ColumnBuilder builder({Kind::kInt64});
  for (const std::int64_t value : values) builder.append_integer(value);
  return builder.finish();
}

Column double_column(const std::vector<double>& values) {
  ColumnBuilder builder({Kind::kDouble});
  for (const double value : values) builder.append_number(value);
  return builder.finish();
}

Column string_column(const std::vector<std::string>& values) {
  ColumnBuilder builder({Kind::kString});
  for (const std::string& value : values) builder.append_text(value);
  return builder.finish();
}

Column timestamp_column(const std::vector<std::int64_t>& values_us) {
  ColumnBuilder builder({Kind::kTimestamp});
  for (const std::int64_t value : values_us) builder.append_integer(value);
  return builder.finish();
}

}  // namespace rtml::table
