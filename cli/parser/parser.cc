#include "cli/parser/parser.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cctype>
#include <map>
#include <vector>

#include "cli/command_table.h"
#include "cli/options.h"
#include "cli/parser/value.h"
#include "core/base/name.h"

namespace rtml::cli {
namespace {

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

// The option among `options` that the word names: "--output", "--output=json", "-C", "-Cdir".
const OptionSpec* named_option(std::span<const OptionSpec> options, std::string_view word) {
  const std::string_view name = word.substr(0, word.find('='));
  for (const OptionSpec& option : options) {
    if (is_positional(option)) continue;
    if (word.starts_with("--") ? option.name == name
                               : word.size() > 1 && option.short_name == word[1]) {
      return &option;
    }
  }
  return nullptr;
}

// Where the words of the command stand among options that may come before them.
struct CommandWords {
  const CommandSpec* command = nullptr;
  std::string noun;                 // Set if the words name a noun without a verb.
  std::vector<std::string> others;  // Every other word, in order.
};

tl::unexpected<Error> unknown_command(const std::string& noun, const std::string& word) {
  std::vector<std::string> candidates;
  for (const CommandSpec* command : command_table()) {
    if (noun.empty()) {
      candidates.emplace_back(noun_of(command->path));
      candidates.emplace_back(command->path);
    } else if (noun_of(command->path) == noun && command->path.size() > noun.size()) {
      candidates.emplace_back(command->path.substr(noun.size() + 1));
    }
  }
  const std::string asked = noun.empty() ? word : noun + " " + word;
  const auto nearest = nearest_word(word, candidates);
  std::string message = "unknown command: " + in_quotes(asked);
  if (nearest) {
    message +=
        " (did you mean " + in_quotes(noun.empty() ? *nearest : noun + " " + *nearest) + "?)";
  }
  return fail(Error(ErrorCode::kUnknownCommand, std::move(message))
                  .with_help(noun.empty() ? "\"rtml help\" lists the commands"
                                          : "\"rtml help " + noun + "\" lists its commands"));
}

tl::unexpected<Error> unknown_option(std::span<const OptionSpec> options, const std::string& word,
                                     std::string_view path) {
  std::vector<std::string> names;
  for (const OptionSpec& option : options) {
    if (!is_positional(option)) names.emplace_back(option.name);
  }
  const std::string name = word.starts_with("--") ? word.substr(0, word.find('=')) : word;
  const std::string page = path.empty() ? "rtml help" : "rtml help " + std::string(path);
  return fail(Error(ErrorCode::kUnknownOption,
                    "unknown option: " + in_quotes(name) + did_you_mean(name, names))
                  .with_help("\"" + page + "\" lists the options"));
}

Result<CommandWords> find_command_words(std::span<const std::string> words) {
  CommandWords found;
  std::size_t i = 0;
  for (; i < words.size() && words[i].starts_with('-'); ++i) {
    const OptionSpec* option = named_option(common_options(), words[i]);
    if (option == nullptr) return unknown_option(common_options(), words[i], "");
    found.others.push_back(words[i]);
    const bool holds_value =
        words[i].starts_with("--") ? words[i].find('=') != std::string::npos : words[i].size() > 2;
    if (option->type != OptionType::kFlag && !holds_value && i + 1 < words.size()) {
      found.others.push_back(words[++i]);
    }
  }
  if (i == words.size()) return found;
  const std::string noun = words[i];
  const auto commands = commands_of(noun);
  if (commands.empty()) return unknown_command("", noun);
  found.command = find_command(noun);
  if (found.command == nullptr) {
    if (i + 1 == words.size() || words[i + 1].starts_with('-')) {
      found.noun = noun;
    } else {
      found.command = find_command(noun + " " + words[++i]);
      if (found.command == nullptr) return unknown_command(noun, words[i]);
    }
  }
  found.others.insert(found.others.end(), words.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                      words.end());
  return found;
}

// One command as a CLI11 app. CLI11 only sorts words into options and others; positional arguments
// are dealt out here, because CLI11 would split "[a,b]" in a list of them, and values are checked
// by parse_value(), so that every message is ours.
class Sorter {
 public:
  explicit Sorter(std::span<const OptionSpec> options) : options_(options) {
    app_.set_help_flag("");
    app_.allow_extras(true);
    app_.allow_windows_style_options(false);
    for (const OptionSpec& option : options_) add(option);
  }

  // Sorts `words`. Fails with kBadOptionValue if an option lacks its value.
  Status sort(std::vector<std::string> words) {
    make_empty_values_explicit(words);
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back.
    try {
      app_.parse(words);
    } catch (const CLI::ArgumentMismatch& mismatch) {
      const std::string text = mismatch.what();
      const std::string name = text.substr(0, text.find(':'));
      return fail(ErrorCode::kBadOptionValue, name + " needs a value");
    } catch (const CLI::Error& error) {
      return fail(ErrorCode::kUsage, error.what());
    }
    return {};
  }

