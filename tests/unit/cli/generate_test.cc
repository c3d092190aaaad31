#include "cli/generate/generate.h"

#include <doctest/doctest.h>

#include <set>

#include "cli/command_table.h"
#include "cli/generate/man.h"
#include "cli/generate/reference.h"
#include "core/base/error.h"
#include "core/config/key_table.h"

namespace rtml::cli {
namespace {

TEST_CASE("generate: each command has a page of its own") {
  std::set<std::string> paths;
  for (const GeneratedFile& file : generated_files()) CHECK(paths.insert(file.path).second);
  for (const CommandSpec* command : command_table()) {
    CHECK(paths.count("man/" + man_page_name(*command) + ".1") == 1);
  }
}

TEST_CASE("man: text of a row cannot become a request or lose its hyphens and backslashes") {
  static constexpr Example kExamples[] = {{.command = ".rtml \\x --y", .says = "'quoted"}};
  CommandSpec command;
  command.path = "model show";
  command.summary = "Show";
  command.description = ".PP\nIt's one\n\nTwo";
  command.examples = kExamples;
  const std::string page = man_page(command);
  CHECK(page.find("\n\\&.PP It's one\n.PP\nTwo\n") != std::string::npos);
  CHECK(page.find("\\&'quoted:\n\\fB\\&.rtml \\ex \\-\\-y\\fR\n") != std::string::npos);
  CHECK(page.find("rtml\\-model\\-show \\- Show") != std::string::npos);
}

TEST_CASE("reference: every error code and every key is documented") {
  const std::string errors = errors_reference();
  for (const ErrorCodeInfo& info : error_code_table()) {
    CHECK(errors.find("| " + std::string(info.id) + " | ") != std::string::npos);
  }
  const std::string configuration = configuration_reference();
  for (const config::KeySpec& key : config::key_table()) {
    CHECK(configuration.find("| `" + std::string(key.name) + "` |") != std::string::npos);
    CHECK(configuration.find("`" + std::string(key.environment) + "`") != std::string::npos);
  }
}

}  // namespace
}  // namespace rtml::cli
