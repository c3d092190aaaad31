#include "cli/commands/plugin/check.h"

#include <stdlib.h>

#include "cli/commands/plugin/plugin_object.h"
#include "cli/session.h"
#include "core/plugin/conformance/conformance.h"
#include "core/plugin/host.h"
#include "core/plugin/user_plugins.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "PLUGIN",
     .help = "The name of a plugin, or the path of one that is not added yet",
     .required = true,
     .completion = Completion::kPlugin},
    {.name = "--options",
     .value = "JSON",
     .help = "Options the plugin is opened with, instead of a path in a scratch directory"},
    {.name = "--table",
     .type = OptionType::kPath,
     .value = "PATH",
     .help = "What a table plugin writes to; it is overwritten"},
};

constexpr Example kExamples[] = {
    {.command = "rtml plugin check lmdb", .says = "Run the suite of each of its capabilities"},
    {.command = "rtml plugin check file --table /tmp/check.csv",
     .says = "Check the table suite on CSV"},
    {.command = "rtml plugin check linear --output junit",
     .says = "Report the checks as test cases to a CI system"},
};

constexpr OutputFormat kFormats[] = {OutputFormat::kJunit};

// A directory that is removed at the end.
class ScratchDirectory {
 public:
  static Result<ScratchDirectory> make() {
    std::error_code ignored;
    std::string pattern =
        (std::filesystem::temp_directory_path(ignored) / "rtml-plugin-check-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      return fail(ErrorCode::kIo, "cannot make a scratch directory: " + pattern);
    }
    return ScratchDirectory(pattern);
  }
  ScratchDirectory(ScratchDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;
  ~ScratchDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit ScratchDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// A path has a slash or an ending, which names of plugins do not.
bool is_path(const std::string& text) {
  return text.find_first_of("/.") != std::string::npos;
}

Report report_of(const plugin::PluginInfo& info,
                 const std::vector<plugin::ConformanceCheck>& checks) {
  Report report;
  report.suite = info.name;
  report.rows_key = "checks";
  Table table;
  table.columns = {{"capability"}, {"check"}, {"result"}, {"problem"}};
  Json rows = Json::array();
  int failed = 0;
  for (const plugin::ConformanceCheck& check : checks) {
    failed += check.passed ? 0 : 1;
    Json row = {{"capability", check.capability}, {"check", check.name}, {"passed", check.passed}};
    if (!check.passed) row["problem"] = check.problem;
    rows.push_back(std::move(row));
    table.rows.push_back({check.capability, check.name,
                          check.passed ? Text("passed", Tone::kGood) : Text("failed", Tone::kBad),
                          check.problem});
    report.findings.push_back({check.passed ? Finding::Level::kPass : Finding::Level::kFailure,
                               "plugin/" + check.capability,
                               check.name,
                               check.problem,
                               {}});
  }
  report.data["plugin"] = info.name;
  report.data["passed"] = failed == 0;
  report.data["failed_checks"] = failed;
  report.data["checks"] = std::move(rows);
  report.add(std::move(table));
  report.line(failed == 0 ? "plugin \"" + info.name + "\" keeps what the ABI promises"
                          : "plugin \"" + info.name + "\" fails " + std::to_string(failed) +
                                " of " + std::to_string(checks.size()) + " checks",
              failed == 0 ? Tone::kGood : Tone::kBad);
  report.exit = failed == 0 ? ExitClass::kOk : ExitClass::kFinding;
  return report;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(plugin::PluginHost * host, session.plugins());
  const std::string& given = arguments.text("PLUGIN");
  plugin::ConformanceSettings settings;
  if (arguments.has("--options")) {
    RTML_TRY_ASSIGN(settings.options, parse_json(arguments.text("--options"), "--options"));
    if (!settings.options.is_object()) {
      return fail(ErrorCode::kBadOptionValue, "--options is not a JSON object");
    }
  }
  if (arguments.has("--table")) settings.table = arguments.text("--table");
  plugin::PluginInfo info;
  if (is_path(given)) {
    RTML_TRY_ASSIGN(info, plugin::inspect_plugin(given));
    host->prefer(info);
  } else {
    RTML_TRY_ASSIGN(info, host->find(given));
  }
  RTML_TRY_ASSIGN(const ScratchDirectory scratch, ScratchDirectory::make());
  settings.scratch = scratch.path();
  RTML_TRY_ASSIGN(const auto checks, plugin::check_conformance(*host, info, settings));
  return report_of(info, checks);
}

}  // namespace

constinit const CommandSpec kPluginCheck{
    .path = "plugin check",
    .summary = "Check that a plugin keeps what the ABI promises",
    .description =
        "Loads the plugin as any command would and runs the conformance suite of each of its "
        "capabilities. Exits with 3 if a check fails, with 1 or 2 if the plugin cannot be "
        "loaded.\n\n"
        "Stores are opened with {\"path\": a scratch directory}; where a plugin takes other "
        "options, give them with --options. A stream's options must lead to a finite stream of "
        "three messages or more.",
    .options = kOptions,
    .examples = kExamples,
    .extra_formats = kFormats,
    .run = run,
};

}  // namespace rtml::cli::commands
