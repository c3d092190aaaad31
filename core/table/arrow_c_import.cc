#include <bit>
#include <cstring>
#include <limits>
#include <set>

#include "core/base/utf8.h"
#include "core/table/arrow_c_interface.h"

namespace rtml::table {
namespace {

// More rows in one batch than this are taken for garbage.
constexpr std::int64_t kMaxRows = std::int64_t{1} << 40;

tl::unexpected<Error> broken(std::string message) {
  return fail(ErrorCode::kPluginContract, std::move(message));
}

// ---- schema ----

std::optional<Kind> kind_of_format(std::string_view format) {
  constexpr std::pair<std::string_view, Kind> kFormats[] = {
      {"b", Kind::kBool},  {"i", Kind::kInt32},          {"l", Kind::kInt64},
      {"f", Kind::kFloat}, {"g", Kind::kDouble},         {"u", Kind::kString},
      {"z", Kind::kBytes}, {"tsu:UTC", Kind::kTimestamp}};
  for (const auto& [name, kind] : kFormats) {
    if (format == name) return kind;
  }
  return std::nullopt;
}

Result<DataType> import_type(const ArrowSchema& schema, const std::string& column) {
  if (schema.format == nullptr) return broken("column \"" + column + "\" has no format");
  if (schema.dictionary != nullptr) {
    return broken("column \"" + column + "\" is dictionary-encoded");
  }
  const std::string_view format = schema.format;
  if (format == "+l") {
    if (schema.n_children != 1 || schema.children == nullptr || schema.children[0] == nullptr) {
      return broken("list column \"" + column + "\" has no child");
    }
    RTML_TRY_ASSIGN(DataType items, import_type(*schema.children[0], column));
    if (items.is_list) return broken("column \"" + column + "\" is a list of lists");
    items.is_list = true;
    return items;
  }
  const std::optional<Kind> kind = kind_of_format(format);
  if (!kind) {
    return broken("column \"" + column +
                  "\" has a format that no column has: " + std::string(format));
  }
  if (schema.n_children != 0) return broken("column \"" + column + "\" has children");
  return DataType{*kind, false};
}

// ---- arrays ----

// One array on its way in. `start` and `length` are the rows that the parent uses.
class ArrayImport {
 public:
  ArrayImport(const ArrowArray& array, DataType type, std::string_view column,
              std::shared_ptr<const void> owner)
      : array_(array), type_(type), column_(column), owner_(std::move(owner)) {}

  Result<std::shared_ptr<const ColumnData>> run(std::int64_t start, std::int64_t length) {
    RTML_TRY(check_shape(start, length));
    data_ = std::make_shared<ColumnData>();
    data_->type = type_;
    data_->length = length;
    data_->offset = array_.offset + start;
    data_->owner = owner_;
    RTML_TRY(import_validity());
    if (type_.is_list) {
      RTML_TRY(import_list());
    } else if (type_.kind == Kind::kString || type_.kind == Kind::kBytes) {
      RTML_TRY(import_text());
    } else {
      RTML_TRY(import_values());
    }
    return std::shared_ptr<const ColumnData>(std::move(data_));
  }

 private:
  tl::unexpected<Error> wrong(std::string_view what) const {
    return broken("column \"" + std::string(column_) + "\": " + std::string(what));
  }
  tl::unexpected<Error> wrong_row(std::int64_t row, std::string_view what) const {
    return broken("column \"" + std::string(column_) + "\", row " + std::to_string(row) + ": " +
                  std::string(what));
  }

  Status check_shape(std::int64_t start, std::int64_t length) const {
    const bool is_text = type_.kind == Kind::kString || type_.kind == Kind::kBytes;
    const std::int64_t buffers = is_text && !type_.is_list ? 3 : 2;
    if (array_.length < 0 || array_.length > kMaxRows) {
      return wrong("a length of " + std::to_string(array_.length));
    }
    if (array_.offset < 0 || array_.offset > kMaxRows) {
      return wrong("an offset of " + std::to_string(array_.offset));
    }
    if (array_.length < start + length) {
      return wrong(std::to_string(array_.length) + " values where the table has " +
                   std::to_string(start + length) + " rows");
    }
    if (array_.dictionary != nullptr) return wrong("a dictionary");
    if (array_.n_buffers != buffers || array_.buffers == nullptr) {
      return wrong(std::to_string(array_.n_buffers) + " buffers instead of " +
                   std::to_string(buffers));
    }
    const std::int64_t children = type_.is_list ? 1 : 0;
    if (array_.n_children != children) {
      return wrong(std::to_string(array_.n_children) + " children instead of " +
                   std::to_string(children));
    }
    return {};
  }

