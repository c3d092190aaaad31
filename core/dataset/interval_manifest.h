// The manifest of a directory of intervals (docs/formats/intervals.md): what its files are, and
// what each was computed from.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/dataset/time_range.h"

namespace rtml::dataset {

inline constexpr int kIntervalFormat = 1;
inline constexpr const char* kIntervalManifest = "manifest.json";

// One file. Its path is relative to the directory.
struct IntervalFile {
  TimeRange interval;
  std::string file;
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  std::string content_sha256;  // Of its rows, as ContentHash gives it.
  std::string definition;      // Of the features: definition_of().
  std::string input_sha256;    // InputHashes.
  std::int64_t input_events = 0;

  friend bool operator==(const IntervalFile&, const IntervalFile&) = default;
};

struct IntervalManifest {
  std::string kind;  // "view" or "service".
  std::string name;  // Of it.
  std::int64_t interval_us = 0;
  std::int64_t every_us = 0;                   // 0: a row an event.
  std::map<std::int64_t, IntervalFile> files;  // By the beginning of their interval.

  friend bool operator==(const IntervalManifest&, const IntervalManifest&) = default;
};

std::string to_text(const IntervalManifest& manifest);

// Reads a manifest. `path` is named in errors: kDataCorrupt if it is none, kUnsupported if it is of
// a newer format.
Result<IntervalManifest> parse_interval_manifest(std::string_view text, const std::string& path);

}  // namespace rtml::dataset
