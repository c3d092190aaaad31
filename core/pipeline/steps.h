// The steps of a pipeline: apply, dataset, train, and with a gate also gate, register, promote.
//
// Each does in this process what the command of its name does. Used by one thread.

#pragma once

#include <string>
#include <vector>

#include "core/base/cancel.h"
#include "core/base/clock.h"
#include "core/base/progress.h"
#include "core/pipeline/runner.h"
#include "core/plugin/host.h"
#include "core/project/project.h"
#include "core/registry/registry.h"

namespace rtml::pipeline {

// What steps work with. Everything must outlive them.
struct StepContext {
  const project::Project& project;
  plugin::PluginHost& plugins;
  const registry::Registry& registry;
  // Who asks and why; evidence and idempotency key are filled in by the steps.
  const registry::Change& change;
  const Clock& clock;
  Progress& progress;
  const CancelFlag& cancel;
  int threads = 1;
  std::int64_t memory_limit_bytes = 0;  // Of the training set: dataset::BuildContext.
  bool allow_leak = false;
  bool allow_breaking = false;
};

// The steps in their order. Results by step:
//   apply     {"service", "identity"}
//   dataset   {"dataset", "rows"}
//   train     {"run", "metrics"}
//   gate      {"outcome", "champion" (a version's number or null), "evidence"}
//   register  {"model", "version", "reference"}
//   promote   {"alias", "reference"}
// Without a gate the last three are absent. A gate that is not passed is noted in the registry and
// fails with kGateFailed or kCannotTell. The alias is moved only from the champion that the gate
// compared with; if it has moved since, the gate is asked again.
std::vector<Step> make_steps(const project::Pipeline& pipeline, const StepContext& context);

}  // namespace rtml::pipeline
