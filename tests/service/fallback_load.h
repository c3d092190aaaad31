// Reads under load while the first store of two goes away, stands still and comes back: every
// answer is right for the store that gave it, and in time.

#pragma once

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/base/clock.h"
#include "core/online/reader.h"
#include "core/plugin/fallback_store.h"
#include "tests/service/online_store_checks.h"
#include "tests/unit/online/project_fixture.h"

namespace rtml::test {

class FallbackLoad {
 public:
  // What the two stores answer differs, so that each answer says where it came from.
  FallbackLoad(const Json& first, const Json& second)
      : first_(first),
        second_(second),
        served_(
            "  - {name: payments, type: INT64, aggregate: count, window: 1d}\n"
            "  - {name: spent, type: DOUBLE, aggregate: sum(amount), window: 1d}\n") {
    write(*open_store("redis", first_), 1.5);
    write(*open_store("lmdb", second_), 2.5);
  }

  // Starts readers, a store and a reader each.
  void start(int threads) {
    for (int i = 0; i < threads; ++i) readers_.emplace_back([this] { read_until_stopped(); });
  }

  // Waits until every reader is answered by that store again.
  bool wait_for(bool is_first) {
    const std::int64_t start[] = {answers_[0], answers_[1]};
    for (int attempt = 0; attempt < 1'500; ++attempt) {
      if (answers_[is_first ? 0 : 1] > start[is_first ? 0 : 1] + 100) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

  void stop() {
    is_stopped_ = true;
    for (std::thread& reader : readers_) reader.join();
    readers_.clear();
    MESSAGE(answers_[0].load(), " reads by the first store, ", answers_[1].load(),
            " by the second, the longest ", longest_us_ / 1'000, " ms");
    CHECK(failures_ == 0);
    CHECK(wrong_ == 0);
    // The machine may be busy.
    CHECK(longest_us_ < kDeadlineUs + kSecond);
  }

 private:
  static constexpr std::int64_t kMoment = 1'700'000'000 * kSecond;
  static constexpr std::int64_t kDeadlineUs = 400'000;
  static constexpr std::int64_t kCards = 20;

  void write(plugin::OnlineStore& store, double amount) {
    auto writer = served_.writer(store, 0);
    std::vector<Payment> payments;
    for (std::int64_t i = 0; i < 10 * kCards; ++i) {
      payments.push_back({i % kCards, kMoment - i * kSecond, i, amount});
    }
    const PaymentEvents events(served_.program, payments);
    REQUIRE(writer.apply(events.events, {}));
    online::BatchEnd end;
    end.next_offset = std::ssize(payments);
    end.max_event_us = end.watermark_us = kMoment;
    REQUIRE(writer.commit(end, {}));
  }

  void read_until_stopped() {
    plugin::FallbackStore store(open_store("redis", first_), open_store("lmdb", second_),
                                {.first_name = "redis", .second_name = "lmdb"}, system_clock());
    auto reader = online::Reader::open({served_.columns, {}}, *served_.project, store, {});
    if (!reader) {
      ++failures_;
      return;
    }
    online::ReadResult result;
    for (std::int64_t card = 0; !is_stopped_; card = (card + 1) % kCards) {
      const table::Value key = table::Value::of_integer(card);
      const std::span<const table::Value> keys[] = {std::span(&key, 1)};
      const std::int64_t start_us = system_clock().monotonic_us();
      const Status read =
          reader->read({.keys = keys, .time_us = kMoment}, within_us(kDeadlineUs), &result);
      const std::int64_t took_us = system_clock().monotonic_us() - start_us;
      for (std::int64_t longest = longest_us_;
           took_us > longest && !longest_us_.compare_exchange_weak(longest, took_us);) {
      }
      if (!read) {
        ++failures_;
        continue;
      }
      const bool is_first = store.answered_by() == "redis";
      const double spent = is_first ? 15 : 25;
      const bool is_right = result.values[0].value.integer() == 10 &&
                            result.values[1].value.number() == spent &&
                            result.watermark_us == kMoment;
      if (!is_right) ++wrong_;
      ++answers_[is_first ? 0 : 1];
    }
  }

  Json first_;
  Json second_;
  ServedProject served_;
  std::vector<std::thread> readers_;
  std::atomic<bool> is_stopped_ = false;
  std::array<std::atomic<std::int64_t>, 2> answers_ = {};
  std::atomic<std::int64_t> failures_ = 0;
  std::atomic<std::int64_t> wrong_ = 0;
  std::atomic<std::int64_t> longest_us_ = 0;
};

}  // namespace rtml::test
