// The program: signals, standard streams, and the last fence for exceptions of libraries.

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "cli/front_end.h"
#include "cli/render/output.h"
#include "cli/version.h"
#include "core/base/cancel.h"
#include "core/base/environment.h"
#include "core/base/error.h"
#include "core/base/parallel.h"

namespace {

rtml::CancelFlag g_cancel;
volatile sig_atomic_t g_signal = 0;

// The first signal asks the work to stop; the second ends the process where it stands, which is
// safe because everything on disk is replaced whole.
extern "C" void on_signal(int number) {
  if (g_signal != 0) ::_exit(128 + number);
  g_signal = number;
  g_cancel.set();
}

void install_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigemptyset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction current {};
    ::sigaction(number, nullptr, &current);
    // nohup and a shell's background jobs ignore some of them on purpose.
    if (current.sa_handler != SIG_IGN) ::sigaction(number, &action, nullptr);
  }
  ::signal(SIGPIPE, SIG_IGN);
  // A file beyond the limit of its size is an error of that write, as a full disk is.
  ::signal(SIGXFSZ, SIG_IGN);
}

// A file opened later must not get the number of a closed standard stream: what is meant for
// the stream would be written into the file. Reading and writing such a stream fails.
void occupy_standard_streams() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) != -1) continue;
    const int mode = descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    const int opened = ::open("/dev/null", mode);
    if (opened != descriptor && opened != -1) ::dup2(opened, descriptor);
  }
}

// The C library would give each of a few threads memory of its own, up to eight times as many as
// there are processors, and what one of them frees the others do not find. Reading, computing and
// writing hand their columns on to each other, so that this is most of the memory.
void share_memory_between_threads() {
  ::mallopt(M_ARENA_MAX, rtml::available_processors());
}

bool asks_for_version_only(int argc, char** argv) {
  return argc == 2 && std::string_view(argv[1]) == "--version";
}

// Without the front end, because scripts ask this often.
int print_version() {
  const std::string line = "rtml " + std::string(rtml::cli::version_number()) + "\n";
  if (rtml::cli::write_all(STDOUT_FILENO, line) != rtml::cli::WriteOutcome::kFailed) return 0;
  const std::string error =
      std::string("error[RT0005]: cannot write to standard output: ") + std::strerror(errno) + "\n";
  (void)rtml::cli::write_all(STDERR_FILENO, error);
  return 1;
}

int run(int argc, char** argv) {
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  const int status = rtml::cli::run_front_end(words, rtml::Environment::of_process(), g_cancel);
  const bool interrupted = status == static_cast<int>(rtml::ExitClass::kInterrupted) ||
                           (status == 0 && g_signal == SIGINT);
  return interrupted && g_signal != 0 ? 128 + g_signal : status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    occupy_standard_streams();
    share_memory_between_threads();
    install_signal_handlers();
    if (asks_for_version_only(argc, argv)) return print_version();
    return run(argc, argv);
  } catch (const std::exception& exception) {
    const std::string line = std::string("error[RT0001]: ") + exception.what() + "\n";
    (void)rtml::cli::write_all(STDERR_FILENO, line);
    return 1;
  }
}
