// A write transaction. Changes wait in memory and reach the server in commit(), so that nothing is
// locked meanwhile; where they grow large, the transaction begins on the server earlier and they
// are sent in parts.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/shared/pending_changes.h"
#include "plugins/storage/postgres/sessions.h"
#include "rtml/sdk/storage.h"

namespace rtml::postgres {

class PostgresTransaction : public sdk::OnlineTransaction {
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
  sdk::Status put(std::string_view group, std::string_view member, std::string_view value) override;
  sdk::Status remove(std::string_view group, std::string_view member) override;
  sdk::Status remove_group(std::string_view group) override;
  sdk::Status expire(std::string_view group, std::int64_t at_us) override;
  sdk::Status commit() override;

 private:
  sdk::Status check_open(std::string_view group) const;
  sdk::Status check_epoch();
  sdk::Error stale() const;
  sdk::Status write_if_large();
  // Begins on the server and raises the scope's epoch, if that was not done yet.
  sdk::Status start(const Wait& wait);
  // What is pending, as statements; nothing is pending any more then.
  std::vector<Statement> take_changes();

  std::shared_ptr<Sessions> sessions_;
  std::string scope_;
  std::uint64_t epoch_;
  sdk::Call call_;
  std::unique_ptr<Session> session_;  // Null until the transaction begins on the server.
  plugins::PendingChanges pending_;
  bool uses_expiry_ = false;
  bool is_over_ = false;
};

}  // namespace rtml::postgres
