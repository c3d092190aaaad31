#include "core/simulate/pacer.h"

#include <cmath>

namespace rtml::simulate {
namespace {

constexpr double kPeriodSeconds = 10;
constexpr double kBurstSeconds = 1;

}  // namespace

Result<Pacer> Pacer::create(double events_per_s, double burst) {
  if (!(events_per_s > 0 && events_per_s <= 1e7)) {
    return fail(ErrorCode::kBadValue, "a rate must be more than 0 and at most 10000000 a second");
  }
  if (!(burst >= 1 && burst <= 1'000)) {
    return fail(ErrorCode::kBadValue, "a burst factor must be from 1 to 1000");
  }
  return Pacer(events_per_s, burst);
}

std::int64_t Pacer::due_us(std::int64_t index) const {
  const double in_burst = events_per_s_ * burst_ * kBurstSeconds;
  const double in_period = in_burst + events_per_s_ * (kPeriodSeconds - kBurstSeconds);
  const double period = std::floor(static_cast<double>(index) / in_period);
  const double place = static_cast<double>(index) - period * in_period;
  const double second = place < in_burst ? place / (events_per_s_ * burst_)
                                         : kBurstSeconds + (place - in_burst) / events_per_s_;
  return static_cast<std::int64_t>((period * kPeriodSeconds + second) * 1e6);
}

}  // namespace rtml::simulate
