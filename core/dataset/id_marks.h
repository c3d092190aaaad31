// Whether any of many ids may be there twice, in eight bytes an id and without a look at each while
// they come: 64-bit marks, of which equal ids have equal ones.
//
// Used by one thread.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace rtml::dataset {

class IdMarks {
 public:
  void add(std::string_view id);
  // `group` tells apart integers that are no ids of each other.
  void add(std::uint64_t group, std::int64_t id);

  // False if all are known to be different. Forgets them.
  bool take_equal();

 private:
  // Marks are uniform, so that the table of one bucket stays in the cache.
  static constexpr int kBucketBits = 10;

  void add_mark(std::uint64_t mark);

  std::vector<std::vector<std::uint64_t>> buckets_;
};

}  // namespace rtml::dataset
