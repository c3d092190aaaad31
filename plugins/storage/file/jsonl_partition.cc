#include "plugins/storage/file/jsonl_partition.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace rtml::file {
namespace {

using std::chrono::steady_clock;

// How much one take() may give; a single line may be longer.
constexpr std::size_t kTakeBytesMax = std::size_t{16} << 20;
// A parser may look at bytes behind a line (simdjson).
constexpr std::size_t kPadding = 64;
// A file at which nothing happens holds no descriptor: there may be very many.
constexpr std::chrono::seconds kKeptOpen(2);
constexpr std::string_view kStandardInput = "-";
constexpr std::int64_t kBackwardBytes = 64 << 10;

Result<struct stat> status_of(const std::string& file) {
  struct stat status = {};
  const int result = file == kStandardInput ? ::fstat(0, &status) : ::stat(file.c_str(), &status);
  if (result == 0) return status;
  return fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
              "cannot open file: " + file + " (" + std::strerror(errno) + ")");
}

Error changed(const std::string& what, const std::string& file) {
  return Error(ErrorCode::kNotFound, what + ": " + file)
      .with_help(
          "offsets are bytes of a file that only grows; give new events a file of a new name "
          "and name the files by a pattern");
}

bool is_blank(std::string_view text) {
  return text.empty() || text.find_first_not_of(" \t") == std::string_view::npos;
}

// Whether a text is a JSON object or list to its end, so that nothing but its line end is missing.
// Says nothing about what is within.
bool is_whole(std::string_view text) {
  int depth = 0;
  bool is_in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_in_string) {
      if (c == '\\') ++i;
      if (c == '"') is_in_string = false;
      continue;
    }
    is_in_string = c == '"';
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
  }
  const std::size_t last = text.find_last_not_of(" \t\r");
  return depth == 0 && !is_in_string && last != std::string_view::npos &&
         (text[last] == '}' || text[last] == ']');
}

// One more than where the last line of the first `size` bytes starts that is not blank: the offset
// that is wanted next when all is read. 0 where there is none.
Result<std::int64_t> end_of_lines(const std::string& file, std::int64_t size) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  std::string block;
  bool is_in_line = false;
  for (std::int64_t end = size; descriptor >= 0 && end > 0; end -= std::ssize(block)) {
    block.resize(static_cast<std::size_t>(std::min(end, kBackwardBytes)));
    const std::int64_t begin = end - std::ssize(block);
    if (::pread(descriptor, block.data(), block.size(), begin) != std::ssize(block)) {
      ::close(descriptor);
      return fail(ErrorCode::kIo, "cannot read file: " + file);
    }
    for (std::int64_t i = std::ssize(block); i-- > 0;) {
      const char c = block[static_cast<std::size_t>(i)];
      if (is_in_line && c == '\n') {
        ::close(descriptor);
        return begin + i + 2;
      }
      is_in_line = is_in_line || (c != ' ' && c != '\t' && c != '\r' && c != '\n');
    }
  }
  if (descriptor < 0) {
    return fail(ErrorCode::kIo, "cannot open file: " + file + " (" + std::strerror(errno) + ")");
  }
  ::close(descriptor);
  return is_in_line ? 1 : 0;
}

}  // namespace

Result<sdk::Partition> JsonlPartition::describe() {
  RTML_TRY_ASSIGN(const struct stat status, status_of(file_));
  sdk::Partition partition;
  partition.partition = number_;
  partition.is_started = is_started_;
  partition.name = name_;
  if (S_ISREG(status.st_mode)) {
    partition.first_offset = 0;
    if (described_size_ != status.st_size) {
      RTML_TRY_ASSIGN(described_end_, end_of_lines(file_, status.st_size));
      described_size_ = status.st_size;
    }
    partition.end_offset = described_end_;
  }
  return partition;
}

