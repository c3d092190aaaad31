// Sweeps of var and std: exact sums from which what leaves the window is taken off again.

#include <cmath>
#include <limits>

#include "core/feature/aggregate.h"
#include "core/feature/exact_ratio.h"
#include "core/feature/sliding_window.h"
#include "core/feature/wide_sum.h"

namespace rtml::feature {
namespace {

// What leaves is added with the other sign: exact sums forget it without a trace.
class SlidingMoments {
 public:
  explicit SlidingMoments(const SlotView& values) : values_(values) {}

  void add(std::size_t i) { count(i, 1); }
  void remove(std::size_t i) {
    count(i, -1);
    // The sums reach as far as any of their terms did; those of the next entity need not.
    if (terms_ == 0) sum_ = squares_ = WideSum();
  }
  std::int64_t terms() const { return terms_; }
  // REQUIRES: there are two terms or more.
  double variance() const {
    if (specials_ > 0) return std::numeric_limits<double>::quiet_NaN();
    return rounded_variance(terms_, sum_.number(), squares_.number());
  }

 private:
  void count(std::size_t i, int sign) {
    terms_ += sign;
    if (!values_.holds_numbers()) {
      const Int128 value = values_.integers[i];
      sum_.add_integer(sign * value);
      squares_.add_integer(sign * value * value);
      return;
    }
    const double value = values_.numbers[i];
    if (!std::isfinite(value)) {
      specials_ += sign;
      return;
    }
    sum_.add(sign * value);
    squares_.add_product(sign * value, value);
  }

  const SlotView& values_;
  std::int64_t terms_ = 0;
  std::int64_t specials_ = 0;  // NaN and infinities among them.
  WideSum sum_;
  WideSum squares_;
};

template <bool kIsRoot>
void sweep_variance(const SweepTask& task) {
  SlidingMoments moments(*task.values);
  slide(
      task, [&](std::size_t i) { moments.add(i); }, [&](std::size_t i) { moments.remove(i); },
      [&](std::size_t read) {
        const bool is_valid = moments.terms() >= 2;
        const double variance = is_valid ? moments.variance() : 0;
        task.result.valid[read] = is_valid ? 1 : 0;
        task.result.numbers[read] = kIsRoot ? std::sqrt(variance) : variance;
      });
}

}  // namespace

void sweep_var(const SweepTask& task) {
  sweep_variance<false>(task);
}

void sweep_std(const SweepTask& task) {
  sweep_variance<true>(task);
}

}  // namespace rtml::feature
