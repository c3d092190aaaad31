#include "core/verify/intervals.h"

#include <system_error>

#include "core/base/file_system.h"
#include "core/dataset/content_hash.h"
#include "core/dataset/interval_manifest.h"
#include "core/dataset/materialize_intervals.h"
#include "core/plugin/defaults.h"
#include "core/plugin/host.h"

namespace rtml::verify {
namespace {

using dataset::IntervalFile;
using dataset::IntervalManifest;

Result<IntervalManifest> read_manifest(const std::filesystem::path& directory,
                                       std::string_view kind, std::string_view name) {
  const std::filesystem::path path = directory / dataset::kIntervalManifest;
  Result<std::string> text = read_file(path);
  if (!text && text.error().code() == ErrorCode::kNotFound) {
    return fail(Error(ErrorCode::kNotFound, "no manifest of intervals: " + path.string())
                    .with_help("\"rtml feature materialize --interval 1d -o DIR\" writes such a "
                               "directory"));
  }
  if (!text) return fail(text.error());
  RTML_TRY_ASSIGN(IntervalManifest manifest,
                  dataset::parse_interval_manifest(*text, path.string()));
  if (manifest.kind != kind || manifest.name != name) {
    return fail(ErrorCode::kUsage, "the directory holds " + manifest.kind + " " + manifest.name +
                                       ", not " + std::string(kind) + " " + std::string(name) +
                                       ": " + directory.string());
  }
  return manifest;
}

// Whether a file holds the rows that were written to it. What cannot be read does not.
Result<bool> is_intact(const std::filesystem::path& path, const IntervalFile& file,
                       plugin::TableStore& store, const dataset::BuildContext& context) {
  RTML_TRY(context.cancel.check());
  const auto reader =
      store.scan({.path = path.string(), .format = "parquet"}, {.cancel = &context.cancel});
  if (!reader) return false;
  dataset::ContentHash content((*reader)->schema(), context.threads);
  while (true) {
    const Result<std::optional<table::Batch>> batch = (*reader)->next();
    RTML_TRY(context.cancel.check());
    if (!batch) return false;
    if (!*batch) return content.finish_hex() == file.content_sha256;
    content.add(**batch);
  }
}

}  // namespace

std::string_view to_string(IntervalChange change) {
  switch (change) {
    case IntervalChange::kInput:
      return "input";
    case IntervalChange::kDefinition:
      return "definition";
    case IntervalChange::kMissing:
      return "missing";
    case IntervalChange::kFile:
      break;
  }
  return "file";
}

std::string_view describe(IntervalChange change) {
  switch (change) {
    case IntervalChange::kInput:
      return "its input changed";
    case IntervalChange::kDefinition:
      return "the definition changed";
    case IntervalChange::kMissing:
      return "the file is gone";
    case IntervalChange::kFile:
      break;
  }
  return "the file is damaged";
}

Result<std::vector<std::filesystem::path>> interval_files(const std::filesystem::path& directory,
                                                          std::string_view kind,
                                                          std::string_view name) {
  RTML_TRY_ASSIGN(const IntervalManifest manifest, read_manifest(directory, kind, name));
  std::vector<std::filesystem::path> files;
  for (const auto& [from_us, file] : manifest.files) files.push_back(directory / file.file);
  return files;
}

Result<IntervalVerification> verify_intervals(std::span<const project::ServiceColumn> features,
                                              std::string_view kind, std::string_view name,
                                              const std::filesystem::path& directory,
                                              const dataset::BuildContext& context) {
  RTML_TRY_ASSIGN(const IntervalManifest manifest, read_manifest(directory, kind, name));
  std::vector<dataset::TimeRange> intervals;
  for (const auto& [from_us, file] : manifest.files) intervals.push_back(file.interval);
  RTML_TRY_ASSIGN(const std::vector<dataset::InputHashes::Input> inputs,
                  dataset::inputs_of(features, intervals, manifest.every_us, context));
  const std::string definition =
      dataset::definition_of(features, manifest.every_us, context.project);
  RTML_TRY_ASSIGN(const auto store, context.plugins.table_store(plugin::kFileTables));
  IntervalVerification result;
  context.progress.begin("verify intervals", std::ssize(intervals), "intervals");
  for (const auto& [from_us, file] : manifest.files) {
    IntervalDifference difference{.interval = file.interval, .file = file.file, .changes = {}};
    // Another definition may look at other events, so that their hashes cannot be compared.
    const std::string& input = inputs[static_cast<std::size_t>(result.intervals)].sha256;
    if (file.definition != definition) {
      difference.changes.push_back(IntervalChange::kDefinition);
    } else if (input != file.input_sha256) {
      difference.changes.push_back(IntervalChange::kInput);
    }
    const std::filesystem::path path = directory / file.file;
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
      difference.changes.push_back(IntervalChange::kMissing);
    } else {
      RTML_TRY_ASSIGN(const bool intact, is_intact(path, file, *store, context));
      if (!intact) difference.changes.push_back(IntervalChange::kFile);
    }
    context.progress.advance_to(++result.intervals);
    if (!difference.changes.empty()) result.differences.push_back(std::move(difference));
  }
  context.progress.end();
  return result;
}

}  // namespace rtml::verify
