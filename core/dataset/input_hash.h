// What the values of ranges of time are computed from, as hashes that do not depend on the order of
// events (docs/formats/intervals.md).
//
// The events of a view that count for a range are those before its end and no further before its
// beginning than a read looks back. Each event has a hash of 128 bits; those of a set of events add
// up. One pass over the events serves any number of ranges: sums are kept for the stretches between
// all beginnings and ends. add() and add_rows() may be called from several threads.

#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/dataset/join.h"
#include "core/dataset/time_range.h"

namespace rtml::dataset {

// The hash of one event or row: the XXH64 of its bytes with seeds 0 and 1. Those of several add up,
// each modulo 2^64. Public for tests.
struct RowHash {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  void add(const RowHash& other) {
    first += other.first;
    second += other.second;
  }
  friend bool operator==(const RowHash&, const RowHash&) = default;
};
RowHash row_hash(const std::vector<table::Column>& columns, std::int64_t row);

class InputHashes {
 public:
  // `ranges` ascend and do not overlap. Of schedules, whether an entity is known counts too. What
  // the references name must outlive the object.
  InputHashes(std::vector<TimeRange> ranges, const Programs& programs, bool is_schedule,
              const BuildContext& context);

  const std::vector<TimeRange>& ranges() const { return ranges_; }

  // Events of a view, each once; those without a key are of no entity and do not count.
  Status add(const project::FeatureView& view, const feature::EventColumns& events);
  // Rows that will be in the result, with what they bring themselves. `times` are theirs.
  Status add_rows(const table::Batch& rows, const table::Column& times);
  // Forgets all that was added.
  void clear();

  struct Input {
    std::string sha256;
    std::int64_t events = 0;  // Of the view that looks back furthest.
  };
  Input input_of(std::size_t range) const;

 private:
  struct Sum {
    RowHash hash;
    std::int64_t count = 0;
  };
  // Sums of the stretches that `cuts` make of time.
  struct Stretches {
    std::vector<std::int64_t> cuts_us;  // Ascending.
    std::vector<Sum> sums;              // One more: stretch i lies before cut i.
    std::size_t stretch_of(std::int64_t time_us) const;
    Sum between(std::int64_t from_us, std::int64_t to_us) const;
  };
  struct ViewSums {
    std::int64_t key_count = 0;
    std::vector<std::int64_t> begins_us;  // By range, where its events begin.
    Stretches stretches;
  };
  Status add_hashes(const std::vector<table::Column>& columns, const table::Column& times,
                    std::int64_t key_count, Stretches& stretches);

  std::vector<TimeRange> ranges_;
  const BuildContext& context_;
  // By name and identity, so that a hash is the same whatever number a version has.
  std::map<std::pair<std::string, std::string>, ViewSums> views_;
  std::map<const project::FeatureView*, ViewSums*> sums_of_;
  Stretches rows_;
  std::mutex mutex_;
};

// Where the events begin that count for reads of a program from `from_us` on.
std::int64_t input_begin_us(const feature::Program& program, std::int64_t from_us,
                            bool is_schedule);

}  // namespace rtml::dataset
