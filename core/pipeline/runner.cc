#include "core/pipeline/runner.h"

#include <algorithm>

#include "core/base/file_lock.h"
#include "core/base/file_system.h"
#include "core/base/hash.h"
#include "core/base/name.h"
#include "core/base/time.h"

namespace rtml::pipeline {
namespace {

constexpr int kMemoryFormat = 1;

// One run: where it remembers and logs, and what was done so far.
class Run {
 public:
  Run(const RunOptions& options, const Clock& clock)
      : options_(options),
        clock_(clock),
        memory_(options.directory / "cache" / "pipeline" / options.pipeline),
        logs_(options.directory / "logs" / "pipeline" / options.pipeline /
              file_name_of(clock.now_us())) {}

  StepReport perform(const Step& step, std::size_t number, bool must_run, bool earlier_would_run);

 private:
  static std::string file_name_of(std::int64_t time_us) {
    std::string name = format_timestamp(time_us);
    std::erase(name, ':');
    return name;
  }
  std::filesystem::path memory_path(const Step& step) const {
    return memory_ / (step.name + ".json");
  }
  Result<std::string> key_of(const Step& step) const;
  // The result that is remembered under `key` if it is still there.
  std::optional<Json> recall(const Step& step, const std::string& key) const;
  Status remember(const Step& step, const StepReport& report) const;
  void write_log(std::size_t number, std::int64_t started_us, StepReport* report) const;

  const RunOptions& options_;
  const Clock& clock_;
  std::filesystem::path memory_;
  std::filesystem::path logs_;
  Results results_ = Json::object();
};

Result<std::string> Run::key_of(const Step& step) const {
  RTML_TRY_ASSIGN(Json inputs, step.inputs(results_));
  Json key = Json::object();
  key["format"] = kMemoryFormat;
  key["rtml"] = options_.rtml_version;
  key["step"] = step.name;
  key["inputs"] = std::move(inputs);
  key["earlier"] = results_;
  return sha256_hex(to_canonical_json(key));
}

std::optional<Json> Run::recall(const Step& step, const std::string& key) const {
  // A memory that cannot be read is no memory: the step runs again and writes a new one.
  const Result<std::string> text = read_file(memory_path(step));
  if (!text) return std::nullopt;
  const Result<Json> memory = parse_json(*text, memory_path(step).string());
  if (!memory || !memory->is_object() || memory->value("key", "") != key ||
      !memory->contains("result")) {
    return std::nullopt;
  }
  const Json& result = memory->at("result");
  if (step.is_there) {
    const Result<bool> there = step.is_there(result);
    if (!there || !*there) return std::nullopt;
  }
  return result;
}

Status Run::remember(const Step& step, const StepReport& report) const {
  Json memory = Json::object();
  memory["key"] = report.key;
  memory["result"] = report.result;
  return write_file(memory_path(step), to_indented_json_text(memory) + "\n");
}

void Run::write_log(std::size_t number, std::int64_t started_us, StepReport* report) const {
  Json log = Json::object();
  log["step"] = report->name;
  log["state"] = to_string(report->state);
  log["started"] = format_timestamp(started_us);
  log["duration_us"] = report->duration_us;
  log["key"] = report->key;
  if (report->error) {
    log["error"] = {{"code", report->error->id()}, {"message", report->error->message()}};
  } else {
    log["result"] = report->result;
  }
  const std::string order = (number < 9 ? "0" : "") + std::to_string(number + 1);
  const std::filesystem::path path = logs_ / (order + "-" + report->name + ".json");
  // A log that cannot be written must not undo what the step did.
  if (write_file(path, to_indented_json_text(log) + "\n")) report->log = path;
}

StepReport Run::perform(const Step& step, std::size_t number, bool must_run,
                        bool earlier_would_run) {
  StepReport report{.name = step.name, .summary = step.summary};
  if (earlier_would_run) {
    report.state = StepState::kWouldRun;
    return report;
  }
  const std::int64_t started_us = clock_.now_us();
  const std::int64_t start_us = clock_.monotonic_us();
  Result<Json> result = fail(ErrorCode::kInternal, "");
  const Result<std::string> key = key_of(step);
  if (key) {
    report.key = *key;
    if (std::optional<Json> known = must_run ? std::nullopt : recall(step, *key)) {
      report.state = StepState::kUnchanged;
      report.result = results_[step.name] = std::move(*known);
      return report;
    }
    if (options_.dry_run) {
      report.state = StepState::kWouldRun;
      return report;
    }
    result = step.run(results_, *key);
  } else {
    result = fail(key.error());
  }
  report.duration_us = clock_.monotonic_us() - start_us;
  if (result) {
    report.state = StepState::kDone;
    report.result = std::move(*result);
    results_[step.name] = report.result;
    if (Status kept = remember(step, report); !kept) result = fail(std::move(kept).error());
  }
  if (!result) {
    report.state = StepState::kFailed;
    report.error = std::move(result).error();
  }
  if (!options_.dry_run) write_log(number, started_us, &report);
  return report;
}

Result<std::size_t> index_of(const std::vector<Step>& steps, const std::string& name) {
  std::vector<std::string> names;
  for (std::size_t index = 0; index < steps.size(); ++index) {
    if (steps[index].name == name) return index;
    names.push_back(steps[index].name);
  }
  return fail(ErrorCode::kBadOptionValue,
              "the pipeline has no step: " + name + did_you_mean(name, names));
}

}  // namespace

std::string_view to_string(StepState state) {
  switch (state) {
    case StepState::kDone:
      return "done";
    case StepState::kUnchanged:
      return "unchanged";
    case StepState::kWouldRun:
      return "would-run";
    case StepState::kFailed:
      return "failed";
    case StepState::kNotReached:
      return "not-reached";
  }
  return "";
}

const Error* RunReport::error() const {
  for (const StepReport& step : steps) {
    if (step.error) return &*step.error;
  }
  return nullptr;
}

bool RunReport::nothing_to_do() const {
  return std::all_of(steps.begin(), steps.end(),
                     [](const StepReport& step) { return step.state == StepState::kUnchanged; });
}

Result<RunReport> run_steps(const std::vector<Step>& steps, const RunOptions& options,
                            const Clock& clock, const CancelFlag& cancel) {
  std::size_t first_forced = steps.size();
  if (!options.from_step.empty()) {
    RTML_TRY_ASSIGN(first_forced, index_of(steps, options.from_step));
  }
  std::optional<FileLock> lock;
  if (!options.dry_run) {
    RTML_TRY_ASSIGN(lock, FileLock::try_acquire(options.directory / "locks" /
                                                ("pipeline-" + options.pipeline + ".lock")));
    if (!lock) {
      return fail(Error(ErrorCode::kBusy, "another run goes on of pipeline: " + options.pipeline)
                      .with_help("wait for it; its log is below " +
                                 (options.directory / "logs" / "pipeline").string()));
    }
  }
  Run run(options, clock);
  RunReport report;
  bool stopped = false;
  bool would_run = false;
  for (std::size_t index = 0; index < steps.size(); ++index) {
    const Step& step = steps[index];
    if (!stopped) {
      if (const Status status = cancel.check(); !status) return fail(status.error());
    }
    report.steps.push_back(stopped ? StepReport{.name = step.name, .summary = step.summary}
                                   : run.perform(step, index, index >= first_forced, would_run));
    stopped = stopped || report.steps.back().state == StepState::kFailed;
    would_run = would_run || report.steps.back().state == StepState::kWouldRun;
    if (options.on_step) options.on_step(report.steps.back());
  }
  return report;
}

}  // namespace rtml::pipeline
