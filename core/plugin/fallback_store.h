// An online store that is read from a second one while the first fails.
//
// Each read goes to one of the two as a whole. The first has `read_timeout_us` for an answer; if it
// fails, the second is asked with what is left of the call's time. After a few failures in a row
// the first is left alone for a while, so that a store that is down does not cost each read its
// timeout; then one read tries it again, and the while doubles each time that fails.
//
// Writing is the first store's affair alone, and what the second holds may be of another moment: so
// once a transaction has begun, this object belongs to a writer and is read from the first alone.
// Used by one thread at a time.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/plugin/backends.h"

namespace rtml::plugin {

struct FallbackSettings {
  static constexpr std::int64_t kReadTimeoutUs = 50'000;

  std::string first_name;   // What answered_by() says: "redis".
  std::string second_name;  // "postgres".
  std::int64_t read_timeout_us = kReadTimeoutUs;
};

class FallbackStore : public OnlineStore {
 public:
  FallbackStore(std::unique_ptr<OnlineStore> first, std::unique_ptr<OnlineStore> second,
                FallbackSettings settings, const Clock& clock)
      : first_(std::move(first)),
        second_(std::move(second)),
        settings_(std::move(settings)),
        clock_(clock) {}

  bool commits_atomically() const override { return first_->commits_atomically(); }
  Result<std::vector<Members>> get_groups(const std::vector<std::string>& groups,
                                          const CallOptions& call) override;
  Result<std::vector<std::pair<std::string, Members>>> scan(std::string_view prefix,
                                                            std::string_view after,
                                                            std::int64_t limit,
                                                            const CallOptions& call) override;
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after,
                                        std::int64_t limit, const CallOptions& call) override;
  Result<std::unique_ptr<OnlineTransaction>> begin(std::string_view scope, std::uint64_t epoch,
                                                   const CallOptions& call) override;
  std::string_view answered_by() const override { return answered_by_; }

 private:
  // Calls `read(store, call)` on the store that is to answer.
  template <typename Read>
  auto read_from_either(const CallOptions& call, Read read)
      -> decltype(read(*std::declval<OnlineStore*>(), call));
  void note_failure();
  void note_success();

  std::unique_ptr<OnlineStore> first_;
  std::unique_ptr<OnlineStore> second_;
  FallbackSettings settings_;
  const Clock& clock_;
  std::string_view answered_by_;
  bool has_writer_ = false;
  int failures_ = 0;  // Of the first store, in a row.
  std::int64_t rest_us_ = 0;
  std::int64_t resting_until_us_ = 0;
};

}  // namespace rtml::plugin
