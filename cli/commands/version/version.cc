#include "cli/commands/version/version.h"

#include "cli/version.h"

namespace rtml::cli::commands {
namespace {

constexpr Example kExamples[] = {
    {.command = "rtml version", .says = "Show version, commit and build"},
    {.command = "rtml version --output json", .says = "The same for a script"},
};

Result<Report> run(const Arguments&, Session&) {
  Report report;
  report.data["version"] = version_number();
  report.data["commit"] = version_commit();
  report.data["build_type"] = build_type();
  report.data["compiler"] = "g++ " __VERSION__;
  Fields fields;
  fields.rows = {
      {"version", std::string(version_number())},
      {"commit", std::string(version_commit())},
      {"build type", std::string(build_type())},
      {"compiler", "g++ " __VERSION__},
  };
  report.add(std::move(fields));
  return report;
}

}  // namespace

constinit const CommandSpec kVersion{
    .path = "version",
    .summary = "Show which rtml this is",
    .description = "\"rtml --version\" prints the version alone, on one line.",
    .options = {},
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
