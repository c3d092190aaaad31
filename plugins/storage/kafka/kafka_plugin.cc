#include "plugins/shared/core_errors.h"
#include "plugins/storage/kafka/kafka_reader.h"
#include "rtml/sdk/plugin.h"

namespace rtml::kafka {
namespace {

class KafkaStreamStore : public sdk::StreamStore {
 public:
  static sdk::Result<std::unique_ptr<KafkaStreamStore>> open(const std::string& /*options*/,
                                                             const sdk::Call& /*call*/) {
    return std::make_unique<KafkaStreamStore>();
  }

  sdk::Result<std::vector<sdk::Partition>> partitions(const std::string& options,
                                                      const sdk::Call& call) override {
    Result<KafkaSettings> settings = read_settings(options);
    if (!settings) return plugins::to_sdk(settings.error());
    settings->group.clear();  // Looking on joins no group.
    settings->instance_id.clear();
    RTML_SDK_TRY_ASSIGN(const auto client, KafkaClient::open(std::move(*settings), nullptr));
    RTML_SDK_TRY_ASSIGN(const std::int32_t count, client->partition_count(call));
    std::vector<sdk::Partition> partitions;
    for (std::int32_t number = 0; number < count; ++number) {
      RTML_SDK_TRY(call.check());
      sdk::Partition partition;
      partition.partition = number;
      const rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
          client->get(), client->settings().topic.c_str(), number, &partition.first_offset,
          &partition.end_offset, kAskTimeoutMs);
      if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return client->error_of(code,
                                "cannot ask for the ends of topic: " + client->settings().topic);
      }
      partitions.push_back(std::move(partition));
    }
    return partitions;
  }

  sdk::Result<std::unique_ptr<sdk::StreamReader>> open_reader(const std::string& options,
                                                              const sdk::Call& call) override {
    Result<KafkaSettings> settings = read_settings(options);
    if (!settings) return plugins::to_sdk(settings.error());
    RTML_SDK_TRY_ASSIGN(auto reader, KafkaReader::open(std::move(*settings), call));
    return std::unique_ptr<sdk::StreamReader>(std::move(reader));
  }

 private:
  static constexpr int kAskTimeoutMs = 1'000;
};

}  // namespace
}  // namespace rtml::kafka

using rtml::kafka::KafkaStreamStore;
RTML_PLUGIN(KafkaStreamStore);
