// Integers to numbers without gaps: keys of entities, values that are told apart. Internal to
// core/feature.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rtml::feature {

// An open hash table from integers to numbers from 0, in the order in which they are first seen.
class IntegerTable {
 public:
  static constexpr std::int32_t kUnknown = -2;

  // The number of an integer; kUnknown if it was never added.
  std::int32_t find(std::int64_t key) const {
    const Cell& cell = cells_[place_of(key)];
    return cell.number;
  }
  // The number of an integer, which it gets if it has none.
  std::int32_t add(std::int64_t key) {
    if (static_cast<std::size_t>(size_) * 2 >= cells_.size()) grow();
    Cell& cell = cells_[place_of(key)];
    if (cell.number < 0) cell = {key, size_++};
    return cell.number;
  }
  std::int32_t size() const { return size_; }

 private:
  struct Cell {
    std::int64_t key = 0;
    std::int32_t number = kUnknown;
  };

  // Spreads the bits of a key (the finaliser of MurmurHash3).
  static std::uint64_t mix(std::uint64_t word) {
    word = (word ^ word >> 33) * 0xFF51AFD7ED558CCDULL;
    word = (word ^ word >> 33) * 0xC4CEB9FE1A85EC53ULL;
    return word ^ word >> 33;
  }
  std::size_t place_of(std::int64_t key) const {
    std::size_t place = mix(static_cast<std::uint64_t>(key)) & (cells_.size() - 1);
    while (cells_[place].number >= 0 && cells_[place].key != key) {
      place = (place + 1) & (cells_.size() - 1);
    }
    return place;
  }
  void grow() {
    std::vector<Cell> old(cells_.size() * 2);
    old.swap(cells_);
    for (const Cell& cell : old) {
      if (cell.number >= 0) cells_[place_of(cell.key)] = cell;
    }
  }

  std::vector<Cell> cells_ = std::vector<Cell>(1'024);
  std::int32_t size_ = 0;
};

}  // namespace rtml::feature
