#include "core/plugin/adapters.h"

namespace rtml::plugin {
namespace {

using Store = OpenedStore<rtml_stream_store>;

// What rtml_partitions says, or what is wrong with it.
Result<std::vector<Partition>> read_partitions(const LoadedPlugin& plugin, std::string_view call,
                                               const rtml_partitions& given) {
  if (given.count < 0 || (given.count > 0 && given.partitions == nullptr)) {
    return fail(broken_contract(plugin, call, std::to_string(given.count) + " partitions"));
  }
  std::vector<Partition> partitions;
  for (std::int64_t i = 0; i < given.count; ++i) {
    const rtml_partition& partition = given.partitions[i];
    const std::int32_t previous = partitions.empty() ? -1 : partitions.back().partition;
    if (partition.partition <= previous) {
      return fail(broken_contract(plugin, call,
                                  "partition " + std::to_string(partition.partition) + " follows " +
                                      std::to_string(previous)));
    }
    if (partition.first_offset < -1 || partition.end_offset < -1) {
      return fail(broken_contract(
          plugin, call, "a negative offset of partition " + std::to_string(partition.partition)));
    }
    partitions.push_back({partition.partition, partition.is_started != 0, partition.first_offset,
                          partition.end_offset, std::string(view(partition.name))});
  }
  return partitions;
}

class PluginStreamReader : public StreamReader {
 public:
  PluginStreamReader(std::shared_ptr<Store> store, const CallOptions& options)
      : store_(std::move(store)), call_(options) {}
  ~PluginStreamReader() override {
    if (reader_ != nullptr) store_->table->close_reader(reader_);
  }

  Status open(const Json& options) {
    const std::string text = to_json_text(options);
    ErrorSlot error;
    RTML_TRY(error.check(*store_->plugin,
                         store_->table->open_reader(store_->store, text.c_str(), call_.get(),
                                                    &reader_, error.get())));
    if (reader_ == nullptr) {
      return fail(broken_contract(*store_->plugin, "open_reader", "no reader came back"));
    }
    return {};
  }

  Result<Poll> poll(std::int64_t limit, const CallOptions& options) override {
    const CallContext call(options);
    ErrorSlot error;
    rtml_poll polled = {};
    polled.struct_size = sizeof polled;
    RTML_TRY(error.check(*store_->plugin,
                         store_->table->poll(reader_, limit, call.get(), &polled, error.get())));
    if (polled.count < 0 || polled.count > limit ||
        (polled.count > 0 && polled.messages == nullptr)) {
      return fail(broken_contract(*store_->plugin, "poll",
                                  std::to_string(polled.count) + " messages where " +
                                      std::to_string(limit) + " is the most"));
    }
    messages_.clear();
    for (std::int64_t i = 0; i < polled.count; ++i) RTML_TRY(take(polled.messages[i]));
    return Poll{messages_, polled.ended != 0, polled.assignment_changed != 0};
  }

  Result<std::vector<Partition>> assignment(const CallOptions& options) override {
    const CallContext call(options);
    ErrorSlot error;
    Returned<rtml_partitions> given;
    RTML_TRY(error.check(*store_->plugin,
                         store_->table->assignment(reader_, call.get(), given.get(), error.get())));
    RTML_TRY_ASSIGN(auto partitions, read_partitions(*store_->plugin, "assignment", *given.get()));
    std::map<std::int32_t, std::int64_t> started;
    for (const Partition& partition : partitions) {
      if (!partition.is_started) continue;
      const auto known = next_offset_.find(partition.partition);
      if (known == next_offset_.end()) {
        return fail(broken_contract(
            *store_->plugin, "assignment",
            "partition " + std::to_string(partition.partition) + " was never started"));
      }
      started.insert(*known);
    }
    next_offset_ = std::move(started);
    return partitions;
  }

  Status start(std::int32_t partition, std::int64_t offset, const CallOptions& options) override {
    if (offset < kBeginning) {
      return fail(ErrorCode::kInternal, "a stream starts at offset " + std::to_string(offset));
    }
    const CallContext call(options);
    ErrorSlot error;
    RTML_TRY(error.check(*store_->plugin, store_->table->start(reader_, partition, offset,
                                                               call.get(), error.get())));
    next_offset_[partition] = std::max<std::int64_t>(offset, 0);
    return {};
  }

  Status acknowledge(std::int32_t partition, std::int64_t next_offset,
                     const CallOptions& options) override {
    const CallContext call(options);
    ErrorSlot error;
    return error.check(*store_->plugin, store_->table->acknowledge(reader_, partition, next_offset,
                                                                   call.get(), error.get()));
  }

 private:
  Status take(const rtml_message& message) {
    const auto next = next_offset_.find(message.partition);
    if (next == next_offset_.end()) {
      return fail(broken_contract(*store_->plugin, "poll",
                                  "a message of partition " + std::to_string(message.partition) +
                                      ", which is not started"));
    }
    if (message.offset < next->second) {
      return fail(broken_contract(*store_->plugin, "poll",
                                  "offset " + std::to_string(message.offset) + " of partition " +
                                      std::to_string(message.partition) + " goes back"));
    }
    if ((message.bytes.data == nullptr && message.bytes.size > 0) ||
        (message.key.data == nullptr && message.key.size > 0)) {
      return fail(broken_contract(*store_->plugin, "poll", "a message at no address"));
    }
    next->second = message.offset + 1;
    messages_.push_back({view(message.bytes), view(message.key), message.offset,
                         message.ingest_time_us, message.partition, message.is_tombstone != 0});
    return {};
  }

  std::shared_ptr<Store> store_;
  CallContext call_;
  void* reader_ = nullptr;
  std::vector<Message> messages_;  // Of the last poll.
  // Of started partitions, the lowest offset that may come.
  std::map<std::int32_t, std::int64_t> next_offset_;
};

class PluginStreamStore : public StreamStore {
 public:
  explicit PluginStreamStore(std::shared_ptr<Store> store) : store_(std::move(store)) {}

  Result<std::vector<Partition>> partitions(const Json& options,
                                            const CallOptions& call_options) override {
    const CallContext call(call_options);
    const std::string text = to_json_text(options);
    ErrorSlot error;
    Returned<rtml_partitions> given;
    RTML_TRY(error.check(*store_->plugin,
                         store_->table->partitions(store_->store, text.c_str(), call.get(),
                                                   given.get(), error.get())));
    return read_partitions(*store_->plugin, "partitions", *given.get());
  }

  Result<std::unique_ptr<StreamReader>> open(const Json& options,
                                             const CallOptions& call) override {
    auto reader = std::make_unique<PluginStreamReader>(store_, call);
    RTML_TRY(reader->open(options));
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
