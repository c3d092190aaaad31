#include "plugins/storage/file/arrow_conversion.h"

#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>

#include <cmath>
#include <limits>
#include <type_traits>

#include "core/base/time.h"
#include "core/base/utf8.h"
#include "plugins/storage/file/text_value.h"

namespace rtml::file {
namespace {

using table::Kind;
using ArrayPtr = std::shared_ptr<arrow::Array>;

Error wrong_value(ErrorCode code, const WantedColumn& column, const std::string& file,
                  std::int64_t row, const std::string& value) {
  const bool is_time = code == ErrorCode::kDataBadTimestamp;
  return Error(code, file + ": column \"" + column.name + "\", row " + std::to_string(row + 1) +
                         ": not " + (is_time ? "a timestamp" : table::to_string(column.type)) +
                         ": " + value)
      .with_help(is_time ? "times are of the years 1 to 9999; for integers declare the unit"
                         : "correct the value, or declare another type for the column in the "
                           "source");
}

Error wrong_column(const WantedColumn& column, const std::string& file,
                   const arrow::DataType& type) {
  const bool needs_unit = column.type.kind == Kind::kTimestamp && arrow::is_integer(type.id());
  return Error(ErrorCode::kDataWrongType, file + ": column \"" + column.name + "\" of type " +
                                              type.ToString() + " cannot become " +
                                              table::to_string(column.type))
      .with_help(needs_unit ? "for integer times declare the unit: s, ms, us or ns"
                            : "declare a type that the column's values have");
}

Error arrow_error(const std::string& file, const arrow::Status& status) {
  return {ErrorCode::kDataCorrupt,
          "cannot convert a column of file: " + file + " (" + status.message() + ")"};
}

// Where values of a column are converted one by one, this carries what errors need.
struct Place {
  const WantedColumn& column;
  const std::string& file;
  std::int64_t row;
};

Error not_utf8(const Place& place, std::int64_t i, std::string_view text) {
  return Error(ErrorCode::kDataCorrupt, place.file + ": column \"" + place.column.name +
                                            "\", row " + std::to_string(place.row + i + 1) +
                                            ": not UTF-8: " + shown_value(text))
      .with_help("convert the column to UTF-8, or declare it as BYTES");
}

// Builds an array with `append(i, builder)` for each value that is not null; it returns whether the
// value could be converted, and `show(i)` says what it was.
template <typename Builder, typename Append, typename Show>
Result<ArrayPtr> build(const arrow::Array& array, std::shared_ptr<arrow::DataType> type,
                       ErrorCode code, const Place& place, Append append, Show show) {
  Builder builder(std::move(type), arrow::default_memory_pool());
  if (const auto status = builder.Reserve(array.length()); !status.ok()) {
    return fail(arrow_error(place.file, status));
  }
  for (std::int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) {
      builder.UnsafeAppendNull();
    } else if (!append(i, builder)) {
      return fail(wrong_value(code, place.column, place.file, place.row + i, show(i)));
    }
  }
  ArrayPtr built;
  if (const auto status = builder.Finish(&built); !status.ok()) {
    return fail(arrow_error(place.file, status));
  }
  return built;
}

// True if `value` is a value of To. Doubles round to floats, and integers to doubles.
template <typename To, typename From>
bool fits(From value) {
  if constexpr (std::is_floating_point_v<To>) {
    return true;
  } else if constexpr (std::is_floating_point_v<From>) {
    constexpr double kLow = static_cast<double>(std::numeric_limits<To>::min());
    return value == std::trunc(value) && value >= kLow && value < -kLow;
  } else {
    return std::in_range<To>(value);
  }
}

template <typename To>
std::string to_text(To value) {
  if constexpr (std::is_floating_point_v<To>) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", static_cast<double>(value));
    return text;
  } else {
    return std::to_string(value);
  }
}

template <typename ToType, typename FromArray>
Result<ArrayPtr> convert_numbers(const FromArray& array, const Place& place) {
  using To = typename ToType::c_type;
  const auto* values = array.raw_values();
  return build<typename arrow::TypeTraits<ToType>::BuilderType>(
      array, arrow::TypeTraits<ToType>::type_singleton(), ErrorCode::kDataWrongType, place,
      [&](std::int64_t i, auto& builder) {
        if (!fits<To>(values[i])) return false;
        builder.UnsafeAppend(static_cast<To>(values[i]));
        return true;
      },
      [&](std::int64_t i) { return to_text(values[i]); });
}