  // Deals the words that belong to no option out to the positional arguments. Fails with
  // kUnknownOption if one looks like an option, kUsage if one is left over.
  Status deal_out_positionals(std::string_view path) {
    bool only_positionals = false;
    auto next = options_.begin();
    for (const std::string& word : app_.remaining()) {
      if (word == "--" && !only_positionals) {
        only_positionals = true;
        continue;
      }
      const bool looks_like_option = word.size() > 1 && word[0] == '-' && !std::isdigit(word[1]);
      if (looks_like_option && !only_positionals) return unknown_option(options_, word, path);
      next = std::find_if(next, options_.end(), is_positional);
      if (next == options_.end()) {
        return fail(Error(ErrorCode::kUsage, "unexpected argument: " + in_quotes(word))
                        .with_help("\"rtml help " + std::string(path) + "\" shows the usage"));
      }
      texts_[next->name].push_back(word);
      if (next->type != OptionType::kTextList) ++next;
    }
    return {};
  }

  std::vector<std::string> texts_of(const OptionSpec& option) const {
    if (!is_positional(option)) return handles_.at(option.name)->results();
    const auto found = texts_.find(option.name);
    return found != texts_.end() ? found->second : std::vector<std::string>();
  }
  bool was_given(const OptionSpec& option) const {
    return is_positional(option) ? texts_.count(option.name) > 0
                                 : handles_.at(option.name)->count() > 0;
  }

 private:
  void add(const OptionSpec& option) {
    if (is_positional(option)) return;
    std::string names(option.name);
    if (option.short_name != 0) names += std::string(",-") + option.short_name;
    const bool is_flag = option.type == OptionType::kFlag;
    CLI::Option* handle = is_flag ? app_.add_flag(names) : app_.add_option(names);
    if (!is_flag) handle->expected(1);
    handle->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    handle->allow_extra_args(false);
    handles_.emplace(option.name, handle);
  }

  // "--name=" means the empty text, where CLI11 would take the next word.
  void make_empty_values_explicit(std::vector<std::string>& words) const {
    for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
      if (!words[i].starts_with("--") || !words[i].ends_with('=')) continue;
      if (words[i].find('=') + 1 != words[i].size()) continue;
      if (named_option(options_, words[i]) == nullptr) continue;
      words[i].pop_back();
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, "");
      ++i;
    }
  }

  std::span<const OptionSpec> options_;
  CLI::App app_;
  std::map<std::string_view, CLI::Option*, std::less<>> handles_;
  std::map<std::string_view, std::vector<std::string>, std::less<>> texts_;  // Of positionals.
};

// An option that swallowed the next option as its value lacks one itself.
Status check_not_an_option(std::span<const OptionSpec> options, const OptionSpec& option,
                           const std::vector<std::string>& texts) {
  if (is_positional(option) || option.type == OptionType::kFlag) return {};
  for (const std::string& text : texts) {
    if (!text.starts_with("--") || named_option(options, text) == nullptr) continue;
    return fail(Error(ErrorCode::kBadOptionValue, std::string(option.name) + " needs a value")
                    .with_help("to pass " + in_quotes(text) +
                               " itself: " + std::string(option.name) + "=" + text));
  }
  return {};
}

Status fill(std::span<const OptionSpec> options, const Sorter& sorter, std::string_view path,
            Arguments* arguments) {
  for (const OptionSpec& option : options) {
    std::vector<std::string> texts = sorter.texts_of(option);
    const bool given = sorter.was_given(option);
    if (!given && !option.default_text.empty()) texts.emplace_back(option.default_text);
    if (!given && option.required) {
      return fail(Error(ErrorCode::kUsage, "missing: " + std::string(option.name))
                      .with_help("\"rtml help " + std::string(path) + "\" shows the usage"));
    }
    if (texts.empty()) continue;
    RTML_TRY(check_not_an_option(options, option, texts));
    RTML_TRY_ASSIGN(auto value, parse_value(option, texts));
    arguments->set(option.name, std::move(value));
  }
  return {};
}

Status check_format(const CommandSpec& command, const Arguments& arguments) {
  const std::string& name = arguments.text("--output");
  const auto formats = output_formats(command);
  if (std::find(formats.begin(), formats.end(), output_format(name)) != formats.end()) return {};
  std::string offered;
  for (const OutputFormat format : formats) {
    if (!offered.empty()) offered += ", ";
    offered += name_of(format);
  }
  return fail(Error(ErrorCode::kBadOptionValue, "\"rtml " + std::string(command.path) +
                                                    "\" has no output format: " + in_quotes(name))
                  .with_help("it writes " + offered));
}

}  // namespace

Result<Invocation> parse_command_line(std::span<const std::string> words) {
  RTML_TRY_ASSIGN(const CommandWords found, find_command_words(words));
  Invocation invocation;
  invocation.command = found.command;
  invocation.noun = found.noun;

  std::vector<OptionSpec> options;
  if (found.command != nullptr) options = command_options(*found.command);
  options.insert(options.end(), common_options().begin(), common_options().end());
  const std::string_view path =
      found.command != nullptr ? found.command->path : std::string_view(found.noun);

  Sorter sorter(options);
  const auto sorted = sorter.sort(found.others);
  const auto help = std::find_if(options.begin(), options.end(),
                                 [](const OptionSpec& option) { return option.name == "--help"; });
  if (sorter.was_given(*help)) {
    invocation.wants_help = true;
    return invocation;
  }
  RTML_TRY(sorted);
  RTML_TRY(sorter.deal_out_positionals(path));
  RTML_TRY(fill(options, sorter, path, &invocation.arguments));
  if (found.command != nullptr) RTML_TRY(check_format(*found.command, invocation.arguments));
  return invocation;
}

}  // namespace rtml::cli
