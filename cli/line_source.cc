#include "cli/line_source.h"

#include <utility>

namespace rtml::cli {
namespace {

// How often waiting for a line looks whether it is still wanted.
constexpr int kWaitMs = 50;

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

Result<LineSource> LineSource::open(const std::string& path, const CancelFlag& cancel) {
  RTML_TRY_ASSIGN(ByteSource bytes, ByteSource::open(path));
  return LineSource(path == "-" ? "standard input" : path, std::move(bytes), cancel);
}

Result<bool> LineSource::more() {
  while (!bytes_.is_ready(kWaitMs)) RTML_TRY(cancel_->check());
  return bytes_.more();
}

Result<std::optional<LineSource::Line>> LineSource::next(bool waits) {
  bytes_.consume(std::exchange(used_, 0));
  while (true) {
    std::string_view window = bytes_.window();
    std::size_t end = window.find('\n', scanned_);
    if (end == std::string_view::npos) {
      scanned_ = window.size();
      if (!waits && !bytes_.is_ready()) return std::nullopt;
      RTML_TRY_ASSIGN(const bool has_more, more());
      if (has_more) continue;
      if (window.empty()) return std::nullopt;
      window = bytes_.window();
      end = window.size();
    }
    scanned_ = 0;
    ++number_;
    const std::string_view line = window.substr(0, end);
    const std::size_t used = std::min(end + 1, window.size());
    if (is_blank(line)) {
      bytes_.consume(used);
      continue;
    }
    used_ = used;
    return Line{line, number_};
  }
}

}  // namespace rtml::cli
