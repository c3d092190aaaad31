// What the registry holds, as plain values: definitions, datasets, runs, model versions, aliases,
// events.
//
// A record is a copy; changing it changes nothing in the registry. Times are microseconds since the
// epoch in UTC. Hashes are 64 lower-case hexadecimal digits of SHA-256. `event` is the number of
// the event that made the record.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/lineage/lineage.h"

namespace rtml::registry {

// A source, entity, feature view, feature service, pipeline, … as it was applied. `name@v<number>`
// never changes; the plain name means the current number.
struct Definition {
  std::string kind;  // As in the project's files: "source", "feature_view", "feature_service".
  std::string name;
  std::int64_t number = 0;  // Given by the registry, from 1 within (kind, name).
  std::string identity;     // SHA-256 of the canonical definition.
  Json content;             // The canonical definition.
  bool current = false;     // What the plain name means.
  bool retired = false;     // Nobody is to use it any more.
  std::int64_t created_us = 0;
  std::int64_t event = 0;

  std::string label() const { return name + "@v" + std::to_string(number); }
};

// A named definition that something is bound to.
struct Binding {
  std::string name;
  std::string identity;
  bool operator==(const Binding&) const = default;
};

// A training set. Its manifest, an artifact, can rebuild it.
struct Dataset {
  std::string identity;         // SHA-256 of the logical content, as the manifest says.
  std::string manifest_sha256;  // The artifact.
  std::string service;          // Name of the feature service; may be empty.
  std::string service_identity;
  std::int64_t row_count = 0;
  std::int64_t created_us = 0;
  std::int64_t event = 0;
};

// One training. Immutable once recorded; `id` is given by the registry: "<pipeline>-<n>".
struct Run {
  std::string id;
  std::string pipeline;
  std::string pipeline_identity;
  std::string status = "succeeded";  // "succeeded" or "failed".
  std::string model_type;            // The model backend: "linear".
  Binding service;
  std::vector<Binding> views;    // In the order the service names them.
  std::string dataset_identity;  // Empty for prepared files without a manifest.
  Json parameters = Json::object();
  Json metrics = Json::object();  // Name to number.
  Json details = Json::object();  // Whatever else explains the run: row counts, split, baselines.
  std::int64_t seed = 0;
  std::string artifact_sha256;  // The model; empty for a failed run.
  std::string profile_sha256;   // Reference statistics of the training data; may be empty.
  lineage::Lineage lineage;
  std::string rtml_version;
  std::int64_t started_us = 0;
  std::int64_t finished_us = 0;
  std::int64_t event = 0;
};

// An immutable version of a model with everything it was made from.
struct ModelVersion {
  std::string model;
  std::int64_t number = 0;  // Given by the registry, from 1 within the model, never reused.
  std::string run_id;       // Empty for an artifact from outside.
  std::string model_type;
  std::string artifact_sha256;
  std::string profile_sha256;
  Binding service;
  std::vector<Binding> views;
  std::string dataset_identity;
  Json parameters = Json::object();
  Json metrics = Json::object();
  std::int64_t seed = 0;
  lineage::Lineage lineage;
  std::string rtml_version;
  std::int64_t created_us = 0;
  std::int64_t event = 0;

  std::string label() const { return model + "@" + std::to_string(number); }
};

// Where an alias of a model points now.
struct Alias {
  std::string model;
  std::string name;
  std::int64_t number = 0;
  std::int64_t moved_us = 0;
  std::int64_t event = 0;
};

// One move of an alias.
struct AliasMove {
  std::string model;
  std::string alias;
  std::optional<std::int64_t> from;  // Nothing if the alias was new.
  std::int64_t to = 0;
  bool rollback = false;
  std::int64_t moved_us = 0;
  std::int64_t event = 0;
};

// A model in one line.
struct ModelSummary {
  std::string name;
  std::int64_t version_count = 0;
  std::int64_t latest = 0;
  std::int64_t latest_created_us = 0;
  std::vector<Alias> aliases;  // By name.
};

// One entry of the log. `hash` = SHA-256 of the previous event's hash and this event's body.
struct Event {
  std::int64_t number = 0;  // From 1, without gaps.
  std::int64_t time_us = 0;
  std::string kind;     // "version_registered"; docs/formats/registry.md lists all.
  std::string subject;  // What it is about: the model, the run, the definition.
  std::string who;
  std::string why;
  lineage::Lineage lineage;
  std::string rtml_version;
  Json evidence;  // The figures a decision stood on; null if there are none.
  Json data;      // What changed.
  std::string hash;
};

// A row of the table of artifacts; the bytes are in .rtml/artifacts/<aa>/<sha256>.
struct Artifact {
  std::string sha256;
  std::int64_t size_bytes = 0;
  std::int64_t event = 0;
};

// Reads a version's number, "7" or "v7". Returns 0 for anything else.
std::int64_t parse_version_number(std::string_view text);

}  // namespace rtml::registry
