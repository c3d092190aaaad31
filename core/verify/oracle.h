// Features recomputed the plain way: the events of one entity, one after the other, into a kernel
// that has seen nothing else; no sweep, no store, nothing trimmed. Internal to core/verify.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/cancel.h"
#include "core/base/result.h"
#include "core/feature/kernel.h"
#include "core/feature/sweep.h"
#include "core/table/value_memory.h"

namespace rtml::verify {

inline constexpr std::int64_t kNoEvent = -1;

// An entity at a moment.
struct Probe {
  std::int64_t row = 0;  // Of the source: an event of the entity; kNoEvent: it has none.
  std::int64_t time_us = 0;
};

// The key of a row's entity as bytes; nothing where a part of it is null.
std::optional<std::string> entity_of(const feature::EventColumns& events, std::int64_t row);

// Returns one row a probe, in their order; texts and lists live in `memory`. Fails with
// kInterrupted.
Result<std::vector<feature::Row>> recompute(const feature::Program& program,
                                            const feature::EventColumns& events,
                                            std::span<const Probe> probes, const CancelFlag& cancel,
                                            table::ValueMemory& memory);

// Whether two values are the same, bit for bit.
bool is_same(const table::Value& a, const table::Value& b);

}  // namespace rtml::verify
