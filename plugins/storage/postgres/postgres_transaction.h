// A write transaction. Changes wait in memory and reach the server in commit(), so that nothing is
// locked meanwhile; where they grow large, the transaction begins on the server earlier and they
// are sent in parts.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/shared/buffered_transaction.h"
#include "plugins/storage/postgres/sessions.h"
#include "rtml/sdk/storage.h"

namespace rtml::postgres {

class PostgresTransaction : public plugins::BufferedTransaction {
 public:
  static sdk::Result<std::unique_ptr<PostgresTransaction>> begin(std::shared_ptr<Sessions> sessions,
                                                                 std::string_view scope,
                                                                 std::uint64_t epoch,
                                                                 const sdk::Call& call);
  PostgresTransaction(std::shared_ptr<Sessions> sessions, std::string_view scope,
                      std::uint64_t epoch, const sdk::Call& call);
  PostgresTransaction(const PostgresTransaction&) = delete;
  PostgresTransaction& operator=(const PostgresTransaction&) = delete;
  ~PostgresTransaction() override;

  sdk::Result<sdk::Groups> get(const std::vector<std::string_view>& groups) override;
  sdk::Status expire(std::string_view group, std::int64_t at_us) override;

 private:
  sdk::Status keep_small() override;
  sdk::Status write_all() override;
  sdk::Status check_epoch();
  sdk::Error stale() const;
  // Begins on the server and raises the scope's epoch, if that was not done yet.
  sdk::Status start(const Wait& wait);
  // What is pending, as statements; nothing is pending any more then.
  std::vector<Statement> take_changes();

  std::shared_ptr<Sessions> sessions_;
  std::string scope_;
  std::uint64_t epoch_;
  sdk::Call call_;
  std::unique_ptr<Session> session_;  // Null until the transaction begins on the server.
  bool uses_expiry_ = false;
};

}  // namespace rtml::postgres
