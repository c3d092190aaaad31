// The sweeps of the sketches, which give what a sketch of the window's events would give.

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/feature/aggregate.h"
#include "core/feature/ddsketch.h"
#include "core/feature/exact_sum.h"
#include "core/feature/hyperloglog.h"
#include "core/feature/rank_set.h"
#include "core/feature/sliding_window.h"
#include "core/feature/sorted_word.h"

namespace rtml::feature {
namespace {

// A HyperLogLog that forgets. The rank of a register is the greatest among its events in the
// window: the front of a queue of those that no later one surpasses, which is linked through the
// events of all registers.
class SlidingRegisters {
 public:
  explicit SlidingRegisters(std::size_t events)
      : fronts_(HyperLogLog::kRegisters, kNobody),
        backs_(HyperLogLog::kRegisters, kNobody),
        registers_(events),
        before_(events),
        behind_(events) {
    counts_[0] = HyperLogLog::kRegisters;
  }

  void add(std::size_t i, std::uint64_t hash) {
    const HyperLogLog::Register raised = HyperLogLog::register_of(hash);
    registers_[i] = raised;
    const std::uint8_t old_rank = rank_of(raised.index);
    Position& back = backs_[raised.index];
    while (back != kNobody && rank_at(back) <= raised.rank) back = before_at(back);
    const auto event = static_cast<Position>(i);
    before_[i] = back;
    behind_[i] = kNobody;
    (back == kNobody ? fronts_[raised.index] : behind_[static_cast<std::size_t>(back)]) = event;
    back = event;
    recount(raised.index, old_rank);
  }

  // REQUIRES: the event was added, and those before it are removed.
  void remove(std::size_t i) {
    const std::uint32_t index = registers_[i].index;
    if (fronts_[index] != static_cast<Position>(i)) return;  // A later one has surpassed it.
    const std::uint8_t old_rank = registers_[i].rank;
    fronts_[index] = behind_[i];
    if (behind_[i] == kNobody) {
      backs_[index] = kNobody;
    } else {
      before_[static_cast<std::size_t>(behind_[i])] = kNobody;
    }
    recount(index, old_rank);
  }

  std::int64_t estimate() {
    if (is_changed_) estimate_ = HyperLogLog::estimate_of(counts_);
    is_changed_ = false;
    return estimate_;
  }

 private:
  static constexpr Position kNobody = -1;

  std::uint8_t rank_at(Position event) const {
    return registers_[static_cast<std::size_t>(event)].rank;
  }
  Position before_at(Position event) const { return before_[static_cast<std::size_t>(event)]; }
  std::uint8_t rank_of(std::uint32_t index) const {
    return fronts_[index] == kNobody ? std::uint8_t{0} : rank_at(fronts_[index]);
  }
  void recount(std::uint32_t index, std::uint8_t old_rank) {
    const std::uint8_t rank = rank_of(index);
    if (rank == old_rank) return;
    --counts_[old_rank];
    ++counts_[rank];
    is_changed_ = true;
  }

  std::vector<Position> fronts_;  // By register: the first and the last of its queue.
  std::vector<Position> backs_;
  std::vector<HyperLogLog::Register> registers_;  // By event: what it raises,
  std::vector<Position> before_;                  // and its neighbours in the queue.
  std::vector<Position> behind_;
  HyperLogLog::RankCounts counts_{};
  std::int64_t estimate_ = 0;
  bool is_changed_ = true;
};

}  // namespace

void sweep_approx_count_distinct(const SweepTask& task) {
  SlidingRegisters registers(task.events);
  std::int64_t* const result = task.result.integers.data();
  std::fill(task.result.valid.begin(), task.result.valid.end(), std::uint8_t{1});
  const auto add = [&](std::size_t i) {
    registers.add(i, HyperLogLog::hash_of(task.values->kind, task.values->at(i)));
  };
  slide(
      task, add, [&](std::size_t i) { registers.remove(i); },
      [&](std::size_t read) { result[read] = registers.estimate(); });
}

// A DDSketch gives the value that stands for the bucket of a certain rank, and buckets rise as
// values do.
void sweep_approx_quantile(const SweepTask& task) {
  const DdSketch sketch(task.parameters->accuracy);
  const CellSpans& result = task.result;
  std::vector<std::int64_t> buckets(task.events);
  std::vector<std::int64_t> ranked;
  const auto is_nan = [&](std::size_t i) { return std::isnan(number_at(*task.values, i)); };
  for (std::size_t i = 0; i < task.events; ++i) {
    if (!takes(task, i) || is_nan(i)) continue;
    buckets[i] = sketch.bucket_of(number_at(*task.values, i));
    ranked.push_back(buckets[i]);
  }
  std::sort(ranked.begin(), ranked.end());
  ranked.erase(std::unique(ranked.begin(), ranked.end()), ranked.end());
  const auto rank_of = [&](std::size_t i) {
    return static_cast<Position>(std::lower_bound(ranked.begin(), ranked.end(), buckets[i]) -
                                 ranked.begin());
  };
  RankSet window(ranked.size());
  std::int64_t nans = 0;
  const auto add = [&](std::size_t i) { is_nan(i) ? void(++nans) : window.add(rank_of(i)); };
  const auto remove = [&](std::size_t i) { is_nan(i) ? void(--nans) : window.remove(rank_of(i)); };
  slide(task, add, remove, [&](std::size_t read) {
    result.valid[read] = nans > 0 || window.size() > 0 ? 1 : 0;
    if (nans > 0 || window.size() == 0) {
      result.numbers[read] = std::numeric_limits<double>::quiet_NaN();
      return;
    }
    const double last = static_cast<double>(window.size() - 1);
    const auto rank = static_cast<std::size_t>(std::floor(task.parameters->probability * last));
    result.numbers[read] = canonical(sketch.value_of_bucket(ranked[window.at(rank)]));
  });
}

}  // namespace rtml::feature
