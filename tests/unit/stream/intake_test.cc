#include "core/stream/intake.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/time.h"

namespace rtml::stream {
namespace {

// What a medium was told; outlives its reader.
struct Told {
  std::vector<std::pair<std::int32_t, std::int64_t>> acknowledged;
};

// One partition with as many messages as anyone wants, `bytes` each.
class EndlessReader : public plugin::StreamReader {
 public:
  EndlessReader(Told& told, std::size_t bytes) : told_(told), text_(bytes, 'x') {}

  Result<plugin::Poll> poll(std::int64_t limit, const plugin::CallOptions&) override {
    messages_.clear();
    if (is_started_) {
      for (std::int64_t i = 0; i < limit; ++i) {
        messages_.push_back({.bytes = text_, .offset = next_offset_++});
      }
    }
    return plugin::Poll{messages_, false, !is_assigned_};
  }
  Result<std::vector<plugin::Partition>> assignment(const plugin::CallOptions&) override {
    is_assigned_ = true;
    return std::vector<plugin::Partition>{{.partition = 0, .is_started = is_started_}};
  }
  Status start(std::int32_t, std::int64_t offset, const plugin::CallOptions&) override {
    is_started_ = true;
    next_offset_ = offset;
    return {};
  }
  Status acknowledge(std::int32_t partition, std::int64_t next_offset,
                     const plugin::CallOptions& call) override {
    if (call.cancel != nullptr) RTML_TRY(call.cancel->check());
    told_.acknowledged.emplace_back(partition, next_offset);
    return {};
  }

 private:
  Told& told_;
  std::string text_;
  std::vector<plugin::Message> messages_;
  std::int64_t next_offset_ = 0;
  bool is_assigned_ = false;
  bool is_started_ = false;
};

// Takes every message for an event without columns.
class Indifferent : public message::Decoder {
 public:
  Result<bool> decode(std::string_view, table::Value*, message::TextArena*) override {
    return true;
  }
};

// An intake whose partition is started at offset 7.
struct Fixture {
  explicit Fixture(std::size_t bytes, const IntakeOptions& options)
      : intake(std::make_unique<Intake>(std::make_unique<EndlessReader>(told, bytes),
                                        std::make_unique<Indifferent>(), 0, options, system_clock(),
                                        queue)) {
    intake->start();
    const auto item = queue.take(10 * kSecond);
    REQUIRE(item);
    REQUIRE(item->kind == IntakeItem::Kind::kAssignment);
    REQUIRE(item->assignment.size() == 1);
    intake->start_partitions({{0, 7}});
  }

  IntakeItem chunk() {
    auto item = queue.take(10 * kSecond);
    REQUIRE(item);
    REQUIRE(item->kind == IntakeItem::Kind::kChunk);
    return std::move(*item);
  }

  Told told;
  IntakeQueue queue;
  std::unique_ptr<Intake> intake;
};

}  // namespace

TEST_CASE("Intake: gives messages in order from where they are wanted") {
  Fixture fixture(10, {.poll_rows = 3, .queued_bytes = std::int64_t{1} << 20});
  std::int64_t offset = 7;
  for (int i = 0; i < 5; ++i) {
    const IntakeItem item = fixture.chunk();
    REQUIRE(item.chunk->rows.size() == 3);
    for (const ChunkRow& row : item.chunk->rows) CHECK(row.offset == offset++);
  }
}

TEST_CASE("Intake: takes no more memory than may wait, and reads on when a chunk is given back") {
  // One small message each: what counts is what a chunk takes, not the bytes of its message.
  Fixture fixture(10, {.poll_rows = 1, .queued_bytes = 150'000});
  std::vector<IntakeItem> held;
  for (int i = 0; i < 3; ++i) held.push_back(fixture.chunk());
  CHECK_FALSE(fixture.queue.take(200 * kMillisecond));
  CHECK(fixture.intake->held_back_us() > 0);
  fixture.intake->give_back(std::move(held.front().chunk));
  CHECK(fixture.chunk().chunk->rows.front().offset == 10);
}

TEST_CASE("Intake: what is stored is told to the medium, at the end at the latest") {
  Fixture fixture(10, {.poll_rows = 1, .queued_bytes = 1});
  const IntakeItem item = fixture.chunk();
  // The thread waits for room, so that nothing tells the medium before the end.
  fixture.intake->acknowledge(0, 5);
  fixture.intake->acknowledge(0, 8);
  fixture.intake->stop();
  fixture.intake.reset();
  REQUIRE_FALSE(fixture.told.acknowledged.empty());
  CHECK(fixture.told.acknowledged.back() == std::pair<std::int32_t, std::int64_t>(0, 8));
}

}  // namespace rtml::stream
