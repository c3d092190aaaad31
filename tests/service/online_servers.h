// Redis and PostgreSQL as tests of online stores start them.

#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "tests/support/service_process.h"

namespace rtml::test {

// One Redis that logs each write to its disk before it answers.
class RedisServer {
 public:
  // Why there can be none here; empty if there can.
  static std::string reason_to_skip();

  // `more` are arguments of redis-server beyond the usual ones.
  explicit RedisServer(std::filesystem::path directory, std::vector<std::string> more = {});
  bool start();
  void stop();
  void kill() { process_.kill(); }
  void pause() { process_.pause(); }
  void resume() { process_.resume(); }

  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // Runs a command by redis-cli; its output.
  std::string command(const std::string& words) const;

 private:
  std::filesystem::path directory_;
  std::vector<std::string> more_;
  std::uint16_t port_;
  ServiceProcess process_;
};

// Three masters, made by hand: redis-cli --cluster create takes twice as long.
class RedisCluster {
 public:
  static std::string reason_to_skip() { return RedisServer::reason_to_skip(); }

  explicit RedisCluster(const std::filesystem::path& directory);
  // Waits until the cluster is well.
  bool start();
  RedisServer& node(std::size_t index) { return *nodes_[index]; }
  Json options() const;
  // The id that a node goes by.
  std::string id(std::size_t index) const;

 private:
  std::array<std::unique_ptr<RedisServer>, 3> nodes_;
  std::array<std::uint16_t, 3> bus_ports_ = {};
};

// A PostgreSQL whose superuser is "rtml" with the password "secret".
class PostgresServer {
 public:
  static std::string reason_to_skip();

  explicit PostgresServer(std::filesystem::path directory);
  // Makes the database cluster the first time.
  bool start();
  void stop();
  void kill() { process_.kill(); }
  void pause() { process_.pause(); }
  void resume() { process_.resume(); }

  std::uint16_t port() const { return port_; }
  Json options() const;

 private:
  std::filesystem::path directory_;
  std::uint16_t port_;
  ServiceProcess process_;
};

// A certificate authority and a certificate for 127.0.0.1 that it signed, by openssl: ca.pem,
// server.pem, server.key. False if openssl is absent.
bool make_certificates(const std::filesystem::path& directory);

}  // namespace rtml::test
