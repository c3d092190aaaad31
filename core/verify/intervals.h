// Whether the files of a directory of intervals are what would be computed now.

#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/dataset/time_range.h"
#include "core/dataset/training_set.h"
#include "core/project/project.h"

namespace rtml::verify {

enum class IntervalChange : std::uint8_t {
  kInput,       // Events that its values depend on came, went or changed; of the same definition.
  kDefinition,  // The features are defined otherwise now.
  kMissing,     // The file is gone.
  kFile,        // The file does not hold the rows that were written to it.
};
std::string_view to_string(IntervalChange change);  // "input", "definition", "missing", "file".
std::string_view describe(IntervalChange change);   // For people: "its input changed".

struct IntervalDifference {
  dataset::TimeRange interval;
  std::string file;
  std::vector<IntervalChange> changes;
};

struct IntervalVerification {
  std::int64_t intervals = 0;
  std::vector<IntervalDifference> differences;  // In the order of time.
};

// The files of a directory of intervals that its manifest names. Fails as verify_intervals() does
// where the directory is not of `kind` and `name`.
Result<std::vector<std::filesystem::path>> interval_files(const std::filesystem::path& directory,
                                                          std::string_view kind,
                                                          std::string_view name);

// Compares every interval of a directory: `kind` ("view" or "service") and `name` say what it
// should hold. Reads the source once, and every file. Fails with kNotFound if there is no manifest,
// kUsage if it is of something else, and as reading a manifest and the source does.
Result<IntervalVerification> verify_intervals(std::span<const project::ServiceColumn> features,
                                              std::string_view kind, std::string_view name,
                                              const std::filesystem::path& directory,
                                              const dataset::BuildContext& context);

}  // namespace rtml::verify
