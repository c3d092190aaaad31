// A connection to PostgreSQL with the statements of the store prepared. Several statements go out
// together and cost one round trip. Used by one thread at a time.

#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <vector>

#include "plugins/shared/wait.h"
#include "plugins/storage/postgres/options.h"
#include "plugins/storage/postgres/statement.h"
#include "rtml/sdk/result.h"

namespace rtml::postgres {

using plugins::Wait;

class Session {
 public:
  // Connects and makes the tables where they are absent.
  static sdk::Result<std::unique_ptr<Session>> open(const Options& options, const Wait& wait);
  Session(PGconn* connection, std::string server)
      : connection_(connection), server_(std::move(server)) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { PQfinish(connection_); }

  // Runs the statements in one round trip; one result each. They are one transaction, unless they
  // say otherwise. Fails with the error of the first that failed; those behind it did nothing.
  sdk::Result<std::vector<QueryResult>> run(const std::vector<Statement>& statements,
                                            const Wait& wait);
  // The same for texts without parameters.
  sdk::Status run_text(const std::string& text, const Wait& wait);

  // False when the connection was lost or a call was given up: it must be dropped.
  bool is_usable() const;
  bool is_in_transaction() const;

 private:
  sdk::Status finish_connecting(const Wait& wait);
  sdk::Status prepare(const std::string& schema, const Wait& wait);
  sdk::Status make_tables(const std::string& schema, const Wait& wait);
  sdk::Status send(const std::vector<Statement>& statements);
  sdk::Status flush(const Wait& wait);
  // The next result, or null where a statement's results end.
  sdk::Result<QueryResult> next_result(const Wait& wait);
  sdk::Error lost(const std::string& operation);

  PGconn* connection_;
  std::string server_;
  bool is_broken_ = false;
};

// The names of prepared statements.
inline constexpr const char* kSetTimeout = "rtml_set_timeout";
inline constexpr const char* kReadGroups = "rtml_read_groups";
inline constexpr const char* kScan = "rtml_scan";
inline constexpr const char* kScanToEnd = "rtml_scan_to_end";
inline constexpr const char* kReadEpoch = "rtml_read_epoch";
inline constexpr const char* kRaiseEpoch = "rtml_raise_epoch";
inline constexpr const char* kRemoveGroups = "rtml_remove_groups";
inline constexpr const char* kRemoveMembers = "rtml_remove_members";
inline constexpr const char* kPutMembers = "rtml_put_members";
inline constexpr const char* kSetExpiries = "rtml_set_expiries";
inline constexpr const char* kDropExpiries = "rtml_drop_expiries";
inline constexpr const char* kForgetExpired = "rtml_forget_expired";

}  // namespace rtml::postgres
