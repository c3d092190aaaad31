#include "cli/render/progress.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace rtml::cli {
namespace {

constexpr std::string_view kClearLine = "\r\x1b[K";
// A line that wraps could not be cleared.
constexpr std::size_t kTerminalWidth = 78;

std::string whole(double number) {
  return std::to_string(static_cast<std::int64_t>(std::llround(number)));
}

std::string remaining_time(double seconds) {
  if (seconds < 90) return whole(seconds) + " s";
  if (seconds < 90 * 60) return whole(seconds / 60) + " min";
  return whole(seconds / 3600) + " h";
}

}  // namespace

std::string progress_text(std::string_view activity, std::int64_t done, std::int64_t total,
                          std::string_view unit, double elapsed_s) {
  std::string text(activity);
  const std::string units(unit);
  if (total > 0) {
    // An estimate of the total may turn out too small.
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    text += ": " + std::to_string(static_cast<int>(share * 100)) + "% (" + std::to_string(done) +
            " of " + std::to_string(total) + " " + units + ")";
  } else if (done > 0) {
    text += ": " + std::to_string(done) + " " + units;
  }
  if (done <= 0 || elapsed_s <= 0) return text;
  const double rate = static_cast<double>(done) / elapsed_s;
  text += ", " + whole(rate) + " " + units + "/s";
  if (total > done) {
    text += ", " + remaining_time(static_cast<double>(total - done) / rate) + " left";
  }
  return text;
}

void ProgressLine::begin(std::string_view activity, std::int64_t total, std::string_view unit) {
  end();
  activity_ = activity;
  unit_ = unit;
  total_ = total;
  done_.store(0);
  ended_ = false;
  thread_ = std::thread([this] { show_until_ended(); });
}

void ProgressLine::show_until_ended() {
  using Seconds = std::chrono::duration<double>;
  const auto start = std::chrono::steady_clock::now();
  const auto interval = std::chrono::milliseconds(options_.interval_ms);
  bool shown = false;
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, interval, [this] { return ended_; })) {
    const double elapsed_s = Seconds(std::chrono::steady_clock::now() - start).count();
    std::string text = progress_text(activity_, done_.load(), total_, unit_, elapsed_s);
    if (options_.terminal) {
      if (text.size() > kTerminalWidth) text.resize(kTerminalWidth);
      options_.write(std::string(kClearLine) + text);
    } else {
      options_.write(text + "\n");
    }
    shown = true;
  }
  if (shown && options_.terminal) options_.write(kClearLine);
}

void ProgressLine::end() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

}  // namespace rtml::cli
