// What PostgreSQL's errors mean: which may pass by themselves, and what to do about the others.

#pragma once

#include <libpq-fe.h>

#include <string>

#include "rtml/sdk/result.h"

namespace rtml::postgres {

// The error of a result that failed.
sdk::Error error_of(const PGresult& result, const std::string& server);

// The error of a connection that could not be made. The message of libpq is looked at, since there
// is no code: https://www.postgresql.org/docs/15/libpq-status.html
sdk::Error connect_error(const PGconn* connection, const std::string& server);

// libpq's messages end with a line break and may have several lines; the first says what happened.
std::string first_line(const char* message);

}  // namespace rtml::postgres