template <typename FromArray>
Result<ArrayPtr> convert_times(const FromArray& array, std::string_view unit, const Place& place) {
  const auto* values = array.raw_values();
  return build<arrow::TimestampBuilder>(
      array, crossing_type({Kind::kTimestamp}), ErrorCode::kDataBadTimestamp, place,
      [&](std::int64_t i, auto& builder) {
        std::int64_t timestamp_us = 0;
        if (!std::in_range<std::int64_t>(values[i]) ||
            !time_from_integer(static_cast<std::int64_t>(values[i]), unit, &timestamp_us)) {
          return false;
        }
        builder.UnsafeAppend(timestamp_us);
        return true;
      },
      [&](std::int64_t i) { return to_text(values[i]) + " " + std::string(unit); });
}

template <typename FromArray>
Result<ArrayPtr> convert_from_numbers(const FromArray& array, const Place& place) {
  using From = typename FromArray::value_type;
  switch (place.column.type.kind) {
    case Kind::kInt32:
      return convert_numbers<arrow::Int32Type>(array, place);
    case Kind::kInt64:
      return convert_numbers<arrow::Int64Type>(array, place);
    case Kind::kFloat:
      return convert_numbers<arrow::FloatType>(array, place);
    case Kind::kDouble:
      return convert_numbers<arrow::DoubleType>(array, place);
    case Kind::kBool: {
      const auto* values = array.raw_values();
      return build<arrow::BooleanBuilder>(
          array, arrow::boolean(), ErrorCode::kDataWrongType, place,
          [&](std::int64_t i, auto& builder) {
            if (values[i] != From(0) && values[i] != From(1)) return false;
            builder.UnsafeAppend(values[i] == From(1));
            return true;
          },
          [&](std::int64_t i) { return to_text(values[i]); });
    }
    case Kind::kTimestamp:
      if constexpr (std::is_integral_v<From>) {
        if (!place.column.time_unit.empty()) {
          return convert_times(array, place.column.time_unit, place);
        }
      }
      break;
    case Kind::kString:
    case Kind::kBytes:
      break;
  }
  return fail(wrong_column(place.column, place.file, *array.type()));
}

// Values that have no plain C array: `number(i)` gives each as a double.
template <typename Number>
Result<ArrayPtr> convert_from_doubles(const arrow::Array& array, const Place& place,
                                      Number number) {
  arrow::DoubleBuilder builder;
  for (std::int64_t i = 0; i < array.length(); ++i) {
    const auto status = array.IsNull(i) ? builder.AppendNull() : builder.Append(number(i));
    if (!status.ok()) return fail(arrow_error(place.file, status));
  }
  std::shared_ptr<arrow::DoubleArray> doubles;
  if (const auto status = builder.Finish(&doubles); !status.ok()) {
    return fail(arrow_error(place.file, status));
  }
  if (place.column.type.kind == Kind::kDouble) return ArrayPtr(doubles);
  return convert_from_numbers(*doubles, place);
}

// Texts of any layout. They are read by the rules of CSV, so that both formats mean the same.
template <typename FromArray>
Result<ArrayPtr> convert_from_texts(const FromArray& array, const Place& place) {
  table::ColumnBuilder builder(place.column.type);
  builder.reserve(array.length());
  for (std::int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) {
      builder.append_null();
      continue;
    }
    const std::string_view text = array.GetView(i);
    const Conversion conversion = append_text_value(text, place.column, builder);
    if (conversion == Conversion::kDone) continue;
    if (conversion == Conversion::kNotUtf8) {
      return fail(not_utf8(place, i, text));
    }
    const ErrorCode code = conversion == Conversion::kBadTimestamp ? ErrorCode::kDataBadTimestamp
                                                                   : ErrorCode::kDataWrongType;
    return fail(wrong_value(code, place.column, place.file, place.row + i, shown_value(text)));
  }
  const table::Column column = builder.finish();
  const auto& data = *column.data();
  const auto keep = std::make_shared<table::Column>(column);
  const auto borrow = [&](const void* bytes, std::int64_t size) {
    return std::shared_ptr<arrow::Buffer>(
        new arrow::Buffer(static_cast<const std::uint8_t*>(bytes), size),
        [keep](arrow::Buffer* buffer) { delete buffer; });
  };
  std::vector<std::shared_ptr<arrow::Buffer>> buffers;
  buffers.push_back(data.validity == nullptr ? nullptr
                                             : borrow(data.validity, (data.length + 7) / 8));
  if (data.offsets != nullptr) {
    buffers.push_back(borrow(data.offsets, (data.length + 1) * 4));
    buffers.push_back(borrow(data.values, data.offsets[data.length]));
  } else {
    const bool is_narrow = data.type.kind == Kind::kInt32 || data.type.kind == Kind::kFloat;
    const std::int64_t size =
        data.type.kind == Kind::kBool ? (data.length + 7) / 8 : data.length * (is_narrow ? 4 : 8);
    buffers.push_back(borrow(data.values, size));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(crossing_type(place.column.type), data.length,
                                                 std::move(buffers), data.null_count));
}

