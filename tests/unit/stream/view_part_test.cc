#include "core/stream/view_part.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/base/time.h"
#include "tests/unit/feature/view_builder.h"
#include "tests/unit/online/memory_store.h"

namespace rtml::stream {
namespace {

using Counters = online::Counters;

constexpr std::int64_t kStart = 1'700'000'000 * kSecond;

struct Row {
  std::int64_t offset = 0;
  std::optional<std::int64_t> key = 1;
  std::int64_t time_us = kStart;
  std::int64_t id = 0;
  std::string error;
};

// One view (count of an hour, reads two hours back, watermark 5 s behind) fed by one partition of
// a store in memory.
class Fixture {
 public:
  Fixture() {
    builder.with_id().aggregate("events", table::Kind::kInt64, "count", kHour);
    builder.view.name = "activity";
    builder.view.timing.history_us = 2 * kHour;
    builder.view.timing.max_future_us = kMinute;
    store.is_atomic = true;
    view.view = &builder.view;
    view.source = &builder.source;
    view.identity = std::string(64, 'a');
    view.program = builder.program();
    view.source_schema = builder.schema;
    view.lateness_us = view.program.lateness_us(builder.view.timing.history_us);
    view.key_columns = {0};
    view.time_column = 1;
    view.id_column = 2;
    for (std::size_t i = 0; i < view.program.inputs.size(); ++i) view.input_columns.push_back(3);
  }

  ViewPart open() {
    auto writer = online::PartWriter::open(view.program, view.source_schema,
                                           online::stream_part(view.identity, "source", 0), store,
                                           ++epoch, {.first_offset = plugin::kBeginning}, {});
    REQUIRE(writer);
    return ViewPart(view, 0, std::move(*writer), epoch, clock);
  }

  static Chunk chunk(const std::vector<Row>& rows) {
    Chunk chunk;
    chunk.columns = 4;
    for (const Row& row : rows) {
      ChunkRow made{.offset = row.offset, .ingest_time_us = kStart + kHour, .partition = 0};
      made.bytes = "bytes";
      if (!row.error.empty()) {
        made.error = static_cast<std::int32_t>(chunk.errors.size());
        chunk.errors.push_back(row.error);
      }
      chunk.rows.push_back(made);
      chunk.values.push_back(row.key ? table::Value::of_integer(*row.key) : table::Value());
      chunk.values.push_back(table::Value::of_integer(row.time_us));
      chunk.values.push_back(table::Value::of_integer(row.id));
      chunk.values.push_back({});
    }
    return chunk;
  }

  static void feed(ViewPart& part, const std::vector<Row>& rows) {
    const Chunk rows_chunk = chunk(rows);
    part.sort(rows_chunk, 0, rows_chunk.rows.size());
    REQUIRE(part.apply(rows_chunk, {}));
    REQUIRE(part.writer().commit(part.batch_end(), {}));
    part.committed();
  }

  std::vector<std::int64_t> offsets(online::RecordKind kind) {
    const auto records = online::read_records(online::stream_part(view.identity, "source", 0), kind,
                                              -1, 1'000, store, {});
    REQUIRE(records);
    std::vector<std::int64_t> found;
    for (const online::Record& record : *records) found.push_back(record.offset);
    return found;
  }

  feature::ViewBuilder builder;
  StreamedView view;
  test::MemoryStore store;
  FakeClock clock{kStart};
  std::uint64_t epoch = 0;
};

}  // namespace

TEST_CASE("view part: what is no event goes into the dead letters with its offset") {
  Fixture fixture;
  ViewPart part = fixture.open();
  CHECK(part.next_offset() == plugin::kBeginning);
  Fixture::feed(part, {{.offset = 10, .id = 1},
                       {.offset = 20, .id = 2, .error = "$.x: missing"},
                       {.offset = 30, .key = std::nullopt, .id = 3},
                       {.offset = 40, .time_us = kStart + kHour + kMinute, .id = 4},
                       {.offset = 50, .time_us = kStart + kHour + kMinute + 1, .id = 5}});
  CHECK(fixture.offsets(online::RecordKind::kDeadLetter) == std::vector<std::int64_t>{20, 30, 50});
  CHECK(part.writer().position().counters == Counters{.applied = 2, .dead_letters = 3});
  CHECK(part.next_offset() == 51);
  // An event of the far future does not move the watermark.
  CHECK(part.watermark_us() == kStart + kHour + kMinute - 5 * kSecond);
}

TEST_CASE("view part: late is at or before watermark - lateness, one microsecond later is not") {
  Fixture fixture;
  ViewPart part = fixture.open();
  const std::int64_t limit_us = kStart - 5 * kSecond - fixture.view.lateness_us;
  CHECK(fixture.view.lateness_us >= 3 * kHour);
  Fixture::feed(part, {{.offset = 0, .id = 1},
                       {.offset = 1, .time_us = limit_us, .id = 2},
                       {.offset = 2, .time_us = limit_us + 1, .id = 3},
                       // The watermark moves within a batch.
                       {.offset = 3, .time_us = kStart + 1, .id = 4},
                       {.offset = 4, .time_us = limit_us + 1, .id = 5}});
  CHECK(fixture.offsets(online::RecordKind::kLate) == std::vector<std::int64_t>{1, 4});
  CHECK(part.writer().position().counters == Counters{.applied = 3, .late = 2});
}

TEST_CASE(
    "view part: batches and restarts change nothing, offsets that are stored are passed over") {
  std::vector<Row> rows;
  for (std::int64_t i = 0; i < 200; ++i) {
    Row row{.offset = 3 * i, .key = i / 2 % 7, .time_us = kStart + i * kSecond, .id = i / 2};
    if (i % 10 == 9) row.time_us -= 4 * kHour;
    if (i % 17 == 16) row.error = "poison";
    rows.push_back(row);
  }
  Fixture whole;
  ViewPart once = whole.open();
  Fixture::feed(once, rows);
  const Counters expected = once.writer().position().counters;
  CHECK(expected.duplicates > 0);
  CHECK(expected.late > 0);
  for (const std::size_t size : {1U, 7U, 64U}) {
    CAPTURE(size);
    Fixture fixture;
    for (std::size_t begin = 0; begin < rows.size(); begin += size) {
      ViewPart part = fixture.open();
      // Read again from before what is stored, as after a kill.
      const std::size_t from = begin >= 5 ? begin - 5 : 0;
      const std::size_t to = std::min(begin + size, rows.size());
      Fixture::feed(part, {rows.begin() + static_cast<std::ptrdiff_t>(from),
                           rows.begin() + static_cast<std::ptrdiff_t>(to)});
    }
    const ViewPart last = fixture.open();
    CHECK(last.writer().position().counters == expected);
    CHECK(last.watermark_us() == once.watermark_us());
    for (const auto kind : {online::RecordKind::kLate, online::RecordKind::kDeadLetter}) {
      CHECK(fixture.offsets(kind) == whole.offsets(kind));
    }
  }
}

}  // namespace rtml::stream
