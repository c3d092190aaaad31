// The sweep of count_distinct: a value counts where it is the first of its kind in the window,
// which the places of its neighbours tell. They are found once, for windows of any length.

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "core/feature/aggregate.h"
#include "core/feature/integer_table.h"
#include "core/feature/sorted_word.h"
#include "core/feature/value_numbers.h"

namespace rtml::feature {
namespace {

template <typename NumberOf>
void number_values(const SweepTask& task, const NumberOf& number_of) {
  Prefix& prefix = *task.prefix;
  prefix.value_numbers.assign(task.events, -1);
  for (std::size_t i = 0; i < task.events; ++i) {
    if (!takes(task, i)) continue;
    const Position number = number_of(i);
    prefix.value_numbers[i] = number;
    if (static_cast<std::size_t>(number) == prefix.value_events.size()) {
      prefix.value_events.push_back(static_cast<Position>(i));
    }
  }
}

// Links each event taken with those before and behind it that have its value.
void make_links(const SweepTask& task) {
  Prefix& prefix = *task.prefix;
  if (!prefix.equal_before.empty()) return;
  make_value_numbers(task);
  prefix.equal_before.assign(task.events, -1);
  prefix.equal_behind.assign(task.events, static_cast<Position>(task.events));
  std::vector<Position> latest(prefix.value_events.size(), -1);  // By number.
  for (std::size_t i = 0; i < task.events; ++i) {
    if (prefix.value_numbers[i] < 0) continue;
    Position& before = latest[static_cast<std::size_t>(prefix.value_numbers[i])];
    prefix.equal_before[i] = before;
    const auto place = static_cast<Position>(i);
    if (before >= 0) prefix.equal_behind[static_cast<std::size_t>(before)] = place;
    before = place;
  }
}

}  // namespace

void make_value_numbers(const SweepTask& task) {
  if (!task.prefix->value_numbers.empty()) return;
  const SlotView& values = *task.values;
  if (is_text_kind(values.kind)) {
    std::unordered_map<std::string_view, Position> numbers;
    return number_values(task, [&](std::size_t i) {
      return numbers.try_emplace(values.text_at(i), static_cast<Position>(numbers.size()))
          .first->second;
    });
  }
  IntegerTable numbers;
  number_values(task, [&](std::size_t i) { return numbers.add(word_at(values, i)); });
}

void sweep_count_distinct(const SweepTask& task) {
  make_links(task);
  const std::vector<Position>& before = task.prefix->equal_before;
  const std::vector<Position>& behind = task.prefix->equal_behind;
  std::int64_t* const result = task.result.integers.data();
  std::fill(task.result.valid.begin(), task.result.valid.end(), std::uint8_t{1});
  Position begin = 0;
  Position end = 0;
  std::int64_t count = 0;
  // Of the values in [begin, end) those count that have no equal between `begin` and them.
  for (std::size_t read = 0; read < task.reads; ++read) {
    for (; end < task.window.highs[read]; ++end) {
      if (takes(task, end) && before[end] < begin) ++count;
    }
    for (; begin < task.window.lows[read]; ++begin) {
      if (takes(task, begin) && behind[begin] >= end) --count;
    }
    result[read] = count;
  }
}

}  // namespace rtml::feature
