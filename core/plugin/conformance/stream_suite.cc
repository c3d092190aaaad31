#include <algorithm>

#include "core/base/clock.h"
#include "core/base/file_system.h"
#include "core/plugin/conformance/suite.h"

namespace rtml::plugin {
namespace {

// For a stream to end; one that waits for a group may need seconds to begin.
constexpr std::int64_t kEndTimeoutUs = 30'000'000;
constexpr std::int64_t kPollTimeoutUs = 1'000'000;

struct SeenMessage {
  std::int32_t partition;
  std::int64_t offset;
  std::string bytes;
  friend bool operator==(const SeenMessage&, const SeenMessage&) = default;
};

using Offsets = std::map<std::int32_t, std::int64_t>;

CallOptions within(std::int64_t timeout_us) {
  CallOptions call;
  call.deadline_us = system_clock().monotonic_us() + timeout_us;
  return call;
}

// Starts what the assignment says is not started, at `offsets` or the beginning.
Status start_partitions(StreamReader& reader, const Offsets& offsets) {
  RTML_TRY_ASSIGN(const auto partitions, reader.assignment(within(kPollTimeoutUs)));
  for (const Partition& partition : partitions) {
    if (partition.is_started) continue;
    const auto offset = offsets.find(partition.partition);
    RTML_TRY(reader.start(partition.partition,
                          offset == offsets.end() ? kBeginning : offset->second,
                          within(kPollTimeoutUs)));
  }
  RTML_TRY_ASSIGN(const auto after, reader.assignment(within(kPollTimeoutUs)));
  for (const Partition& partition : after) {
    RTML_TRY(expect(partition.is_started, "partition " + std::to_string(partition.partition) +
                                              " is not started after start()"));
  }
  return {};
}

// The messages of a finite stream, ordered by partition and offset.
Result<std::vector<SeenMessage>> read_stream(StreamStore& store, const Json& options,
                                             const Offsets& offsets, std::int64_t limit) {
  RTML_TRY_ASSIGN(const auto reader, store.open(options, within(kEndTimeoutUs)));
  std::vector<SeenMessage> read;
  const std::int64_t give_up_us = system_clock().monotonic_us() + kEndTimeoutUs;
  while (true) {
    RTML_TRY_ASSIGN(const Poll poll, reader->poll(limit, within(kPollTimeoutUs)));
    for (const Message& message : poll.messages) {
      RTML_TRY(expect(!message.is_tombstone || message.bytes.empty(), "a tombstone has bytes"));
      read.push_back({message.partition, message.offset, std::string(message.bytes)});
    }
    if (poll.assignment_changed) {
      RTML_TRY(start_partitions(*reader, offsets));
    } else if (poll.ended) {
      break;
    }
    if (system_clock().monotonic_us() > give_up_us) {
      return fail(ErrorCode::kPluginContract, "a finite stream does not end");
    }
  }
  if (!read.empty()) {
    const SeenMessage& last = read.back();
    RTML_TRY(reader->acknowledge(last.partition, last.offset + 1, within(kPollTimeoutUs)));
  }
  std::stable_sort(read.begin(), read.end(), [](const SeenMessage& left, const SeenMessage& right) {
    return left.partition < right.partition;
  });
  return read;
}

// Reading from behind each message gives what comes after it, whatever was acknowledged.
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

// A started partition starts again where it is told to.
Status starts_again(StreamStore& store, const Json& options, const std::vector<SeenMessage>& all) {
  RTML_TRY_ASSIGN(const auto reader, store.open(options, within(kEndTimeoutUs)));
  const SeenMessage& first = all.front();
  const std::int64_t give_up_us = system_clock().monotonic_us() + kEndTimeoutUs;
  int times = 0;
  while (system_clock().monotonic_us() < give_up_us) {
    RTML_TRY_ASSIGN(const Poll poll, reader->poll(1, within(kPollTimeoutUs)));
    if (poll.assignment_changed) RTML_TRY(start_partitions(*reader, {}));
    for (const Message& message : poll.messages) {
      if (message.partition != first.partition) continue;
      RTML_TRY(expect(message.offset == first.offset, "the first message is another one"));
      if (++times == 2) return {};
      RTML_TRY(reader->start(first.partition, first.offset, within(kPollTimeoutUs)));
    }
  }
  return expect(false, "the first message does not come again");
}

// What looks on sees the partitions that a reader sees, and ends behind their last messages.
Status shows_partitions(StreamStore& store, const Json& options,
                        const std::vector<SeenMessage>& all) {
  RTML_TRY_ASSIGN(const auto partitions, store.partitions(options, within(kEndTimeoutUs)));
  for (const SeenMessage& message : all) {
    const auto found = std::find_if(
        partitions.begin(), partitions.end(),
        [&](const Partition& partition) { return partition.partition == message.partition; });
    const std::string number = std::to_string(message.partition);
    RTML_TRY(expect(found != partitions.end(), "partition " + number + " is not shown"));
    RTML_TRY(expect(found->end_offset == -1 || found->end_offset > message.offset,
                    "partition " + number + " ends before its last message"));
    RTML_TRY(expect(found->first_offset <= message.offset,
                    "partition " + number + " begins behind its first message"));
  }
  return {};
}

// A wait ends when it is no longer wanted, and at its deadline.
Status waits_no_longer(StreamStore& store, const Json& options) {
  CancelFlag cancelled;
  RTML_TRY_ASSIGN(const auto reader, store.open(options, within(kEndTimeoutUs)));
  cancelled.set();
  CallOptions call = within(kEndTimeoutUs);
  call.cancel = &cancelled;
  const std::int64_t begun_us = system_clock().monotonic_us();
  // Nothing is started, so that there is nothing to give but the change.
  for (int i = 0; i < 2; ++i) {
    const auto poll = reader->poll(1, call);
    if (!poll) RTML_TRY(expect_error(poll, ErrorCode::kInterrupted, "a cancelled poll"));
    if (poll && poll->assignment_changed) {
      RTML_TRY(reader->assignment(within(kPollTimeoutUs)));
    }
  }
  return expect(system_clock().monotonic_us() - begun_us < 2'000'000, "a cancelled poll goes on");
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
  suite.check("a partition starts again", [&] { return starts_again(*store, options, all); });
  suite.check("partitions are shown without reading",
              [&] { return shows_partitions(*store, options, all); });
  suite.check("waiting ends when it is cancelled",
              [&] { return waits_no_longer(*store, options); });
}

}  // namespace rtml::plugin
