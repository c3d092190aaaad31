#include "cli/session.h"

#include <system_error>

#include "cli/session_parts.h"
#include "core/config/config.h"

namespace rtml::cli {

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

Result<const config::Config*> Session::config() {
  if (!parts_->config) {
    // Outside a project the other layers still count.
    const auto root = project_root();
    if (!root && root.error().code() != ErrorCode::kNoProject) return fail(root.error());
    const auto places = config::Places::of(environment_, root.value_or(std::filesystem::path()));
    RTML_TRY_ASSIGN(auto loaded,
                    config::Config::load(places, environment_, overrides_.config_settings));
    parts_->config = std::make_shared<config::Config>(std::move(loaded));
  }
  return parts_->config.get();
}

}  // namespace rtml::cli
