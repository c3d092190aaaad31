#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "core/base/hash.h"
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

void add_column(HashWriter& writer, const table::Column& column) {
  writer.add_integer(static_cast<std::uint64_t>(column.null_count()));
  for (std::int64_t row = 0; row < column.length(); ++row) {
    if (column.null_count() > 0) {
      const bool null = column.is_null(row);
      writer.add_integer(null ? 0 : 1);
      if (null) continue;
    }
    if (column.type().is_list) {
      const table::Column list = column.list_at(row);
      writer.add_integer(static_cast<std::uint64_t>(list.length()));
      add_column(writer, list);
    } else {
      add_value(writer, column, row);
    }
  }
}

}  // namespace

std::string content_sha256(const table::Batch& rows) {
  Sha256 hash;
  {
    HashWriter writer(hash);
    writer.add_integer(static_cast<std::uint64_t>(rows.rows()));
    writer.add_integer(rows.schema().size());
    for (std::size_t index = 0; index < rows.schema().size(); ++index) {
      writer.add_text(rows.schema().field(index).name);
      writer.add_text(table::to_string(rows.schema().field(index).type));
      add_column(writer, rows.column(index));
    }
  }
  return hash.finish_hex();
}

}  // namespace rtml::dataset
