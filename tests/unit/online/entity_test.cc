// The members of an entity: whatever comes, they give the state back, and no bytes crash the
// reader.

#include "core/online/entity.h"

#include <doctest/doctest.h>

#include "core/base/fast_hash.h"
#include "tests/unit/online/stream_fixture.h"

namespace rtml::online {
namespace {

using Group = std::map<std::string, std::string>;

std::int64_t store(std::vector<EntityCodec::Change>& changes, Group& group) {
  std::int64_t bytes = 0;
  for (EntityCodec::Change& change : changes) {
    if (!change.value) {
      CHECK(group.erase(change.member) == 1);
      continue;
    }
    bytes += std::ssize(*change.value);
    group[change.member] = std::move(*change.value);
  }
  changes.clear();
  return bytes;
}

plugin::Members members_of(const Group& group) {
  return {group.begin(), group.end()};
}

}  // namespace

TEST_CASE("Entity: its members give the state back, whatever came and was trimmed") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    std::mt19937_64 random(seed);
    test::Stream stream(test::every_window(), test::random_rows(random, 3'000, 1));
    feature::Kernel kernel(stream.program);
    const EntityCodec codec(stream.program);
    Entity entity = codec.make_entity(kernel);
    Group group;
    std::vector<EntityCodec::Change> changes;
    const std::size_t batch = 1 + random() % 200;
    std::int64_t watermark_us = stream.events.front().event.time_us;
    for (std::size_t i = 0; i < stream.events.size(); ++i) {
      const feature::Event& event = stream.events[i].event;
      const std::int64_t duplicates = entity.state.duplicates;
      if (kernel.update(entity.state, event) == feature::UpdateOutcome::kApplied) {
        entity.state.duplicates > duplicates ? codec.note_replaced(entity)
                                             : codec.note_event(entity, event.time_us);
      }
      watermark_us = std::max(watermark_us, event.time_us);
      if (i % batch != 0) continue;
      if (random() % 3 == 0) codec.trim(entity, kernel, watermark_us - 2 * kHour);
      codec.encode(entity, changes);
      store(changes, group);
      const auto decoded = codec.decode(members_of(group), true, kernel);
      REQUIRE_MESSAGE(decoded.has_value(), decoded.error().message());
      CHECK(kernel.encode(decoded->state) == kernel.encode(entity.state));
      const auto readable = codec.decode(members_of(group), false, kernel);
      REQUIRE(readable.has_value());
      CHECK(test::show(*kernel.read(readable->state, watermark_us)) ==
            test::show(*kernel.read(entity.state, watermark_us)));
      if (random() % 4 == 0) entity = *codec.decode(members_of(group), true, kernel);
    }
    CHECK(entity.segments.size() > 1);
  }
}

TEST_CASE("Entity: a thousand events with an integer id and two slots take 16 KiB at most") {
  feature::ViewBuilder view;
  view.with_id()
      .aggregate("a", table::Kind::kDouble, "sum(x)", 1'000 * kDay)
      .aggregate("b", table::Kind::kInt64, "sum(y)", 1'000 * kDay);
  std::mt19937_64 random(7);
  auto rows = test::random_rows(random, 1'000, 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].id = static_cast<std::int64_t>(5'000'000'000 + i * 977 + random() % 500);
    rows[i].x = static_cast<double>(random() % 1'000'000) / 100;
    rows[i].y = static_cast<std::int64_t>(random() % 10'000);
  }
  test::Stream stream(view, rows);
  feature::Kernel kernel(stream.program);
  const EntityCodec codec(stream.program);
  Entity entity = codec.make_entity(kernel);
  for (const KeyedEvent& event : stream.events) kernel.update(entity.state, event.event);
  std::vector<EntityCodec::Change> changes;
  Group group;
  codec.encode(entity, changes);
  const std::int64_t bytes = store(changes, group);
  MESSAGE("1000 events: ", bytes, " bytes in ", group.size(), " members");
  CHECK(bytes <= 16 * 1024);
}

TEST_CASE("Entity: a late event rewrites its segment and the head") {
  feature::ViewBuilder view;
  view.with_id().aggregate("a", table::Kind::kDouble, "sum(x)", 1'000 * kDay);
  std::mt19937_64 random(3);
  auto rows = test::random_rows(random, 5'001, 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].id = static_cast<std::int64_t>(i);
    rows[i].t = static_cast<std::int64_t>(i) * kSecond;
  }
  rows.back().t = 1'500 * kSecond + 1;
  test::Stream stream(view, rows);
  feature::Kernel kernel(stream.program);
  const EntityCodec codec(stream.program);
  Entity entity = codec.make_entity(kernel);
  std::vector<EntityCodec::Change> changes;
  for (std::size_t i = 0; i < 5'000; ++i) kernel.update(entity.state, stream.events[i].event);
  codec.encode(entity, changes);
  const std::size_t members = changes.size();
  changes.clear();
  kernel.update(entity.state, stream.events[5'000].event);
  codec.note_event(entity, rows.back().t);
  codec.encode(entity, changes);
  CHECK(members > 8);
  CHECK(changes.size() == 2);
}

TEST_CASE("Entity: bytes that are cut, changed or another view's are refused") {
  std::mt19937_64 random(5);
  test::Stream stream(test::every_window(), test::random_rows(random, 1'200, 1));
  feature::Kernel kernel(stream.program);
  const EntityCodec codec(stream.program);
  Entity entity = codec.make_entity(kernel);
  for (const KeyedEvent& event : stream.events) kernel.update(entity.state, event.event);
  codec.trim(entity, kernel, stream.latest_us() - kHour);
  std::vector<EntityCodec::Change> changes;
  codec.encode(entity, changes);
  Group group;
  store(changes, group);
  REQUIRE(codec.decode(members_of(group), true, kernel).has_value());
  for (const auto& [name, bytes] : group) {
    for (std::size_t length = 0; length < bytes.size(); length += 1 + length / 16) {
      Group cut = group;
      cut[name].resize(length);
      CHECK(!codec.decode(members_of(cut), true, kernel));
    }
    Group without = group;
    without.erase(name);
    CHECK(!codec.decode(members_of(without), true, kernel));
  }
  // Under a right checksum, anything may come back but a crash.
  for (int i = 0; i < 6'000; ++i) {
    Group changed = group;
    auto place = changed.begin();
    std::advance(place, static_cast<std::ptrdiff_t>(random() % changed.size()));
    std::string& bytes = place->second;
    bytes.resize(bytes.size() - 8);
    for (std::size_t j = 0; j <= random() % 3; ++j) {
      const std::size_t at = random() % bytes.size();
      if (random() % 4 == 0) {
        bytes.erase(at, 1 + random() % 3);
        if (bytes.empty()) bytes = "x";
      } else {
        bytes[at] = static_cast<char>(random());
      }
    }
    const std::uint64_t sum = xxhash64(bytes);
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(sum >> shift & 0xFF);
    const bool with_tie_breaks = random() % 2 == 0;
    auto decoded = codec.decode(members_of(changed), with_tie_breaks, kernel);
    if (!decoded) continue;
    (void)kernel.read(decoded->state, stream.latest_us());
    if (!with_tie_breaks) continue;
    codec.trim(*decoded, kernel, stream.latest_us() - kHour);
    std::vector<EntityCodec::Change> written;
    codec.encode(*decoded, written);
  }
  feature::ViewBuilder other;
  other.aggregate("a", table::Kind::kInt64, "sum(y)", 100);
  const feature::Program other_program = other.program();
  const feature::Kernel other_kernel(other_program);
  const auto refused = EntityCodec(other_program).decode(members_of(group), true, other_kernel);
  REQUIRE(!refused);
  CHECK(refused.error().code() == ErrorCode::kDataCorrupt);
}

TEST_CASE("Entity: whole states of the first formats are read") {
  std::mt19937_64 random(9);
  test::Stream stream(test::every_window(), test::random_rows(random, 300, 1));
  feature::Kernel kernel(stream.program);
  feature::State state = kernel.make_state();
  for (const KeyedEvent& event : stream.events) kernel.update(state, event.event);
  const auto decoded =
      EntityCodec(stream.program).decode({{"head", kernel.encode(state)}}, true, kernel);
  REQUIRE(decoded.has_value());
  CHECK(kernel.encode(decoded->state) == kernel.encode(state));
}

}  // namespace rtml::online
