#include "plugins/orchestrator/input.h"

#include <algorithm>
#include <charconv>

#include "core/base/name.h"
#include "core/base/text_list.h"

namespace rtml::plugins {
namespace {

constexpr int kPipelineFormat = 1;

bool is_text(const Json& json, const char* name) {
  return json.contains(name) && json[name].is_string();
}

bool is_step(const Json& step) {
  return step.is_object() && is_text(step, "name") && is_text(step, "summary") &&
         step.contains("command") && step["command"].is_array() && !step["command"].empty() &&
         std::all_of(step["command"].begin(), step["command"].end(),
                     [](const Json& word) { return word.is_string(); });
}

bool is_pipeline(const Json& json) {
  return json.is_object() && json.value("format", Json()) == Json(kPipelineFormat) &&
         is_text(json, "project") && is_text(json, "pipeline") && is_text(json, "description") &&
         is_text(json, "state_directory") && json.contains("schedule") &&
         (json["schedule"].is_null() || json["schedule"].is_string()) && json.contains("steps") &&
         json["steps"].is_array() && !json["steps"].empty() &&
         std::all_of(json["steps"].begin(), json["steps"].end(), is_step);
}

tl::unexpected<Error> wrong_option(const std::string& name, const Json& value,
                                   const std::string& wanted) {
  return fail(
      Error(ErrorCode::kBadValue, "bad value for option " + name + ": " + to_json_text(value))
          .with_help(name + " takes " + wanted));
}

}  // namespace

Result<PipelineInput> read_pipeline(std::string_view text) {
  const Result<Json> json = parse_json(text, "the pipeline");
  if (!json || !is_pipeline(*json)) {
    return fail(ErrorCode::kBadValue, "the pipeline is not in canonical form, format 1");
  }
  PipelineInput input;
  input.project = (*json)["project"].get<std::string>();
  input.pipeline = (*json)["pipeline"].get<std::string>();
  input.description = (*json)["description"].get<std::string>();
  input.state_directory = (*json)["state_directory"].get<std::string>();
  if ((*json)["schedule"].is_string()) input.schedule = (*json)["schedule"].get<std::string>();
  for (const Json& step : (*json)["steps"]) {
    input.steps.push_back({step["name"].get<std::string>(), step["summary"].get<std::string>(),
                           step["command"].get<std::vector<std::string>>()});
  }
  for (const std::string& name : {input.project, input.pipeline}) {
    // They become parts of file names and of shell commands.
    RTML_TRY(check_name(name, "name"));
  }
  return input;
}

Result<OptionReader> OptionReader::parse(std::string_view text) {
  Result<Json> json = parse_json(text, "the options");
  if (!json || !json->is_object()) {
    return fail(ErrorCode::kBadValue, "the options are not a JSON object");
  }
  return OptionReader(std::move(*json));
}

std::optional<Json> OptionReader::take(const std::string& name) {
  known_.push_back(name);
  const auto found = options_.find(name);
  if (found == options_.end()) return std::nullopt;
  Json value = *found;
  options_.erase(name);
  return value;
}

Result<std::string> OptionReader::text(const std::string& name, const std::string& otherwise) {
  const std::optional<Json> value = take(name);
  if (!value) return otherwise;
  if (!value->is_string()) return wrong_option(name, *value, "a text");
  return value->get<std::string>();
}

Result<std::int64_t> OptionReader::integer(const std::string& name, std::int64_t otherwise,
                                           std::int64_t least, std::int64_t most) {
  const std::optional<Json> value = take(name);
  if (!value) return otherwise;
  std::int64_t number = least - 1;
  if (value->is_number_integer()) {
    number = value->get<std::int64_t>();
  } else if (value->is_string()) {
    const auto text = value->get<std::string>();
    std::int64_t read = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
    if (error == std::errc() && end == text.data() + text.size()) number = read;
  }
  if (number < least || number > most) {
    return wrong_option(
        name, *value,
        "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

Status OptionReader::finish() const {
  if (options_.empty()) return {};
  const std::string name = options_.begin().key();
  return fail(Error(ErrorCode::kBadValue, "unknown option: " + name + did_you_mean(name, known_))
                  .with_help("the options are " + text_list(known_)));
}

std::string shell_word(std::string_view word) {
  const auto is_safe = [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') ||
           std::string_view("_-./:=@+,").find(character) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_safe)) return std::string(word);
  std::string quoted = "'";
  for (const char character : word) {
    quoted += character == '\'' ? std::string("'\\''") : std::string(1, character);
  }
  return quoted + "'";
}

std::string shell_command(const std::vector<std::string>& words) {
  std::string command;
  for (const std::string& word : words) {
    command += (command.empty() ? "" : " ") + shell_word(word);
  }
  return command;
}

}  // namespace rtml::plugins
