#include "core/base/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <vector>

using rtml::Random;

TEST_CASE("random: the generators give their published sequences") {
  // The first outputs of the authors' xoshiro256starstar.c from the state 1, 2, 3, 4, as the Rust
  // crate rand_xoshiro tests them, and of splitmix64.c from 1234567, as Rosetta Code prints them.
  Random random(std::array<std::uint64_t, 4>{1, 2, 3, 4});
  for (const std::uint64_t expected :
       {std::uint64_t{11520}, std::uint64_t{0}, std::uint64_t{1509978240},
        std::uint64_t{1215971899390074240}, std::uint64_t{1216172134540287360}}) {
    CHECK(random.next() == expected);
  }
  std::uint64_t state = 1234567;
  for (const std::uint64_t expected :
       {6457827717110365317u, 3203168211198807973u, 9817491932198370423u}) {
    CHECK(Random::next_of_split_mix(&state) == expected);
  }
}

TEST_CASE("random: equal seeds give equal numbers and others do not") {
  Random first(7);
  Random again(7);
  Random other(8);
  const std::uint64_t value = first.next();
  CHECK(value == again.next());
  CHECK(value != other.next());
}

TEST_CASE("random: integers below a limit are even") {
  Random random(1);
  std::vector<int> seen(6);
  for (int draw = 0; draw < 60'000; ++draw) ++seen[random.below(6)];
  double chi_square = 0;
  for (const int count : seen) chi_square += (count - 10'000.0) * (count - 10'000.0) / 10'000.0;
  CHECK(chi_square < 20.5);  // The 0.999 quantile of chi-square with 5 degrees of freedom.
  for (int draw = 0; draw < 1000; ++draw) {
    const double value = random.uniform();
    CHECK(value >= 0.0);
    CHECK(value < 1.0);
  }
}

TEST_CASE("random: a shuffle keeps every value") {
  std::vector<int> values(100);
  std::iota(values.begin(), values.end(), 0);
  Random random(3);
  random.shuffle(std::span<int>(values));
  CHECK_FALSE(std::is_sorted(values.begin(), values.end()));
  std::sort(values.begin(), values.end());
  for (int index = 0; index < 100; ++index) CHECK(values[static_cast<std::size_t>(index)] == index);
}
