#include "cli/effort.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <system_error>

#include "core/base/byte_size.h"
#include "core/base/number.h"
#include "core/dataset/source_table.h"
#include "core/project/project.h"

namespace rtml::cli {
namespace {

// Below this, a line of figures would be longer than the wait was.
constexpr std::int64_t kTellingRows = 100'000;
// Plugins, files in work and the columns of one part are there whatever the limit.
constexpr std::int64_t kLeastLimitBytes = std::int64_t{64} << 20;

std::int64_t file_bytes(const std::vector<std::filesystem::path>& files) {
  std::int64_t bytes = 0;
  for (const std::filesystem::path& file : files) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (!error) bytes += static_cast<std::int64_t>(size);
  }
  return bytes;
}

double rounded(double value) {
  return std::round(value * 1e6) / 1e6;
}

}  // namespace

void EffortReport::add_to(Report& report, std::int64_t rows, const dataset::JoinEffort& effort,
                          const std::vector<std::filesystem::path>& inputs,
                          const std::vector<std::filesystem::path>& outputs) const {
  const std::int64_t took_us = clock_.monotonic_us() - began_us_;
  const double seconds = static_cast<double>(took_us) / 1e6;
  const double read = static_cast<double>(effort.read_us) / 1e6;
  const double compute = static_cast<double>(effort.compute_us) / 1e6;
  const double write = std::max(seconds - read - compute, 0.0);
  const auto per_second = [&](std::int64_t count) {
    return seconds > 0 ? std::llround(static_cast<double>(count) / seconds) : 0;
  };
  const auto share = [&](double part) { return seconds > 0 ? part / seconds : 0.0; };
  const std::int64_t bytes_read = file_bytes(inputs);
  const std::int64_t bytes_written = file_bytes(outputs);
  report.data["effort"] = {{"seconds", rounded(seconds)},
                           {"read_seconds", rounded(read)},
                           {"compute_seconds", rounded(compute)},
                           {"write_seconds", rounded(write)},
                           {"io_share", rounded(share(read + write))},
                           {"rows_per_second", per_second(rows)},
                           {"bytes_read", bytes_read},
                           {"bytes_read_per_second", per_second(bytes_read)},
                           {"bytes_written", bytes_written},
                           {"bytes_written_per_second", per_second(bytes_written)},
                           {"bytes_spilled", effort.spilled_bytes}};
  if (rows < kTellingRows) return;
  const auto bytes_per_second = [&](std::int64_t bytes) {
    return format_byte_size(static_cast<double>(per_second(bytes))) + "/s";
  };
  report.line(format_brief(seconds) + " s: " + format_brief(static_cast<double>(per_second(rows))) +
                  " rows/s, read " + bytes_per_second(bytes_read) + ", wrote " +
                  bytes_per_second(bytes_written) + "; " + format_percent(share(read)) +
                  " of the time reading, " + format_percent(share(compute)) + " computing, " +
                  format_percent(share(write)) + " writing",
              Tone::kFaint);
  if (effort.spilled_bytes > 0) {
    report.line(format_byte_size(static_cast<double>(effort.spilled_bytes)) +
                    " put aside in temporary files, because memory is limited",
                Tone::kFaint);
  }
}

std::vector<std::filesystem::path> input_files(const std::vector<project::ServiceColumn>& features,
                                               const project::Project& project) {
  std::set<std::filesystem::path> files;
  for (const project::ServiceColumn& column : features) {
    for (const project::Source* source : project.sources_of(*column.view)) {
      if (!source->batch) continue;
      for (auto& file : dataset::files_of(project.root() / source->batch->path)) files.insert(file);
    }
  }
  return {files.begin(), files.end()};
}

Result<std::int64_t> memory_limit(const Arguments& arguments) {
  if (!arguments.has("--memory-limit")) return 0;
  const std::string& text = arguments.text("--memory-limit");
  const std::optional<std::int64_t> bytes = parse_byte_size(text);
  if (!bytes || *bytes < kLeastLimitBytes) {
    return fail(Error(ErrorCode::kBadOptionValue,
                      bytes ? "--memory-limit is less than the 64 MiB that any work needs: " + text
                            : "--memory-limit is no amount of memory: " + text)
                    .with_help("write for example 512MiB or 4GiB"));
  }
  return *bytes;
}

}  // namespace rtml::cli
