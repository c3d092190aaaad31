// Entities that get no more events become small in any store, and read as before to the last bit.

#pragma once

#include <doctest/doctest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/online/entity.h"
#include "core/online/part_writer.h"
#include "tests/unit/feature/view_builder.h"
#include "tests/unit/online/stream_fixture.h"

namespace rtml::test {

// Writes a part whose first two entities, one with a key that is too long for a group's name, fall
// silent; reads what the store has of them again and again beside states that nobody trimmed.
class IdleEntities {
 public:
  IdleEntities(plugin::OnlineStore& store, const std::string& part, bool has_closed_session)
      : store_(store),
        view_(make_view(has_closed_session)),
        program_(view_.program()),
        kernel_(program_),
        codec_(program_),
        name_(online::stream_part(std::string(64, 'd'), part, 0)) {
    make_events();
  }

  // What the groups of the two took at most, and in the end.
  struct Sizes {
    std::size_t most = 0;
    std::size_t left = 0;
  };

  Sizes check() {
    auto writer = online::PartWriter::open(program_, view_.schema, name_, store_, 1, {}, {});
    REQUIRE_MESSAGE(writer.has_value(), writer.error().message());
    Sizes sizes;
    std::vector<feature::State> untrimmed(kEntities);
    for (feature::State& state : untrimmed) state = kernel_.make_state();
    for (std::size_t at = 0; at < events_.size(); at += kBatch) {
      const auto batch = std::span(events_).subspan(at, kBatch);
      REQUIRE(writer->apply(batch, {}));
      for (std::size_t i = 0; i < kBatch; ++i) {
        kernel_.update(untrimmed[entity_of_[at + i]], batch[i].event);
      }
      const std::int64_t oldest_us = commit(*writer, batch);
      sizes.left = bytes();
      sizes.most = std::max(sizes.most, sizes.left);
      if (at % (16 * kBatch) == 0) check_reads(untrimmed, oldest_us);
    }
    check_reads(untrimmed, writer->position().oldest_read_us);
    // Nothing is left to trim, so nothing is written again and again.
    const auto before = groups();
    for (int i = 0; i < 40; ++i) {
      commit(*writer, {});
      CHECK(writer->last_write().entities == 0);
    }
    CHECK(groups() == before);
    return sizes;
  }

 private:
  static constexpr std::size_t kEntities = 3;
  static constexpr std::size_t kIdle = 2;
  static constexpr std::size_t kBatch = 20;

  static feature::ViewBuilder make_view(bool has_closed_session) {
    feature::ViewBuilder view = every_window();
    view.keyed_by({"k", "name"});
    if (has_closed_session) {
      project::Window closed = *view.view.features[4].window;
      closed.closed = true;
      view.aggregate_over("over", {table::Kind::kInt64}, "count", closed);
    }
    return view;
  }

  void make_events() {
    std::mt19937_64 random(9);
    auto rows = random_rows(random, 5'000, 1);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::size_t entity = i < 1'000 ? i % kIdle : kIdle;
      rows[i].k = static_cast<std::int64_t>(entity);
      rows[i].name = entity == 1 ? std::string(500, 'n') : "short";
      rows[i].id = static_cast<std::int64_t>(i);
      entity_of_.push_back(entity);
    }
    batch_ = feature::to_batch(view_.schema, rows);
    columns_ = *feature::event_columns(program_, batch_, "the rows");
    keys_.resize(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i);
      owned_.push_back(feature::event_of(columns_, row));
      for (std::size_t k = 0; k < 2; ++k) keys_[i][k] = table::value_at(columns_.keys[k], row);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      owned_[i].event.inputs = owned_[i].inputs;
      events_.push_back({keys_[i], owned_[i].event, static_cast<std::int64_t>(i)});
    }
  }

  // Returns from when on can be read.
  std::int64_t commit(online::PartWriter& writer, std::span<const online::KeyedEvent> batch) {
    online::BatchEnd end;
    end.next_offset = writer.position().next_offset + std::ssize(batch);
    for (const online::KeyedEvent& event : batch) {
      latest_us_ = std::max(latest_us_, event.event.time_us);
    }
    end.max_event_us = latest_us_;
    end.watermark_us = latest_us_ - 5 * kSecond;
    end.trim_to_us = end.watermark_us - 2 * kHour;
    const Status committed = writer.commit(end, {});
    REQUIRE_MESSAGE(committed.has_value(), committed.error().message());
    return end.trim_to_us;
  }

  std::vector<plugin::Members> groups() {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < kIdle; ++i) names.push_back(online::entity_group(name_, keys_[i]));
    auto found = store_.get_groups(names, {});
    REQUIRE_MESSAGE(found.has_value(), found.error().message());
    return *found;
  }

  std::size_t bytes() {
    std::size_t sum = 0;
    for (const plugin::Members& members : groups()) {
      for (const auto& [member, value] : members) sum += value.size();
    }
    return sum;
  }

  void check_reads(const std::vector<feature::State>& untrimmed, std::int64_t oldest_us) {
    const auto found = groups();
    for (std::size_t i = 0; i < kIdle; ++i) {
      REQUIRE(!found[i].empty());
      const auto entity = codec_.decode(found[i], true, kernel_);
      REQUIRE_MESSAGE(entity.has_value(), entity.error().message());
      for (const std::int64_t at_us : {oldest_us, oldest_us + kHour, latest_us_}) {
        CHECK(answer(entity->state, at_us) == answer(untrimmed[i], at_us));
      }
    }
  }

  // Values, statuses and the time of the latest event.
  std::string answer(const feature::State& state, std::int64_t at_us) {
    const auto row = kernel_.read(state, at_us);
    REQUIRE_MESSAGE(row.has_value(), row.error().message());
    return show(*row) + format_timestamp(row->latest_event_us);
  }

  plugin::OnlineStore& store_;
  feature::ViewBuilder view_;
  feature::Program program_;
  feature::Kernel kernel_;
  online::EntityCodec codec_;
  online::PartName name_;
  table::Batch batch_;
  feature::EventColumns columns_;
  std::vector<std::array<table::Value, 2>> keys_;
  std::vector<feature::OwnedEvent> owned_;
  std::vector<online::KeyedEvent> events_;
  std::vector<std::size_t> entity_of_;
  std::int64_t latest_us_ = 0;
};

// REQUIRES: the store is empty.
inline void check_idle_entities(plugin::OnlineStore& store) {
  const auto sizes = IdleEntities(store, "open", false).check();
  MESSAGE("two idle entities: at most ", sizes.most, " bytes, ", sizes.left, " in the end");
  CHECK(sizes.most > 10'000);
  CHECK(sizes.left < 4'000);
  // The latest session that is over stays, since it is still an answer.
  IdleEntities(store, "closed", true).check();
}

}  // namespace rtml::test
