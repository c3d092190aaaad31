#include "core/dataset/entity_parts.h"

#include <functional>
#include <numeric>
#include <string>
#include <string_view>

#include "core/base/raw_vector.h"
#include "core/dataset/column_bytes.h"

namespace rtml::dataset {
namespace {

using table::Column;
using table::Kind;

// Spreads the bits of a key (the finaliser of MurmurHash3).
std::uint64_t mix(std::uint64_t word) {
  word = (word ^ word >> 33) * 0xFF51AFD7ED558CCDULL;
  word = (word ^ word >> 33) * 0xC4CEB9FE1A85EC53ULL;
  return word ^ word >> 33;
}

std::uint64_t hash_of(const Column& key, std::int64_t row) {
  const Kind kind = key.type().kind;
  if (kind == Kind::kString || kind == Kind::kBytes) {
    return std::hash<std::string_view>()(key.text_at(row));
  }
  return static_cast<std::uint64_t>(key.integer_at(row));
}

// Scales a hash to [0, count) by its upper bits.
Part scaled(std::uint64_t hash, std::size_t count) {
  return static_cast<Part>((hash >> 32) * count >> 32);
}

// Columns of fixed width without nulls, which is most of them, are sorted by plain loops.
template <typename T>
Column take_values(const Column& column, const RawVector<std::uint32_t>& rows) {
  auto owner = std::make_shared<RawVector<T>>(rows.size());
  const T* const source = column.values<T>().data();
  T* const target = owner->data();
  for (std::size_t i = 0; i < rows.size(); ++i) target[i] = source[rows[i]];
  auto data = std::make_shared<table::ColumnData>();
  data->type = column.type();
  data->length = static_cast<std::int64_t>(rows.size());
  data->values = target;
  data->owner = std::move(owner);
  return Column(std::move(data));
}

Column take_rows(const Column& column, const RawVector<std::uint32_t>& rows) {
  if (column.null_count() == 0 && !column.type().is_list) {
    switch (column.type().kind) {
      case Kind::kInt64:
      case Kind::kTimestamp:
        return take_values<std::int64_t>(column, rows);
      case Kind::kDouble:
        return take_values<double>(column, rows);
      case Kind::kInt32:
        return take_values<std::int32_t>(column, rows);
      case Kind::kFloat:
        return take_values<float>(column, rows);
      default:
        break;
    }
  }
  return column.take(std::vector<std::int64_t>(rows.begin(), rows.end()));
}

}  // namespace

std::vector<Part> parts_of(const std::vector<Column>& keys, std::int64_t rows,
                           std::size_t part_count) {
  std::vector<Part> parts(static_cast<std::size_t>(rows), 0);
  if (keys.empty() || part_count <= 1) return parts;
  if (keys.size() == 1 && keys[0].null_count() == 0 && keys[0].type().kind == Kind::kInt64) {
    const auto values = keys[0].values<std::int64_t>();
    for (std::size_t row = 0; row < parts.size(); ++row) {
      parts[row] = scaled(mix(static_cast<std::uint64_t>(values[row])), part_count);
    }
    return parts;
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    std::uint64_t hash = 0;
    bool has_null = false;
    for (const Column& key : keys) {
      has_null = has_null || key.is_null(row);
      if (!has_null) hash = mix(hash * 31 + hash_of(key, row));
    }
    if (!has_null) parts[row] = scaled(hash, part_count);
  }
  return parts;
}

void EntityParts::expect(std::size_t batches) {
  batches_.resize(batches_.size() + batches);
}

void EntityParts::deal(std::size_t batch, const std::vector<Column>& columns,
                       const std::vector<Part>& parts) {
  Batch& target = batches_[batch];
  target.begins.assign(part_count_ + 1, 0);
  for (const Part part : parts) ++target.begins[part + 1U];
  std::partial_sum(target.begins.begin(), target.begins.end(), target.begins.begin());
  std::vector<std::uint32_t> next(target.begins.begin(), target.begins.end() - 1);
  RawVector<std::uint32_t> rows(parts.size());
  for (std::size_t row = 0; row < parts.size(); ++row) {
    rows[next[parts[row]]++] = static_cast<std::uint32_t>(row);
  }
  for (const Column& column : columns) target.columns.push_back(take_rows(column, rows));
}

std::int64_t EntityParts::memory_bytes() const {
  std::int64_t bytes = 0;
  for (const Batch& batch : batches_) {
    for (const Column& column : batch.columns) bytes += dataset::memory_bytes(column);
    bytes += static_cast<std::int64_t>(batch.begins.size() * sizeof(std::uint32_t) +
                                       batch.file_begins.size() * sizeof(std::int64_t));
  }
  return bytes;
}

std::int64_t EntityParts::rows(std::size_t part) const {
  std::int64_t rows = 0;
  for (const Batch& batch : batches_) rows += batch.begins[part + 1] - batch.begins[part];
  return rows;
}

Status EntityParts::spill(SpillFile& file) {
  std::string bytes;
  for (Batch& batch : batches_) {
    if (batch.columns.empty()) continue;
    bytes.clear();
    for (std::size_t part = 0; part < part_count_; ++part) {
      batch.file_begins.push_back(static_cast<std::int64_t>(bytes.size()));
      const std::int64_t begin = batch.begins[part];
      const std::int64_t count = batch.begins[part + 1] - begin;
      if (count == 0) continue;
      for (const Column& column : batch.columns) {
        append_column_bytes(bytes, column.slice(begin, count));
      }
    }
    batch.file_begins.push_back(static_cast<std::int64_t>(bytes.size()));
    RTML_TRY_ASSIGN(const std::int64_t start, file.append(bytes));
    for (std::int64_t& begin : batch.file_begins) begin += start;
    batch.columns.clear();
  }
  return {};
}

Result<std::vector<Column>> EntityParts::load(std::size_t part, const SpillFile& file) const {
  std::vector<table::ColumnBuilder> builders;
  const std::int64_t all = rows(part);
  for (const table::DataType type : types_) builders.emplace_back(type).reserve(all);
  for (const Batch& batch : batches_) {
    const std::int64_t begin = batch.begins[part];
    const std::int64_t count = batch.begins[part + 1] - begin;
    if (count == 0) continue;
    if (!batch.columns.empty()) {
      for (std::size_t c = 0; c < types_.size(); ++c) {
        builders[c].append_column(batch.columns[c].slice(begin, count));
      }
      continue;
    }
    const std::int64_t offset = batch.file_begins[part];
    const auto bytes = std::make_shared<std::string>(
        static_cast<std::size_t>(batch.file_begins[part + 1] - offset), '\0');
    RTML_TRY(file.read(offset, *bytes));
    std::size_t position = 0;
    for (std::size_t c = 0; c < types_.size(); ++c) {
      builders[c].append_column(column_from_bytes(bytes, &position, types_[c]));
    }
  }
  std::vector<Column> columns;
  for (table::ColumnBuilder& builder : builders) columns.push_back(builder.finish());
  return columns;
}

}  // namespace rtml::dataset
