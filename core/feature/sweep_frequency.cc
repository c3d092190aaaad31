// The sweep of top_k: how often each value is in the window, under a tournament that knows the most
// frequent one. An event costs O(log n) of the different values, and so does each item of a list.

#include <algorithm>
#include <bit>
#include <numeric>

#include "core/feature/aggregate.h"
#include "core/feature/sliding_window.h"
#include "core/feature/sorted_word.h"
#include "core/feature/value_numbers.h"

namespace rtml::feature {
namespace {

// The different values of the events taken, ascending: by number the place of each, and by place an
// event that has it.
struct SortedValues {
  std::vector<Position> places;
  std::vector<Position> events;
};

SortedValues sort_values(const SweepTask& task) {
  const SlotView& values = *task.values;
  SortedValues sorted;
  sorted.events = task.prefix->value_events;
  std::vector<Position> numbers(sorted.events.size());
  std::iota(numbers.begin(), numbers.end(), 0);
  const auto sort_by = [&](const auto& value_at) {
    std::sort(numbers.begin(), numbers.end(), [&](Position a, Position b) {
      return value_at(sorted.events[static_cast<std::size_t>(a)]) <
             value_at(sorted.events[static_cast<std::size_t>(b)]);
    });
  };
  if (is_text_kind(values.kind)) {
    sort_by([&](Position event) { return values.text_at(static_cast<std::size_t>(event)); });
  } else {
    sort_by([&](Position event) { return word_at(values, static_cast<std::size_t>(event)); });
  }
  sorted.places.resize(numbers.size());
  for (std::size_t place = 0; place < numbers.size(); ++place) {
    const auto number = static_cast<std::size_t>(numbers[place]);
    sorted.places[number] = static_cast<Position>(place);
  }
  for (std::size_t number = 0; number < numbers.size(); ++number) {
    sorted.events[static_cast<std::size_t>(sorted.places[number])] =
        task.prefix->value_events[number];
  }
  return sorted;
}

// Counts of values under a tournament: a node names the more frequent of its two children, the
// lesser value where they are alike.
class Tournament {
 public:
  explicit Tournament(std::size_t values)
      : leaves_(std::bit_ceil(std::max<std::size_t>(values, 1))),
        counts_(leaves_, 0),
        winners_(2 * leaves_) {
    for (std::size_t i = 0; i < leaves_; ++i) winners_[leaves_ + i] = static_cast<Position>(i);
    for (std::size_t node = leaves_ - 1; node > 0; --node) winners_[node] = winners_[2 * node];
  }

  void change(Position value, Position by) {
    counts_[static_cast<std::size_t>(value)] += by;
    for (std::size_t node = (leaves_ + static_cast<std::size_t>(value)) / 2; node > 0; node /= 2) {
      const Position left = winners_[2 * node];
      const Position right = winners_[2 * node + 1];
      const Position winner = count(left) >= count(right) ? left : right;
      // Neither the winner nor how often it is there is another than before.
      if (winner == winners_[node] && winner != value) return;
      winners_[node] = winner;
    }
  }

  // Puts the most frequent values into `list`, the most frequent first, at most `most` of them.
  void take_first(std::size_t most, std::vector<Position>& list) {
    list.clear();
    taken_.clear();
    while (list.size() < most && count(winners_[1]) > 0) {
      const Position winner = winners_[1];
      list.push_back(winner);
      taken_.push_back(count(winner));
      change(winner, -count(winner));
    }
    for (std::size_t i = 0; i < list.size(); ++i) change(list[i], taken_[i]);
  }

 private:
  Position count(Position value) const { return counts_[static_cast<std::size_t>(value)]; }

  std::size_t leaves_;
  std::vector<Position> counts_;   // By value.
  std::vector<Position> winners_;  // Node i has the children 2 i and 2 i + 1; 1 is the root.
  std::vector<Position> taken_;    // Memory of take_first().
};

}  // namespace

void sweep_top_k(const SweepTask& task) {
  make_value_numbers(task);
  const SortedValues sorted = sort_values(task);
  const std::vector<Position>& numbers = task.prefix->value_numbers;
  const auto most = static_cast<std::size_t>(task.parameters->count);
  Tournament tournament(sorted.events.size());
  const auto change = [&](std::size_t i, Position by) {
    tournament.change(sorted.places[static_cast<std::size_t>(numbers[i])], by);
  };
  std::vector<Position> list;
  std::vector<Position> before;  // The list of the last read, which most reads have again.
  table::Value value = table::Value::of_list({});
  bool is_changed = false;
  const auto add = [&](std::size_t i) {
    change(i, 1);
    is_changed = true;
  };
  const auto remove = [&](std::size_t i) {
    change(i, -1);
    is_changed = true;
  };
  slide(task, add, remove, [&](std::size_t read) {
    if (is_changed) tournament.take_first(most, list);
    if (is_changed && list != before) {
      const std::span<table::Value> items = task.memory->values.make_list(list.size());
      for (std::size_t i = 0; i < items.size(); ++i) {
        const Position event = sorted.events[static_cast<std::size_t>(list[i])];
        items[i] = task.values->at(static_cast<std::size_t>(event));
      }
      value = table::Value::of_list(items);
      before = list;
    }
    is_changed = false;
    task.result.valid[read] = list.empty() ? 0 : 1;
    task.result.lists[read] = value;
  });
}

}  // namespace rtml::feature