Result<ArrayPtr> convert_bools(const arrow::BooleanArray& array, const Place& place) {
  if (place.column.type.kind == Kind::kTimestamp || place.column.type.kind == Kind::kString ||
      place.column.type.kind == Kind::kBytes) {
    return fail(wrong_column(place.column, place.file, *array.type()));
  }
  return convert_from_doubles(array, place,
                              [&](std::int64_t i) { return array.Value(i) ? 1.0 : 0.0; });
}

std::string_view unit_name(arrow::TimeUnit::type unit) {
  constexpr std::string_view kNames[] = {"s", "ms", "us", "ns"};
  return kNames[unit];
}

// The values that the indices of a dictionary stand for.
Result<ArrayPtr> decode_dictionary(const arrow::DictionaryArray& array, const std::string& file) {
  std::unique_ptr<arrow::ArrayBuilder> builder;
  const auto& type = array.dictionary()->type();
  if (const auto status = arrow::MakeBuilder(arrow::default_memory_pool(), type, &builder);
      !status.ok()) {
    return fail(arrow_error(file, status));
  }
  const arrow::ArraySpan values(*array.dictionary()->data());
  for (std::int64_t i = 0; i < array.length(); ++i) {
    const arrow::Status status = array.IsNull(i)
                                     ? builder->AppendNull()
                                     : builder->AppendArraySlice(values, array.GetValueIndex(i), 1);
    if (!status.ok()) return fail(arrow_error(file, status));
  }
  ArrayPtr decoded;
  if (const auto status = builder->Finish(&decoded); !status.ok()) {
    return fail(arrow_error(file, status));
  }
  return decoded;
}

// Lists of any layout become lists with 32-bit offsets.
template <typename ListArray>
Result<ArrayPtr> convert_list(const ListArray& array, const WantedColumn& column,
                              const std::string& file, std::int64_t row) {
  if (!column.type.is_list) return fail(wrong_column(column, file, *array.type()));
  WantedColumn items = column;
  items.type.is_list = false;
  // Values under null lists may be anything, so they are left out.
  auto flattened = array.Flatten(arrow::default_memory_pool());
  if (!flattened.ok()) return fail(arrow_error(file, flattened.status()));
  RTML_TRY_ASSIGN(ArrayPtr values, convert_array(*flattened, items, file, row));
  arrow::TypedBufferBuilder<std::int32_t> offsets;
  std::int32_t end = 0;
  arrow::Status status = offsets.Append(0);
  for (std::int64_t i = 0; i < array.length() && status.ok(); ++i) {
    if (!array.IsNull(i)) end += static_cast<std::int32_t>(array.value_length(i));
    status = offsets.Append(end);
  }
  std::shared_ptr<arrow::Buffer> validity;
  if (status.ok() && array.null_count() > 0) {
    arrow::TypedBufferBuilder<bool> bits;
    for (std::int64_t i = 0; i < array.length() && status.ok(); ++i) {
      status = bits.Append(array.IsValid(i));
    }
    if (status.ok()) status = bits.Finish(&validity);
  }
  std::shared_ptr<arrow::Buffer> offsets_buffer;
  if (status.ok()) status = offsets.Finish(&offsets_buffer);
  if (!status.ok()) return fail(arrow_error(file, status));
  return ArrayPtr(std::make_shared<arrow::ListArray>(crossing_type(column.type), array.length(),
                                                     offsets_buffer, values, validity,
                                                     array.null_count()));
}

template <typename ArrayType>
const ArrayType& as(const ArrayPtr& array) {
  return static_cast<const ArrayType&>(*array);
}

// ---- columns that need no conversion ----

