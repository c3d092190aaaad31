// What an operation that failed says about itself: a code from one table, a message that names the
// operation and then the value, where it happened in which file, and what to do.
//
// Error is a value; it is copied and moved freely and carries no resources.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rtml {

// The exit status a process ends with, one meaning per number in every command.
enum class ExitClass : std::uint8_t {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kFinding = 3,
  kRetry = 75,
  kInterrupted = 130,
};

enum class ErrorCode : std::uint16_t {
#define RTML_ERROR(enumerator, code, exit_class, meaning) enumerator,
#include "core/base/error_codes.inc"
#undef RTML_ERROR
};

// A row of the table of error codes.
struct ErrorCodeInfo {
  ErrorCode code;
  std::string_view id;  // "RT0104"
  ExitClass exit_class;
  std::string_view meaning;
};

// Returns the row of `code`.
const ErrorCodeInfo& describe(ErrorCode code);

// Returns every row, in the order of the table.
const std::vector<ErrorCodeInfo>& error_code_table();

// A place in a file that a person can open. Lines and columns count from 1; 0 means unknown.
struct SourceLocation {
  std::string file;
  int line = 0;
  int column = 0;
  int length = 0;         // Columns the caret underlines; 0 underlines one.
  std::string line_text;  // The line itself, for the caret; may be empty.
};

class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  // Several errors that were found together, the most important last. `errors` must not be empty;
  // one error is returned as it is.
  static Error many(std::vector<Error> errors);

  Error&& at(SourceLocation location) && {
    location_ = std::move(location);
    return std::move(*this);
  }
  Error&& with_help(std::string help) && {
    help_ = std::move(help);
    return std::move(*this);
  }
  // Puts what was being done before the message: "context: message".
  Error&& with_context(std::string_view context) &&;

  ErrorCode code() const { return code_; }
  std::string_view id() const { return describe(code_).id; }
  // Of several errors: that of the most important one.
  ExitClass exit_class() const {
    return parts_.empty() ? describe(code_).exit_class : parts_.back().exit_class();
  }
  const std::string& message() const { return message_; }
  const std::string& help() const { return help_; }
  const std::optional<SourceLocation>& location() const { return location_; }
  // The single errors of an Error::many(); empty for an ordinary error.
  const std::vector<Error>& parts() const { return parts_; }

 private:
  ErrorCode code_;
  std::string message_;
  std::string help_;
  std::optional<SourceLocation> location_;
  std::vector<Error> parts_;
};

}  // namespace rtml
