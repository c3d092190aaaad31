// Quantiles within a relative error, in memory that grows with the logarithm of the range: DDSketch
// (C. Masson, J. E. Rim, H. K. Lee, DDSketch: a fast and fully-mergeable quantile sketch with
// relative-error guarantees, VLDB 2019, arXiv:1908.10693), with every bucket kept, for values of
// both signs. The result does not depend on order or grouping.

#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/feature/byte_codec.h"

namespace rtml::feature {

class DdSketch {
 public:
  // `accuracy` is the relative error α, above 0 and below 1.
  explicit DdSketch(double accuracy);

  void add(double value);
  // REQUIRES: the other has the same accuracy.
  void merge(const DdSketch& other);

  // A value within `accuracy` of the one of rank ⌊probability · (n - 1)⌋, relative to it; that one
  // itself if it is zero or infinite; NaN if there is a NaN; nothing if there is no value.
  std::optional<double> quantile(double probability) const;

  // The bucket of a value that is no NaN, as a whole number that rises as the values do, and what
  // quantile() gives for the values of a bucket.
  std::int64_t bucket_of(double value) const;
  double value_of_bucket(std::int64_t bucket) const;

  void encode(ByteWriter& writer) const;
  // REQUIRES: nothing was added.
  void decode(ByteReader& reader);

 private:
  // Bucket i counts the values of (γ^(i-1), γ^i], γ = (1 + α) / (1 - α). Ascending, none empty.
  struct Buckets {
    std::vector<std::pair<std::int32_t, std::int64_t>> counts;

    void add(std::int32_t index, std::int64_t count);
    std::int64_t total() const;
  };
  std::int32_t index_of(double magnitude) const;
  double value_of(std::int32_t index) const;
  void decode_buckets(ByteReader& reader, Buckets& buckets) const;
  static void encode_buckets(ByteWriter& writer, const Buckets& buckets);

  double log_gamma_;
  double half_width_;  // 2 / (γ + 1): from the top of a bucket to what stands for it.
  Buckets positive_;
  Buckets negative_;  // By the magnitude.
  std::int64_t zeros_ = 0;
  std::int64_t nans_ = 0;
  std::int64_t positive_infinities_ = 0;
  std::int64_t negative_infinities_ = 0;
};

}  // namespace rtml::feature
