// Whether a registry is what its log says: the chain, every cell of every table, every artifact.
//
// What it cannot see: a log cut off at its end together with all that followed from it, or written
// anew from the start. Whoever must exclude that keeps the head's hash elsewhere and passes it as
// `expected_head`.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/base/result.h"
#include "core/registry/registry.h"

namespace rtml::registry {

// One thing that is wrong.
struct CheckFinding {
  std::string rule;     // "chain", "event", "table", "schema", "file", "artifact", "head".
  std::string subject;  // Where: "events 12", "aliases (\"fraud\", \"champion\") number".
  std::string message;
};

struct CheckReport {
  std::int64_t event_count = 0;
  std::string head_hash;
  std::int64_t row_count = 0;  // Of the projected tables.
  std::int64_t artifact_count = 0;
  std::int64_t artifact_bytes = 0;
  std::vector<CheckFinding> findings;  // Empty: all is well.
};

// Copies the registry into memory, then checks the copy, so that nobody waits meanwhile; then
// hashes every artifact. Fails as Registry::read() does, and with kInterrupted.
Result<CheckReport> check(const Registry& registry, const std::string& expected_head,
                          Progress& progress, const CancelFlag& cancel);

}  // namespace rtml::registry
