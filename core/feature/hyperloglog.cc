#include "core/feature/hyperloglog.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/base/fast_hash.h"
#include "core/feature/sorted_word.h"

namespace rtml::feature {
namespace {

// The functions σ and τ of Ertl's paper, by its series (algorithm 6).
double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1;
  double sum = x;
  double before = 0;
  do {
    x *= x;
    before = sum;
    sum += x * y;
    y += y;
  } while (sum != before);
  return sum;
}

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1;
  double sum = 1 - x;
  double before = 0;
  do {
    x = std::sqrt(x);
    before = sum;
    y *= 0.5;
    sum -= (1 - x) * (1 - x) * y;
  } while (sum != before);
  return sum / 3;
}

}  // namespace

std::uint64_t HyperLogLog::hash_of(table::Kind kind, const table::Value& value) {
  if (is_text_kind(kind)) return xxhash64(value.text());
  const auto word = kind == table::Kind::kDouble ? std::bit_cast<std::uint64_t>(value.number())
                                                 : static_cast<std::uint64_t>(value.integer());
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(word >> (8 * i) & 0xFF);
  return xxhash64({bytes, sizeof(bytes)});
}

HyperLogLog::Register HyperLogLog::register_of(std::uint64_t hash) {
  // The bit behind the last one ends a run of zeros.
  const std::uint64_t rest = hash << kPrecision | std::uint64_t{1} << (kPrecision - 1);
  return {static_cast<std::uint32_t>(hash >> kHashBits),
          static_cast<std::uint8_t>(std::countl_zero(rest) + 1)};
}

void HyperLogLog::add(std::uint64_t hash) {
  const Register raised = register_of(hash);
  raise(raised.index, raised.rank);
}

void HyperLogLog::raise(std::uint32_t index, std::uint8_t rank) {
  if (!dense_.empty()) {
    dense_[index] = std::max(dense_[index], rank);
    return;
  }
  const auto place = std::lower_bound(sparse_.begin(), sparse_.end(), index << 8);
  if (place != sparse_.end() && *place >> 8 == index) {
    *place = std::max(*place, index << 8 | rank);
    return;
  }
  sparse_.insert(place, index << 8 | rank);
  if (sparse_.size() <= kSparseLimit) return;
  dense_.assign(kRegisters, 0);
  for (const std::uint32_t entry : sparse_) {
    dense_[entry >> 8] = static_cast<std::uint8_t>(entry & 0xFF);
  }
  sparse_ = {};
}

void HyperLogLog::merge(const HyperLogLog& other) {
  for (const std::uint32_t entry : other.sparse_) {
    raise(entry >> 8, static_cast<std::uint8_t>(entry & 0xFF));
  }
  for (std::uint32_t i = 0; i < other.dense_.size(); ++i) {
    if (other.dense_[i] != 0) raise(i, other.dense_[i]);
  }
}

std::int64_t HyperLogLog::estimate() const {
  RankCounts counts{};
  for (const std::uint32_t entry : sparse_) ++counts[entry & 0xFF];
  for (const std::uint8_t rank : dense_) ++counts[rank];
  if (dense_.empty()) counts[0] = kRegisters - static_cast<std::uint32_t>(sparse_.size());
  return estimate_of(counts);
}

std::int64_t HyperLogLog::estimate_of(const RankCounts& counts) {
  constexpr double kCount = kRegisters;
  double sum = kCount * tau(1 - counts[kMaximumRank] / kCount);
  for (int rank = kHashBits; rank >= 1; --rank) {
    sum = 0.5 * (sum + counts[static_cast<std::size_t>(rank)]);
  }
  sum += kCount * sigma(counts[0] / kCount);
  constexpr double kAlpha = 0.721347520444481703680;  // 1 / (2 ln 2).
  return std::llround(kAlpha * kCount * kCount / sum);
}

void HyperLogLog::encode(ByteWriter& writer) const {
  if (dense_.empty()) {
    writer.varint(sparse_.size());
    std::uint32_t next = 0;  // The least index that may follow.
    for (const std::uint32_t entry : sparse_) {
      writer.varint((entry >> 8) - next);
      writer.byte(static_cast<std::uint8_t>(entry & 0xFF));
      next = (entry >> 8) + 1;
    }
    return;
  }
  writer.varint(kSparseLimit + 1);
  for (std::size_t i = 0; i < dense_.size(); i += 4) {
    // Four registers of six bits are three bytes.
    const std::uint32_t word = dense_[i] | static_cast<std::uint32_t>(dense_[i + 1]) << 6 |
                               static_cast<std::uint32_t>(dense_[i + 2]) << 12 |
                               static_cast<std::uint32_t>(dense_[i + 3]) << 18;
    for (int shift = 0; shift < 24; shift += 8) {
      writer.byte(static_cast<std::uint8_t>(word >> shift & 0xFF));
    }
  }
}

void HyperLogLog::decode(ByteReader& reader) {
  const std::uint64_t count = reader.varint();
  if (count > kSparseLimit + 1) return reader.refuse();
  if (count <= kSparseLimit) {
    std::uint64_t next = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t gap = reader.varint();
      const std::uint8_t rank = reader.byte();
      if (reader.failed() || gap >= kRegisters - next || rank == 0 || rank > kMaximumRank) {
        return reader.refuse();
      }
      sparse_.push_back(static_cast<std::uint32_t>(next + gap) << 8 | rank);
      next += gap + 1;
    }
    return;
  }
  const std::string_view bytes = reader.take(kRegisters / 4 * 3);
  if (reader.failed()) return;
  const auto byte_at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  dense_.resize(kRegisters);
  std::size_t used = 0;
  for (std::size_t i = 0; i < kRegisters; ++i) {
    const std::size_t first = i / 4 * 3;
    const std::uint32_t word = byte_at(first) |
                               static_cast<std::uint32_t>(byte_at(first + 1)) << 8 |
                               static_cast<std::uint32_t>(byte_at(first + 2)) << 16;
    dense_[i] = static_cast<std::uint8_t>(word >> (i % 4 * 6) & 63);
    if (dense_[i] > kMaximumRank) return reader.refuse();
    used += dense_[i] != 0 ? 1 : 0;
  }
  if (used <= kSparseLimit) reader.refuse();  // It would have been written the other way.
}

}  // namespace rtml::feature
