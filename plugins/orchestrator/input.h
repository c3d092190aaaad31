// What an orchestrator plugin of this tree is given: the canonical form of a pipeline
// (docs/formats/pipeline.md) and its options, read and checked.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"

namespace rtml::plugins {

struct PipelineStep {
  std::string name;
  std::string summary;
  std::vector<std::string> command;
};

struct PipelineInput {
  std::string project;
  std::string pipeline;
  std::string description;
  std::string schedule;         // Empty: none.
  std::string state_directory;  // Relative to the project's root.
  std::vector<PipelineStep> steps;
};

// Fails with kBadValue if the text is not of format 1.
Result<PipelineInput> read_pipeline(std::string_view text);

// The options of a plugin, each taken once; what is left is an option it does not have.
class OptionReader {
 public:
  // Fails with kBadValue if the text is no JSON object.
  static Result<OptionReader> parse(std::string_view text);

  // Each gives the option's value or `otherwise`, and fails with kBadValue if it is of another
  // type.
  Result<std::string> text(const std::string& name, const std::string& otherwise);
  // A whole number of `least` to `most`, also as text, for command lines give texts.
  Result<std::int64_t> integer(const std::string& name, std::int64_t otherwise, std::int64_t least,
                               std::int64_t most);
  // Takes what rtml tells every orchestrator and this one does not need.
  void ignore(const std::string& name) { options_.erase(name); }
  // Fails with kBadValue, naming the nearest option, if any was given that nobody took.
  Status finish() const;

 private:
  explicit OptionReader(Json options) : options_(std::move(options)) {}
  std::optional<Json> take(const std::string& name);

  Json options_;
  std::vector<std::string> known_;
};

// A word as a POSIX shell reads it back: as it stands where that is safe, else in single quotes.
std::string shell_word(std::string_view word);
std::string shell_command(const std::vector<std::string>& words);

}  // namespace rtml::plugins
