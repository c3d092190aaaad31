// Runs the steps of a pipeline in order and does nothing twice.
//
// A step's key is the SHA-256 of what its result depends on: its inputs, the results of the steps
// before it, and the version of rtml. A step whose key is remembered, and whose result is still
// there, is not run. What a step did is remembered as soon as it is done, so that a run that was
// killed goes on where it stopped. Used by one thread; runs of one pipeline take turns by a lock.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/cancel.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/result.h"

namespace rtml::pipeline {

// Results of the steps so far, by the steps' names in their order.
using Results = Json;

struct Step {
  std::string name;
  std::string summary;  // What it does: "train the model".
  // What the result depends on beside earlier results: hashes, identities, parameters. Cheap.
  std::function<Result<Json>(const Results& earlier)> inputs;
  // Does the work. The result names what was made by content or number; equal keys must mean that
  // it need not be made again. A run that was killed after the work and before it was remembered
  // does the work again: changes of the registry take `key` as their idempotency key.
  std::function<Result<Json>(const Results& earlier, const std::string& key)> run;
  // Whether what a remembered result names is still there. Empty: always.
  std::function<Result<bool>(const Json& result)> is_there;
};

enum class StepState : std::uint8_t {
  kDone,
  kUnchanged,   // Remembered from an earlier run.
  kWouldRun,    // Of a dry run.
  kFailed,      // `error` says why.
  kNotReached,  // An earlier step failed.
};
std::string_view to_string(StepState state);  // "done", "unchanged", "would-run", "failed", …

struct StepReport {
  std::string name;
  std::string summary;
  StepState state = StepState::kNotReached;
  std::string key;  // Empty where it depends on a step that did not run.
  Json result;      // Of kDone and kUnchanged.
  std::int64_t duration_us = 0;
  std::filesystem::path log;  // What happened, as JSON; empty for steps that did not run.
  std::optional<Error> error;
};

struct RunReport {
  std::vector<StepReport> steps;
  // The error of the step that failed, or null.
  const Error* error() const;
  // True if every step was remembered.
  bool nothing_to_do() const;
};

struct RunOptions {
  std::filesystem::path directory;  // The project's .rtml: memory, lock and logs lie below it.
  std::string pipeline;
  std::string rtml_version;
  bool dry_run = false;
  // Runs from this step on whatever is remembered; empty: remembers all.
  std::string from_step;
  std::function<void(const StepReport&)> on_step;  // Called when a step is over; may be empty.
};

// Runs the steps. A step that fails is in the report, with those after it not reached. Fails itself
// with kBusy if another run of the pipeline goes on, kUsage if `from_step` is no step, kIo if the
// memory cannot be written.
Result<RunReport> run_steps(const std::vector<Step>& steps, const RunOptions& options,
                            const Clock& clock, const CancelFlag& cancel);

}  // namespace rtml::pipeline
