#include "tests/service/online_servers.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "core/base/file_system.h"

namespace rtml::test {
namespace {

constexpr const char* kPostgresUser = "postgres";

// The newest PostgreSQL's directory of programs, which is not in PATH.
std::vector<std::filesystem::path> postgres_places() {
  std::vector<std::filesystem::path> places;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    places.push_back(entry.path() / "bin");
  }
  std::sort(places.rbegin(), places.rend());
  return places;
}

std::string output_of(const std::string& command) {
  std::string output;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen((command + " 2>&1").c_str(), "r"),
                                                   &::pclose);
  if (pipe == nullptr) return output;
  std::array<char, 4'096> part;
  while (::fgets(part.data(), static_cast<int>(part.size()), pipe.get()) != nullptr) {
    output += part.data();
  }
  while (!output.empty() && output.back() == '\n') output.pop_back();
  return output;
}

}  // namespace

std::string RedisServer::reason_to_skip() {
  if (!find_program("redis-server") || !find_program("redis-cli")) {
    return "redis-server is not installed";
  }
  return {};
}

RedisServer::RedisServer(std::filesystem::path directory, std::vector<std::string> more)
    : directory_(std::move(directory)), more_(std::move(more)), port_(free_port()) {}

bool RedisServer::start() {
  std::filesystem::create_directories(directory_);
  std::vector<std::string> arguments = {find_program("redis-server")->string(),
                                        "--bind",
                                        "127.0.0.1",
                                        "--port",
                                        std::to_string(port_),
                                        "--dir",
                                        directory_.string(),
                                        "--save",
                                        "",
                                        "--appendonly",
                                        "yes",
                                        "--appendfsync",
                                        "always"};
  arguments.insert(arguments.end(), more_.begin(), more_.end());
  if (!process_.start(arguments, port_, directory_ / "log")) return false;
  // Until its data is read it listens and refuses.
  for (int i = 0; i < 500; ++i) {
    if (command("ping").find("LOADING") == std::string::npos) return true;
    ::usleep(10'000);
  }
  return false;
}

void RedisServer::stop() {
  process_.stop(SIGTERM);
}

std::string RedisServer::command(const std::string& words) const {
  return output_of("redis-cli -p " + std::to_string(port_) + " " + words);
}

RedisCluster::RedisCluster(const std::filesystem::path& directory) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    bus_ports_[i] = free_port();
    nodes_[i] = std::make_unique<RedisServer>(
        directory / ("node" + std::to_string(i)),
        std::vector<std::string>{"--cluster-enabled", "yes", "--cluster-port",
                                 std::to_string(bus_ports_[i]), "--cluster-node-timeout", "2000",
                                 "--cluster-require-full-coverage", "no"});
  }
}

bool RedisCluster::start() {
  for (const auto& node : nodes_) {
    if (!node->start()) return false;
  }
  const char* const ranges[] = {"0 5460", "5461 10922", "10923 16383"};
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    nodes_[i]->command(std::string("cluster addslotsrange ") + ranges[i]);
    nodes_[i]->command("cluster set-config-epoch " + std::to_string(i + 1));
  }
  for (std::size_t i = 1; i < nodes_.size(); ++i) {
    nodes_[0]->command("cluster meet 127.0.0.1 " + std::to_string(nodes_[i]->port()) + " " +
                       std::to_string(bus_ports_[i]));
  }
  for (int poll = 0; poll < 200; ++poll) {
    const bool is_well = std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) {
      const std::string info = node->command("cluster info");
      return info.find("cluster_state:ok") != std::string::npos &&
             info.find("cluster_slots_assigned:16384") != std::string::npos;
    });
    if (is_well) return true;
    ::usleep(50'000);
  }
  return false;
}

Json RedisCluster::options() const {
  return {{"addresses", {nodes_[0]->address(), nodes_[1]->address()}}, {"cluster", true}};
}

std::string RedisCluster::id(std::size_t index) const {
  return nodes_[index]->command("cluster myid");
}

std::string PostgresServer::reason_to_skip() {
  if (!find_program("initdb", postgres_places()) || !find_program("postgres", postgres_places())) {
    return "PostgreSQL is not installed";
  }
  return {};
}

PostgresServer::PostgresServer(std::filesystem::path directory)
    : directory_(std::move(directory)), port_(free_port()) {}

bool PostgresServer::start() {
  const std::filesystem::path data = directory_ / "data";
  if (!std::filesystem::exists(data)) {
    std::filesystem::create_directories(directory_);
    // PostgreSQL refuses to run as root: its own user must reach and own the place.
    ::chmod(directory_.parent_path().c_str(), 0755);
    if (::geteuid() == 0 &&
        !run_program({"/bin/chown", kPostgresUser, directory_.string()}, directory_ / "log")) {
      return false;
    }
    ::chmod((directory_ / "log").c_str(), 0666);
    if (!write_file(directory_ / "password", "secret\n") ||
        !run_program({find_program("initdb", postgres_places())->string(), "-D", data.string(),
                      "--username=rtml", "--auth=scram-sha-256", "--no-sync",
                      "--pwfile=" + (directory_ / "password").string()},
                     directory_ / "log", kPostgresUser)) {
      return false;
    }
  }
  return process_.start({find_program("postgres", postgres_places())->string(), "-D", data.string(),
                         "-p", std::to_string(port_), "-h", "127.0.0.1", "-k", "", "-F"},
                        port_, directory_ / "log", kPostgresUser);
}

void PostgresServer::stop() {
  process_.stop(SIGINT);
}

Json PostgresServer::options() const {
  return {{"address", "127.0.0.1:" + std::to_string(port_)},
          {"database", "postgres"},
          {"username", "rtml"},
          {"password_file", (directory_ / "password").string()}};
}

bool make_certificates(const std::filesystem::path& directory) {
  const auto openssl = find_program("openssl");
  if (!openssl || !write_file(directory / "san", "subjectAltName=IP:127.0.0.1\n")) return false;
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.begin(), openssl->string());
    return run_program(words, directory / "openssl.log");
  };
  const auto path = [&](const char* name) { return (directory / name).string(); };
  return run({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
              "-keyout", path("ca.key"), "-out", path("ca.pem"), "-subj", "/CN=tests", "-days",
              "2"}) &&
         run({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
              "-keyout", path("server.key"), "-out", path("server.csr"), "-subj", "/CN=server"}) &&
         run({"x509", "-req", "-in", path("server.csr"), "-CA", path("ca.pem"), "-CAkey",
              path("ca.key"), "-CAcreateserial", "-out", path("server.pem"), "-days", "2",
              "-extfile", path("san")});
}

}  // namespace rtml::test
