#include "core/stream/part_set.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "tests/unit/feature/view_builder.h"
#include "tests/unit/online/memory_store.h"

namespace rtml::stream {
namespace {

constexpr std::int64_t kStart = 1'700'000'000 * kSecond;

// Two views of one source, which count the events of an hour, over a store in memory.
class Fixture {
 public:
  Fixture() {
    builder.aggregate("events", table::Kind::kInt64, "count", kHour);
    builder.view.name = "activity";
    builder.source.name = "payments";
    builder.source.stream.emplace();
    store.is_atomic = true;
    sources.emplace_back();
    sources.front().source = &builder.source;
    for (const char identity : {'a', 'b'}) {
      auto view = std::make_unique<StreamedView>();
      view->view = &builder.view;
      view->source = &builder.source;
      view->identity = std::string(64, identity);
      view->program = builder.program();
      view->source_schema = builder.schema;
      view->lateness_us = view->program.lateness_us(builder.view.timing.history_us);
      view->key_columns = {0};
      view->time_column = 1;
      view->input_columns.assign(view->program.inputs.size(), 2);
      sources.front().views.push_back(std::move(view));
    }
    parts = std::make_unique<PartSet>(sources, store, PartSetOptions{}, clock, clock, retry, stop);
    const std::vector<plugin::Partition> owned(1);
    REQUIRE(parts->assign(0, owned));
    store.commits = 0;
  }

  // `events` messages of entities of their own, then `broken` ones of so many bytes.
  void take(std::int64_t events, std::int64_t broken, std::size_t bytes = 5) {
    Chunk chunk;
    chunk.columns = 3;
    text = std::string(bytes, 'x');
    for (std::int64_t i = 0; i < events + broken; ++i) {
      ChunkRow row{.offset = next_offset++, .ingest_time_us = kStart, .bytes = text};
      if (i >= events) row.error = 0;
      chunk.bytes += std::ssize(row.bytes);
      chunk.rows.push_back(row);
      chunk.values.push_back(table::Value::of_integer(row.offset));
      chunk.values.push_back(table::Value::of_integer(kStart));
      chunk.values.emplace_back();
    }
    chunk.errors.emplace_back("it is broken");
    REQUIRE(parts->take(0, chunk));
  }

  std::int64_t letters(char identity) {
    return std::ssize(
        online::read_records(online::stream_part(std::string(64, identity), "payments", 0),
                             online::RecordKind::kDeadLetter, -1, 1'000, store, {})
            .value());
  }

  feature::ViewBuilder builder;
  std::vector<SourceViews> sources;
  test::MemoryStore store;
  FakeClock clock{kStart};
  CancelFlag stop;
  Retry retry{clock, 0};
  std::unique_ptr<PartSet> parts;
  std::string text;
  std::int64_t next_offset = 0;
};

}  // namespace

TEST_CASE("PartSet: what several views of a source took is stored at once") {
  Fixture fixture;
  fixture.take(3, 1);
  CHECK(fixture.parts->batch_messages() == 4);
  REQUIRE(fixture.parts->commit(false));
  CHECK(fixture.store.commits == 1);
  CHECK_FALSE(fixture.parts->has_changes());
  CHECK(fixture.parts->stored(0) == std::vector<PartitionOffset>{{0, 4}});
  for (const PartSnapshot& part : fixture.parts->snapshots()) {
    CHECK(part.position.counters == online::Counters{.applied = 3, .dead_letters = 1});
  }
}

TEST_CASE("PartSet: large dead letters are no one transaction, and all are stored") {
  Fixture fixture;
  fixture.take(1, 2, std::size_t{10} << 20);
  REQUIRE(fixture.parts->commit(false));
  CHECK(fixture.store.commits == 2);
  CHECK(fixture.letters('a') == 2);
  CHECK(fixture.letters('b') == 2);
  CHECK(fixture.parts->stored(0) == std::vector<PartitionOffset>{{0, 3}});
}

TEST_CASE("PartSet: a batch is full by its bytes, and by its dead letters'") {
  Fixture fixture;
  fixture.take(1, 0, std::size_t{63} << 20);
  CHECK_FALSE(fixture.parts->is_batch_full());
  fixture.take(1, 0, std::size_t{1} << 20);
  CHECK(fixture.parts->is_batch_full());
  REQUIRE(fixture.parts->commit(false));
  CHECK_FALSE(fixture.parts->is_batch_full());
  // Two views keep the bytes of each.
  fixture.take(0, 3, std::size_t{8} << 20);
  CHECK(fixture.parts->is_batch_full());
}

TEST_CASE("PartSet: a batch grows by what commits write") {
  Fixture fixture;
  const auto fits = [&](std::int64_t messages) {
    fixture.take(messages - 1, 0);
    const bool is_full_before = fixture.parts->is_batch_full();
    fixture.take(1, 0);
    const bool is_full = fixture.parts->is_batch_full();
    REQUIRE(fixture.parts->commit(false));
    return is_full && !is_full_before;
  };
  CHECK(fits(8'192));
  CHECK(fits(16'384));
  CHECK(fits(32'768));
}

}  // namespace rtml::stream
