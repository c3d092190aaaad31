#include "core/dataset/entity_parts.h"

#include <deque>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>

#include "core/base/raw_vector.h"

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

// Some consecutive rows of a column.
struct PackedSlice {
  const PackedColumn* column = nullptr;
  std::int64_t begin = 0;
  std::int64_t count = 0;
};

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

// The values of consecutive pieces, put one behind the other.
template <typename T>
Column joined(table::DataType type, std::int64_t rows, const std::vector<PackedSlice>& pieces) {
  RawVector<T> values(static_cast<std::size_t>(rows));
  std::vector<std::uint8_t> valid;
  for (const PackedSlice& piece : pieces) {
    if (piece.column->has_nulls()) valid.resize(values.size(), 1);
  }
  std::int64_t row = 0;
  for (const PackedSlice& piece : pieces) {
    piece.column->unpack_to(piece.begin, piece.count, values.data() + row,
                            valid.empty() ? nullptr : valid.data() + row);
    row += piece.count;
  }
  return make_column(type, std::move(values), valid);
}

Column joined(table::DataType type, std::int64_t rows, const std::vector<PackedSlice>& pieces) {
  if (!PackedColumn::is_packed(type)) {
    table::ColumnBuilder builder(type);
    builder.reserve(rows);
    for (const PackedSlice& piece : pieces) {
      builder.append_column(piece.column->plain().slice(piece.begin, piece.count));
    }
    return builder.finish();
  }
  switch (type.kind) {
    case Kind::kInt32:
      return joined<std::int32_t>(type, rows, pieces);
    case Kind::kFloat:
      return joined<float>(type, rows, pieces);
    case Kind::kDouble:
      return joined<double>(type, rows, pieces);
    default:
      return joined<std::int64_t>(type, rows, pieces);
  }
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
  for (const Column& column : columns) target.columns.emplace_back(column, rows);
}

std::int64_t EntityParts::memory_bytes() const {
  std::int64_t bytes = 0;
  for (const Batch& batch : batches_) {
    for (const PackedColumn& column : batch.columns) bytes += column.memory_bytes();
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
      for (const PackedColumn& column : batch.columns) column.append_bytes(bytes, begin, count);
    }
    batch.file_begins.push_back(static_cast<std::int64_t>(bytes.size()));
    RTML_TRY_ASSIGN(const std::int64_t start, file.append(bytes));
    for (std::int64_t& begin : batch.file_begins) begin += start;
    batch.columns.clear();
  }
  return {};
}

Result<std::vector<Column>> EntityParts::load(std::size_t part, const SpillFile& file) const {
  std::vector<std::vector<PackedSlice>> pieces(types_.size());
  std::deque<PackedColumn> from_file;
  for (const Batch& batch : batches_) {
    const std::int64_t begin = batch.begins[part];
    const std::int64_t count = batch.begins[part + 1] - begin;
    if (count == 0) continue;
    if (!batch.columns.empty()) {
      for (std::size_t c = 0; c < types_.size(); ++c) {
        pieces[c].push_back({&batch.columns[c], begin, count});
      }
      continue;
    }
    const std::int64_t offset = batch.file_begins[part];
    const auto bytes = std::make_shared<std::string>(
        static_cast<std::size_t>(batch.file_begins[part + 1] - offset), '\0');
    RTML_TRY(file.read(offset, *bytes));
    std::size_t position = 0;
    for (std::size_t c = 0; c < types_.size(); ++c) {
      from_file.push_back(PackedColumn::from_bytes(bytes, &position, types_[c]));
      pieces[c].push_back({&from_file.back(), 0, count});
    }
  }
  const std::int64_t all = rows(part);
  std::vector<Column> columns;
  for (std::size_t c = 0; c < types_.size(); ++c) {
    columns.push_back(joined(types_[c], all, pieces[c]));
  }
  return columns;
}

}  // namespace rtml::dataset
