// Reading JSON lines: one object a line, UTF-8; blank lines are skipped.
//
// A key that a line lacks is null there. NaN and infinities are the strings "NaN", "Infinity" and
// "-Infinity". Lists of plain values are lists; an object as a value is refused where its column is
// wanted.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "plugins/storage/file/table_file.h"

namespace rtml::file {

// Learns the type of a key from its values.
class JsonGuess {
 public:
  enum class Seen : std::uint8_t { kNothing, kBool, kInteger, kSpecial, kNumber, kString };
  void see(Seen seen);
  void see_list() { is_list_ = true; }
  void see_scalar() { is_scalar_ = true; }
  void see_object(std::int64_t line) { object_line_ = object_line_ == 0 ? line : object_line_; }

  // Nothing if only nulls were seen.
  std::optional<table::DataType> type() const;
  bool is_mixed() const { return mixed_ || (is_list_ && is_scalar_); }
  // The first line where the value is an object; 0: none.
  std::int64_t object_line() const { return object_line_; }

 private:
  Seen seen_ = Seen::kNothing;
  bool is_list_ = false;
  bool is_scalar_ = false;
  bool mixed_ = false;
  std::int64_t object_line_ = 0;
};

// The keys of a file in the order in which they first appear, with what their values are.
struct JsonlKeys {
  std::vector<std::string> order;
  std::map<std::string, JsonGuess> guesses;
};

// Reads a whole file and adds its keys.
Status read_jsonl_keys(const std::string& file, JsonlKeys& keys, const Checkpoint& checkpoint);

// Opens the rows of a file. Wanted columns that a line has are added to `seen`.
Result<std::unique_ptr<FileRows>> open_jsonl(const std::string& file, const ScanSettings& settings,
                                             std::shared_ptr<std::set<std::string>> seen);

}  // namespace rtml::file
