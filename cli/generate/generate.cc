#include "cli/generate/generate.h"

#include "cli/command_table.h"
#include "cli/completion/scripts.h"
#include "cli/generate/man.h"
#include "cli/generate/reference.h"
#include "core/base/file_system.h"

namespace rtml::cli {

std::vector<GeneratedFile> generated_files() {
  std::vector<GeneratedFile> files = {
      {"completions/rtml.bash", std::string(bash_completion())},
      {"completions/_rtml", std::string(zsh_completion())},
      {"completions/rtml.fish", std::string(fish_completion())},
      {"docs/commands.md", commands_reference()},
      {"docs/errors.md", errors_reference()},
      {"docs/configuration.md", configuration_reference()},
      {"man/rtml.1", overview_man_page()},
  };
  for (const CommandSpec* command : command_table()) {
    files.push_back({"man/" + man_page_name(*command) + ".1", man_page(*command)});
  }
  return files;
}

Status write_generated_files(const std::filesystem::path& directory) {
  for (const GeneratedFile& file : generated_files()) {
    RTML_TRY(write_file(directory / file.path, file.content));
  }
  return {};
}

}  // namespace rtml::cli