  Status import_validity() {
    const auto* bits = static_cast<const std::uint8_t*>(array_.buffers[0]);
    if (array_.null_count < -1 || array_.null_count > array_.length) {
      return wrong("a null count of " + std::to_string(array_.null_count));
    }
    if (bits == nullptr) {
      if (array_.null_count > 0) {
        return wrong(std::to_string(array_.null_count) + " nulls without a validity bitmap");
      }
      return {};
    }
    const std::int64_t nulls = count_zero_bits(bits, array_.offset, array_.length);
    if (array_.null_count >= 0 && array_.null_count != nulls) {
      return wrong("a null count of " + std::to_string(array_.null_count) + " where " +
                   std::to_string(nulls) + " values are null");
    }
    data_->null_count = array_.length == data_->length
                            ? nulls
                            : count_zero_bits(bits, data_->offset, data_->length);
    if (data_->null_count > 0) data_->validity = bits;
    return {};
  }

  static std::int64_t count_zero_bits(const std::uint8_t* bits, std::int64_t start,
                                      std::int64_t count) {
    std::int64_t ones = 0;
    std::int64_t bit = start;
    const std::int64_t end = start + count;
    for (; bit < end && bit % 8 != 0; ++bit) ones += bits[bit >> 3] >> (bit & 7) & 1;
    for (; bit + 64 <= end; bit += 64) {
      std::uint64_t word = 0;
      std::memcpy(&word, bits + (bit >> 3), sizeof word);
      ones += std::popcount(word);
    }
    for (; bit < end; ++bit) ones += bits[bit >> 3] >> (bit & 7) & 1;
    return count - ones;
  }

  Status check_buffer(int index, std::size_t alignment) const {
    const void* buffer = array_.buffers[index];
    if (buffer == nullptr) return wrong("no buffer " + std::to_string(index));
    if (reinterpret_cast<std::uintptr_t>(buffer) % alignment != 0) {
      return wrong("buffer " + std::to_string(index) + " is not aligned to " +
                   std::to_string(alignment) + " bytes");
    }
    return {};
  }

  Status import_values() {
    if (data_->length > 0) {
      const bool is_wide = type_.kind == Kind::kInt64 || type_.kind == Kind::kDouble ||
                           type_.kind == Kind::kTimestamp;
      const std::size_t narrow = type_.kind == Kind::kBool ? 1 : 4;
      RTML_TRY(check_buffer(1, is_wide ? 8 : narrow));
    }
    data_->values = array_.buffers[1];
    return {};
  }

  Status import_offsets() {
    static constexpr std::int32_t kNoOffsets[1] = {0};
    if (data_->length == 0 && array_.buffers[1] == nullptr) {
      data_->offset = 0;
      data_->offsets = kNoOffsets;
      return {};
    }
    RTML_TRY(check_buffer(1, alignof(std::int32_t)));
    data_->offsets = static_cast<const std::int32_t*>(array_.buffers[1]);
    const std::int32_t* offsets = data_->offsets + data_->offset;
    if (offsets[0] < 0) return wrong_row(0, "a negative offset");
    for (std::int64_t row = 0; row < data_->length; ++row) {
      if (offsets[row + 1] < offsets[row]) return wrong_row(row, "offsets that go back");
    }
    return {};
  }

  Status import_text() {
    RTML_TRY(import_offsets());
    const std::int32_t* offsets = data_->offsets + data_->offset;
    const std::int32_t first = offsets[0];
    const std::int32_t last = offsets[data_->length];
    if (last > first) RTML_TRY(check_buffer(2, 1));
    data_->values = array_.buffers[2];
    if (type_.kind == Kind::kBytes || last == first) return {};
    const std::string_view all(static_cast<const char*>(data_->values) + first,
                               static_cast<std::size_t>(last - first));
    if (is_ascii(all)) return {};
    const Column column(data_);
    for (std::int64_t row = 0; row < data_->length; ++row) {
      if (!column.is_null(row) && !is_utf8(column.text_at(row))) {
        return wrong_row(row, "a STRING that is not UTF-8");
      }
    }
    return {};
  }

