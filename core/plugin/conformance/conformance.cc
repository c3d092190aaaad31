#include "core/plugin/conformance/conformance.h"

#include "core/plugin/conformance/suite.h"

namespace rtml::plugin {
namespace {

struct SuiteRow {
  std::string_view capability;
  void (*run)(PluginHost&, const PluginInfo&, const ConformanceSettings&, Suite);
};
constexpr SuiteRow kSuites[] = {
    {"table", &check_table}, {"online", &check_online}, {"stream", &check_stream},
    {"blob", &check_blob},   {"model", &check_model},   {"orchestrator", &check_orchestrator},
};

// Whether the plugin loads at all; what it does then is for the suites.
Status load(PluginHost& host, const PluginInfo& plugin) {
  const auto outcome = [](const auto& backend) -> Status {
    if (backend) return {};
    switch (backend.error().code()) {
      case ErrorCode::kPluginMissing:
      case ErrorCode::kPluginLoad:
      case ErrorCode::kPluginAbi:
      case ErrorCode::kPluginUnsafe:
      case ErrorCode::kPluginHash:
        return fail(backend.error());
      default:
        return {};
    }
  };
  const std::string& capability = plugin.capabilities.front();
  if (capability == "table") return outcome(host.table_store(plugin.name));
  if (capability == "online") return outcome(host.online_store(plugin.name));
  if (capability == "stream") return outcome(host.stream_store(plugin.name));
  if (capability == "blob") return outcome(host.blob_store(plugin.name));
  if (capability == "model") return outcome(host.model_backend(plugin.name));
  return outcome(host.orchestrator(plugin.name));
}

// The scratch directory is gone when somebody reads of it.
void hide_scratch(const std::string& scratch, std::string& text) {
  for (std::size_t at = text.find(scratch); at != std::string::npos; at = text.find(scratch, at)) {
    text.replace(at, scratch.size(), "<scratch>");
  }
}

}  // namespace

Result<std::vector<ConformanceCheck>> check_conformance(PluginHost& host, const PluginInfo& plugin,
                                                        const ConformanceSettings& settings) {
  RTML_TRY(load(host, plugin));
  std::vector<ConformanceCheck> checks;
  for (const SuiteRow& row : kSuites) {
    if (!plugin.has(row.capability)) continue;
    row.run(host, plugin, settings, Suite(std::string(row.capability), checks));
  }
  for (ConformanceCheck& check : checks) hide_scratch(settings.scratch.string(), check.problem);
  return checks;
}

}  // namespace rtml::plugin
