// Intervals of one length, counted from the epoch in UTC, and what they are called.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/dataset/time_range.h"

namespace rtml::dataset {

// Fails with kBadOptionValue unless a length divides a day or is whole days, so that intervals
// begin at the same times of each day; and unless it is at least a minute.
Status check_interval_length(std::int64_t length_us);

// Fails with kBadOptionValue unless a moment is a multiple of the length. `option` is what it was
// given to.
Status check_interval_bound(std::string_view option, std::int64_t time_us, std::int64_t length_us);

// The intervals of a range whose bounds are multiples of the length, ascending. Fails with kUsage
// if there are more than a directory should hold, or a bound is a time that nobody can write.
Result<std::vector<TimeRange>> intervals_in(const TimeRange& range, std::int64_t length_us);

// "2025-03-01T00:00:00Z to 2025-03-02T00:00:00Z".
std::string to_string(const TimeRange& interval);

// The name of the file of an interval: when it begins, and 12 digits of what it was computed from,
// so that another content has another name.
std::string interval_file_name(const TimeRange& interval, const std::string& definition,
                               const std::string& input_sha256);
// Whether a file of a directory is called like this.
bool is_interval_file_name(std::string_view name);

}  // namespace rtml::dataset
