// One subcommand of rtml: the options it takes, what it needs, what it does.
//
// A command turns typed arguments into a Report. It reads neither argv nor the environment and
// writes to no stream; the caller renders the Report. A command's row is the only place that knows
// its options: the parser, the help, the man page and the completions are made from it.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/report.h"
#include "core/base/result.h"

namespace rtml::cli {

class Session;

enum class OptionType : std::uint8_t {
  kFlag,  // No value.
  kText,
  kTextList,   // May be repeated; each value may hold several, separated by commas.
  kTexts,      // May be repeated; a value is taken whole, commas and all.
  kInteger,    // int64.
  kNumber,     // double.
  kDuration,   // "7d", as microseconds.
  kTimestamp,  // RFC 3339, as microseconds.
  kPath,
};

// What the shell offers for a value. The names after kPath ask the project or the registry.
enum class Completion : std::uint8_t {
  kNone,
  kPath,
  kDirectory,
  kChoice,  // OptionSpec::choices.
  kModel,
  kModelVersion,
  kAlias,
  kView,
  kService,
  kSource,
  kPipeline,
  kPlugin,
  kConfigKey,
  kCommand,
  kDriftCheck,
  kExperiment,
};

// One option, or one positional argument if the name does not start with "--".
struct OptionSpec {
  std::string_view name;  // "--max-lag", or "MODEL".
  OptionType type = OptionType::kText;
  std::string_view value;         // "DURATION", as help shows it; empty for flags.
  std::string_view help;          // One line without full stop.
  std::string_view default_text;  // As help shows it and as it is parsed; empty: no default.
  bool required = false;
  Completion completion = Completion::kNone;
  std::span<const std::string_view> choices = {};  // The only values allowed, if not empty.
  char short_name = 0;                             // 'o' for -o; 0 for none.
};

struct Example {
  std::string_view command;  // Runnable as it stands in a project of `rtml init --template`.
  std::string_view says;     // What it does, one line.
};

// What must be there before run() is called.
enum class Needs : std::uint8_t { kNothing, kProject, kRegistry };

enum class OutputFormat : std::uint8_t { kText, kJson, kJsonl, kJunit, kSarif, kGithub };

// The values of one invocation. Values are checked against the OptionSpec before the command runs,
// so that getters of a declared option cannot fail.
class Arguments {
 public:
  using Value = std::variant<bool, std::string, std::vector<std::string>, std::int64_t, double>;

  bool has(std::string_view name) const;
  // REQUIRES: `name` is declared with the matching type. The value, or the default; for an option
  // without default that was not given: false, "", {}, 0 or 0.0 (ask has() first).
  bool flag(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  const std::vector<std::string>& list(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;  // Also durations and timestamps, in us.
  double number(std::string_view name) const;
  std::optional<std::string> optional_text(std::string_view name) const;
  std::optional<std::int64_t> optional_integer(std::string_view name) const;

  void set(std::string_view name, Value value) { values_[std::string(name)] = std::move(value); }

 private:
  std::map<std::string, Value, std::less<>> values_;
};

// A row of the table of commands.
struct CommandSpec {
  std::string_view path;         // "model show": words, one space between.
  std::string_view summary;      // One line without full stop, for help and man.
  std::string_view description;  // Paragraphs separated by empty lines, for help and man.
  Needs needs = Needs::kNothing;
  std::span<const OptionSpec> options;  // Positional arguments in their order, then options.
  std::span<const Example> examples;    // Two or more.
  // Formats beside text, json and jsonl.
  std::span<const OutputFormat> extra_formats = {};
  // Adds --dry-run: run() must then change nothing and report what it would do.
  bool changes_something = false;
  // Adds --idempotency-key: repeating the same request with the same key is done once.
  bool takes_idempotency_key = false;
  // Adds --yes; without it a terminal is asked and anything else ends with exit 2.
  bool asks_confirmation = false;
  // Adds --exit-zero: the command looks for something and ends with 3 when it is there.
  bool reports_findings = false;

  // Does the work. Fails with kUsage if an option value makes no sense and kNotFound if an input is
  // missing; main maps the code to an exit status.
  Result<Report> (*run)(const Arguments& arguments, Session& session) = nullptr;
};

}  // namespace rtml::cli