Status check_texts(const arrow::StringArray& array, const Place& place) {
  if (array.length() == 0) return {};
  const std::int32_t start = array.value_offset(0);
  const std::int32_t end = array.value_offset(array.length());
  if (end > start && is_ascii({reinterpret_cast<const char*>(array.raw_data()) + start,
                               static_cast<std::size_t>(end - start)})) {
    return {};
  }
  for (std::int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i) || is_utf8(array.GetView(i))) continue;
    return fail(not_utf8(place, i, array.GetView(i)));
  }
  return {};
}

bool is_microseconds(const arrow::DataType& type) {
  return type.id() == arrow::Type::TIMESTAMP &&
         static_cast<const arrow::TimestampType&>(type).unit() == arrow::TimeUnit::MICRO;
}

Status check_times(const arrow::TimestampArray& array, const Place& place) {
  const std::int64_t* values = array.raw_values();
  for (std::int64_t i = 0; i < array.length(); ++i) {
    const bool is_in_range = values[i] >= kMinTimestamp && values[i] <= kMaxTimestamp;
    if (is_in_range || array.IsNull(i)) continue;
    return fail(wrong_value(ErrorCode::kDataBadTimestamp, place.column, place.file, place.row + i,
                            std::to_string(values[i]) + " us"));
  }
  return {};
}

// The same values under another type of the same layout.
ArrayPtr with_type(const arrow::Array& array, std::shared_ptr<arrow::DataType> type) {
  std::shared_ptr<arrow::ArrayData> data = array.data()->Copy();
  data->type = std::move(type);
  return arrow::MakeArray(std::move(data));
}

Result<ArrayPtr> convert_scalar_array(const ArrayPtr& array, const Place& place) {
  const bool wants_time = place.column.type.kind == Kind::kTimestamp;
  const bool wants_text =
      place.column.type.kind == Kind::kString || place.column.type.kind == Kind::kBytes;
  switch (array->type_id()) {
    case arrow::Type::BOOL:
      return convert_bools(as<arrow::BooleanArray>(array), place);
    case arrow::Type::INT8:
      return convert_from_numbers(as<arrow::Int8Array>(array), place);
    case arrow::Type::INT16:
      return convert_from_numbers(as<arrow::Int16Array>(array), place);
    case arrow::Type::INT32:
      return convert_from_numbers(as<arrow::Int32Array>(array), place);
    case arrow::Type::INT64:
      return convert_from_numbers(as<arrow::Int64Array>(array), place);
    case arrow::Type::UINT8:
      return convert_from_numbers(as<arrow::UInt8Array>(array), place);
    case arrow::Type::UINT16:
      return convert_from_numbers(as<arrow::UInt16Array>(array), place);
    case arrow::Type::UINT32:
      return convert_from_numbers(as<arrow::UInt32Array>(array), place);
    case arrow::Type::UINT64:
      return convert_from_numbers(as<arrow::UInt64Array>(array), place);
    case arrow::Type::FLOAT:
      return convert_from_numbers(as<arrow::FloatArray>(array), place);
    case arrow::Type::DOUBLE:
      return convert_from_numbers(as<arrow::DoubleArray>(array), place);
    case arrow::Type::HALF_FLOAT:
      if (wants_time || wants_text) break;
      return convert_from_doubles(*array, place, [&](std::int64_t i) {
        return arrow::util::Float16::FromBits(as<arrow::HalfFloatArray>(array).Value(i)).ToDouble();
      });
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      if (wants_time || wants_text) break;
      return convert_from_doubles(*array, place, [&](std::int64_t i) {
        // The decimal text rounds once; dividing by a power of ten would round twice.
        double value = 0;
        const std::string text = array->type_id() == arrow::Type::DECIMAL128
                                     ? as<arrow::Decimal128Array>(array).FormatValue(i)
                                     : as<arrow::Decimal256Array>(array).FormatValue(i);
        parse_number(text, &value);
        return value;
      });
    case arrow::Type::TIMESTAMP:
      if (!wants_time) break;
      return convert_times(
          as<arrow::TimestampArray>(array),
          unit_name(static_cast<const arrow::TimestampType&>(*array->type()).unit()), place);
    case arrow::Type::DATE64:
      if (!wants_time) break;
      return convert_times(as<arrow::Date64Array>(array), "ms", place);
    case arrow::Type::DATE32: {
      if (!wants_time) break;
      const auto& days = as<arrow::Date32Array>(array);
      return build<arrow::TimestampBuilder>(
          days, crossing_type({Kind::kTimestamp}), ErrorCode::kDataBadTimestamp, place,
          [&](std::int64_t i, auto& builder) {
            const std::int64_t time_us = days.Value(i) * kDay;
            builder.UnsafeAppend(time_us);
            return time_us >= kMinTimestamp && time_us <= kMaxTimestamp;
          },
          [&](std::int64_t i) { return "day " + std::to_string(days.Value(i)); });
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return convert_from_texts(as<arrow::BinaryArray>(array), place);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return convert_from_texts(as<arrow::LargeBinaryArray>(array), place);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return convert_from_texts(as<arrow::BinaryViewArray>(array), place);
    case arrow::Type::FIXED_SIZE_BINARY:
      return convert_from_texts(as<arrow::FixedSizeBinaryArray>(array), place);
    default:
      break;
  }
  return fail(wrong_column(place.column, place.file, *array->type()));
}

}  // namespace

