#include "cli/commands/plugin/add.h"

#include "cli/commands/plugin/plugin_object.h"
#include "cli/session.h"
#include "core/plugin/host.h"
#include "core/plugin/manifest.h"
#include "core/plugin/user_plugins.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "PATH",
     .type = OptionType::kPath,
     .help = "The plugin's manifest or library, or a directory with one plugin",
     .required = true,
     .completion = Completion::kPath},
    {.name = "--dev",
     .type = OptionType::kFlag,
     .help = "PATH is a directory whose plugins are used as they are, without a pin"},
};

constexpr Example kExamples[] = {
    {.command = "rtml plugin add build/mean.json", .says = "Add a plugin and pin its sha256"},
    {.command = "rtml plugin add --dev build", .says = "Use what is being built in a directory"},
};

Result<Report> add_pinned(const std::filesystem::path& path, const std::filesystem::path& user_file,
                          bool dry_run) {
  RTML_TRY_ASSIGN(const plugin::PluginInfo info, plugin::inspect_plugin(path));
  if (!dry_run) RTML_TRY(plugin::add_plugin(user_file, info));
  Report report;
  report.data["added"] = Json::array({plugin_object(info)});
  report.line((dry_run ? "would add " : "added ") + info.kind + " plugin \"" + info.name + "\" " +
              info.version + ": " + info.library.string());
  report.line("sha256 " + info.sha256, Tone::kFaint);
  return report;
}

Result<Report> add_development(const std::filesystem::path& directory,
                               const std::filesystem::path& user_file, bool dry_run) {
  std::error_code failure;
  const std::filesystem::path resolved = std::filesystem::canonical(directory, failure);
  const auto plugins = plugin::read_manifests(resolved);
  if (plugins.empty()) {
    return fail(Error(ErrorCode::kPluginMissing, "no plugin in directory: " + directory.string())
                    .with_help("name the directory that holds the manifests"));
  }
  if (!dry_run) RTML_TRY(plugin::add_development_directory(user_file, resolved));
  Report report;
  report.data["added"] = Json::array();
  report.line((dry_run ? "would use the plugins of " : "using the plugins of ") +
              resolved.string());
  for (plugin::PluginInfo info : plugins) {
    info.origin = plugin::Origin::kDevelopment;
    report.data["added"].push_back(plugin_object(info));
    report.line("  " + info.name +
                (info.problem.empty() ? "" : " cannot be used: " + info.problem));
  }
  return report;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(const plugin::PluginHost* host, session.plugins());
  const std::filesystem::path& user_file = host->places().user_file;
  if (user_file.empty()) {
    return fail(Error(ErrorCode::kFailed, "there is no place for a user's plugins")
                    .with_help("set HOME or XDG_CONFIG_HOME"));
  }
  const bool dry_run = arguments.flag("--dry-run");
  const std::filesystem::path path = arguments.text("PATH");
  const bool is_development = arguments.flag("--dev");
  RTML_TRY_ASSIGN(Report report, is_development ? add_development(path, user_file, dry_run)
                                                : add_pinned(path, user_file, dry_run));
  report.data["file"] = user_file.string();
  report.data["dry_run"] = dry_run;
  return report;
}

}  // namespace

constinit const CommandSpec kPluginAdd{
    .path = "plugin add",
    .summary = "Let rtml load a plugin that did not come with it",
    .description =
        "A plugin runs as you, so nothing but what you added is loaded. The plugin is checked "
        "(owner, mode, manifest, ABI), loaded once, and pinned: if its bytes change, rtml "
        "refuses it until it is added again. The list is rtml/plugins.json in your "
        "configuration directory; it holds for you, whatever the project.\n\n"
        "With --dev every plugin of a directory is used without a pin, so that it may be "
        "rebuilt.",
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .run = run,
};

}  // namespace rtml::cli::commands
