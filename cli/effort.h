// How much work computing features was: rows and bytes a second, and where the time went.

#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "cli/command.h"
#include "cli/session.h"
#include "core/dataset/training_set.h"

namespace rtml::cli {

// Times a command from its start.
class EffortReport {
 public:
  explicit EffortReport(const Clock& clock) : clock_(clock), began_us_(clock.monotonic_us()) {}

  // Adds "effort" to the data: seconds and their shares, rows and bytes a second, the sizes of the
  // files that were read and written. A line says the same to people where there were rows enough
  // for figures to mean something. `outputs` are none where nothing was written.
  void add_to(Report& report, std::int64_t rows, const dataset::JoinEffort& effort,
              const std::vector<std::filesystem::path>& inputs,
              const std::vector<std::filesystem::path>& outputs) const;

 private:
  const Clock& clock_;
  std::int64_t began_us_;
};

// The files of the sources behind features.
std::vector<std::filesystem::path> input_files(const std::vector<project::ServiceColumn>& features,
                                               const project::Project& project);

// The value of --memory-limit in bytes, 0 if it is not given. Fails with kBadOptionValue.
Result<std::int64_t> memory_limit(const Arguments& arguments);

}  // namespace rtml::cli
