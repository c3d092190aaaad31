#include "plugins/storage/postgres/sessions.h"

#include <algorithm>
#include <utility>

namespace rtml::postgres {
namespace {

constexpr std::size_t kIdleMax = 4;

}  // namespace

Statement set_timeout(const Wait& wait) {
  const std::int64_t left_ms = std::max<std::int64_t>(1, wait.remaining_us() / 1'000);
  return {kSetTimeout, true, {std::to_string(std::min<std::int64_t>(left_ms, 2'000'000'000))}};
}

sdk::Result<std::unique_ptr<Session>> Sessions::take(const Wait& wait) {
  while (!idle_.empty()) {
    std::unique_ptr<Session> session = std::move(idle_.back());
    idle_.pop_back();
    if (session->is_usable()) return session;
  }
  return Session::open(options_, wait);
}

void Sessions::give_back(std::unique_ptr<Session> session) {
  const bool is_clean = session->is_usable() && !session->is_in_transaction();
  if (is_clean && idle_.size() < kIdleMax) idle_.push_back(std::move(session));
}

sdk::Result<std::vector<QueryResult>> Sessions::run(const std::vector<Statement>& statements,
                                                    const Wait& wait) {
  std::vector<Statement> all = {set_timeout(wait)};
  all.insert(all.end(), statements.begin(), statements.end());
  for (bool is_last = false;; is_last = true) {
    const bool had_idle = !idle_.empty();
    RTML_SDK_TRY_ASSIGN(std::unique_ptr<Session> session, take(wait));
    auto results = session->run(all, wait);
    const bool is_lost = !session->is_usable();
    give_back(std::move(session));
    if (results) {
      results->erase(results->begin());
      return results;
    }
    if (!is_lost || !had_idle || is_last || results.error().status != RTML_STATUS_IO) {
      return std::move(results.error());
    }
    idle_.clear();
  }
}

}  // namespace rtml::postgres
