// The order statistics of a stream of numbers in bounded memory.
//
// The first kExactCount values are kept as they are and every answer is exact. After that pairs of
// neighbours in sorted runs are thinned to one value of twice the weight (the compactors of Manku,
// Rajagopalan and Lindsay, SIGMOD 1998, with the kept half alternating), which bounds the error of
// a rank by rank_error(). The result depends on the order of the values and on nothing else: no
// random numbers, no batch sizes. For one thread.

#pragma once

#include <cstdint>
#include <vector>

namespace rtml::statistics {

// A value that stands for `weight` values of the stream.
struct WeightedValue {
  double value;
  std::int64_t weight;
};

class QuantileSketch {
 public:
  static constexpr std::size_t kExactCount = std::size_t{1} << 19;

  // `exact_count` values are kept before thinning starts; tests make it small. REQUIRES: even.
  explicit QuantileSketch(std::size_t exact_count = kExactCount) : capacity_(exact_count) {}

  // REQUIRES: not NaN.
  void add(double value);

  std::int64_t count() const { return count_; }
  bool is_exact() const { return levels_.size() <= 1; }
  // The largest error of a rank as a share of count(); 0 while exact.
  double rank_error() const;

  // The distinct values in ascending order with how many values each stands for. The weights add
  // up to count(). Leaves the sketch empty.
  std::vector<WeightedValue> take_sorted();

 private:
  struct Level {
    std::vector<double> values;  // Each of weight 2^level.
    bool keep_second = false;    // Which of two neighbours the next thinning keeps.
    std::int64_t thinnings = 0;
  };
  void thin(std::size_t level);

  std::size_t capacity_;
  std::int64_t count_ = 0;
  std::vector<Level> levels_ = std::vector<Level>(1);
};

// The value at share `probability` (0 to 1) of sorted values: with h = (n - 1) * probability the
// linear interpolation between the values of rank floor(h) and floor(h) + 1 (Hyndman and Fan 1996,
// definition 7; the default of numpy.quantile, rounded as numpy rounds it). REQUIRES: not empty,
// ascending, `total` is the sum of the weights.
double weighted_quantile(const std::vector<WeightedValue>& sorted, std::int64_t total,
                         double probability);

}  // namespace rtml::statistics
