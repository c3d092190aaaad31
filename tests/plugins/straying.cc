// A stream that breaks one rule of the ABI; the option "breaks" says which.

#include "rtml/sdk/plugin.h"

namespace {

namespace sdk = rtml::sdk;

class StrayingReader : public sdk::StreamReader {
 public:
  explicit StrayingReader(std::string breaks) : breaks_(std::move(breaks)) {}

  sdk::Result<sdk::Poll> poll(std::int64_t, const sdk::Call&) override {
    sdk::Poll poll;
    poll.assignment_changed = !known_;
    if (!started_ && !breaks("unstarted")) return poll;
    sdk::Message message = {};
    message.bytes = {"{}", 2};
    message.offset = breaks("back") ? 5 - polls_ : polls_;
    if (breaks("address")) message.bytes.data = nullptr;
    messages_.assign(breaks("limit") ? 50'000 : 1, message);
    for (std::size_t i = 0; i < messages_.size(); ++i) {
      messages_[i].offset += static_cast<std::int64_t>(i);
    }
    ++polls_;
    // It forgets all that comes after the third message, and calls that the end.
    poll.ended = polls_ >= 3;
    poll.messages = messages_;
    return poll;
  }

  sdk::Result<std::vector<sdk::Partition>> assignment(const sdk::Call&) override {
    known_ = true;
    sdk::Partition partition;
    partition.is_started = started_ || breaks("started");
    std::vector<sdk::Partition> partitions(1, partition);
    if (breaks("order")) partitions.push_back(partition);
    return partitions;
  }

  sdk::Status start(std::int32_t, std::int64_t, const sdk::Call&) override {
    started_ = true;  // Wherever the host wanted it: this reader begins anew.
    return {};
  }

  sdk::Status acknowledge(std::int32_t, std::int64_t, const sdk::Call&) override { return {}; }

 private:
  bool breaks(std::string_view rule) const { return breaks_.find(rule) != std::string::npos; }

  std::string breaks_;
  std::vector<sdk::Message> messages_;
  bool known_ = false;
  bool started_ = false;
  std::int64_t polls_ = 0;
};

class StrayingStore : public sdk::StreamStore {
 public:
  static sdk::Result<std::unique_ptr<StrayingStore>> open(const std::string&, const sdk::Call&) {
    return std::make_unique<StrayingStore>();
  }
  sdk::Result<std::vector<sdk::Partition>> partitions(const std::string&,
                                                      const sdk::Call&) override {
    return std::vector<sdk::Partition>();
  }
  sdk::Result<std::unique_ptr<sdk::StreamReader>> open_reader(const std::string& options,
                                                              const sdk::Call&) override {
    return std::make_unique<StrayingReader>(options);
  }
};

}  // namespace

RTML_PLUGIN(StrayingStore);
