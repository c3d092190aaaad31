// What a user writes to name a Redis server or cluster. Options:
//   address        "host:port", by default 127.0.0.1:6379; of a cluster any node
//   addresses      several of them, of which one must answer: nodes of a cluster
//   cluster        true: the servers are a Redis Cluster
//   tls            true, or {ca, cert, key, server_name}: paths of PEM files
//   username       of an access-control list; none means the default user
//   password       itself, which the host lets stand in no project file but as ${VAR}
//   password_env   the environment variable that holds the password
//   password_file  the file that holds it
//   database       number of the database, 0
//   timeout        how long a call may take that has no deadline of its own: "5s"

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"

namespace rtml::redis {

struct Address {
  std::string host;
  std::uint16_t port = 6379;

  std::string text() const;
  auto operator<=>(const Address&) const = default;
};

// Reads "host", "host:port" or "[ipv6]:port".
Result<Address> parse_address(const std::string& text);

struct TlsOptions {
  std::string ca_file;    // Empty: the system's.
  std::string cert_file;  // Empty: this side shows no certificate.
  std::string key_file;
  std::string server_name;  // That the certificate must bear; empty: the host of the address.
};

struct ConnectionOptions {
  std::vector<Address> addresses;
  bool is_cluster = false;
  std::optional<TlsOptions> tls;
  std::string username;
  std::string password;  // Never shown.
  std::int64_t database = 0;
  std::int64_t timeout_us = 5'000'000;
};

// Takes the options above out of `options`; what is left is the caller's. Reads the password.
// Fails with kBadValue naming the option.
Result<ConnectionOptions> take_connection_options(Json& options);

}  // namespace rtml::redis
