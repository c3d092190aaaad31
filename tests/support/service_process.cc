#include "tests/support/service_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

namespace rtml::test {
namespace {

constexpr useconds_t kPollUs = 10'000;
constexpr int kStartPolls = 2'000;
constexpr int kStopPolls = 1'000;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// In a new process: becomes the program.
[[noreturn]] void become(const std::vector<std::string>& arguments,
                         const std::filesystem::path& log, const std::string& user) {
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int input = ::open("/dev/null", O_RDONLY);
  ::dup2(input, 0);
  ::dup2(output, 1);
  ::dup2(output, 2);
  if (!user.empty() && ::geteuid() == 0) {
    const passwd* const entry = ::getpwnam(user.c_str());
    if (entry == nullptr || ::initgroups(user.c_str(), entry->pw_gid) != 0 ||
        ::setgid(entry->pw_gid) != 0 || ::setuid(entry->pw_uid) != 0) {
      ::_exit(126);
    }
  }
  // After the change of user, which takes the wish back.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::chdir(log.parent_path().c_str()) != 0) ::_exit(126);
  std::vector<char*> words;
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  ::execv(words.front(), words.data());
  ::_exit(127);
}

}  // namespace

std::optional<std::filesystem::path> find_program(const std::string& name,
                                                  const std::vector<std::filesystem::path>& more) {
  std::vector<std::filesystem::path> places = more;
  const char* const path = std::getenv("PATH");
  std::istringstream words(path == nullptr ? "/usr/bin" : path);
  for (std::string place; std::getline(words, place, ':');) places.emplace_back(place);
  for (const std::filesystem::path& place : places) {
    if (::access((place / name).c_str(), X_OK) == 0) return place / name;
  }
  return std::nullopt;
}

std::uint16_t free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  std::uint16_t port = 0;
  if (::bind(probe, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
      ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    port = ntohs(address.sin_port);
  }
  ::close(probe);
  return port;
}

bool is_listening(std::uint16_t port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool is_connected =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return is_connected;
}

bool run_program(const std::vector<std::string>& arguments, const std::filesystem::path& log,
                 const std::string& user) {
  const pid_t child = ::fork();
  if (child == 0) become(arguments, log, user);
  int status = -1;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

bool ServiceProcess::start(const std::vector<std::string>& arguments, std::uint16_t port,
                           const std::filesystem::path& log, const std::string& user) {
  kill();
  pid_ = ::fork();
  if (pid_ == 0) become(arguments, log, user);
  for (int i = 0; pid_ > 0 && i < kStartPolls; ++i) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return false;
    }
    if (is_listening(port)) return true;
    ::usleep(kPollUs);
  }
  kill();
  return false;
}

void ServiceProcess::stop(int signal) {
  if (pid_ <= 0) return;
  ::kill(pid_, signal);
  for (int i = 0; i < kStopPolls; ++i) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return;
    }
    ::usleep(kPollUs);
  }
  kill();
}

void ServiceProcess::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
}

void ServiceProcess::pause() {
  if (pid_ > 0) ::kill(pid_, SIGSTOP);
}

void ServiceProcess::resume() {
  if (pid_ > 0) ::kill(pid_, SIGCONT);
}

}  // namespace rtml::test
