#include "core/plugin/adapters.h"

namespace rtml::plugin {
namespace {

using Store = OpenedStore<rtml_stream_store>;

class PluginStreamReader : public StreamReader {
 public:
  PluginStreamReader(std::shared_ptr<Store> store, const CallOptions& options)
      : store_(std::move(store)), call_(options) {}
  ~PluginStreamReader() override {
    if (reader_ != nullptr) store_->table->close_reader(reader_);
  }

  Status start(const Json& options, const std::map<std::int32_t, std::int64_t>& offsets) {
    std::vector<rtml_partition_offset> starts;
    for (const auto& [partition, offset] : offsets) {
      starts.push_back({partition, offset});
      next_offset_[partition] = offset;
    }
    const std::string text = to_json_text(options);
    ErrorSlot error;
    RTML_TRY(error.check(*store_->plugin,
                         store_->table->open_reader(store_->store, text.c_str(), starts.data(),
                                                    static_cast<std::int64_t>(starts.size()),
                                                    call_.get(), &reader_, error.get())));
    if (reader_ == nullptr) {
      return fail(broken_contract(*store_->plugin, "open_reader", "no reader came back"));
    }
    return {};
  }

  Result<std::vector<Message>> poll(std::int64_t limit, bool* ended,
                                    const CallOptions& options) override {
    const CallContext call(options);
    ErrorSlot error;
    Returned<rtml_messages> messages;
    std::int32_t at_end = 0;
    RTML_TRY(error.check(
        *store_->plugin,
        store_->table->poll(reader_, limit, call.get(), messages.get(), &at_end, error.get())));
    if (messages->count < 0 || messages->count > limit ||
        (messages->count > 0 && messages->messages == nullptr)) {
      return fail(broken_contract(*store_->plugin, "poll",
                                  std::to_string(messages->count) + " messages where " +
                                      std::to_string(limit) + " is the most"));
    }
    std::vector<Message> result;
    for (std::int64_t i = 0; i < messages->count; ++i) {
      const rtml_message& message = messages->messages[i];
      const auto [next, is_new] = next_offset_.try_emplace(message.partition, message.offset);
      if (message.offset < next->second) {
        return fail(broken_contract(*store_->plugin, "poll",
                                    "offset " + std::to_string(message.offset) + " of partition " +
                                        std::to_string(message.partition) + " goes back"));
      }
      next->second = message.offset + 1;
      result.push_back({std::string(view(message.bytes)), message.partition, message.offset,
                        message.ingest_time_us});
    }
    *ended = at_end != 0;
    return result;
  }

 private:
  std::shared_ptr<Store> store_;
  CallContext call_;
  void* reader_ = nullptr;
  std::map<std::int32_t, std::int64_t> next_offset_;  // The lowest that may come, per partition.
};

class PluginStreamStore : public StreamStore {
 public:
  explicit PluginStreamStore(std::shared_ptr<Store> store) : store_(std::move(store)) {}

  Result<std::unique_ptr<StreamReader>> open(const Json& options,
                                             const std::map<std::int32_t, std::int64_t>& offsets,
                                             const CallOptions& call) override {
    auto reader = std::make_unique<PluginStreamReader>(store_, call);
    RTML_TRY(reader->start(options, offsets));
    return reader;
  }

 private:
  std::shared_ptr<Store> store_;
};

}  // namespace

Result<std::unique_ptr<StreamStore>> adapt_stream_store(SharedPlugin plugin, const Json& options) {
  const rtml_stream_store* table = plugin->descriptor->stream;
  RTML_TRY_ASSIGN(auto store, open_store(std::move(plugin), table, options));
  return std::make_unique<PluginStreamStore>(std::move(store));
}

}  // namespace rtml::plugin
