#include "core/dataset/input_hash.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "core/base/fast_hash.h"
#include "core/base/hash.h"
#include "core/base/hexadecimal.h"
#include "core/base/parallel.h"
#include "core/dataset/event_layout.h"
#include "core/dataset/input_reach.h"
#include "core/project/identity.h"

namespace rtml::dataset {
namespace {

using table::Column;
using table::Kind;

constexpr std::int64_t kSliceRows = 16'384;

void append_word(std::string& bytes, std::uint64_t word) {
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(word >> shift & 0xFF);
}

void append_item(std::string& bytes, const Column& column, std::int64_t row) {
  if (column.is_null(row)) {
    bytes += '\0';
    return;
  }
  bytes += '\1';
  switch (column.type().kind) {
    case Kind::kFloat:
    case Kind::kDouble: {
      const double value = column.number_at(row);
      append_word(bytes, std::bit_cast<std::uint64_t>(
                             std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value));
      return;
    }
    case Kind::kString:
    case Kind::kBytes:
      append_word(bytes, column.text_at(row).size());
      bytes += column.text_at(row);
      return;
    default:
      append_word(bytes, static_cast<std::uint64_t>(column.integer_at(row)));
  }
}

void append_value(std::string& bytes, const Column& column, std::int64_t row) {
  if (!column.type().is_list || column.is_null(row)) return append_item(bytes, column, row);
  const Column list = column.list_at(row);
  bytes += '\1';
  append_word(bytes, static_cast<std::uint64_t>(list.length()));
  for (std::int64_t item = 0; item < list.length(); ++item) append_item(bytes, list, item);
}

RowHash hash_of(const std::vector<Column>& columns, std::int64_t row, std::string& bytes) {
  bytes.clear();
  for (const Column& column : columns) append_value(bytes, column, row);
  return {xxhash64(bytes, 0), xxhash64(bytes, 1)};
}

std::vector<std::int64_t> cuts_of(std::vector<std::int64_t> begins,
                                  const std::vector<TimeRange>& ranges) {
  for (const TimeRange& range : ranges) begins.push_back(range.to_us);
  std::sort(begins.begin(), begins.end());
  begins.erase(std::unique(begins.begin(), begins.end()), begins.end());
  return begins;
}

}  // namespace

RowHash row_hash(const std::vector<Column>& columns, std::int64_t row) {
  std::string bytes;
  return hash_of(columns, row, bytes);
}

std::int64_t input_begin_us(const feature::Program& program, std::int64_t from_us,
                            bool is_schedule) {
  const std::optional<std::int64_t> reach_us = input_reach_us(program);
  const bool asks_who_is_there = is_schedule && (program.ttl_us == 0 || program.as_of_created);
  if (!reach_us || asks_who_is_there) return feature::kBeforeAllTime;
  return feature::earlier(from_us, *reach_us);
}

InputHashes::InputHashes(std::vector<TimeRange> ranges, const Programs& programs, bool is_schedule,
                         const BuildContext& context)
    : ranges_(std::move(ranges)), context_(context) {
  for (const auto& [view, program] : programs) {
    ViewSums& sums =
        views_[{project::plain_name(view->name), project::identity(context_.project, *view)}];
    sums_of_[view] = &sums;
    sums.key_count = std::ssize(program.keys);
    for (const TimeRange& range : ranges_) {
      sums.begins_us.push_back(input_begin_us(program, range.from_us, is_schedule));
    }
    sums.stretches.cuts_us = cuts_of(sums.begins_us, ranges_);
  }
  std::vector<std::int64_t> begins;
  for (const TimeRange& range : ranges_) begins.push_back(range.from_us);
  rows_.cuts_us = cuts_of(std::move(begins), ranges_);
  clear();
}

void InputHashes::clear() {
  for (auto& [key, view] : views_) {
    view.stretches.sums.assign(view.stretches.cuts_us.size() + 1, {});
  }
  rows_.sums.assign(rows_.cuts_us.size() + 1, {});
}

std::size_t InputHashes::Stretches::stretch_of(std::int64_t time_us) const {
  return static_cast<std::size_t>(std::upper_bound(cuts_us.begin(), cuts_us.end(), time_us) -
                                  cuts_us.begin());
}

InputHashes::Sum InputHashes::Stretches::between(std::int64_t from_us, std::int64_t to_us) const {
  Sum sum;
  for (std::size_t i = stretch_of(from_us); i < stretch_of(to_us); ++i) {
    sum.hash.add(sums[i].hash);
    sum.count += sums[i].count;
  }
  return sum;
}

Status InputHashes::add_hashes(const std::vector<Column>& columns, const Column& times_column,
                               std::int64_t key_count, Stretches& stretches) {
  const auto times = times_column.values<std::int64_t>();
  const std::int64_t rows = std::ssize(times);
  const auto slices = static_cast<std::size_t>((rows + kSliceRows - 1) / kSliceRows);
  return run_parallel(context_.threads, slices, &context_.cancel, [&](std::size_t slice) -> Status {
    const std::int64_t begin = static_cast<std::int64_t>(slice) * kSliceRows;
    const std::int64_t end = std::min(begin + kSliceRows, rows);
    std::vector<std::pair<std::size_t, RowHash>> hashes;
    hashes.reserve(static_cast<std::size_t>(end - begin));
    std::string bytes;
    for (std::int64_t row = begin; row < end; ++row) {
      bool has_key = true;
      for (std::int64_t k = 0; k < key_count; ++k) has_key = has_key && !columns[k].is_null(row);
      // What lies behind the last range is nobody's.
      const std::size_t stretch = stretches.stretch_of(times[row]);
      if (!has_key || stretch == stretches.cuts_us.size()) continue;
      hashes.emplace_back(stretch, hash_of(columns, row, bytes));
    }
    const std::lock_guard lock(mutex_);
    for (const auto& [stretch, hash] : hashes) {
      stretches.sums[stretch].hash.add(hash);
      ++stretches.sums[stretch].count;
    }
    return {};
  });
}

Status InputHashes::add(const project::FeatureView& view, const feature::EventColumns& events) {
  ViewSums& sums = *sums_of_.at(&view);
  return add_hashes(columns_of(events), events.time, sums.key_count, sums.stretches);
}

Status InputHashes::add_rows(const table::Batch& rows, const Column& times) {
  return add_hashes(rows.columns(), times, 0, rows_);
}

InputHashes::Input InputHashes::input_of(std::size_t range) const {
  Input input;
  std::string text;
  const auto add = [&](const std::string& name, const Sum& sum) {
    text += name + " " + std::to_string(sum.count) + " " + hexadecimal(sum.hash.first) +
            hexadecimal(sum.hash.second) + "\n";
  };
  for (const auto& [key, view] : views_) {
    const Sum sum = view.stretches.between(view.begins_us[range], ranges_[range].to_us);
    input.events = std::max(input.events, sum.count);
    add(key.first, sum);
  }
  add("", rows_.between(ranges_[range].from_us, ranges_[range].to_us));
  input.sha256 = sha256_hex(text);
  return input;
}

}  // namespace rtml::dataset
