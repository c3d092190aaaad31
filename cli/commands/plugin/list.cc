#include "cli/commands/plugin/list.h"

#include "cli/commands/plugin/plugin_object.h"
#include "cli/session.h"
#include "core/plugin/host.h"

namespace rtml::cli::commands {
namespace {

constexpr Example kExamples[] = {
    {.command = "rtml plugin list", .says = "Show every plugin"},
    {.command = "rtml plugin list --output jsonl", .says = "One JSON object a plugin"},
};

Result<Report> run(const Arguments&, Session& session) {
  RTML_TRY_ASSIGN(const plugin::PluginHost* host, session.plugins());
  RTML_TRY_ASSIGN(const auto plugins, host->list());
  Report report;
  report.rows_key = "plugins";
  report.data["plugins"] = Json::array();
  Table table;
  table.columns = {{"name"}, {"kind"}, {"capabilities"}, {"version"}, {"origin"}, {"description"}};
  for (const plugin::PluginInfo& info : plugins) {
    report.data["plugins"].push_back(plugin_object(info));
    if (!info.problem.empty()) {
      table.rows.push_back({info.name, "-", "-", "-", std::string(plugin::to_string(info.origin)),
                            Text("cannot be used: " + info.problem, Tone::kBad)});
      continue;
    }
    table.rows.push_back({info.name, info.kind, capabilities_text(info), info.version,
                          std::string(plugin::to_string(info.origin)), info.description});
  }
  if (plugins.empty()) {
    report.line("no plugins in " + host->places().installed.string(), Tone::kFaint);
  } else {
    report.add(std::move(table));
  }
  return report;
}

}  // namespace

constinit const CommandSpec kPluginList{
    .path = "plugin list",
    .summary = "Show the plugins of this installation and those you added",
    .description =
        "Reads the manifests only; no plugin is loaded. Of several plugins of one name the "
        "first is used.",
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
