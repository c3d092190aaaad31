// How many different values there were, in bounded memory: HyperLogLog (Flajolet, Fusy, Gandouet,
// Meunier 2007) with 64-bit hashes and Ertl's estimator (O. Ertl, New cardinality estimation
// algorithms for HyperLogLog sketches, 2017, arXiv:1702.01284, section 4 and algorithm 6), which
// needs no correction of small or large counts. docs/formats/sketches.md fixes hash, precision,
// estimator and bytes.

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/feature/byte_codec.h"
#include "core/table/types.h"
#include "core/table/value.h"

namespace rtml::feature {

class HyperLogLog {
 public:
  // 4,096 registers: a standard error of 1.04 / √4096 = 1.6 %.
  static constexpr int kPrecision = 12;
  static constexpr std::uint32_t kRegisters = 1U << kPrecision;

  // A register, and the rank that a value raises it to.
  struct Register {
    std::uint32_t index;
    std::uint8_t rank;
  };
  static constexpr int kHashBits = 64 - kPrecision;  // Of which a register counts leading zeros.
  static constexpr int kMaximumRank = kHashBits + 1;
  // How many registers have each rank.
  using RankCounts = std::array<std::uint32_t, kMaximumRank + 1>;

  // The hash of a value: XXH64 of its bytes; of fixed widths the eight bytes of the integer or the
  // double, lowest first.
  static std::uint64_t hash_of(table::Kind kind, const table::Value& value);
  // The register of a hash.
  static Register register_of(std::uint64_t hash);
  // The estimate of registers of such ranks.
  static std::int64_t estimate_of(const RankCounts& counts);

  // Adds a value by its hash, which must be uniform in 64 bits.
  void add(std::uint64_t hash);
  void merge(const HyperLogLog& other);
  // The estimate, rounded to a whole number.
  std::int64_t estimate() const;

  void encode(ByteWriter& writer) const;
  // REQUIRES: nothing was added.
  void decode(ByteReader& reader);

 private:
  // More registers than that are kept as an array.
  static constexpr std::size_t kSparseLimit = 1'024;

  void raise(std::uint32_t index, std::uint8_t rank);

  // Registers that are not 0 as index << 8 | rank, ascending; empty where they are an array.
  std::vector<std::uint32_t> sparse_;
  std::vector<std::uint8_t> dense_;
};

}  // namespace rtml::feature
