#include "core/feature/ddsketch.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/feature/accumulator_kinds.h"

namespace rtml::feature {
namespace {

// What bucket_of() adds to an index, so that it is above 0, and infinity's.
constexpr std::int64_t kBucketOrigin = std::int64_t{1} << 32;
constexpr std::int64_t kInfiniteBucket = std::int64_t{1} << 40;

}  // namespace

DdSketch::DdSketch(double accuracy)
    : log_gamma_(std::log1p(accuracy) - std::log1p(-accuracy)), half_width_(1 - accuracy) {}

std::int32_t DdSketch::index_of(double magnitude) const {
  return static_cast<std::int32_t>(std::ceil(std::log(magnitude) / log_gamma_));
}

// The value whose relative distance to both ends of the bucket is α: 2 γ^i / (γ + 1), and
// 2 / (γ + 1) = 1 - α.
double DdSketch::value_of(std::int32_t index) const {
  const double exponent = static_cast<double>(index) * log_gamma_;
  // The top of the last bucket may be beyond DOUBLE where the value is not.
  const double half = std::exp(exponent / 2);
  return std::min(half * half_width_ * half, std::numeric_limits<double>::max());
}

void DdSketch::Buckets::add(std::int32_t index, std::int64_t count) {
  const auto place = std::lower_bound(
      counts.begin(), counts.end(), index,
      [](const auto& bucket, std::int32_t wanted) { return bucket.first < wanted; });
  if (place != counts.end() && place->first == index) {
    place->second += count;
  } else {
    counts.insert(place, {index, count});
  }
}

std::int64_t DdSketch::Buckets::total() const {
  std::int64_t total = 0;
  for (const auto& bucket : counts) total += bucket.second;
  return total;
}

void DdSketch::add(double value) {
  if (std::isnan(value)) {
    ++nans_;
  } else if (std::isinf(value)) {
    ++(value > 0 ? positive_infinities_ : negative_infinities_);
  } else if (value == 0) {
    ++zeros_;
  } else if (value > 0) {
    positive_.add(index_of(value), 1);
  } else {
    negative_.add(index_of(-value), 1);
  }
}

std::int64_t DdSketch::bucket_of(double value) const {
  if (value == 0) return 0;
  const double magnitude = std::abs(value);
  const std::int64_t bucket =
      std::isinf(magnitude) ? kInfiniteBucket : kBucketOrigin + index_of(magnitude);
  return value > 0 ? bucket : -bucket;
}

double DdSketch::value_of_bucket(std::int64_t bucket) const {
  if (bucket == 0) return 0.0;
  const std::int64_t magnitude = std::abs(bucket);
  const double value = magnitude == kInfiniteBucket
                           ? std::numeric_limits<double>::infinity()
                           : value_of(static_cast<std::int32_t>(magnitude - kBucketOrigin));
  return bucket > 0 ? value : -value;
}

void DdSketch::merge(const DdSketch& other) {
  for (const auto& [index, count] : other.positive_.counts) positive_.add(index, count);
  for (const auto& [index, count] : other.negative_.counts) negative_.add(index, count);
  zeros_ += other.zeros_;
  nans_ += other.nans_;
  positive_infinities_ += other.positive_infinities_;
  negative_infinities_ += other.negative_infinities_;
}

std::optional<double> DdSketch::quantile(double probability) const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (nans_ > 0) return std::numeric_limits<double>::quiet_NaN();
  const std::int64_t negatives = negative_.total();
  const std::int64_t count =
      negative_infinities_ + negatives + zeros_ + positive_.total() + positive_infinities_;
  if (count == 0) return std::nullopt;
  auto rank = static_cast<std::int64_t>(std::floor(probability * static_cast<double>(count - 1)));
  if (rank < negative_infinities_) return -kInfinity;
  rank -= negative_infinities_;
  if (rank < negatives) {
    // The greatest magnitude is the least value.
    for (auto bucket = negative_.counts.rbegin(); bucket != negative_.counts.rend(); ++bucket) {
      if (rank < bucket->second) return -value_of(bucket->first);
      rank -= bucket->second;
    }
  }
  rank -= negatives;
  if (rank < zeros_) return 0.0;
  rank -= zeros_;
  for (const auto& [index, bucket] : positive_.counts) {
    if (rank < bucket) return value_of(index);
    rank -= bucket;
  }
  return kInfinity;
}

void DdSketch::encode_buckets(ByteWriter& writer, const Buckets& buckets) {
  writer.varint(buckets.counts.size());
  std::int64_t next = 0;  // The least index that may follow; the first may be any.
  bool is_first = true;
  for (const auto& [index, count] : buckets.counts) {
    if (is_first) {
      writer.zigzag(index);
    } else {
      writer.varint(static_cast<std::uint64_t>(index - next));
    }
    writer.varint(static_cast<std::uint64_t>(count));
    next = std::int64_t{index} + 1;
    is_first = false;
  }
}

void DdSketch::decode_buckets(ByteReader& reader, Buckets& buckets) const {
  const std::int64_t least = index_of(std::numeric_limits<double>::denorm_min());
  const std::int64_t most = index_of(std::numeric_limits<double>::max());
  const std::size_t size = reader.count(2);
  std::int64_t next = 0;
  for (std::size_t i = 0; i < size; ++i) {
    std::int64_t index = 0;
    if (i == 0) {
      index = reader.zigzag();
    } else {
      const std::uint64_t gap = reader.varint();
      if (gap > static_cast<std::uint64_t>(most - least)) return reader.refuse();
      index = next + static_cast<std::int64_t>(gap);
    }
    const std::int64_t count = decode_count(reader);
    if (count == 0 || index < least || index > most) return reader.refuse();
    buckets.counts.emplace_back(static_cast<std::int32_t>(index), count);
    next = index + 1;
  }
}

void DdSketch::encode(ByteWriter& writer) const {
  for (const std::int64_t count : {zeros_, nans_, positive_infinities_, negative_infinities_}) {
    writer.varint(static_cast<std::uint64_t>(count));
  }
  encode_buckets(writer, negative_);
  encode_buckets(writer, positive_);
}

void DdSketch::decode(ByteReader& reader) {
  zeros_ = decode_count(reader);
  nans_ = decode_count(reader);
  positive_infinities_ = decode_count(reader);
  negative_infinities_ = decode_count(reader);
  decode_buckets(reader, negative_);
  decode_buckets(reader, positive_);
}

}  // namespace rtml::feature
