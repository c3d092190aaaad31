#include "core/base/time.h"
#include "core/expression/function_rows.h"

namespace rtml::expression::detail {
namespace {

// The parts of a moment in UTC. Zones have rules that change; `timezone:` is reserved for them.
template <auto Part>
bool part(std::int64_t* out, std::int64_t time_us) {
  *out = Part(to_civil(time_us));
  return true;
}
std::int64_t hour_of(const CivilTime& time) {
  return time.hour;
}
std::int64_t minute_of(const CivilTime& time) {
  return time.minute;
}
std::int64_t second_of(const CivilTime& time) {
  return time.second;
}
std::int64_t second_of_day(const CivilTime& time) {
  return (time.hour * 60 + time.minute) * 60 + time.second;
}
std::int64_t weekday_of(const CivilTime& time) {
  return time.weekday - 1;
}
std::int64_t day_of(const CivilTime& time) {
  return time.day;
}
std::int64_t month_of(const CivilTime& time) {
  return time.month;
}
std::int64_t quarter_of(const CivilTime& time) {
  return (time.month + 2) / 3;
}
std::int64_t year_of(const CivilTime& time) {
  return time.year;
}
std::int64_t days_of(const CivilTime& time) {
  return days_from_civil(time.year, time.month, time.day);
}
std::int64_t day_of_year(const CivilTime& time) {
  return days_of(time) - days_from_civil(time.year, 1, 1) + 1;
}

// A week belongs to the year that has its Thursday (ISO 8601-1:2019, 3.1.1.23). Null within a week
// of the ends of INT64.
bool thursday_of(std::int64_t time_us, CivilTime* thursday) {
  std::int64_t moved_us = 0;
  const std::int64_t days = 4 - to_civil(time_us).weekday;
  if (__builtin_add_overflow(time_us, days * kDay, &moved_us)) return false;
  *thursday = to_civil(moved_us);
  return true;
}
bool week_of_year(std::int64_t* out, std::int64_t time_us) {
  CivilTime thursday{};
  if (!thursday_of(time_us, &thursday)) return false;
  *out = (day_of_year(thursday) - 1) / 7 + 1;
  return true;
}
bool year_of_week(std::int64_t* out, std::int64_t time_us) {
  CivilTime thursday{};
  if (!thursday_of(time_us, &thursday)) return false;
  *out = thursday.year;
  return true;
}

bool is_weekend(bool* out, std::int64_t time_us) {
  *out = to_civil(time_us).weekday >= 6;
  return true;
}

// Midnight of a day; null before the first moment of INT64.
bool midnight(std::int64_t* out, std::int64_t days) {
  *out = 0;
  return !__builtin_mul_overflow(days, kDay, out);
}
bool start_of_day(std::int64_t* out, std::int64_t time_us) {
  return midnight(out, days_of(to_civil(time_us)));
}
bool start_of_week(std::int64_t* out, std::int64_t time_us) {
  const CivilTime time = to_civil(time_us);
  return midnight(out, days_of(time) + 1 - time.weekday);
}
bool start_of_month(std::int64_t* out, std::int64_t time_us) {
  const CivilTime time = to_civil(time_us);
  return midnight(out, days_from_civil(time.year, time.month, 1));
}
bool start_of_quarter(std::int64_t* out, std::int64_t time_us) {
  const CivilTime time = to_civil(time_us);
  return midnight(out, days_from_civil(time.year, (time.month - 1) / 3 * 3 + 1, 1));
}
bool start_of_year(std::int64_t* out, std::int64_t time_us) {
  return midnight(out, days_from_civil(to_civil(time_us).year, 1, 1));
}

bool floor_time(std::int64_t* out, std::int64_t time_us, std::int64_t step_us) {
  *out = 0;
  return step_us > 0 && !__builtin_mul_overflow(floor_divide(time_us, step_us), step_us, out);
}

bool seconds_between(double* out, std::int64_t from_us, std::int64_t to_us) {
  std::int64_t between_us = 0;
  if (__builtin_sub_overflow(to_us, from_us, &between_us)) return false;
  *out = static_cast<double>(between_us) / static_cast<double>(kSecond);
  return true;
}

}  // namespace

void add_time_functions(Rows& rows) {
  rows.push_back(row<&part<hour_of>>("hour_of_day", "t:i"));
  rows.push_back(row<&part<minute_of>>("minute_of_hour", "t:i"));
  rows.push_back(row<&part<second_of>>("second_of_minute", "t:i"));
  rows.push_back(row<&part<second_of_day>>("second_of_day", "t:i"));
  rows.push_back(row<&part<weekday_of>>("day_of_week", "t:i"));
  rows.push_back(row<&is_weekend>("is_weekend", "t:b"));
  rows.push_back(row<&part<day_of>>("day_of_month", "t:i"));
  rows.push_back(row<&part<day_of_year>>("day_of_year", "t:i"));
  rows.push_back(row<&week_of_year>("week_of_year", "t:i"));
  rows.push_back(row<&year_of_week>("year_of_week", "t:i"));
  rows.push_back(row<&part<month_of>>("month", "t:i"));
  rows.push_back(row<&part<quarter_of>>("quarter", "t:i"));
  rows.push_back(row<&part<year_of>>("year", "t:i"));
  rows.push_back(row<&start_of_day>("start_of_day", "t:t"));
  rows.push_back(row<&start_of_week>("start_of_week", "t:t"));
  rows.push_back(row<&start_of_month>("start_of_month", "t:t"));
  rows.push_back(row<&start_of_quarter>("start_of_quarter", "t:t"));
  rows.push_back(row<&start_of_year>("start_of_year", "t:t"));
  rows.push_back(row<&floor_time>("floor_time", "ti:t"));
  rows.push_back(row<&seconds_between>("seconds_between", "tt:d"));
}

}  // namespace rtml::expression::detail
