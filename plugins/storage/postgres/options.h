// What a user writes to name a PostgreSQL database. Options:
//   address        "host:port", or the directory of a Unix socket; 127.0.0.1:5432 by default
//   database       its name (required)
//   username       the role
//   password       itself, which the host lets stand in no project file but as ${VAR}
//   password_env   the environment variable that holds the password
//   password_file  the file that holds it
//   tls            true, or {ca, cert, key}: paths of PEM files; then the certificate is checked
//   schema         where the tables are, "rtml"; it is made if it is absent
//   timeout        how long a call may take that has no deadline of its own: "5s"

#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/base/result.h"

namespace rtml::postgres {

struct Options {
  std::map<std::string, std::string> connection;  // Keywords of libpq; the password among them.
  std::string server;                             // For messages: "127.0.0.1:5432/features".
  std::string schema = "rtml";                    // [a-z_][a-z0-9_]*
  std::int64_t timeout_us = 5'000'000;
};

// Reads a JSON object. Fails with kBadValue naming the option.
Result<Options> read_options(const std::string& text);

}  // namespace rtml::postgres
