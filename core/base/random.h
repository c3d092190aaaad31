// Random numbers that a seed decides: the same on every machine, compiler and build.
//
// xoshiro256** (Blackman and Vigna, Scrambled Linear Pseudorandom Number Generators, ACM TOMS 47,
// 2021), its state filled from the seed by SplitMix64 as they advise. Not for secrets. For one
// thread; a copy goes on independently from where it was copied.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>

namespace rtml {

class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) word = next_of_split_mix(&seed);
  }
  // Starts from a state, of which one word at least is not 0.
  explicit Random(const std::array<std::uint64_t, 4>& state) : state_(state) {}

  // Returns 64 random bits.
  std::uint64_t next() {
    const std::uint64_t result = rotate_left(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate_left(state_[3], 45);
    return result;
  }

  // Returns a number of [0, 1), a multiple of 2^-53.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  // Returns an integer of [0, limit), each equally likely: Lemire, Fast Random Integer Generation
  // in an Interval, ACM TOMACS 29 (2019). REQUIRES: limit > 0.
  std::uint64_t below(std::uint64_t limit) {
    __extension__ using Wide = unsigned __int128;
    Wide product = static_cast<Wide>(next()) * limit;
    if (static_cast<std::uint64_t>(product) < limit) {
      const std::uint64_t threshold = (0 - limit) % limit;
      while (static_cast<std::uint64_t>(product) < threshold) {
        product = static_cast<Wide>(next()) * limit;
      }
    }
    return static_cast<std::uint64_t>(product >> 64);
  }

  // Puts `values` into a random order, each equally likely (Fisher and Yates).
  template <typename T>
  void shuffle(std::span<T> values) {
    for (std::size_t left = values.size(); left > 1; --left) {
      std::swap(values[left - 1], values[below(left)]);
    }
  }

  static std::uint64_t next_of_split_mix(std::uint64_t* state) {
    std::uint64_t mixed = *state += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
  }

 private:
  static std::uint64_t rotate_left(std::uint64_t value, int bits) {
    return value << bits | value >> (64 - bits);
  }

  std::array<std::uint64_t, 4> state_;
};

}  // namespace rtml
