// The sweep of ewma: exact sums of weights and weighted values, from which what leaves the window
// or is forgotten is taken off again.

#include <cmath>
#include <limits>

#include "core/feature/aggregate.h"
#include "core/feature/exact_ratio.h"
#include "core/feature/half_life.h"
#include "core/feature/sliding_window.h"
#include "core/feature/wide_sum.h"

namespace rtml::feature {
namespace {

// The sums are in units of 2^base, base being a half-life near the latest event's: a mean does not
// depend on the unit. Events are added in the order of time, and forgotten in it.
class SlidingMean {
 public:
  explicit SlidingMean(const SweepTask& task)
      : task_(task), half_life_us_(task.parameters->half_life_us), weights_(task.events) {}

  void add(std::size_t i) {
    const std::int64_t time_us = task_.times_us[i];
    const std::int64_t period = period_of(time_us, half_life_us_);
    weights_[i] = weight_of(time_us, half_life_us_);
    if (terms_ == 0) {
      first_ = i;
      base_ = period;
    } else {
      forget_before(period, i);
    }
    if (terms_ == 0 || period - base_ >= kFarHalfLives) move_base(period);
    count(i, period, 1);
  }

  // Events of a window leave in the order in which they came.
  void remove(std::size_t i) {
    if (i < first_) return;  // Forgotten before.
    count(i, period_of(task_.times_us[i], half_life_us_), -1);
    first_ = i + 1;
    if (terms_ == 0) clear();
  }

  bool is_empty() const { return terms_ == 0; }
  // REQUIRES: it is not empty.
  double mean() const {
    if (nans_ > 0 || (positive_infinities_ > 0 && negative_infinities_ > 0)) {
      return std::numeric_limits<double>::quiet_NaN();
    }
    if (positive_infinities_ > 0) return std::numeric_limits<double>::infinity();
    if (negative_infinities_ > 0) return -std::numeric_limits<double>::infinity();
    return rounded_ratio(values_sum_.number(), weights_sum_.number());
  }

 private:
  // How far events lie behind the base before it is moved: two digits of the sums, so that these
  // stay short.
  static constexpr std::int64_t kFarHalfLives = 64;

  // Takes off what weighs nothing any more when an event of `period` comes.
  void forget_before(std::int64_t period, std::size_t end) {
    for (; first_ < end; ++first_) {
      const std::int64_t own = period_of(task_.times_us[first_], half_life_us_);
      // Unsigned, because periods may lie further apart than INT64 can say.
      if (static_cast<std::uint64_t>(period) - static_cast<std::uint64_t>(own) <
          static_cast<std::uint64_t>(kForgottenHalfLives)) {
        return;
      }
      if (takes(task_, first_)) count(first_, own, -1);
    }
  }

  void move_base(std::int64_t period) {
    if (terms_ == 0) {
      clear();
      base_ = period;
      return;
    }
    const auto digits = static_cast<int>((period - base_) / 32);
    base_ += std::int64_t{32} * digits;
    for (WideSum* sum : {&values_sum_, &weights_sum_}) {
      sum->scale(-digits);
      sum->shrink();
    }
  }

  void clear() { values_sum_ = weights_sum_ = WideSum(); }

  void count(std::size_t i, std::int64_t period, int sign) {
    terms_ += sign;
    const double weight = sign * weights_[i];
    const auto exponent = static_cast<int>(period - base_);
    weights_sum_.add_product(weight, 1, exponent);
    if (!task_.values->holds_numbers()) {
      // An INT64 is two doubles, so that it counts exactly.
      const std::int64_t value = task_.values->integers[i];
      const std::int64_t low = value & 0xFFFF'FFFF;
      values_sum_.add_product(static_cast<double>(value - low), weight, exponent);
      values_sum_.add_product(static_cast<double>(low), weight, exponent);
      return;
    }
    const double value = task_.values->numbers[i];
    if (std::isfinite(value)) {
      values_sum_.add_product(value, weight, exponent);
    } else if (std::isnan(value)) {
      nans_ += sign;
    } else {
      (value > 0 ? positive_infinities_ : negative_infinities_) += sign;
    }
  }

  const SweepTask& task_;
  const std::int64_t half_life_us_;
  std::vector<double> weights_;  // Of the events that were added.
  std::size_t first_ = 0;        // Of the events added, those before it are not in the sums.
  std::int64_t base_ = 0;
  std::int64_t terms_ = 0;
  std::int64_t nans_ = 0;
  std::int64_t positive_infinities_ = 0;
  std::int64_t negative_infinities_ = 0;
  WideSum values_sum_;
  WideSum weights_sum_;
};

}  // namespace

void sweep_ewma(const SweepTask& task) {
  SlidingMean mean(task);
  slide(
      task, [&](std::size_t i) { mean.add(i); }, [&](std::size_t i) { mean.remove(i); },
      [&](std::size_t read) {
        task.result.valid[read] = mean.is_empty() ? 0 : 1;
        task.result.numbers[read] = mean.is_empty() ? 0 : canonical(mean.mean());
      });
}

}  // namespace rtml::feature
