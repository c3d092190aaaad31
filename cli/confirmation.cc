#include "cli/confirmation.h"

#include <unistd.h>

#include <cerrno>

#include "cli/render/output.h"
#include "cli/render/style.h"

namespace rtml::cli {
namespace {

// The first line of standard input, without its end.
std::string read_line() {
  std::string line;
  char c = 0;
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, &c, 1);
    if (got == 1 && c != '\n') {
      line += c;
    } else if (got == -1 && errno == EINTR) {
      return "";  // A signal means no.
    } else {
      return line;
    }
  }
}

}  // namespace

Status confirm(const CommandSpec& command, std::span<const std::string> words) {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) {
    return fail(Error(ErrorCode::kNeedsConfirmation,
                      "\"rtml " + std::string(command.path) +
                          "\" needs a confirmation and there is no terminal to ask on")
                    .with_help("add --yes to confirm, or --dry-run to see what it would do"));
  }
  std::string question = "rtml";
  for (const std::string& word : words) question += " " + printable(word, Style{});
  (void)write_all(STDERR_FILENO, question + "\nContinue? [y/N] ");
  const std::string answer = read_line();
  if (answer == "y" || answer == "Y" || answer == "yes") return {};
  return fail(ErrorCode::kFailed, "not confirmed, nothing was changed");
}

}  // namespace rtml::cli
