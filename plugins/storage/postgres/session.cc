#include "plugins/storage/postgres/session.h"

#include <algorithm>
#include <utility>

#include "plugins/storage/postgres/failure.h"

namespace rtml::postgres {
namespace {

struct PreparedText {
  const char* name;
  const char* text;  // SCHEMA stands for the schema.
};

constexpr PreparedText kPreparedTexts[] = {
    {kSetTimeout, "SELECT set_config('statement_timeout', $1::text, false)"},
    {kReadGroups,
     "SELECT grp, member, value FROM SCHEMA.online_members WHERE grp = ANY($1::bytea[]) "
     "ORDER BY grp, member"},
    {kScan,
     "SELECT DISTINCT grp FROM SCHEMA.online_members "
     "WHERE grp > $1::bytea AND grp >= $2::bytea AND grp < $4::bytea "
     "ORDER BY grp LIMIT $3::bigint"},
    {kScanToEnd,
     "SELECT DISTINCT grp FROM SCHEMA.online_members "
     "WHERE grp > $1::bytea AND grp >= $2::bytea ORDER BY grp LIMIT $3::bigint"},
    {kReadEpoch, "SELECT epoch FROM SCHEMA.online_epochs WHERE scope = $1::bytea"},
    // The row stays locked until the transaction ends: of two writers of a scope one waits.
    {kRaiseEpoch,
     "INSERT INTO SCHEMA.online_epochs AS known (scope, epoch) VALUES ($1::bytea, $2::bytea) "
     "ON CONFLICT (scope) DO UPDATE SET epoch = EXCLUDED.epoch "
     "WHERE known.epoch <= EXCLUDED.epoch RETURNING epoch"},
    {kRemoveGroups, "DELETE FROM SCHEMA.online_members WHERE grp = ANY($1::bytea[])"},
    {kRemoveMembers,
     "DELETE FROM SCHEMA.online_members AS known "
     "USING unnest($1::bytea[], $2::bytea[]) AS gone(grp, member) "
     "WHERE known.grp = gone.grp AND known.member = gone.member"},
    {kPutMembers,
     "INSERT INTO SCHEMA.online_members (grp, member, value) "
     "SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[]) "
     "ON CONFLICT (grp, member) DO UPDATE SET value = EXCLUDED.value"},
    {kSetExpiries,
     "INSERT INTO SCHEMA.online_expiries (grp, at_us) "
     "SELECT * FROM unnest($1::bytea[], $2::bigint[]) "
     "ON CONFLICT (grp) DO UPDATE SET at_us = EXCLUDED.at_us"},
    {kDropExpiries,
     "DELETE FROM SCHEMA.online_expiries AS known WHERE grp = ANY($1::bytea[]) OR "
     "(grp = ANY($2::bytea[]) AND NOT EXISTS "
     "(SELECT FROM SCHEMA.online_members AS left_over WHERE left_over.grp = known.grp))"},
    {kForgetExpired,
     "WITH gone AS (DELETE FROM SCHEMA.online_expiries WHERE grp IN "
     "(SELECT grp FROM SCHEMA.online_expiries "
     "WHERE at_us < extract(epoch FROM clock_timestamp()) * 1000000 "
     "ORDER BY at_us LIMIT 100 FOR UPDATE SKIP LOCKED) RETURNING grp) "
     "DELETE FROM SCHEMA.online_members AS known USING gone WHERE known.grp = gone.grp"},
};

constexpr const char* kTableTexts[] = {
    "CREATE SCHEMA IF NOT EXISTS SCHEMA",
    // Values are compact already: stored as they are, large ones aside.
    "CREATE TABLE IF NOT EXISTS SCHEMA.online_members (grp bytea, member bytea, "
    "value bytea NOT NULL, PRIMARY KEY (grp, member))",
    "ALTER TABLE SCHEMA.online_members ALTER COLUMN value SET STORAGE EXTERNAL",
    "CREATE TABLE IF NOT EXISTS SCHEMA.online_epochs (scope bytea PRIMARY KEY, "
    "epoch bytea NOT NULL)",
    "CREATE TABLE IF NOT EXISTS SCHEMA.online_expiries (grp bytea PRIMARY KEY, "
    "at_us bigint NOT NULL)",
    "CREATE INDEX IF NOT EXISTS online_expiries_by_time ON SCHEMA.online_expiries (at_us)",
};

// The schema is an identifier by its option's rule, so it can be written as it is.
std::string with_schema(std::string text, const std::string& schema) {
  constexpr std::string_view kWord = "SCHEMA";
  constexpr std::string_view kMade = "CREATE SCHEMA";
  std::size_t place = text.starts_with(kMade) ? kMade.size() : 0;
  while ((place = text.find(kWord, place)) != std::string::npos) {
    text.replace(place, kWord.size(), "\"" + schema + "\"");
    place += schema.size() + 2;
  }
  return text;
}

}  // namespace

sdk::Result<std::unique_ptr<Session>> Session::open(const Options& options, const Wait& wait) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : options.connection) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* const connection = PQconnectStartParams(keywords.data(), values.data(), 0);
  if (connection == nullptr) return sdk::fail(RTML_STATUS_FAILED, "out of memory");
  auto session = std::make_unique<Session>(connection, options.server);
  RTML_SDK_TRY(session->finish_connecting(wait));
  RTML_SDK_TRY(session->prepare(options.schema, wait));
  return session;
}

