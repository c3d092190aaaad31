#include "cli/render/progress.h"

#include <doctest/doctest.h>

#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

namespace rtml::cli {
namespace {

TEST_CASE("progress: the text says what is known") {
  CHECK(progress_text("load", 0, 0, "rows", 1) == "load");
  CHECK(progress_text("load", 500, 0, "rows", 2) == "load: 500 rows, 250 rows/s");
  CHECK(progress_text("load", 500, 2000, "rows", 2) ==
        "load: 25% (500 of 2000 rows), 250 rows/s, 6 s left");
  CHECK(progress_text("load", 10, 100'000, "rows", 1) ==
        "load: 0% (10 of 100000 rows), 10 rows/s, 3 h left");
  CHECK(progress_text("load", 30, 20, "rows", 1) == "load: 100% (30 of 20 rows), 30 rows/s");
}

// What a ProgressLine wrote while work waited until it had seen that half is done. It may have
// written before that.
std::vector<std::string> written(bool terminal) {
  std::mutex mutex;
  std::vector<std::string> lines;
  ProgressLine progress(
      {.terminal = terminal, .interval_ms = 1, .write = [&](std::string_view text) {
         const std::lock_guard lock(mutex);
         lines.emplace_back(text);
       }});
  progress.begin("load", 10, "rows");
  progress.advance_to(5);
  for (int i = 0; i < 5'000; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const std::lock_guard lock(mutex);
    if (!lines.empty() && lines.back().find("50%") != std::string::npos) break;
  }
  progress.end();
  return lines;
}

TEST_CASE("progress: whole lines go to a file, one renewed line to a terminal") {
  const auto plain = written(false);
  REQUIRE(!plain.empty());
  CHECK(plain.back().starts_with("load: 50% (5 of 10 rows)"));
  CHECK(plain.back().ends_with("\n"));

  const auto renewed = written(true);
  REQUIRE(renewed.size() >= 2);
  CHECK(renewed[renewed.size() - 2].starts_with("\r\x1b[Kload: 50%"));
  CHECK(renewed[renewed.size() - 2].find('\n') == std::string::npos);
  CHECK(renewed.back() == "\r\x1b[K");
}

TEST_CASE("progress: short work shows nothing") {
  int writes = 0;
  ProgressLine progress({.interval_ms = 60'000, .write = [&](std::string_view) { ++writes; }});
  progress.begin("load", 10, "rows");
  progress.begin("again", 10, "rows");
  progress.end();
  progress.end();
  CHECK(writes == 0);
}

}  // namespace
}  // namespace rtml::cli
