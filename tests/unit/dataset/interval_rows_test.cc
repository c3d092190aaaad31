// Rows of one stream come out interval by interval, whatever their order, complete and in theirs.

#include "core/dataset/interval_rows.h"

#include "tests/unit/dataset/backfill_fixture.h"

namespace rtml::dataset {

TEST_CASE("IntervalRows: every row in its interval, in the order in which it came") {
  test::BackfillProject project;
  std::mt19937_64 random(41);
  const std::vector<TimeRange> ranges = {{0, 10}, {10, 20}, {30, 40}, {40, 50}};
  for (const bool is_in_order : {false, true}) {
    for (const bool is_counted : {false, true}) {
      // Without counts, as of a schedule, rows come in the order of time.
      if (!is_counted && !is_in_order) continue;
      for (const std::int64_t limit : {0, 1}) {
        CAPTURE(is_in_order);
        CAPTURE(limit);
        std::vector<std::int64_t> times;
        for (int i = 0; i < 500; ++i) {
          const TimeRange& range = ranges[random() % ranges.size()];
          if (range.from_us != 30) {  // One interval has no row.
            times.push_back(range.from_us + static_cast<std::int64_t>(random() % 10));
          }
        }
        if (is_in_order) std::sort(times.begin(), times.end());
        std::vector<std::int64_t> numbers(times.size());
        for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::int64_t>(i);
        const auto schema = std::make_shared<const table::Schema>(std::vector<table::Field>{
            {"number", {table::Kind::kInt64}}, {kEventTimestamp, {table::Kind::kTimestamp}}});
        const table::Batch all(schema,
                               {table::int64_column(numbers), table::timestamp_column(times)},
                               std::ssize(times));
        std::vector<table::Batch> batches;
        for (std::int64_t start = 0; start < all.rows(); start += 37) {
          batches.push_back(all.slice(start, std::min<std::int64_t>(37, all.rows() - start)));
        }
        Materialized made;
        made.rows = table::read_batches(schema, batches);
        std::vector<std::vector<std::int64_t>> expected(ranges.size());
        for (std::size_t i = 0; i < times.size(); ++i) {
          for (std::size_t r = 0; r < ranges.size(); ++r) {
            if (ranges[r].contains(times[i])) expected[r].push_back(numbers[i]);
          }
        }
        if (is_counted) made.row_count = all.rows();
        for (const auto& rows : expected) made.range_rows.push_back(std::ssize(rows));
        const BuildContext context = project.context(1, limit);
        IntervalRows rows(made, ranges, context);
        for (std::size_t r = 0; r < ranges.size(); ++r) {
          std::vector<std::int64_t> found;
          while (true) {
            const auto batch = rows.next(r).value();
            if (!batch) break;
            for (std::int64_t row = 0; row < batch->rows(); ++row) {
              found.push_back(batch->column(0).integer_at(row));
            }
          }
          CHECK(found == expected[r]);
        }
      }
    }
  }
}

}  // namespace rtml::dataset
