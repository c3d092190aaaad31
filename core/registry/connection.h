// A connection to the registry's SQLite file and the statements run on it.
//
// Internal to core/registry. A connection is used by one thread; a Statement must not outlive its
// Connection. Waiting for other processes is bounded by a deadline and happens in short random
// sleeps, so that whoever waits longest is not disadvantaged.

#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace rtml::registry {

enum class Access : std::uint8_t {
  kRead,   // No statement may change the file; a crashed writer's journal is still rolled back.
  kWrite,  // The file must exist.
};

class Connection {
 public:
  // Fails with kRegistryMissing if there is no file, kUntrusted if it is a symbolic link, kIo if it
  // cannot be opened.
  static Result<std::unique_ptr<Connection>> open_file(const std::filesystem::path& path,
                                                       Access access, std::int64_t lock_timeout_us);
  // An empty database in memory.
  static Result<std::unique_ptr<Connection>> open_memory();
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs statements that return no rows.
  Status execute(const char* sql);
  // Copies every page of `source`, at the moment of its open transaction, into this connection.
  Status copy_from(Connection& source);

  // Turns SQLite's last result into an Error: kRegistryBusy, kRegistryCorrupt, kIo or kInternal.
  Error error(std::string_view operation, int result) const;
  sqlite3* handle() const { return handle_; }

 private:
  Connection(sqlite3* handle, std::filesystem::path path, std::int64_t lock_timeout_us)
      : handle_(handle), path_(std::move(path)), lock_timeout_us_(lock_timeout_us) {}
  static int wait_for_lock(void* connection, int attempts);

  sqlite3* handle_;
  std::filesystem::path path_;
  std::int64_t lock_timeout_us_;
  std::int64_t waiting_since_us_ = 0;
};

// A prepared statement with its values bound. Columns count from 0.
class Statement {
 public:
  // `values` are bound to the ?s in order: texts, integers, optional integers.
  template <typename... Values>
  static Result<Statement> prepare(Connection& connection, std::string_view sql,
                                   const Values&... values) {
    RTML_TRY_ASSIGN(Statement statement, compile(connection, sql));
    int index = 0;
    (statement.bind(++index, values), ...);
    return statement;
  }

  // Goes to the next row; false at the end.
  Result<bool> next();

  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  bool is_null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
  }
  std::string text(int column) const;
  int column_count() const { return sqlite3_column_count(statement_.get()); }
  std::string column_name(int column) const {
    return sqlite3_column_name(statement_.get(), column);
  }
  sqlite3_stmt* handle() const { return statement_.get(); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  explicit Statement(Connection& connection) : connection_(&connection) {}
  static Result<Statement> compile(Connection& connection, std::string_view sql);
  void bind(int index, std::string_view value);
  void bind(int index, std::int64_t value);
  void bind(int index, const std::optional<std::int64_t>& value);

  Connection* connection_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// Runs a statement that returns no rows.
template <typename... Values>
Status run(Connection& connection, std::string_view sql, const Values&... values) {
  RTML_TRY_ASSIGN(Statement statement, Statement::prepare(connection, sql, values...));
  RTML_TRY(statement.next());
  return {};
}

// Returns what `make`, a Result<T>(const Statement&), makes of each row.
template <typename Make, typename... Values>
auto collect(Connection& connection, Make make, std::string_view sql, const Values&... values)
    -> Result<std::vector<typename decltype(make(std::declval<const Statement&>()))::value_type>> {
  std::vector<typename decltype(make(std::declval<const Statement&>()))::value_type> items;
  RTML_TRY_ASSIGN(Statement statement, Statement::prepare(connection, sql, values...));
  while (true) {
    RTML_TRY_ASSIGN(const bool row, statement.next());
    if (!row) return items;
    RTML_TRY_ASSIGN(auto item, make(statement));
    items.push_back(std::move(item));
  }
}

// Returns the first column of the first row as an integer, 0 where there is none.
template <typename... Values>
Result<std::int64_t> query_integer(Connection& connection, std::string_view sql,
                                   const Values&... values) {
  RTML_TRY_ASSIGN(Statement statement, Statement::prepare(connection, sql, values...));
  RTML_TRY_ASSIGN(const bool row, statement.next());
  return row ? statement.integer(0) : 0;
}

}  // namespace rtml::registry
