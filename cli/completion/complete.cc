#include "cli/completion/complete.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "cli/command_table.h"
#include "cli/completion/names.h"
#include "cli/options.h"
#include "cli/render/output.h"

namespace rtml::cli {
namespace {

// Where the words before the cursor have come to.
struct Position {
  std::string noun;  // The first word of a command, once given.
  const CommandSpec* command = nullptr;
  const OptionSpec* awaiting = nullptr;  // The option whose value stands under the cursor.
  std::size_t positionals = 0;           // Given so far.
  std::set<std::string_view> given;      // Names of options.
  bool only_positionals = false;         // After "--".
};

class Completer {
 public:
  explicit Completer(Session& session) : session_(session) {}

  std::vector<Candidate> complete(std::span<const std::string> words) {
    options_.assign(common_options().begin(), common_options().end());
    for (const std::string& word : words.first(words.size() - 1)) advance(word);
    const std::string& current = words.back();
    if (at_.awaiting != nullptr) return values_of(*at_.awaiting, current, "");
    if (!at_.only_positionals && current.starts_with("--") &&
        current.find('=') != std::string::npos) {
      return joined_value(current);
    }
    if (!at_.only_positionals && current.starts_with('-')) return option_names(current);
    if (at_.command == nullptr) return command_words(current);
    return positional_values(current);
  }

 private:
  void advance(const std::string& word) {
    if (at_.awaiting != nullptr) {
      at_.awaiting = nullptr;
    } else if (word == "--") {
      at_.only_positionals = true;
    } else if (word.starts_with('-') && word.size() > 1 && !at_.only_positionals) {
      advance_option(word);
    } else if (at_.command != nullptr) {
      ++at_.positionals;
    } else {
      advance_command(word);
    }
  }

  void advance_option(const std::string& word) {
    const OptionSpec* option = find_option(word);
    if (option == nullptr) return;
    at_.given.insert(option->name);
    const bool holds_value =
        word.starts_with("--") ? word.find('=') != std::string::npos : word.size() > 2;
    if (option->type != OptionType::kFlag && !holds_value) at_.awaiting = option;
  }

  void advance_command(const std::string& word) {
    const std::string path = at_.noun.empty() ? word : at_.noun + " " + word;
    at_.command = find_command(path);
    if (at_.command == nullptr) {
      at_.noun = path;
      return;
    }
    options_ = command_options(*at_.command);
    options_.insert(options_.end(), common_options().begin(), common_options().end());
  }

  const OptionSpec* find_option(std::string_view word) const {
    const std::string_view name = word.substr(0, word.find('='));
    for (const OptionSpec& option : options_) {
      if (is_positional(option)) continue;
      if (option.name == name || (word[1] != '-' && option.short_name == word[1])) return &option;
    }
    return nullptr;
  }

  // "--output=js": the shell replaces the whole word.
  std::vector<Candidate> joined_value(const std::string& word) {
    const OptionSpec* option = find_option(word);
    const std::size_t equals = word.find('=');
    if (option == nullptr) return {};
    return values_of(*option, word.substr(equals + 1), word.substr(0, equals + 1));
  }

  std::vector<Candidate> option_names(const std::string& current) const {
    std::vector<Candidate> found;
    for (const OptionSpec& option : options_) {
      const bool repeats =
          option.type == OptionType::kTextList || option.type == OptionType::kTexts;
      if (is_positional(option) || (at_.given.count(option.name) > 0 && !repeats)) continue;
      if (option.name.starts_with(current)) {
        found.push_back({std::string(option.name), std::string(option.help)});
      }
    }
    return found;
  }

  std::vector<Candidate> command_words(const std::string& current) const {
    std::vector<Candidate> found;
    for (const CommandSpec* command : command_table()) {
      const std::string_view noun = noun_of(command->path);
      const bool has_verb = noun.size() < command->path.size();
      if (!at_.noun.empty()) {
        if (noun != at_.noun || !has_verb) continue;
        const std::string verb(command->path.substr(noun.size() + 1));
        if (verb.starts_with(current)) found.push_back({verb, std::string(command->summary)});
      } else if (noun.starts_with(current) &&
                 (found.empty() || found.back().value != std::string(noun))) {
        found.push_back({std::string(noun), has_verb ? "" : std::string(command->summary)});
      }
    }
    return found;
  }

  std::vector<Candidate> positional_values(const std::string& current) {
    std::size_t place = 0;
    for (const OptionSpec& option : at_.command->options) {
      if (!is_positional(option)) continue;
      if (place == at_.positionals || option.type == OptionType::kTextList) {
        return values_of(option, current, "");
      }
      ++place;
    }
    return {};
  }

  // The values of `option` that start with `typed`, with `before` in front of each.
  std::vector<Candidate> values_of(const OptionSpec& option, const std::string& typed,
                                   const std::string& before) {
    if (option.completion == Completion::kPath) return {{":path", ""}};
    if (option.completion == Completion::kDirectory) return {{":directory", ""}};
    std::string kept = before;
    std::string start = typed;
    if (option.type == OptionType::kTextList) {
      // Of "a,b,c" the last part is being typed.
      const std::size_t comma = typed.rfind(',');
      if (comma != std::string::npos) {
        kept += typed.substr(0, comma + 1);
        start = typed.substr(comma + 1);
      }
    }
    std::vector<Candidate> found;
    for (Candidate& candidate : all_values(option, start)) {
      if (!candidate.value.starts_with(start)) continue;
      candidate.value.insert(0, kept);
      found.push_back(std::move(candidate));
    }
    return found;
  }

  std::vector<Candidate> all_values(const OptionSpec& option, const std::string& typed) {
    if (option.completion == Completion::kChoice) {
      std::vector<Candidate> choices;
      for (const std::string_view choice : option.choices) {
        const auto format = option.name == "--output" ? output_format(choice) : std::nullopt;
        if (format && !offers(*format)) continue;
        choices.push_back({std::string(choice), ""});
      }
      return choices;
    }
    return names_for(option.completion, typed, session_);
  }

  bool offers(OutputFormat format) const {
    if (at_.command == nullptr) return format <= OutputFormat::kJsonl;
    const auto formats = output_formats(*at_.command);
    return std::find(formats.begin(), formats.end(), format) != formats.end();
  }

  Session& session_;
  Position at_;
  std::vector<OptionSpec> options_;
};

// The directory that -C names among the words, so that its project is asked.
std::string directory_in(std::span<const std::string> words) {
  std::string directory;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if ((word == "-C" || word == "--directory") && i + 2 < words.size()) directory = words[i + 1];
    if (word.starts_with("--directory=")) directory = word.substr(word.find('=') + 1);
    if (word.starts_with("-C") && word.size() > 2) directory = word.substr(2);
  }
  return directory;
}

}  // namespace

std::vector<Candidate> complete(std::span<const std::string> words, Session& session) {
  return Completer(session).complete(words);
}

void print_completions(std::span<const std::string> words, Session& session) {
  if (words.empty()) return;
  if (const std::string directory = directory_in(words); !directory.empty()) {
    std::error_code error;
    std::filesystem::current_path(directory, error);
    if (error) return;
  }
  std::string text;
  for (const Candidate& candidate : complete(words, session)) {
    text += candidate.value;
    if (!candidate.meaning.empty()) text += "\t" + candidate.meaning;
    text += "\n";
  }
  // A shell that no longer listens is no error.
  (void)write_all(STDOUT_FILENO, text);
}

}  // namespace rtml::cli
