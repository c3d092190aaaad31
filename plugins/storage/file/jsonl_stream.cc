#include "plugins/storage/file/jsonl_stream.h"

#include <chrono>
#include <thread>

#include "core/base/json.h"
#include "core/base/result.h"
#include "plugins/shared/core_errors.h"
#include "plugins/storage/file/byte_source.h"
#include "plugins/storage/file/file_store.h"

namespace rtml::file {
namespace {

using plugins::to_sdk;

// The lines of one file from an offset on.
class Partition {
 public:
  static Result<Partition> open(const std::string& file, std::int64_t offset) {
    if (offset < 0) return fail(ErrorCode::kBadValue, "a negative offset in file: " + file);
    RTML_TRY_ASSIGN(ByteSource source, ByteSource::open(file));
    Partition partition(std::move(source));
    if (offset == 0) return partition;
    // The line that holds the byte before the offset belongs to an earlier message.
    RTML_TRY(partition.source_.seek(offset - 1));
    partition.position_ = offset - 1;
    partition.skips_line_ = true;
    return partition;
  }

  // Gives the next line that is not blank; false if there is none yet. Where `is_complete`, a last
  // line without its line end counts.
  Result<bool> next(bool is_complete, std::string* line, std::int64_t* offset) {
    while (true) {
      RTML_TRY_ASSIGN(const std::size_t size, find_line(is_complete));
      if (size == 0) return false;
      std::string_view text = source_.window().substr(0, size);
      const std::int64_t start = position_;
      position_ += static_cast<std::int64_t>(size);
      searched_ = 0;
      if (text.ends_with('\n')) text.remove_suffix(1);
      if (text.ends_with('\r')) text.remove_suffix(1);
      const bool is_skipped = std::exchange(skips_line_, false) ||
                              text.find_first_not_of(" \t") == std::string_view::npos;
      if (!is_skipped) *line = text;
      source_.consume(size);
      if (is_skipped) continue;
      *offset = start;
      return true;
    }
  }

 private:
  explicit Partition(ByteSource source) : source_(std::move(source)) {}

  // The bytes of the next line with its end; 0 if it is not there yet.
  Result<std::size_t> find_line(bool is_complete) {
    while (true) {
      const std::string_view window = source_.window();
      const std::size_t end = window.find('\n', searched_);
      if (end != std::string_view::npos) return end + 1;
      searched_ = window.size();
      RTML_TRY_ASSIGN(const bool more, source_.more());
      if (!more) return is_complete ? source_.window().size() : 0;
    }
  }

  ByteSource source_;
  std::int64_t position_ = 0;  // Of the window in the file.
  std::size_t searched_ = 0;   // Of the window, without a line end.
  bool skips_line_ = false;
};

class JsonlStreamReader : public sdk::StreamReader {
 public:
  JsonlStreamReader(std::vector<Partition> partitions, bool follows)
      : partitions_(std::move(partitions)), follows_(follows) {}

  sdk::Result<std::vector<sdk::Message>> poll(std::int64_t limit, bool* ended,
                                              const sdk::Call& call) override {
    constexpr auto kPause = std::chrono::milliseconds(20);
    std::vector<sdk::Message> messages;
    while (true) {
      Result<bool> at_end = collect(limit, messages);
      if (!at_end) return to_sdk(at_end.error());
      if (!messages.empty() || !follows_) {
        *ended = *at_end && !follows_;
        return messages;
      }
      if (call.is_cancelled()) return sdk::fail(RTML_STATUS_CANCELLED, "interrupted");
      // Waiting for nothing is no failure: the caller asks again when it likes.
      if (!call.has_deadline() || call.remaining_us() <= 0) return messages;
      std::this_thread::sleep_for(kPause);
    }
  }

 private:
  // True if no partition has another line.
  Result<bool> collect(std::int64_t limit, std::vector<sdk::Message>& messages) {
    for (; current_ < partitions_.size(); ++current_) {
      while (static_cast<std::int64_t>(messages.size()) < limit) {
        sdk::Message message;
        RTML_TRY_ASSIGN(const bool found,
                        partitions_[current_].next(!follows_, &message.bytes, &message.offset));
        if (!found) break;
        message.partition = static_cast<std::int32_t>(current_);
        messages.push_back(std::move(message));
      }
      if (static_cast<std::int64_t>(messages.size()) == limit) return false;
    }
    if (follows_) current_ = 0;
    return true;
  }

  std::vector<Partition> partitions_;
  bool follows_;
  std::size_t current_ = 0;
};

Result<std::unique_ptr<sdk::StreamReader>> open_stream(
    const std::string& options_text, const std::vector<rtml_partition_offset>& offsets) {
  RTML_TRY_ASSIGN(const Json options, parse_json(options_text, "options"));
  std::string path;
  bool follows = false;
  for (const auto& [key, value] : options.items()) {
    if (key == "path" && value.is_string()) {
      path = value.get<std::string>();
    } else if (key == "follow" && value.is_boolean()) {
      follows = value.get<bool>();
    } else {
      return fail(Error(ErrorCode::kBadValue, "option of a file stream makes no sense: " + key)
                      .with_help("the options are: path (a text), follow (true or false)"));
    }
  }
  if (path.empty()) return fail(ErrorCode::kBadValue, "a file stream needs the option: path");
  RTML_TRY_ASSIGN(const auto files, find_files(path));
  std::vector<Partition> partitions;
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::int64_t start = 0;
    for (const rtml_partition_offset& offset : offsets) {
      if (offset.partition == static_cast<std::int32_t>(i)) start = offset.offset;
    }
    RTML_TRY_ASSIGN(Partition partition, Partition::open(files[i], start));
    partitions.push_back(std::move(partition));
  }
  return std::make_unique<JsonlStreamReader>(std::move(partitions), follows);
}

}  // namespace

sdk::Result<std::unique_ptr<JsonlStreamStore>> JsonlStreamStore::open(
    const std::string& /*options*/, const sdk::Call& /*call*/) {
  return std::make_unique<JsonlStreamStore>();
}

sdk::Result<std::unique_ptr<sdk::StreamReader>> JsonlStreamStore::open_reader(
    const std::string& options, const std::vector<rtml_partition_offset>& offsets,
    const sdk::Call& /*call*/) {
  return to_sdk(open_stream(options, offsets));
}

}  // namespace rtml::file
