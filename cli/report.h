// The outcome of a command as data. Every renderer is given the same Report.
//
// `data` is what a program reads (JSON); `sections` are what a person reads. A command fills both
// from the same figures and prints nothing itself.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/error.h"
#include "core/base/json.h"

namespace rtml::cli {

// What a word or a cell means, so that a terminal can colour it.
enum class Tone : std::uint8_t { kPlain, kStrong, kFaint, kGood, kWarning, kBad };

struct Text {
  std::string text;
  Tone tone = Tone::kPlain;

  Text() = default;
  Text(std::string value, Tone meaning = Tone::kPlain) : text(std::move(value)), tone(meaning) {}
  Text(const char* value, Tone meaning = Tone::kPlain) : text(value), tone(meaning) {}
};

// A line of running text.
struct Line {
  Text text;
};

// Names with values, one a line, the values aligned.
struct Fields {
  std::vector<std::pair<std::string, Text>> rows;
};

// Rows under column names. On a terminal columns are aligned; elsewhere they are separated by tabs,
// one record a line, nothing cut.
struct Table {
  struct Column {
    std::string name;
    bool right_aligned = false;  // Numbers.
  };
  std::vector<Column> columns;
  std::vector<std::vector<Text>> rows;
};

// Text that must come out byte for byte (a file, a completion script).
struct Verbatim {
  std::string text;
};

using Section = std::variant<Line, Fields, Table, Verbatim>;

// A finding that belongs to a place in a file or to a named thing; becomes an annotation in GitHub
// Actions, a result in SARIF, a test case in JUnit.
struct Finding {
  enum class Level : std::uint8_t { kNote, kWarning, kFailure, kPass, kSkipped };
  Level level = Level::kWarning;
  std::string rule;     // Stable identifier: "RT0801" or "drift/psi".
  std::string subject;  // What it is about: a column, a metric, a file.
  std::string message;
  SourceLocation location;  // Empty file where there is none.
};

struct Report {
  Json data = Json::object();  // An object; the renderer adds "schema_version" and "command".
  // With --output jsonl these are written one a line; without, they are in `data` already under
  // this key.
  std::string rows_key;
  std::vector<Section> sections;
  std::vector<Finding> findings;
  // What a person should know beside the result: lines on standard error, "warnings" in JSON.
  std::vector<std::string> warnings;
  std::string suite;  // For JUnit: what was tested, usually a model or view.
  // Name and value pairs for $GITHUB_OUTPUT.
  std::vector<std::pair<std::string, std::string>> outputs;
  // The result went to Session::output() already; nothing more is printed.
  bool streamed = false;
  // A signal asked for the end and the work ended in order: the report stands. SIGTERM then ends
  // with 0, as a service's stop does.
  bool is_stopped_in_order = false;
  // What the process ends with: kOk, or kFailed, kFinding, kRetry for a verdict that is no error.
  ExitClass exit = ExitClass::kOk;

  void line(std::string text, Tone tone = Tone::kPlain) {
    sections.emplace_back(Line{Text(std::move(text), tone)});
  }
  void add(Fields fields) { sections.emplace_back(std::move(fields)); }
  void add(Table table) { sections.emplace_back(std::move(table)); }
  void add(Verbatim verbatim) { sections.emplace_back(std::move(verbatim)); }
};

}  // namespace rtml::cli
