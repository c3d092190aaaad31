#include "plugins/storage/postgres/postgres_store.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "plugins/shared/core_errors.h"
#include "plugins/shared/online_names.h"
#include "plugins/storage/postgres/postgres_transaction.h"

namespace rtml::postgres {
namespace {

// The smallest text that is greater than every text with this prefix; "" where there is none.
std::string end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xFF) end.pop_back();
  if (!end.empty()) ++end.back();
  return end;
}

}  // namespace

Statement read_statement(const std::vector<std::string_view>& groups) {
  BinaryArray names;
  for (const std::string_view group : std::set(groups.begin(), groups.end())) names.add(group);
  return {kReadGroups, true, {names.finish()}};
}

sdk::Groups groups_of(const std::vector<std::string_view>& names,
                      std::shared_ptr<const PGresult> rows) {
  // The first row of each group; rows come by group.
  std::map<std::string_view, int> starts;
  const int count = PQntuples(rows.get());
  for (int row = 0; row < count; ++row) starts.try_emplace(bytes_at(*rows, row, 0), row);
  sdk::Groups found(rows);
  for (const std::string_view name : names) {
    found.add_group(found.copy(name));
    const auto start = starts.find(name);
    if (start == starts.end()) continue;
    for (int row = start->second; row < count && bytes_at(*rows, row, 0) == name; ++row) {
      found.add_member(bytes_at(*rows, row, 1), bytes_at(*rows, row, 2));
    }
  }
  return found;
}

sdk::Result<std::unique_ptr<PostgresStore>> PostgresStore::open(const std::string& options,
                                                                const sdk::Call& /*call*/) {
  RTML_SDK_TRY_ASSIGN(Options read, plugins::to_sdk(read_options(options)));
  return std::make_unique<PostgresStore>(std::make_shared<Sessions>(std::move(read)));
}

sdk::Result<sdk::Groups> PostgresStore::get_groups(const std::vector<std::string_view>& groups,
                                                   const sdk::Call& call) {
  for (const std::string_view group : groups) RTML_SDK_TRY(plugins::check_group(group));
  if (groups.empty()) return sdk::Groups();
  RTML_SDK_TRY_ASSIGN(auto results,
                      sessions_->run({read_statement(groups)}, sessions_->wait_for(call)));
  return groups_of(groups, std::shared_ptr<const PGresult>(std::move(results.front())));
}

sdk::Result<sdk::Groups> PostgresStore::scan(std::string_view prefix, std::string_view after,
                                             std::int64_t limit, bool with_members,
                                             const sdk::Call& call) {
  const Wait wait = sessions_->wait_for(call);
  const std::string end = end_of_prefix(prefix);
  Statement statement{
      end.empty() ? kScanToEnd : kScan,
      true,
      {std::string(after), std::string(prefix), big_endian(static_cast<std::uint64_t>(limit))}};
  if (!end.empty()) statement.parameters.push_back(end);
  RTML_SDK_TRY_ASSIGN(auto results, sessions_->run({statement}, wait));
  const std::shared_ptr<const PGresult> rows(std::move(results.front()));
  std::vector<std::string_view> names;
  for (int row = 0; row < PQntuples(rows.get()); ++row) names.push_back(bytes_at(*rows, row, 0));
  if (with_members && !names.empty()) {
    RTML_SDK_TRY_ASSIGN(auto read, sessions_->run({read_statement(names)}, wait));
    return groups_of(names, std::shared_ptr<const PGresult>(std::move(read.front())));
  }
  sdk::Groups found(rows);
  for (const std::string_view name : names) found.add_group(name);
  return found;
}

sdk::Result<std::unique_ptr<sdk::OnlineTransaction>> PostgresStore::begin(std::string_view scope,
                                                                          std::uint64_t epoch,
                                                                          const sdk::Call& call) {
  RTML_SDK_TRY_ASSIGN(auto transaction, PostgresTransaction::begin(sessions_, scope, epoch, call));
  return std::unique_ptr<sdk::OnlineTransaction>(std::move(transaction));
}

}  // namespace rtml::postgres
