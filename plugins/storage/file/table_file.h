// What the formats have in common: the columns that a scan wants and the rows of one file.
//
// Errors name the file, and the line or row where there is one.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/table/types.h"
#include "rtml/arrow_c_data_interface.h"

namespace rtml::file {

// What the caller declared about columns.
struct Declarations {
  std::map<std::string, table::DataType> types;
  std::map<std::string, std::string> time_units;  // Column -> s, ms, us or ns.

  std::optional<table::DataType> type_of(const std::string& column) const {
    const auto found = types.find(column);
    if (found == types.end()) return std::nullopt;
    return found->second;
  }
};

// A column that a scan gives.
struct WantedColumn {
  std::string name;
  table::DataType type;
  std::string time_unit;  // For integers that are times; may be empty.
};

// A column as a file has it. Without a type, nothing is known but nulls.
struct FoundColumn {
  std::string name;
  std::optional<table::DataType> type;
};

// The options of CSV and JSONL, from the request's JSON object.
struct TextOptions {
  char delimiter = ',';
  std::vector<std::string> null_values;  // Beside an empty field.
};
Result<TextOptions> read_text_options(const Json& options);

// Gives up when the caller no longer waits.
using Checkpoint = std::function<Status()>;

// The rows of one file, read from front to back.
class FileRows {
 public:
  virtual ~FileRows() = default;
  // Gives at most the agreed number of rows as a struct array; false at the end.
  virtual Result<bool> next(ArrowArray* out) = 0;
};

struct ScanSettings {
  std::vector<WantedColumn> columns;
  std::int64_t batch_rows = 65'536;
  TextOptions text;
};

// An error about a place in a file.
Error file_error(ErrorCode code, const std::string& message, const std::string& file,
                 std::int64_t line = 0, std::int64_t column = 0);

// A value as a message shows it: quoted, cut after 40 characters, without control characters.
std::string shown_value(std::string_view value);

// Microseconds of an integer time; false if it is outside the years 1 to 9999. Finer units floor.
bool time_from_integer(std::int64_t value, std::string_view unit, std::int64_t* timestamp_us);

}  // namespace rtml::file
