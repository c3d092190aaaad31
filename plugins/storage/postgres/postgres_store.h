// The online capability over PostgreSQL: a row for each member, and one for the epoch of each
// scope. options.h lists the options, session.cc the tables and every statement.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugins/storage/postgres/sessions.h"
#include "rtml/sdk/storage.h"

namespace rtml::postgres {

class PostgresStore : public sdk::OnlineStore {
 public:
  explicit PostgresStore(std::shared_ptr<Sessions> sessions) : sessions_(std::move(sessions)) {}

  // Connects to nothing: a server that is away fails the first call.
  static sdk::Result<std::unique_ptr<PostgresStore>> open(const std::string& options,
                                                          const sdk::Call& call);
  bool commits_atomically() const override { return true; }
  sdk::Result<sdk::Groups> get_groups(const std::vector<std::string_view>& groups,
                                      const sdk::Call& call) override;
  sdk::Result<sdk::Groups> scan(std::string_view prefix, std::string_view after, std::int64_t limit,
                                bool with_members, const sdk::Call& call) override;
  sdk::Result<std::unique_ptr<sdk::OnlineTransaction>> begin(std::string_view scope,
                                                             std::uint64_t epoch,
                                                             const sdk::Call& call) override;

 private:
  std::shared_ptr<Sessions> sessions_;
};

// The statement that reads groups.
Statement read_statement(const std::vector<std::string_view>& groups);

// One group for each name, with the members that rows of that statement hold: views of the rows.
sdk::Groups groups_of(const std::vector<std::string_view>& names,
                      std::shared_ptr<const PGresult> rows);

}  // namespace rtml::postgres
