// Work on several threads: numbered tasks, each done once by whoever comes next.

#pragma once

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/cancel.h"
#include "core/base/result.h"

namespace rtml {

// On how many processors this process may run, at least 1: `taskset` and the CPU sets of containers
// count, which std::thread::hardware_concurrency() passes over.
inline int available_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // Fails on machines of more than 1,024 processors, where the set has no room.
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

// An exception, such as that there is no memory left, cannot leave a thread.
template <typename Work>
Status run_task(const Work& work, std::size_t task) {
  try {
    return work(task);
  } catch (const std::exception& exception) {
    return fail(ErrorCode::kInternal, exception.what());
  }
}

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
      if (status) status = run_task(work, task);
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
