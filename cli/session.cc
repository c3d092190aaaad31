#include "cli/session.h"

#include <system_error>

namespace rtml::cli {

struct Session::Parts {
  std::filesystem::path root;
};

Session::Session(Environment environment, const Clock& clock, const CancelFlag& cancel,
                 Progress& progress)
    : environment_(std::move(environment)),
      clock_(clock),
      cancel_(cancel),
      progress_(progress),
      parts_(std::make_unique<Parts>()) {}

Session::~Session() = default;

Result<std::filesystem::path> Session::project_root() {
  if (!parts_->root.empty()) return parts_->root;
  std::error_code error;
  const std::filesystem::path start = std::filesystem::current_path(error);
  if (error) return fail(ErrorCode::kIo, "cannot find the working directory: " + error.message());
  for (std::filesystem::path directory = start;; directory = directory.parent_path()) {
    if (std::filesystem::exists(directory / "rtml.yaml", error)) {
      parts_->root = directory;
      return directory;
    }
    // A project does not reach beyond the repository it is kept in.
    if (std::filesystem::exists(directory / ".git", error) ||
        directory == directory.parent_path()) {
      break;
    }
  }
  return fail(Error(ErrorCode::kNoProject, "no rtml.yaml in or above: " + start.string())
                  .with_help("run \"rtml init\" to start a project, or name one with -C DIR"));
}

}  // namespace rtml::cli
