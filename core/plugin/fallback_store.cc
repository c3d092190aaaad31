#include "core/plugin/fallback_store.h"

#include <algorithm>
#include <utility>

namespace rtml::plugin {
namespace {

constexpr int kFailuresUntilRest = 3;
constexpr std::int64_t kFirstRestUs = 500'000;
constexpr std::int64_t kLongestRestUs = 15'000'000;

}  // namespace

void FallbackStore::note_failure() {
  if (++failures_ < kFailuresUntilRest) return;
  rest_us_ = rest_us_ == 0 ? kFirstRestUs : std::min(rest_us_ * 2, kLongestRestUs);
  resting_until_us_ = clock_.monotonic_us() + rest_us_;
}

void FallbackStore::note_success() {
  failures_ = 0;
  rest_us_ = 0;
}

template <typename Read>
auto FallbackStore::read_from_either(const CallOptions& call, Read read)
    -> decltype(read(*std::declval<OnlineStore*>(), call)) {
  if (has_writer_) {
    answered_by_ = settings_.first_name;
    return read(*first_, call);
  }
  const std::int64_t now_us = clock_.monotonic_us();
  const bool is_resting = failures_ >= kFailuresUntilRest && now_us < resting_until_us_;
  Error failure(ErrorCode::kPluginRetry,
                "store " + settings_.first_name + " has failed and is left alone for a while");
  if (!is_resting) {
    CallOptions shorter = call;
    const std::int64_t patience_us = now_us + settings_.read_timeout_us;
    shorter.deadline_us =
        call.deadline_us == 0 ? patience_us : std::min(call.deadline_us, patience_us);
    auto answer = read(*first_, shorter);
    if (answer) {
      note_success();
      answered_by_ = settings_.first_name;
      return answer;
    }
    if (answer.error().code() == ErrorCode::kInterrupted) return answer;
    note_failure();
    failure = std::move(answer.error());
  }
  auto answer = read(*second_, call);
  if (answer) {
    answered_by_ = settings_.second_name;
    return answer;
  }
  if (answer.error().code() == ErrorCode::kInterrupted) return answer;
  // If one of the two may answer later, so may the read.
  const ErrorCode code =
      answer.error().exit_class() == ExitClass::kRetry ? answer.error().code() : failure.code();
  Error both(code, failure.message() + "; the fallback failed too: " + answer.error().message());
  return fail(std::move(both).with_help(failure.help()));
}

Result<std::vector<Members>> FallbackStore::get_groups(const std::vector<std::string>& groups,
                                                       const CallOptions& call) {
  return read_from_either(call, [&](OnlineStore& store, const CallOptions& options) {
    return store.get_groups(groups, options);
  });
}

Result<std::vector<std::pair<std::string, Members>>> FallbackStore::scan(std::string_view prefix,
                                                                         std::string_view after,
                                                                         std::int64_t limit,
                                                                         const CallOptions& call) {
  return read_from_either(call, [&](OnlineStore& store, const CallOptions& options) {
    return store.scan(prefix, after, limit, options);
  });
}

Result<std::vector<std::string>> FallbackStore::list(std::string_view prefix,
                                                     std::string_view after, std::int64_t limit,
                                                     const CallOptions& call) {
  return read_from_either(call, [&](OnlineStore& store, const CallOptions& options) {
    return store.list(prefix, after, limit, options);
  });
}

Result<std::unique_ptr<OnlineTransaction>> FallbackStore::begin(std::string_view scope,
                                                                std::uint64_t epoch,
                                                                const CallOptions& call) {
  has_writer_ = true;
  return first_->begin(scope, epoch, call);
}

}  // namespace rtml::plugin
