// Shows how far long work has come: a line that renews itself on a terminal, a plain line now and
// then elsewhere.

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "core/base/progress.h"

namespace rtml::cli {

// "materialize card_activity: 45% (1200000 of 2666000 rows), 350000 rows/s, 4 s left". Parts that
// are not known are left out.
std::string progress_text(std::string_view activity, std::int64_t done, std::int64_t total,
                          std::string_view unit, double elapsed_s);

// Writes through `write` from a thread of its own, which lives from begin() to end().
class ProgressLine : public Progress {
 public:
  struct Options {
    bool terminal = false;  // Renew one line; otherwise write whole ones.
    std::int64_t interval_ms = 30'000;
    std::function<void(std::string_view)> write;
  };
  explicit ProgressLine(Options options) : options_(std::move(options)) {}
  ~ProgressLine() override { end(); }

  void begin(std::string_view activity, std::int64_t total, std::string_view unit) override;
  void advance_to(std::int64_t done) override { done_.store(done, std::memory_order_relaxed); }
  void end() override;

 private:
  void show_until_ended();

  Options options_;
  std::string activity_;
  std::string unit_;
  std::int64_t total_ = 0;
  std::atomic<std::int64_t> done_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = true;
  std::thread thread_;
};

}  // namespace rtml::cli
