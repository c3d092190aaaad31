// A server that a test starts and ends: on loopback, on a port that was free, by its process id.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rtml::test {

// The path of a program, looked for in PATH and in `more`; nothing if there is none.
std::optional<std::filesystem::path> find_program(
    const std::string& name, const std::vector<std::filesystem::path>& more = {});

// A port of 127.0.0.1 that nobody uses now.
std::uint16_t free_port();

// Whether somebody listens there.
bool is_listening(std::uint16_t port);

// Runs a program to its end; true if it ends with 0. Output goes to `log`. As another user where
// one is named and this process is root.
bool run_program(const std::vector<std::string>& arguments, const std::filesystem::path& log,
                 const std::string& user = {});

class ServiceProcess {
 public:
  ServiceProcess() = default;
  ServiceProcess(const ServiceProcess&) = delete;
  ServiceProcess& operator=(const ServiceProcess&) = delete;
  ~ServiceProcess() { kill(); }

  // Starts the program and waits until somebody listens on the port; false if it ends before, or
  // after 20 s. The process does not outlive this one.
  bool start(const std::vector<std::string>& arguments, std::uint16_t port,
             const std::filesystem::path& log, const std::string& user = {});
  bool is_running() const { return pid_ > 0; }
  // Asks it to end, and waits.
  void stop(int signal);
  // Ends it at once.
  void kill();
  // Holds it, as if the machine had stopped, and lets it go on.
  void pause();
  void resume();

 private:
  pid_t pid_ = -1;
};

}  // namespace rtml::test