  Status import_list() {
    RTML_TRY(import_offsets());
    if (array_.children == nullptr || array_.children[0] == nullptr) return wrong("no items");
    const ArrowArray& items = *array_.children[0];
    const std::int64_t last = data_->offsets[data_->offset + data_->length];
    if (items.length < last) {
      return wrong(std::to_string(items.length) + " items where lists end at " +
                   std::to_string(last));
    }
    ArrayImport import(items, DataType{type_.kind, false}, column_, owner_);
    RTML_TRY_ASSIGN(data_->items, import.run(0, items.length));
    return {};
  }

  const ArrowArray& array_;
  DataType type_;
  std::string_view column_;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<ColumnData> data_;
};

Status check_struct(const ArrowArray& array, std::size_t columns) {
  if (array.length < 0 || array.length > kMaxRows) {
    return broken("a table of " + std::to_string(array.length) + " rows");
  }
  if (array.offset < 0 || array.offset > kMaxRows) {
    return broken("a table with an offset of " + std::to_string(array.offset));
  }
  if (array.n_children != static_cast<std::int64_t>(columns) ||
      (columns > 0 && array.children == nullptr)) {
    return broken("a table of " + std::to_string(array.n_children) + " columns instead of " +
                  std::to_string(columns));
  }
  if (array.dictionary != nullptr) return broken("a table with a dictionary");
  if (array.null_count > 0 ||
      (array.null_count < 0 && array.n_buffers > 0 && array.buffers[0] != nullptr)) {
    return broken("a table with nulls of its own");
  }
  return {};
}

}  // namespace

Result<Schema> import_schema(const ArrowSchema& schema) {
  if (schema.format == nullptr || std::string_view(schema.format) != "+s") {
    return broken("a table whose format is not \"+s\"");
  }
  if (schema.n_children < 0 || (schema.n_children > 0 && schema.children == nullptr)) {
    return broken("a table of " + std::to_string(schema.n_children) + " columns");
  }
  std::vector<Field> fields;
  std::set<std::string> names;
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    const ArrowSchema* child = schema.children[i];
    if (child == nullptr || child->name == nullptr || child->name[0] == '\0') {
      return broken("column " + std::to_string(i + 1) + " has no name");
    }
    const std::string name = child->name;
    if (!is_utf8(name)) {
      return broken("the name of column " + std::to_string(i + 1) + " is not UTF-8");
    }
    if (!names.insert(name).second) return broken("two columns \"" + name + "\"");
    RTML_TRY_ASSIGN(const DataType type, import_type(*child, name));
    fields.push_back({name, type});
  }
  return Schema(std::move(fields));
}

Result<Batch> import_batch(Imported<ArrowArray> array, std::shared_ptr<const Schema> schema) {
  const ArrowArray& table = *array.get();
  RTML_TRY(check_struct(table, schema->size()));
  std::vector<Column> columns;
  columns.reserve(schema->size());
  for (std::size_t i = 0; i < schema->size(); ++i) {
    const Field& field = schema->field(i);
    if (table.children[i] == nullptr) return broken("column \"" + field.name + "\" is absent");
    // Children may be moved out of their parent. So the memory of a column that nobody keeps is
    // free again, whatever becomes of the others.
    auto child = std::make_shared<Imported<ArrowArray>>();
    std::swap(*child->get(), *table.children[i]);
    ArrayImport import(*child->get(), field.type, field.name, child);
    RTML_TRY_ASSIGN(auto data, import.run(table.offset, table.length));
    columns.emplace_back(std::move(data));
  }
  return Batch(std::move(schema), std::move(columns), table.length);
}

Result<Column> import_column(Imported<ArrowArray> array, const Field& field) {
  auto owner = std::make_shared<Imported<ArrowArray>>(std::move(array));
  const std::int64_t length = owner->get()->length;
  ArrayImport import(*owner->get(), field.type, field.name, owner);
  RTML_TRY_ASSIGN(auto data, import.run(0, length));
  return Column(std::move(data));
}

}  // namespace rtml::table
