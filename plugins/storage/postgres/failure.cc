#include "plugins/storage/postgres/failure.h"

#include <string_view>

namespace rtml::postgres {
namespace {

struct Meaning {
  std::string_view state;  // A SQLSTATE or the start of one.
  rtml_status status;
  bool is_retryable;
  std::string_view help;
};

// https://www.postgresql.org/docs/15/errcodes-appendix.html
constexpr Meaning kMeanings[] = {
    {"08", RTML_STATUS_IO, true, ""},
    {"40001", RTML_STATUS_BUSY, true, ""},
    {"40P01", RTML_STATUS_BUSY, true, ""},
    {"55P03", RTML_STATUS_BUSY, true, "another transaction writes the same part"},
    {"57014", RTML_STATUS_TIMEOUT, true, ""},
    {"57P01", RTML_STATUS_IO, true, "the server is being stopped"},
    {"57P02", RTML_STATUS_IO, true, "the server has crashed and comes back"},
    {"57P03", RTML_STATUS_IO, true, "the server is starting"},
    {"53300", RTML_STATUS_IO, true, "the server has no connection left (max_connections)"},
    {"53100", RTML_STATUS_IO, false, "the server's disk is full; nothing was written"},
    {"53", RTML_STATUS_IO, true, "the server is short of resources"},
    {"25006", RTML_STATUS_FAILED, false, "the server is a read-only replica; name the primary"},
    {"28", RTML_STATUS_INVALID_ARGUMENT, false,
     "check username and the password that password_env or password_file gives"},
    {"3D000", RTML_STATUS_INVALID_ARGUMENT, false, "make the database first: createdb"},
    {"42501", RTML_STATUS_FAILED, false,
     "give the role the rights that docs/stores.md names, or let its owner open the store once"},
};

sdk::Error error_of_state(std::string_view state, const std::string& message) {
  for (const Meaning& meaning : kMeanings) {
    if (!state.starts_with(meaning.state)) continue;
    sdk::Error error = sdk::fail(meaning.status, message, std::string(meaning.help));
    error.retryable = meaning.is_retryable;
    return error;
  }
  return sdk::fail(RTML_STATUS_FAILED, message);
}

}  // namespace

std::string first_line(const char* message) {
  const std::string_view text = message == nullptr ? "" : message;
  return std::string(text.substr(0, text.find('\n')));
}

sdk::Error error_of(const PGresult& result, const std::string& server) {
  const char* const state = PQresultErrorField(&result, PG_DIAG_SQLSTATE);
  const char* const primary = PQresultErrorField(&result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string reason =
      first_line(primary == nullptr ? PQresultErrorMessage(&result) : primary);
  return error_of_state(state == nullptr ? "08" : state,
                        "postgres refused: " + server + " (" + reason + ")");
}

sdk::Error connect_error(const PGconn* connection, const std::string& server) {
  const std::string reason = first_line(PQerrorMessage(connection));
  const std::string message = "cannot connect to postgres: " + server + " (" + reason + ")";
  const auto says = [&](std::string_view words) { return reason.find(words) != std::string::npos; };
  if (says("authentication failed") || says("no password supplied") || says("pg_hba.conf") ||
      says("role \"")) {
    return error_of_state("28P01", message);
  }
  if (says("database \"") && says("does not exist")) return error_of_state("3D000", message);
  if (says("certificate") || says("SSL")) {
    return sdk::fail(RTML_STATUS_INVALID_ARGUMENT, message,
                     "name the authority that signed the server's certificate as tls.ca, and the "
                     "name that it bears in the address");
  }
  sdk::Error error = error_of_state("08", message);
  error.help = "is the server running, and is the address right?";
  return error;
}

}  // namespace rtml::postgres
