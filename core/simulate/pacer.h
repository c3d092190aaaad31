// When each event of a paced stream is due.
//
// A steady stream spaces events evenly. With a burst, one second in every ten has `burst` times as
// many. A value; for one thread.

#pragma once

#include <cstdint>

#include "core/base/result.h"

namespace rtml::simulate {

class Pacer {
 public:
  // `events_per_s` outside bursts, more than 0 and at most 1e7; `burst` from 1 to 1,000. Fails with
  // kBadValue.
  static Result<Pacer> create(double events_per_s, double burst);

  // When event `index` (from 0) is due, in microseconds after event 0.
  std::int64_t due_us(std::int64_t index) const;

 private:
  Pacer(double events_per_s, double burst) : events_per_s_(events_per_s), burst_(burst) {}
  double events_per_s_;
  double burst_;
};

}  // namespace rtml::simulate
