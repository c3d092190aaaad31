#include "core/dataset/id_marks.h"

#include <algorithm>
#include <bit>

#include "core/base/fast_hash.h"

namespace rtml::dataset {
namespace {

// The finaliser of MurmurHash3: different words stay different.
std::uint64_t mix(std::uint64_t word) {
  word = (word ^ word >> 33) * 0xFF51AFD7ED558CCDULL;
  word = (word ^ word >> 33) * 0xC4CEB9FE1A85EC53ULL;
  return word ^ word >> 33;
}

// Whether a mark is there twice, by an open hash table in `table`, where 0 is an empty place.
bool has_equal(const std::vector<std::uint64_t>& marks, std::vector<std::uint64_t>& table) {
  table.assign(std::bit_ceil(2 * marks.size() + 1), 0);
  for (const std::uint64_t mark : marks) {
    std::size_t place = mark & (table.size() - 1);
    while (table[place] != 0 && table[place] != mark) place = (place + 1) & (table.size() - 1);
    if (table[place] == mark) return true;
    table[place] = mark;
  }
  return false;
}

}  // namespace

void IdMarks::add(std::string_view id) {
  add_mark(xxhash64(id));
}

void IdMarks::add(std::uint64_t group, std::int64_t id) {
  add_mark(mix(group ^ mix(static_cast<std::uint64_t>(id))));
}

void IdMarks::add_mark(std::uint64_t mark) {
  if (buckets_.empty()) buckets_.resize(std::size_t{1} << kBucketBits);
  buckets_[mark >> (64 - kBucketBits)].push_back(std::max<std::uint64_t>(mark, 1));
}

bool IdMarks::take_equal() {
  std::vector<std::uint64_t> table;
  const bool is_equal = std::any_of(buckets_.begin(), buckets_.end(),
                                    [&](const auto& marks) { return has_equal(marks, table); });
  buckets_ = {};
  return is_equal;
}

}  // namespace rtml::dataset
