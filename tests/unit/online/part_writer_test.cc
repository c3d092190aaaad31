// Exactly once: whatever the batches, restarts and broken commits, a part ends as one kernel would
// that saw each event once.

#include "core/online/part_writer.h"

#include <doctest/doctest.h>

#include "core/online/view_entry.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/online/idle_entities.h"
#include "tests/unit/online/memory_store.h"
#include "tests/unit/online/stream_fixture.h"
#include "tests/unit/plugin/plugin_fixture.h"

namespace rtml::online {
namespace {

using test::MemoryStore;
using test::Stream;

const std::string kIdentity(64, 'a');
const PartName kPart = stream_part(kIdentity, "events", 0);

constexpr std::int64_t kHistory = 2 * kHour;

PartWriter open(const Stream& stream, plugin::OnlineStore& store, std::uint64_t epoch,
                WriterOptions options = {}) {
  auto writer = PartWriter::open(stream.program, stream.schema, kPart, store, epoch, options, {});
  REQUIRE_MESSAGE(writer.has_value(), writer.error().message());
  return std::move(*writer);
}

BatchEnd end_of(const Stream& stream, std::size_t end) {
  BatchEnd result;
  result.next_offset = static_cast<std::int64_t>(end);
  for (std::size_t i = 0; i < end; ++i) {
    result.max_event_us = std::max(result.max_event_us, stream.events[i].event.time_us);
  }
  result.watermark_us = result.max_event_us - 5 * kSecond;
  result.trim_to_us = result.watermark_us - kHistory;
  return result;
}

void check_states(Stream& stream, MemoryStore& store, std::size_t begin, std::size_t end) {
  feature::Kernel kernel(stream.program);
  const EntityCodec codec(stream.program);
  for (auto& [key, expected] : stream.states(begin, end)) {
    const table::Value value = table::Value::of_integer(key);
    const auto found = store.get_groups({entity_group(kPart, std::span(&value, 1))}, {});
    REQUIRE(!found->front().empty());
    const auto entity = codec.decode(found->front(), true, kernel);
    REQUIRE(entity.has_value());
    for (const std::int64_t back_us : {0 * kHour, kMinute, kHour, kHistory}) {
      const std::int64_t at_us = stream.latest_us() - back_us;
      const auto was = kernel.read(expected, at_us);
      REQUIRE(was.has_value());
      const std::string wanted = test::show(*was);
      const auto is = kernel.read(entity->state, at_us);
      REQUIRE(is.has_value());
      CHECK(test::show(*is) == wanted);
    }
  }
}

}  // namespace

TEST_CASE("PartWriter: any batches and restarts give the states of one pass") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    std::mt19937_64 random(seed);
    Stream stream(test::every_window(), test::random_rows(random, 2'500, 5));
    MemoryStore store;
    std::uint64_t epoch = 1;
    WriterOptions options;
    if (seed % 2 == 0) options.cache_bytes = 1;
    auto writer = open(stream, store, epoch, options);
    std::size_t at = 0;
    while (at < stream.events.size()) {
      const std::size_t count = std::min(stream.events.size() - at, 1 + random() % 300);
      REQUIRE(writer.apply(std::span(stream.events).subspan(at, count), {}));
      if (random() % 5 == 0) {
        // Nothing of this batch was committed.
        writer = open(stream, store, ++epoch, options);
        CHECK(writer.position().next_offset == static_cast<std::int64_t>(at));
        continue;
      }
      at += count;
      REQUIRE(writer.commit(end_of(stream, at), {}));
    }
    check_states(stream, store, 0, stream.events.size());
    const Counters& counters = writer.position().counters;
    CHECK(counters.applied + counters.duplicates == 2'500);
  }
}

TEST_CASE("PartWriter: a commit that is cut off anywhere counts nothing twice") {
  Counters clean;
  for (std::uint64_t seed = 0; seed <= 12; ++seed) {
    std::mt19937_64 rows_random(77);
    std::mt19937_64 random(seed);
    Stream stream(test::every_window(), test::random_rows(rows_random, 1'500, 6));
    MemoryStore store;
    std::uint64_t epoch = 1;
    WriterOptions options;
    options.max_events_per_entity = 60;
    auto writer = open(stream, store, epoch, options);
    std::size_t at = 0;
    std::int64_t refused = 0;
    while (at < stream.events.size()) {
      const bool is_cut = seed > 0 && random() % 3 == 0;
      // Where entities may be full, the outcome hangs on when they are trimmed: the same batches.
      const std::size_t count = std::min<std::size_t>(stream.events.size() - at, 50);
      const auto outcomes = writer.apply(std::span(stream.events).subspan(at, count), {});
      REQUIRE(outcomes);
      if (is_cut) {
        store.cut_off_after = random() % 7;
        const bool is_done = writer.commit(end_of(stream, at + count), {}).has_value();
        store.cut_off_after.reset();
        writer = open(stream, store, ++epoch, options);
        if (!is_done) continue;
      } else {
        REQUIRE(writer.commit(end_of(stream, at + count), {}));
      }
      refused += std::count(outcomes->begin(), outcomes->end(), Outcome::kTooMany);
      at += count;
    }
    const Counters& counters = writer.position().counters;
    CHECK(counters.applied + counters.duplicates + counters.too_many == 1'500);
    CHECK(counters.too_many == refused);
    CHECK(counters.dead_letters == counters.too_many);
    if (seed == 0) {
      clean = counters;
      CHECK(clean.too_many > 0);
    }
    CHECK(counters == clean);
  }
}

TEST_CASE("PartWriter: events that a fill has are counted as such after a cut-off commit too") {
  std::mt19937_64 random(5);
  Stream stream(test::every_window(), test::random_rows(random, 300, 6));
  const std::int64_t cutover_us = stream.events[100].event.time_us;
  Counters clean;
  for (int cut = -1; cut < 7; ++cut) {
    MemoryStore store;
    const ViewMember about = about_member("view", stream.schema);
    const ViewMember fill = fill_member({.generation = 1, .cutover_us = cutover_us});
    store.groups[view_group(kIdentity)] = {{about.name, about.value}, {fill.name, fill.value}};
    auto writer = open(stream, store, 1);
    REQUIRE(writer.apply(stream.events, {}));
    if (cut >= 0) {
      store.cut_off_after = cut;
      REQUIRE_FALSE(writer.commit(end_of(stream, 300), {}));
      store.cut_off_after.reset();
      writer = open(stream, store, 2);
      REQUIRE(writer.apply(stream.events, {}));
    }
    REQUIRE(writer.commit(end_of(stream, 300), {}));
    if (cut < 0) clean = writer.position().counters;
    CHECK(writer.position().counters == clean);
  }
  CHECK(clean.before_cutover > 50);
  CHECK(clean.applied > 100);
}

TEST_CASE("PartWriter: who was replaced cannot commit") {
  std::mt19937_64 random(1);
  Stream stream(test::every_window(), test::random_rows(random, 20, 2));
  MemoryStore store;
  auto earlier = open(stream, store, 1);
  REQUIRE(earlier.apply(stream.events, {}));
  auto later = open(stream, store, 2);
  const auto refused = earlier.commit(end_of(stream, 20), {});
  REQUIRE(!refused);
  CHECK(refused.error().code() == ErrorCode::kEpochStale);
  CHECK(!PartWriter::open(stream.program, stream.schema, kPart, store, 1, {}, {}));
  REQUIRE(later.apply(stream.events, {}));
  REQUIRE(later.commit(end_of(stream, 20), {}));
  check_states(stream, store, 0, 20);
}

TEST_CASE("PartWriter: several parts commit together, fenced each") {
  std::mt19937_64 random(4);
  Stream stream(test::every_window(), test::random_rows(random, 60, 3));
  MemoryStore store;
  store.is_atomic = true;
  auto first = open(stream, store, 1);
  const PartName other_name = stream_part(std::string(64, 'b'), "events", 0);
  auto second = PartWriter::open(stream.program, stream.schema, other_name, store, 1, {}, {});
  REQUIRE(second.has_value());
  REQUIRE(first.apply(stream.events, {}));
  REQUIRE(second->apply(stream.events, {}));
  const std::vector<BatchEnd> ends(2, end_of(stream, 60));
  const std::vector<PartWriter*> writers = {&first, &*second};
  REQUIRE(commit_together(writers, ends, {}));
  CHECK(first.position() == second->position());
  auto replaced = PartWriter::open(stream.program, stream.schema, other_name, store, 2, {}, {});
  REQUIRE(replaced.has_value());
  const auto refused = commit_together(writers, ends, {});
  REQUIRE(!refused);
  CHECK(refused.error().code() == ErrorCode::kEpochStale);
}

TEST_CASE("PartWriter: entities that get no more events become small and read as before") {
  for (const bool is_atomic : {false, true}) {
    MemoryStore store;
    store.is_atomic = is_atomic;
    test::check_idle_entities(store);
  }
  const test::TemporaryDirectory directory;
  const auto lmdb = test::built_host().online_store("lmdb", {{"path", directory.path().string()}});
  REQUIRE(lmdb);
  test::check_idle_entities(**lmdb);
}

TEST_CASE("PartWriter: a store that writes group by group is read under the fence") {
  std::mt19937_64 random(4);
  Stream stream(test::every_window(), test::random_rows(random, 60, 3));
  for (const bool is_atomic : {false, true}) {
    MemoryStore store;
    store.is_atomic = is_atomic;
    auto writer = open(stream, store, 1);
    store.reads = 0;
    REQUIRE(writer.apply(stream.events, {}));
    CHECK(store.reads == (is_atomic ? 1 : 0));
  }
}

TEST_CASE("PartWriter: several that failed together are counted once when committed again") {
  std::mt19937_64 random(4);
  Stream stream(test::every_window(), test::random_rows(random, 60, 3));
  MemoryStore store;
  store.is_atomic = true;
  auto first = open(stream, store, 1);
  const PartName other_name = stream_part(std::string(64, 'b'), "events", 0);
  auto second = PartWriter::open(stream.program, stream.schema, other_name, store, 1, {}, {});
  REQUIRE(second.has_value());
  REQUIRE(second->apply(stream.events, {}));
  BatchEnd end = end_of(stream, 60);
  end.late = 3;
  end.dead_letters = 2;
  const std::vector<BatchEnd> ends(2, end);
  const std::vector<PartWriter*> writers = {&first, &*second};
  const auto before = store.groups;
  for (int attempt = 0; attempt < 3; ++attempt) {
    store.cut_off_after = 1;
    REQUIRE(!commit_together(writers, ends, {}));
    CHECK(store.groups == before);
    for (const PartWriter* writer : writers) CHECK(writer->position().counters.late == 0);
  }
  store.cut_off_after.reset();
  REQUIRE(commit_together(writers, ends, {}));
  for (const PartWriter* writer : writers) {
    CHECK(writer->position().counters.late == 3);
    CHECK(writer->position().counters.dead_letters == 2);
  }
  // A later batch is committed as ever.
  REQUIRE(commit_together(writers, ends, {}));
  for (const PartWriter* writer : writers) CHECK(writer->position().counters.late == 6);
}

TEST_CASE("PartWriter: records are there with their position") {
  std::mt19937_64 random(4);
  Stream stream(test::every_window(), test::random_rows(random, 10, 1));
  MemoryStore store;
  auto writer = open(stream, store, 1);
  BatchEnd end = end_of(stream, 10);
  for (std::int64_t offset = 0; offset < 1'000; offset += 3) {
    end.records.push_back({RecordKind::kDeadLetter, offset, "bytes " + std::to_string(offset)});
  }
  end.dead_letters = std::ssize(end.records);
  end.records.push_back({RecordKind::kLate, 4, "late"});
  end.late = 1;
  REQUIRE(writer.commit(end, {}));
  CHECK(writer.position().counters.dead_letters == 334);
  std::vector<Record> read;
  std::int64_t after = -1;
  while (true) {
    const auto more = read_records(kPart, RecordKind::kDeadLetter, after, 50, store, {});
    REQUIRE(more.has_value());
    if (more->empty()) break;
    read.insert(read.end(), more->begin(), more->end());
    after = read.back().offset;
  }
  REQUIRE(read.size() == 334);
  CHECK(read[100] == end.records[100]);
  CHECK(read_records(kPart, RecordKind::kLate, -1, 50, store, {})->size() == 1);
}

TEST_CASE("PartWriter: a hot key costs a batch kilobytes") {
  feature::ViewBuilder view;
  view.with_id();
  view.aggregate("count", table::Kind::kInt64, "count", 30 * kDay);
  view.view.features.back().window->resolution_us = kHour;
  view.aggregate("sum", table::Kind::kDouble, "sum(x)", 30 * kDay);
  view.view.features.back().window->resolution_us = kHour;
  constexpr int kEvents = 120'000;  // More than a day of a second each, so that much is folded.
  std::vector<feature::SourceRow> rows(kEvents);
  for (int i = 0; i < kEvents; ++i) {
    rows[static_cast<std::size_t>(i)].t = 1'700'000'000 * kSecond + i * kSecond;
    rows[static_cast<std::size_t>(i)].id = i;
    rows[static_cast<std::size_t>(i)].x = (i * 7919 % 100'000) / 100.0;
  }
  Stream stream(view, rows);
  MemoryStore store;
  auto writer = open(stream, store, 1);
  constexpr std::size_t kBatch = 10;
  std::int64_t most = 0;
  std::int64_t all = 0;
  std::int64_t batches = 0;
  for (std::size_t at = 0; at < stream.events.size(); at += kBatch) {
    const auto outcomes = writer.apply(std::span(stream.events).subspan(at, kBatch), {});
    REQUIRE(outcomes);
    BatchEnd end;
    end.next_offset = static_cast<std::int64_t>(at + kBatch);
    end.max_event_us = stream.events[at + kBatch - 1].event.time_us;
    end.watermark_us = end.max_event_us;
    end.trim_to_us = end.watermark_us - kDay;
    REQUIRE(writer.commit(end, {}));
    most = std::max(most, writer.last_write().bytes);
    all += writer.last_write().bytes;
    ++batches;
  }
  CHECK(writer.position().counters.applied == kEvents);
  MESSAGE("a hot key at 1 event/s, batches of 10: ", all / batches, " bytes a batch, at most ",
          most);
  CHECK(all / batches < 8'192);
  CHECK(most < 65'536);
}

}  // namespace rtml::online
