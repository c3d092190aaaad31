// What every plugin must do, checked through the host as core uses it.
//
// Each suite leaves its traces in a scratch directory only, except where the plugin's own options
// lead elsewhere.

#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/plugin/host.h"

namespace rtml::plugin {

// One promise of the ABI and whether the plugin keeps it.
struct ConformanceCheck {
  std::string capability;  // "table"
  std::string name;        // "a failed write leaves the old table"
  bool passed = false;
  std::string problem;  // Why not; empty if it passed.
};

struct ConformanceSettings {
  std::filesystem::path scratch;  // An empty directory.
  // Options that the plugin is opened with, in place of {"path": a path in the scratch directory}
  // (nothing for tables). A stream's options must lead to a finite stream of three messages or
  // more.
  Json options;                 // Null: the defaults.
  std::filesystem::path table;  // What tables are written to; empty: a file in `scratch`.
};

// Runs the suites of all capabilities that the plugin's manifest names. Fails only if the plugin
// cannot be loaded or the scratch directory cannot be used.
Result<std::vector<ConformanceCheck>> check_conformance(PluginHost& host, const PluginInfo& plugin,
                                                        const ConformanceSettings& settings);

}  // namespace rtml::plugin
