// Work on several threads: numbered tasks, each done once by whoever comes next.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/cancel.h"
#include "core/base/result.h"

namespace rtml {

// Calls `work(task)` for each task of [0, tasks) on up to `threads` threads, this one among them.
// Tasks start in order. The first failure stops what has not started and is returned; of several
// that of the lowest task, so that a user sees the same one again. `cancel` may be null.
template <typename Work>
Status run_parallel(int threads, std::size_t tasks, const CancelFlag* cancel, const Work& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::size_t failed_task = tasks;
  std::optional<Error> error;
  const auto run = [&] {
    while (true) {
      const std::size_t task = next.fetch_add(1);
      if (task >= tasks) return;
      Status status;
      if (cancel != nullptr) status = cancel->check();
      if (status) status = work(task);
      if (status) continue;
      next = tasks;
      const std::lock_guard lock(mutex);
      if (task > failed_task) continue;
      failed_task = task;
      error = std::move(status).error();
    }
  };
  std::vector<std::thread> others;
  const std::size_t wanted = std::min(static_cast<std::size_t>(std::max(threads, 1)), tasks);
  for (std::size_t i = 1; i < wanted; ++i) others.emplace_back(run);
  run();
  for (std::thread& other : others) other.join();
  if (error) return fail(std::move(*error));
  return {};
}

}  // namespace rtml
