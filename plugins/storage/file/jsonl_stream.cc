#include "plugins/storage/file/jsonl_stream.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "plugins/shared/core_errors.h"
#include "plugins/storage/file/file_store.h"
#include "plugins/storage/file/jsonl_partition.h"

namespace rtml::file {
namespace {

using plugins::to_sdk;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How soon appended lines are seen: at first at once, after silence less often.
constexpr milliseconds kPauseMin(1);
constexpr milliseconds kPauseMax(20);
// How often a pattern is looked up again.
constexpr milliseconds kFindInterval(1'000);

struct StreamSettings {
  std::string path;
  bool follows = false;
};

Result<StreamSettings> read_settings(const std::string& options_text) {
  RTML_TRY_ASSIGN(const Json options, parse_json(options_text, "options"));
  StreamSettings settings;
  for (const auto& [key, value] : options.items()) {
    if (key == "path" && value.is_string()) {
      settings.path = value.get<std::string>();
    } else if (key == "follow" && value.is_boolean()) {
      settings.follows = value.get<bool>();
    } else {
      return fail(Error(ErrorCode::kBadValue, "option of a file stream makes no sense: " + key)
                      .with_help("the options are: path (a text), follow (true or false)"));
    }
  }
  if (!settings.path.empty()) return settings;
  return fail(ErrorCode::kBadValue, "a file stream needs the option: path");
}

bool is_pattern(const std::string& path) {
  return path.find_first_of("*?[") != std::string::npos;
}

// A number that depends on the file's name alone. Two names with one number are found out by
// find_partitions().
std::int32_t number_of(const std::string& name) {
  const std::string digits = sha256_hex(name).substr(0, 8);
  return static_cast<std::int32_t>(std::stoul(digits, nullptr, 16) & 0x7FFF'FFFFU);
}

// The files as partitions, in the order of their names.
Result<std::vector<JsonlPartition>> find_partitions(const std::string& path) {
  std::vector<JsonlPartition> partitions;
  if (path == "-" || !is_pattern(path)) {
    if (path != "-") RTML_TRY(find_files(path));
    partitions.emplace_back(0, path, path);
    return partitions;
  }
  RTML_TRY_ASSIGN(const auto files, find_files(path));
  // Names count from the last directory that the pattern spells out: a project may move.
  const std::size_t fixed = path.rfind('/', path.find_first_of("*?["));
  std::vector<std::pair<std::int32_t, std::string>> numbers;
  for (const std::string& file : files) {
    const std::string name = fixed == std::string::npos ? file : file.substr(fixed + 1);
    partitions.emplace_back(number_of(name), file, name);
    numbers.emplace_back(number_of(name), name);
  }
  std::sort(numbers.begin(), numbers.end());
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    if (numbers[i].first != numbers[i - 1].first) continue;
    return fail(Error(ErrorCode::kUnsupported, "two files have one partition number: " +
                                                   numbers[i - 1].second + ", " + numbers[i].second)
                    .with_help("rename one of them"));
  }
  return partitions;
}

Result<std::vector<sdk::Partition>> describe(std::vector<JsonlPartition>& partitions) {
  std::vector<sdk::Partition> described;
  for (JsonlPartition& partition : partitions) {
    RTML_TRY_ASSIGN(sdk::Partition one, partition.describe());
    described.push_back(std::move(one));
  }
  std::sort(described.begin(), described.end(),
            [](const auto& left, const auto& right) { return left.partition < right.partition; });
  return described;
}

class JsonlStreamReader : public sdk::StreamReader {
 public:
  JsonlStreamReader(StreamSettings settings, std::vector<JsonlPartition> partitions)
      : settings_(std::move(settings)), partitions_(std::move(partitions)) {}

  sdk::Result<sdk::Poll> poll(std::int64_t limit, const sdk::Call& call) override {
    milliseconds pause = kPauseMin;
    sdk::Poll poll;
    messages_.clear();
    while (true) {
      RTML_SDK_TRY(to_sdk(find_new_files()));
      Result<bool> ended = collect(limit);
      if (!ended) return to_sdk(ended.error());
      poll.messages = messages_;
      poll.ended = *ended;
      poll.assignment_changed = assignment_changed_;
      if (!messages_.empty() || *ended || assignment_changed_) return poll;
      if (call.is_cancelled()) return sdk::fail(RTML_STATUS_CANCELLED, "interrupted");
      // Waiting for nothing is no failure: the caller asks again when it likes.
      if (!call.has_deadline() || call.remaining_us() <= 0) return poll;
      const std::chrono::microseconds left(call.remaining_us());
      std::this_thread::sleep_for(std::min<std::chrono::microseconds>(pause, left));
      pause = std::min(2 * pause, kPauseMax);
    }
  }

  sdk::Result<std::vector<sdk::Partition>> assignment(const sdk::Call& /*call*/) override {
    assignment_changed_ = false;
    return to_sdk(describe(partitions_));
  }

  sdk::Status start(std::int32_t number, std::int64_t offset, const sdk::Call& /*call*/) override {
    for (JsonlPartition& partition : partitions_) {
      if (partition.number() == number) return to_sdk(partition.start(offset));
    }
    return sdk::fail(RTML_STATUS_INVALID_CALL, "no such partition: " + std::to_string(number));
  }

  // Files keep no record of their readers.
  sdk::Status acknowledge(std::int32_t /*number*/, std::int64_t /*next_offset*/,
                          const sdk::Call& /*call*/) override {
    return {};
  }

 private:
  // Adds lines, at most `limit`; true at the end of everything. Where the stream is finite, one
  // file is read after the other; files that grow take turns.
  Result<bool> collect(std::int64_t limit) {
    bool ended = !settings_.follows || !is_pattern(settings_.path);
    for (std::size_t i = 0; i < partitions_.size(); ++i) {
      JsonlPartition& partition = partitions_[(turn_ + i) % partitions_.size()];
      if (!partition.is_started()) {
        ended = false;
        continue;
      }
      const auto wanted = limit - static_cast<std::int64_t>(messages_.size());
      RTML_TRY_ASSIGN(const auto state, partition.take(wanted, !settings_.follows, &messages_));
      ended = ended && state == JsonlPartition::State::kEnded;
      if (state != JsonlPartition::State::kGiven) continue;
      if (settings_.follows) turn_ = (turn_ + i + 1) % partitions_.size();
      return false;
    }
    return ended;
  }

  Status find_new_files() {
    if (!settings_.follows || !is_pattern(settings_.path)) return {};
    const auto now = steady_clock::now();
    if (now < next_find_) return {};
    next_find_ = now + kFindInterval;
    RTML_TRY_ASSIGN(auto found, find_partitions(settings_.path));
    for (JsonlPartition& partition : found) {
      const auto is_same = [&](const auto& own) { return own.number() == partition.number(); };
      if (std::any_of(partitions_.begin(), partitions_.end(), is_same)) continue;
      partitions_.push_back(std::move(partition));
      assignment_changed_ = true;
    }
    return {};
  }

  StreamSettings settings_;
  std::vector<JsonlPartition> partitions_;
  std::vector<sdk::Message> messages_;
  std::size_t turn_ = 0;
  steady_clock::time_point next_find_ = steady_clock::now() + kFindInterval;
  bool assignment_changed_ = true;
};

}  // namespace

sdk::Result<std::unique_ptr<JsonlStreamStore>> JsonlStreamStore::open(
    const std::string& /*options*/, const sdk::Call& /*call*/) {
  return std::make_unique<JsonlStreamStore>();
}

sdk::Result<std::vector<sdk::Partition>> JsonlStreamStore::partitions(const std::string& options,
                                                                      const sdk::Call& /*call*/) {
  const auto found = [&]() -> Result<std::vector<sdk::Partition>> {
    RTML_TRY_ASSIGN(const StreamSettings settings, read_settings(options));
    RTML_TRY_ASSIGN(auto partitions, find_partitions(settings.path));
    return describe(partitions);
  };
  return to_sdk(found());
}

sdk::Result<std::unique_ptr<sdk::StreamReader>> JsonlStreamStore::open_reader(
    const std::string& options, const sdk::Call& /*call*/) {
  const auto opened = [&]() -> Result<std::unique_ptr<sdk::StreamReader>> {
    RTML_TRY_ASSIGN(StreamSettings settings, read_settings(options));
    RTML_TRY_ASSIGN(auto partitions, find_partitions(settings.path));
    return std::make_unique<JsonlStreamReader>(std::move(settings), std::move(partitions));
  };
  return to_sdk(opened());
}

}  // namespace rtml::file
