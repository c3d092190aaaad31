#include "core/base/clock.h"
#include "core/base/file_system.h"
#include "core/plugin/conformance/suite.h"

namespace rtml::plugin {
namespace {

constexpr std::int64_t kPollTimeoutUs = 5'000'000;

struct SeenMessage {
  std::int32_t partition;
  std::int64_t offset;
  std::string bytes;
  friend bool operator==(const SeenMessage&, const SeenMessage&) = default;
};

Result<std::vector<SeenMessage>> read_stream(StreamStore& store, const Json& options,
                                             const std::map<std::int32_t, std::int64_t>& offsets,
                                             std::int64_t limit) {
  RTML_TRY_ASSIGN(const auto reader, store.open(options, offsets, {}));
  std::vector<SeenMessage> read;
  bool ended = false;
  while (!ended) {
    CallOptions call;
    call.deadline_us = system_clock().monotonic_us() + kPollTimeoutUs;
    RTML_TRY_ASSIGN(const auto messages, reader->poll(limit, &ended, call));
    for (const Message& message : messages) {
      read.push_back({message.partition, message.offset, message.bytes});
    }
    if (messages.empty() && !ended) {
      return fail(ErrorCode::kPluginContract, "a finite stream does not end");
    }
  }
  return read;
}

// Reading from behind each message gives what comes after it.
Status goes_on(StreamStore& store, const Json& options, const std::vector<SeenMessage>& all) {
  for (const SeenMessage& last : all) {
    RTML_TRY_ASSIGN(const auto rest,
                    read_stream(store, options, {{last.partition, last.offset + 1}}, 100));
    std::vector<SeenMessage> expected;
    for (const SeenMessage& message : all) {
      if (message.partition != last.partition || message.offset > last.offset) {
        expected.push_back(message);
      }
    }
    RTML_TRY(expect(rest == expected, "reading on from offset " + std::to_string(last.offset + 1) +
                                          " gives other messages"));
  }
  return {};
}

}  // namespace

void check_stream(PluginHost& host, const PluginInfo& plugin, const ConformanceSettings& settings,
                  Suite suite) {
  Json options = settings.options;
  std::unique_ptr<StreamStore> store;
  std::vector<SeenMessage> all;
  suite.check("a stream opens and ends", [&]() -> Status {
    if (options.is_null()) {
      const std::filesystem::path file = settings.scratch / "stream.jsonl";
      RTML_TRY(write_file(file, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n"));
      options = {{"path", file.string()}};
    }
    RTML_TRY_ASSIGN(store, host.stream_store(plugin.name));
    RTML_TRY_ASSIGN(all, read_stream(*store, options, {}, 100));
    return expect(all.size() >= 3, "there are fewer than three messages");
  });
  if (store == nullptr || all.empty()) return;
  suite.check("small polls give the same messages", [&]() -> Status {
    RTML_TRY_ASSIGN(const auto again, read_stream(*store, options, {}, 1));
    return expect(again == all, "other messages come one by one");
  });
  suite.check("reading goes on after any message", [&] { return goes_on(*store, options, all); });
}

}  // namespace rtml::plugin
