#include "core/dataset/interval_manifest.h"

#include <algorithm>

#include "core/base/time.h"
#include "core/dataset/interval.h"

namespace rtml::dataset {
namespace {

bool is_hash(const std::string& text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// Reads the members of a manifest; the first thing that is wrong stays.
class Reading {
 public:
  explicit Reading(std::string path) : path_(std::move(path)) {}

  std::string text(const Json& object, const char* name) {
    if (!object.is_object() || !object.contains(name) || !object[name].is_string()) {
      refuse(std::string("has no text \"") + name + "\"");
      return "";
    }
    return object[name].get<std::string>();
  }
  std::string hash(const Json& object, const char* name) {
    std::string value = text(object, name);
    if (!is_hash(value)) refuse(std::string("\"") + name + "\" is no sha256: " + value);
    return value;
  }
  std::int64_t count(const Json& object, const char* name) {
    if (!object.is_object() || !object.contains(name) || !object[name].is_number_integer() ||
        object[name].get<std::int64_t>() < 0) {
      refuse(std::string("has no count \"") + name + "\"");
      return 0;
    }
    return object[name].get<std::int64_t>();
  }
  std::int64_t time(const Json& object, const char* name) {
    const std::string value = text(object, name);
    const auto time_us = parse_timestamp(value);
    if (!time_us) refuse(std::string("\"") + name + "\" is no time: " + value);
    return time_us.value_or(0);
  }
  std::int64_t duration(const Json& object, const char* name) {
    const std::string value = text(object, name);
    const auto duration_us = parse_duration(value);
    if (!duration_us) refuse(std::string("\"") + name + "\" is no duration: " + value);
    return duration_us.value_or(0);
  }
  void refuse(const std::string& what) {
    if (!problem_.empty()) return;
    problem_ = what;
  }
  Status status() const {
    if (problem_.empty()) return {};
    return fail(Error(ErrorCode::kDataCorrupt,
                      "the manifest of intervals is damaged: " + path_ + " (" + problem_ + ")")
                    .with_help("restore it, or move the directory away and materialize anew"));
  }

 private:
  std::string path_;
  std::string problem_;
};

IntervalFile read_file_entry(const Json& json, std::int64_t interval_us, Reading& reading) {
  IntervalFile file;
  file.interval = {reading.time(json, "from"), reading.time(json, "to")};
  file.file = reading.text(json, "file");
  file.rows = reading.count(json, "rows");
  file.bytes = reading.count(json, "bytes");
  file.content_sha256 = reading.hash(json, "content_sha256");
  file.definition = reading.hash(json, "definition");
  file.input_sha256 = reading.hash(json, "input_sha256");
  file.input_events = reading.count(json, "input_events");
  if (file.interval.to_us != file.interval.from_us + interval_us) {
    reading.refuse("an interval is not as long as the others: " + to_string(file.interval));
  }
  // A name with a slash would lead out of the directory.
  if (!is_interval_file_name(file.file)) reading.refuse("no name of a file: " + file.file);
  return file;
}

}  // namespace

std::string to_text(const IntervalManifest& manifest) {
  Json json = {{"format", kIntervalFormat},
               {manifest.kind, manifest.name},
               {"interval", format_duration(manifest.interval_us)}};
  if (manifest.every_us > 0) json["every"] = format_duration(manifest.every_us);
  json["intervals"] = Json::array();
  for (const auto& [from_us, file] : manifest.files) {
    json["intervals"].push_back({{"from", format_timestamp(file.interval.from_us)},
                                 {"to", format_timestamp(file.interval.to_us)},
                                 {"file", file.file},
                                 {"rows", file.rows},
                                 {"bytes", file.bytes},
                                 {"content_sha256", file.content_sha256},
                                 {"definition", file.definition},
                                 {"input_sha256", file.input_sha256},
                                 {"input_events", file.input_events}});
  }
  return to_indented_json_text(json) + "\n";
}

Result<IntervalManifest> parse_interval_manifest(std::string_view text, const std::string& path) {
  Reading reading(path);
  const Result<Json> parsed = parse_json(text, path);
  if (!parsed) {
    reading.refuse(parsed.error().message());
    return fail(reading.status().error());
  }
  const Json& json = *parsed;
  const std::int64_t format = reading.count(json, "format");
  RTML_TRY(reading.status());
  if (format != kIntervalFormat) {
    return fail(Error(ErrorCode::kUnsupported, "the manifest of intervals is of format " +
                                                   std::to_string(format) + ": " + path)
                    .with_help("a newer rtml wrote it"));
  }
  IntervalManifest manifest;
  manifest.kind = json.contains("service") ? "service" : "view";
  manifest.name = reading.text(json, manifest.kind.c_str());
  manifest.interval_us = reading.duration(json, "interval");
  if (json.contains("every")) manifest.every_us = reading.duration(json, "every");
  if (!json.contains("intervals") || !json["intervals"].is_array()) {
    reading.refuse("has no list \"intervals\"");
    return fail(reading.status().error());
  }
  if (manifest.interval_us <= 0) reading.refuse("intervals of no length");
  for (const Json& entry : json["intervals"]) {
    IntervalFile file = read_file_entry(entry, manifest.interval_us, reading);
    const std::int64_t from_us = file.interval.from_us;
    if (!manifest.files.emplace(from_us, std::move(file)).second) {
      reading.refuse("an interval is there twice: " + format_timestamp(from_us));
    }
  }
  RTML_TRY(reading.status());
  return manifest;
}

}  // namespace rtml::dataset
