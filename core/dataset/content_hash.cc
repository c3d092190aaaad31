#include "core/dataset/content_hash.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "core/base/parallel.h"
#include "core/dataset/training_set.h"

namespace rtml::dataset {
namespace {

// Collects little-endian values and gives them to the hash in blocks.
class HashWriter {
 public:
  explicit HashWriter(Sha256& hash) : hash_(hash) { buffer_.reserve(kBlock + 64); }
  ~HashWriter() { flush(); }
  HashWriter(const HashWriter&) = delete;
  HashWriter& operator=(const HashWriter&) = delete;

  void add_integer(std::uint64_t value) {
    std::array<char, 8> bytes{};
    for (char& byte : bytes) {
      byte = static_cast<char>(value & 0xFF);
      value >>= 8;
    }
    add_bytes({bytes.data(), bytes.size()});
  }
  void add_text(std::string_view text) {
    add_integer(text.size());
    add_bytes(text);
  }

 private:
  static constexpr std::size_t kBlock = 1 << 16;

  void add_bytes(std::string_view bytes) {
    buffer_.append(bytes);
    if (buffer_.size() >= kBlock) flush();
  }
  void flush() {
    hash_.update(buffer_);
    buffer_.clear();
  }

  Sha256& hash_;
  std::string buffer_;
};

void add_value(HashWriter& writer, const table::Column& column, std::int64_t row) {
  switch (column.type().kind) {
    case table::Kind::kFloat:
    case table::Kind::kDouble: {
      const double value = column.number_at(row);
      writer.add_integer(std::bit_cast<std::uint64_t>(
          std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value));
      return;
    }
    case table::Kind::kString:
    case table::Kind::kBytes:
      return writer.add_text(column.text_at(row));
    default:
      return writer.add_integer(static_cast<std::uint64_t>(column.integer_at(row)));
  }
}

void add_list(HashWriter& writer, const table::Column& list) {
  writer.add_integer(static_cast<std::uint64_t>(list.length()));
  for (std::int64_t row = 0; row < list.length(); ++row) {
    const bool null = list.is_null(row);
    writer.add_integer(null ? 0 : 1);
    if (!null) add_value(writer, list, row);
  }
}

// The bytes of values, 8 each, that lie in memory as they are hashed; empty where they do not.
std::string_view plain_bytes(const table::Column& column) {
  if (std::endian::native != std::endian::little || column.type().is_list) return {};
  const auto bytes_of = [](const auto values) {
    return std::string_view(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  };
  switch (column.type().kind) {
    case table::Kind::kInt64:
    case table::Kind::kTimestamp:
      return bytes_of(column.values<std::int64_t>());
    case table::Kind::kDouble: {
      const auto values = column.values<double>();
      const bool has_nan =
          std::any_of(values.begin(), values.end(), [](double value) { return value != value; });
      return has_nan ? std::string_view() : bytes_of(values);
    }
    default:
      return {};
  }
}

void add_values(Sha256& hash, const table::Column& column) {
  if (const std::string_view bytes = plain_bytes(column); !bytes.empty()) {
    if (column.null_count() == 0) return hash.update(bytes);
    // From null to null.
    std::int64_t start = 0;
    for (std::int64_t row = 0; row <= column.length(); ++row) {
      if (row < column.length() && !column.is_null(row)) continue;
      hash.update(bytes.substr(static_cast<std::size_t>(start) * 8,
                               static_cast<std::size_t>(row - start) * 8));
      start = row + 1;
    }
    return;
  }
  HashWriter writer(hash);
  for (std::int64_t row = 0; row < column.length(); ++row) {
    if (column.is_null(row)) continue;
    if (column.type().is_list) {
      add_list(writer, column.list_at(row));
    } else {
      add_value(writer, column, row);
    }
  }
}

void add_nulls(Sha256& hash, const table::Column& column, std::int64_t first_row) {
  if (column.null_count() == 0) return;
  HashWriter writer(hash);
  for (std::int64_t row = 0; row < column.length(); ++row) {
    if (column.is_null(row)) writer.add_integer(static_cast<std::uint64_t>(first_row + row));
  }
}

}  // namespace

ContentHash::ContentHash(std::shared_ptr<const table::Schema> schema, int threads)
    : schema_(std::move(schema)), threads_(threads), columns_(schema_->size()) {}

void ContentHash::add(const table::Batch& rows) {
  const auto add_column = [&](std::size_t index) -> Status {
    add_values(columns_[index].values, rows.column(index));
    add_nulls(columns_[index].nulls, rows.column(index), rows_);
    return {};
  };
  // Nothing of it can fail.
  static_cast<void>(run_parallel(threads_, columns_.size(), nullptr, add_column));
  rows_ += rows.rows();
}

std::string ContentHash::finish_hex() {
  Sha256 hash;
  {
    HashWriter writer(hash);
    writer.add_integer(static_cast<std::uint64_t>(rows_));
    writer.add_integer(schema_->size());
    for (std::size_t index = 0; index < schema_->size(); ++index) {
      writer.add_text(schema_->field(index).name);
      writer.add_text(table::to_string(schema_->field(index).type));
      writer.add_text(columns_[index].values.finish_hex());
      writer.add_text(columns_[index].nulls.finish_hex());
    }
  }
  return hash.finish_hex();
}

std::string content_sha256(const table::Batch& rows, int threads) {
  ContentHash hash(rows.shared_schema(), threads);
  hash.add(rows);
  return hash.finish_hex();
}

}  // namespace rtml::dataset
