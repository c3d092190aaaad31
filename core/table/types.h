// The types a column can have, and the shape of a table.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace rtml::table {

enum class Kind : std::uint8_t {
  kBool,
  kInt32,
  kInt64,
  kFloat,
  kDouble,
  kString,  // UTF-8.
  kBytes,
  kTimestamp,  // int64 microseconds since the epoch, UTC.
};

// A kind, or a list of values of a kind.
struct DataType {
  Kind kind = Kind::kInt64;
  bool is_list = false;

  friend bool operator==(const DataType&, const DataType&) = default;
};

// Returns the type's name in YAML: "INT64", "STRING", "LIST<DOUBLE>".
std::string to_string(DataType type);

// Reads such a name, case-insensitively. Nothing if it names no type.
std::optional<DataType> parse_type(std::string_view name);

// Returns every name that parse_type() reads, without lists.
const std::vector<std::string>& type_names();

bool is_numeric(DataType type);  // INT32, INT64, FLOAT, DOUBLE.
bool is_integer(DataType type);  // INT32, INT64.

// Whether every value of `from` is one of `to` as well, and code that holds values wide reads it
// so: INT32 as INT64 and DOUBLE, INT64 and FLOAT as DOUBLE; lists of such, but for lists of
// integers as DOUBLE.
bool is_convertible(DataType from, DataType to);

struct Field {
  std::string name;
  DataType type;

  friend bool operator==(const Field&, const Field&) = default;
};

// The columns of a table, in order. Names are unique.
class Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<Field> fields) : fields_(std::move(fields)) {}

  const std::vector<Field>& fields() const { return fields_; }
  std::size_t size() const { return fields_.size(); }
  const Field& field(std::size_t index) const { return fields_[index]; }

  std::optional<std::size_t> find(std::string_view name) const;
  // Returns the index of a column. Fails with kDataMissingColumn, naming the nearest column.
  // `what` says whose column it is: "data/labels.parquet".
  Result<std::size_t> require(std::string_view name, std::string_view what) const;
  std::vector<std::string> names() const;

  friend bool operator==(const Schema&, const Schema&) = default;

 private:
  std::vector<Field> fields_;
};

}  // namespace rtml::table
