// The sweep of count_distinct: a value counts where it is the first of its kind in the window,
// which the places of its neighbours tell. They are found once, for windows of any length.

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "core/feature/aggregate.h"
#include "core/feature/integer_table.h"
#include "core/feature/sliding_window.h"
#include "core/feature/sorted_word.h"

namespace rtml::feature {
namespace {

// Links each event taken with those before and behind it that have its value, which
// `number_of(i)` numbers from 0 without gaps.
template <typename NumberOf>
void link_equals(const SweepTask& task, const NumberOf& number_of) {
  Prefix& prefix = *task.prefix;
  const auto none = static_cast<Position>(task.events);
  prefix.equal_before.assign(task.events, -1);
  prefix.equal_behind.assign(task.events, none);
  std::vector<Position> latest;  // By number.
  for (std::size_t i = 0; i < task.events; ++i) {
    if (!takes(task, i)) continue;
    const auto number = static_cast<std::size_t>(number_of(i));
    if (number == latest.size()) latest.push_back(-1);
    const auto place = static_cast<Position>(i);
    if (latest[number] >= 0) {
      prefix.equal_before[i] = latest[number];
      prefix.equal_behind[static_cast<std::size_t>(latest[number])] = place;
    }
    latest[number] = place;
  }
}

void make_links(const SweepTask& task) {
  if (!task.prefix->equal_before.empty()) return;
  const SlotView& values = *task.values;
  if (is_text_kind(values.kind)) {
    std::unordered_map<std::string_view, std::int32_t> numbers;
    return link_equals(task, [&](std::size_t i) {
      return numbers.try_emplace(values.text_at(i), static_cast<std::int32_t>(numbers.size()))
          .first->second;
    });
  }
  IntegerTable numbers;
  link_equals(task, [&](std::size_t i) { return numbers.add(word_at(values, i)); });
}

}  // namespace

void sweep_count_distinct(const SweepTask& task) {
  make_links(task);
  const std::vector<Position>& before = task.prefix->equal_before;
  const std::vector<Position>& behind = task.prefix->equal_behind;
  std::int64_t* const result = task.result->integers.data();
  std::fill(task.result->valid.begin(), task.result->valid.end(), std::uint8_t{1});
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