sdk::Status Session::finish_connecting(const Wait& wait) {
  if (PQstatus(connection_) == CONNECTION_BAD) return connect_error(connection_, server_);
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED) return connect_error(connection_, server_);
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (sdk::Status ready = wait.until_ready(PQsocket(connection_), events); !ready) {
      ready.error().message = "no connection to postgres in time: " + server_;
      return ready;
    }
    state = PQconnectPoll(connection_);
  }
  // Says "already exists, skipping" and the like, which belongs on nobody's terminal.
  PQsetNoticeReceiver(
      connection_, [](void*, const PGresult*) {}, nullptr);
  if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) != 1) {
    return lost("cannot use connection to postgres");
  }
  return {};
}

sdk::Status Session::prepare(const std::string& schema, const Wait& wait) {
  const std::string probe = "SELECT to_regclass('\"" + schema + "\".online_expiries') IS NOT NULL";
  RTML_SDK_TRY_ASSIGN(const auto probed, run({{probe}}, wait));
  if (bytes_at(*probed.front(), 0, 0) != std::string_view("\1", 1)) {
    RTML_SDK_TRY(make_tables(schema, wait));
  }
  for (const PreparedText& prepared : kPreparedTexts) {
    const std::string text = with_schema(prepared.text, schema);
    if (PQsendPrepare(connection_, prepared.name, text.c_str(), 0, nullptr) != 1) {
      return lost("cannot prepare statements of postgres");
    }
  }
  if (PQpipelineSync(connection_) != 1) return lost("cannot prepare statements of postgres");
  sdk::Status status;
  while (true) {
    RTML_SDK_TRY_ASSIGN(const QueryResult result, next_result(wait));
    if (result == nullptr) continue;
    const ExecStatusType kind = PQresultStatus(result.get());
    if (kind == PGRES_PIPELINE_SYNC) return status;
    if (kind != PGRES_COMMAND_OK && status && kind != PGRES_PIPELINE_ABORTED) {
      status = error_of(*result, server_);
    }
  }
}