std::optional<table::DataType> natural_type(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return table::DataType{Kind::kBool};
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
      return table::DataType{Kind::kInt32};
    case arrow::Type::INT64:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64:
      return table::DataType{Kind::kInt64};
    case arrow::Type::FLOAT:
    case arrow::Type::HALF_FLOAT:
      return table::DataType{Kind::kFloat};
    case arrow::Type::DOUBLE:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      return table::DataType{Kind::kDouble};
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
      return table::DataType{Kind::kString};
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY:
      return table::DataType{Kind::kBytes};
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
      return table::DataType{Kind::kTimestamp};
    case arrow::Type::DICTIONARY:
      return natural_type(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST: {
      auto items = natural_type(*type.field(0)->type());
      if (!items || items->is_list) return std::nullopt;
      items->is_list = true;
      return items;
    }
    default:
      return std::nullopt;
  }
}

std::shared_ptr<arrow::DataType> crossing_type(table::DataType type) {
  if (type.is_list) return arrow::list(crossing_type({type.kind, false}));
  switch (type.kind) {
    case Kind::kBool:
      return arrow::boolean();
    case Kind::kInt32:
      return arrow::int32();
    case Kind::kInt64:
      return arrow::int64();
    case Kind::kFloat:
      return arrow::float32();
    case Kind::kDouble:
      return arrow::float64();
    case Kind::kString:
      return arrow::utf8();
    case Kind::kBytes:
      return arrow::binary();
    case Kind::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  }
  return nullptr;
}

Result<ArrayPtr> convert_array(ArrayPtr array, const WantedColumn& column, const std::string& file,
                               std::int64_t row) {
  const std::shared_ptr<arrow::DataType> type = crossing_type(column.type);
  const Place place = {column, file, row};
  if (array->type_id() == arrow::Type::STRING && column.type == table::DataType{Kind::kString}) {
    RTML_TRY(check_texts(as<arrow::StringArray>(array), place));
    return array;
  }
  if (is_microseconds(*array->type()) && column.type == table::DataType{Kind::kTimestamp}) {
    RTML_TRY(check_times(as<arrow::TimestampArray>(array), place));
    return with_type(*array, type);
  }
  const bool is_checked = column.type.kind == Kind::kString || column.type.kind == Kind::kTimestamp;
  if (!is_checked && array->type()->Equals(*type)) return array;
  switch (array->type_id()) {
    case arrow::Type::NA: {
      auto nulls = arrow::MakeArrayOfNull(type, array->length());
      if (!nulls.ok()) return fail(arrow_error(file, nulls.status()));
      return *nulls;
    }
    case arrow::Type::DICTIONARY: {
      RTML_TRY_ASSIGN(ArrayPtr decoded, decode_dictionary(as<arrow::DictionaryArray>(array), file));
      return convert_array(std::move(decoded), column, file, row);
    }
    case arrow::Type::LIST:
      return convert_list(as<arrow::ListArray>(array), column, file, row);
    case arrow::Type::LARGE_LIST:
      return convert_list(as<arrow::LargeListArray>(array), column, file, row);
    case arrow::Type::FIXED_SIZE_LIST:
      return convert_list(as<arrow::FixedSizeListArray>(array), column, file, row);
    default:
      break;
  }
  if (column.type.is_list) return fail(wrong_column(column, file, *array->type()));
  return convert_scalar_array(array, place);
}

}  // namespace rtml::file