Status JsonlPartition::start(std::int64_t offset) {
  RTML_TRY_ASSIGN(const struct stat status, status_of(file_));
  is_pipe_ = !S_ISREG(status.st_mode);
  position_ = std::max<std::int64_t>(offset, 0);
  if (!is_pipe_ && status.st_size < position_) {
    return fail(changed("file ends before offset " + std::to_string(position_), file_));
  }
  source_.reset();
  idle_size_ = inode_ = -1;
  searched_ = 0;
  at_end_ = false;
  // The line that holds the byte before the offset belongs to an earlier message.
  skips_line_ = position_ > 0 && !is_pipe_;
  if (skips_line_) --position_;
  is_started_ = true;
  return {};
}

Status JsonlPartition::open() {
  RTML_TRY_ASSIGN(ByteSource source, ByteSource::open(file_, kPadding));
  source_.emplace(std::move(source));
  searched_ = 0;
  if (is_pipe_) return {};
  RTML_TRY_ASSIGN(const struct stat status, source_->status());
  RTML_TRY(check_same(status));
  inode_ = static_cast<std::int64_t>(status.st_ino);
  return source_->seek(position_);
}

Status JsonlPartition::check_same(const struct stat& status) const {
  if (inode_ >= 0 && inode_ != static_cast<std::int64_t>(status.st_ino)) {
    return fail(changed("another file has taken this one's place", file_));
  }
  if (status.st_size < position_) return fail(changed("file became shorter", file_));
  return {};
}

Result<std::int64_t> JsonlPartition::size_now() const {
  RTML_TRY_ASSIGN(const struct stat status, status_of(file_));
  RTML_TRY(check_same(status));
  return status.st_size;
}

Result<JsonlPartition::State> JsonlPartition::take(std::int64_t limit, bool is_complete,
                                                   std::vector<sdk::Message>* messages) {
  const bool ends = is_complete || is_pipe_;
  if (!source_) {
    if (at_end_ && ends) return State::kEnded;
    if (idle_size_ >= 0) {
      RTML_TRY_ASSIGN(const std::int64_t size, size_now());
      if (size == idle_size_) return State::kIdle;
    }
    RTML_TRY(open());
  }
  at_end_ = false;
  std::size_t bytes = 0;
  std::int64_t count = 0;
  while (count < limit && bytes < kTakeBytesMax) {
    const std::string_view window = source_->window();
    const std::size_t end = window.find('\n', searched_);
    std::size_t size = end + 1;
    if (end == std::string_view::npos) {
      searched_ = window.size();
      if (count > 0) break;  // Reading on would move the lines that were given.
      RTML_TRY_ASSIGN(size, find_line(ends));
      if (size == 0) break;
    }
    bytes += size;
    if (take_line(size, messages)) ++count;
  }
  if (count > 0) {
    last_given_ = steady_clock::now();
    return State::kGiven;
  }
  if (!at_end_) return State::kIdle;
  idle_size_ = position_ + static_cast<std::int64_t>(source_->window().size());
  if (ends) {
    source_.reset();
    return State::kEnded;
  }
  RTML_TRY(size_now());
  if (steady_clock::now() - last_given_ > kKeptOpen) source_.reset();
  return State::kIdle;
}

Result<std::size_t> JsonlPartition::find_line(bool is_complete) {
  while (true) {
    const std::string_view window = source_->window();
    const std::size_t end = window.find('\n', searched_);
    if (end != std::string_view::npos) return end + 1;
    searched_ = window.size();
    if (is_pipe_ && !source_->is_ready()) return 0;
    RTML_TRY_ASSIGN(const bool more, source_->more());
    if (more) continue;
    at_end_ = true;
    // Who writes a file may be in the middle of a line; a pipe that has ended gives no more.
    const std::string_view rest = source_->window();
    return is_complete && (is_pipe_ || skips_line_ || is_whole(rest)) ? rest.size() : 0;
  }
}

// True if the line is a message.
bool JsonlPartition::take_line(std::size_t size, std::vector<sdk::Message>* messages) {
  std::string_view text = source_->window().substr(0, size);
  const std::int64_t start = position_;
  position_ += static_cast<std::int64_t>(size);
  searched_ = 0;
  source_->consume(size);
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (std::exchange(skips_line_, false) || is_blank(text)) return false;
  sdk::Message message = {};
  message.bytes = {text.data(), text.size()};
  message.offset = start;
  message.partition = number_;
  messages->push_back(message);
  return true;
}

}  // namespace rtml::file