// Those who come first at the same time may be in each other's way: one of them has made the
// tables.
sdk::Status Session::make_tables(const std::string& schema, const Wait& wait) {
  constexpr int kAttempts = 3;
  constexpr std::int64_t kPauseUs = 50'000;
  for (int attempt = 1;; ++attempt) {
    std::vector<Statement> statements;
    for (const char* text : kTableTexts) statements.push_back({with_schema(text, schema)});
    const auto made = run(statements, wait);
    if (made) return {};
    const bool is_race = made.error().message.find("already exists") != std::string::npos ||
                         made.error().message.find("duplicate key") != std::string::npos ||
                         made.error().message.find("concurrently") != std::string::npos;
    if (!is_race || attempt == kAttempts) return made.error();
    RTML_SDK_TRY(wait.pause(kPauseUs));
  }
}

sdk::Error Session::lost(const std::string& operation) {
  is_broken_ = true;
  sdk::Error error = sdk::fail(RTML_STATUS_IO, operation + ": " + server_ + " (" +
                                                   first_line(PQerrorMessage(connection_)) + ")");
  error.retryable = true;
  return error;
}

bool Session::is_usable() const {
  return !is_broken_ && PQstatus(connection_) == CONNECTION_OK;
}

bool Session::is_in_transaction() const {
  return PQtransactionStatus(connection_) != PQTRANS_IDLE;
}

sdk::Status Session::send(const std::vector<Statement>& statements) {
  for (const Statement& statement : statements) {
    std::vector<const char*> values;
    std::vector<int> lengths;
    for (const std::string& parameter : statement.parameters) {
      values.push_back(parameter.data());
      lengths.push_back(static_cast<int>(parameter.size()));
    }
    const std::vector<int> formats(values.size(), 1);
    const int count = static_cast<int>(values.size());
    const int sent = statement.is_prepared
                         ? PQsendQueryPrepared(connection_, statement.text.c_str(), count,
                                               values.data(), lengths.data(), formats.data(), 1)
                         : PQsendQueryParams(connection_, statement.text.c_str(), count, nullptr,
                                             values.data(), lengths.data(), formats.data(), 1);
    if (sent != 1) return lost("cannot send to postgres");
  }
  if (PQpipelineSync(connection_) != 1) return lost("cannot send to postgres");
  return {};
}

sdk::Result<QueryResult> Session::next_result(const Wait& wait) {
  while (true) {
    const int unsent = PQflush(connection_);
    if (unsent < 0) return lost("connection to postgres was lost");
    if (unsent == 0 && PQisBusy(connection_) == 0) break;
    const short events = static_cast<short>(unsent == 0 ? POLLIN : POLLIN | POLLOUT);
    if (sdk::Status ready = wait.until_ready(PQsocket(connection_), events); !ready) {
      is_broken_ = true;
      ready.error().message += ": postgres " + server_;
      return std::move(ready.error());
    }
    if (PQconsumeInput(connection_) != 1) return lost("connection to postgres was lost");
  }
  return QueryResult(PQgetResult(connection_));
}

sdk::Result<std::vector<QueryResult>> Session::run(const std::vector<Statement>& statements,
                                                   const Wait& wait) {
  RTML_SDK_TRY(send(statements));
  std::vector<QueryResult> results;
  sdk::Status status;
  while (true) {
    RTML_SDK_TRY_ASSIGN(QueryResult result, next_result(wait));
    if (result == nullptr) {
      if (PQstatus(connection_) != CONNECTION_OK) return lost("connection to postgres was lost");
      continue;
    }
    switch (PQresultStatus(result.get())) {
      case PGRES_PIPELINE_SYNC:
        if (!status) return std::move(status.error());
        return results;
      case PGRES_TUPLES_OK:
      case PGRES_COMMAND_OK:
        results.push_back(std::move(result));
        break;
      case PGRES_PIPELINE_ABORTED:
        break;
      default:
        if (PQstatus(connection_) != CONNECTION_OK) {
          return lost("connection to postgres was lost");
        }
        if (status) status = error_of(*result, server_);
    }
  }
}

sdk::Status Session::run_text(const std::string& text, const Wait& wait) {
  RTML_SDK_TRY_ASSIGN(const auto results, run({{text}}, wait));
  return {};
}

}  // namespace rtml::postgres
