#include "plugins/storage/postgres/postgres_transaction.h"

#include <utility>

#include "plugins/storage/postgres/postgres_store.h"

namespace rtml::postgres {
namespace {

constexpr std::size_t kPendingBytesMax = std::size_t{16} << 20;

}  // namespace

PostgresTransaction::PostgresTransaction(std::shared_ptr<Sessions> sessions, std::string_view scope,
                                         std::uint64_t epoch, const sdk::Call& call)
    : sessions_(std::move(sessions)), scope_(scope), epoch_(epoch), call_(call) {}

PostgresTransaction::~PostgresTransaction() {
  if (session_ == nullptr) return;
  // A session that cannot be brought back in order is closed, which ends its transaction too.
  if (session_->is_usable() && session_->is_in_transaction()) {
    (void)session_->run_text("ROLLBACK", sessions_->wait_for(call_));
  }
  sessions_->give_back(std::move(session_));
}

sdk::Result<std::unique_ptr<PostgresTransaction>> PostgresTransaction::begin(
    std::shared_ptr<Sessions> sessions, std::string_view scope, std::uint64_t epoch,
    const sdk::Call& call) {
  RTML_SDK_TRY(plugins::check_scope(scope));
  auto transaction = std::make_unique<PostgresTransaction>(std::move(sessions), scope, epoch, call);
  RTML_SDK_TRY(transaction->check_epoch());
  return transaction;
}

sdk::Error PostgresTransaction::stale() const {
  return sdk::fail(RTML_STATUS_STALE_EPOCH,
                   "epoch " + std::to_string(epoch_) + " is over: " + scope_,
                   "another process has taken this part over; end this one");
}

// A writer that is behind learns it before it works; the word that counts is that of start().
sdk::Status PostgresTransaction::check_epoch() {
  RTML_SDK_TRY_ASSIGN(const auto results,
                      sessions_->run({{kReadEpoch, true, {scope_}}}, sessions_->wait_for(call_)));
  const PGresult& rows = *results.front();
  if (PQntuples(&rows) == 0 || bytes_at(rows, 0, 0) <= big_endian(epoch_)) return {};
  return stale();
}

sdk::Result<sdk::Groups> PostgresTransaction::get(const std::vector<std::string_view>& groups) {
  for (const std::string_view group : groups) RTML_SDK_TRY(check_open(group));
  if (groups.empty()) return sdk::Groups();
  const Wait wait = sessions_->wait_for(call_);
  const Statement statement = read_statement(groups);
  auto results =
      session_ == nullptr ? sessions_->run({statement}, wait) : session_->run({statement}, wait);
  if (!results) return std::move(results.error());
  const std::shared_ptr<const PGresult> rows(std::move(results->front()));
  sdk::Groups found;
  for (const std::string_view group : groups) {
    sdk::Groups stored = groups_of({group}, rows);
    add_as_changed(group, stored, &found);
  }
  return found;
}

sdk::Status PostgresTransaction::expire(std::string_view group, std::int64_t at_us) {
  uses_expiry_ = true;
  return BufferedTransaction::expire(group, at_us);
}

sdk::Status PostgresTransaction::keep_small() {
  if (pending_.bytes() < kPendingBytesMax) return {};
  const Wait wait = sessions_->wait_for(call_);
  RTML_SDK_TRY(start(wait));
  RTML_SDK_TRY_ASSIGN(const auto results, session_->run(take_changes(), wait));
  return {};
}

sdk::Status PostgresTransaction::start(const Wait& wait) {
  if (session_ != nullptr) return {};
  const std::vector<Statement> statements = {
      {"BEGIN"}, set_timeout(wait), {kRaiseEpoch, true, {scope_, big_endian(epoch_)}}};
  // Nothing is done yet, so a session that turns out to be lost is replaced once.
  for (bool is_last = false;; is_last = true) {
    RTML_SDK_TRY_ASSIGN(session_, sessions_->take(wait));
    const auto results = session_->run(statements, wait);
    if (results) {
      if (PQntuples(results->back().get()) == 1) return {};
      return stale();
    }
    if (session_->is_usable() || is_last) return results.error();
  }
}

std::vector<Statement> PostgresTransaction::take_changes() {
  BinaryArray replaced;
  BinaryArray emptied;  // Perhaps: members were removed and none was put.
  BinaryArray removed_groups;
  BinaryArray removed_members;
  BinaryArray put_groups;
  BinaryArray put_members;
  BinaryArray put_values;
  BinaryArray kept_for_ever;
  BinaryArray expiring;
  BinaryArray expiry_times(kBigintOid);
  for (const auto& [group, pending] : pending_.groups()) {
    bool puts = false;
    for (const auto& [member, value] : pending.members) {
      puts = puts || value;
      if (value) {
        put_groups.add(group);
        put_members.add(member);
        put_values.add(*value);
      } else {
        removed_groups.add(group);
        removed_members.add(member);
      }
    }
    if (pending.replaces_all) replaced.add(group);
    if (pending.replaces_all || pending.expires_at_us == INT64_MAX) kept_for_ever.add(group);
    if (!puts && !pending.members.empty()) emptied.add(group);
    if (pending.expires_at_us && *pending.expires_at_us != INT64_MAX) {
      expiring.add(group);
      expiry_times.add(big_endian(static_cast<std::uint64_t>(*pending.expires_at_us)));
    }
  }
  pending_.clear();
  std::vector<Statement> statements;
  const auto add = [&](const char* name, const BinaryArray& first,
                       std::vector<std::string> parameters) {
    if (!first.empty()) statements.push_back({name, true, std::move(parameters)});
  };
  add(kRemoveGroups, replaced, {replaced.finish()});
  add(kRemoveMembers, removed_groups, {removed_groups.finish(), removed_members.finish()});
  add(kPutMembers, put_groups, {put_groups.finish(), put_members.finish(), put_values.finish()});
  if (!kept_for_ever.empty() || !emptied.empty()) {
    statements.push_back({kDropExpiries, true, {kept_for_ever.finish(), emptied.finish()}});
  }
  add(kSetExpiries, expiring, {expiring.finish(), expiry_times.finish()});
  return statements;
}

sdk::Status PostgresTransaction::write_all() {
  const Wait wait = sessions_->wait_for(call_);
  RTML_SDK_TRY(start(wait));
  std::vector<Statement> statements = take_changes();
  if (uses_expiry_) statements.push_back({kForgetExpired, true, {}});
  statements.push_back({"COMMIT"});
  RTML_SDK_TRY_ASSIGN(const auto results, session_->run(statements, wait));
  // COMMIT after a failed statement rolls back, and calls that no error.
  if (std::string_view(PQcmdStatus(results.back().get())) == "COMMIT") return {};
  return sdk::fail(RTML_STATUS_FAILED, "postgres rolled the transaction back: " + scope_);
}

}  // namespace rtml::postgres
