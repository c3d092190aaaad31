// What a command may use: the clock, the configuration, the project, the registry, the plugins.
//
// Everything is opened when first asked for, so that a command pays only for what it uses. One
// Session serves one invocation and is used by one thread.

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/output_stream.h"
#include "core/base/cancel.h"
#include "core/base/clock.h"
#include "core/base/environment.h"
#include "core/base/progress.h"
#include "core/base/result.h"

namespace rtml::config {
class Config;
}
namespace rtml::project {
class Project;
}
namespace rtml::registry {
class Registry;
}
namespace rtml::plugin {
class PluginHost;
}

namespace rtml::cli {

class Session {
 public:
  Session(Environment environment, const Clock& clock, const CancelFlag& cancel,
          Progress& progress);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Environment& environment() const { return environment_; }
  const Clock& clock() const { return clock_; }
  const CancelFlag& cancel() const { return cancel_; }
  Progress& progress() { return progress_; }

  // For results that are written as they come; the Report is then marked as streamed.
  // REQUIRES: set_output() was called.
  OutputStream& output() { return *output_; }
  void set_output(OutputStream& output) { output_ = &output; }

  // The directory of rtml.yaml. Fails with kNoProject.
  Result<std::filesystem::path> project_root();
  // The merged configuration. Fails if a configuration file is wrong.
  Result<const config::Config*> config();
  // Every file of the project, parsed and checked. Fails with all their errors at once.
  Result<const project::Project*> project();
  // The registry of the project, made by `rtml init` or on the first change.
  Result<registry::Registry*> registry();
  // The plugins of this installation and those the user added.
  Result<plugin::PluginHost*> plugins();

  // Set by the front end from flags that every command has.
  struct Overrides {
    std::vector<std::string> config_settings;  // The KEY=VALUE of --set.
  };
  void set_overrides(Overrides overrides) { overrides_ = std::move(overrides); }

 private:
  struct Parts;
  Environment environment_;
  const Clock& clock_;
  const CancelFlag& cancel_;
  Progress& progress_;
  Overrides overrides_;
  OutputStream* output_ = nullptr;
  std::unique_ptr<Parts> parts_;
};

}  // namespace rtml::cli
