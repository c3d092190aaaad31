// The rules of a read that the kernel and the sweep share beside the ends of windows (window.h):
// what the age of the latest event says about the row. Internal to core/feature.

#pragma once

#include <cstdint>

#include "core/feature/kernel.h"
#include "core/feature/program.h"

namespace rtml::feature {

// Says what the latest event (null: there is none) means for the whole row. An event exactly as old
// as the ttl still counts.
inline Status status_of(const Program& program, const std::int64_t* latest_us,
                        std::int64_t time_us) {
  if (latest_us == nullptr) return Status::kNotFound;
  if (program.ttl_us > 0 && *latest_us < earlier(time_us, program.ttl_us)) {
    return Status::kOutsideMaxAge;
  }
  return Status::kPresent;
}

// Whether every value of such a row is null, counts too. Without a ttl an unknown entity is one
// with empty windows; with one it is as if its events had been forgotten.
inline bool is_null_row(const Program& program, Status status) {
  return status == Status::kOutsideMaxAge || (status == Status::kNotFound && program.ttl_us > 0);
}

// Whether a state keeps bytes that decide between events of one moment.
inline bool keeps_tie_breaks(const Program& program) {
  return program.is_order_needed || !program.id_column.empty();
}

}  // namespace rtml::feature
