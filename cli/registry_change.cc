#include "cli/registry_change.h"

#include <pwd.h>
#include <unistd.h>

#include "cli/session.h"
#include "cli/version.h"
#include "core/config/config.h"

namespace rtml::cli {
namespace {

std::string user_at_host() {
  const passwd* user = ::getpwuid(::geteuid());
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  return (user != nullptr ? user->pw_name : std::to_string(::geteuid())) + "@" + host;
}

std::string actor(const config::Config& config, const Environment& environment) {
  if (const std::string& configured = config.text("registry.actor"); !configured.empty()) {
    return configured;
  }
  if (const auto actor = environment.get_non_empty("GITHUB_ACTOR")) return *actor + "@github";
  return user_at_host();
}

}  // namespace

Result<registry::Change> describe_change(const std::filesystem::path& directory, Session& session) {
  RTML_TRY_ASSIGN(const config::Config* config, session.config());
  registry::Change change;
  RTML_TRY_ASSIGN(change.lineage, lineage::describe(directory, session.environment()));
  change.who = actor(*config, session.environment());
  change.rtml_version = version_number();
  return change;
}

Result<RegistryChange> make_registry_change(std::string_view command, Json request,
                                            const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(const config::Config* config, session.config());
  RTML_TRY_ASSIGN(const auto root, session.project_root());
  RTML_TRY_ASSIGN(const auto policy, lineage::parse_dirty_policy(config->text("lineage.dirty")));
  RegistryChange made;
  registry::Change& change = made.change;
  RTML_TRY_ASSIGN(change, describe_change(root, session));
  RTML_TRY_ASSIGN(made.warning, lineage::check_policy(change.lineage, policy));
  change.why = arguments.text("--reason");
  change.dry_run = arguments.flag("--dry-run");
  change.idempotency_key = arguments.text("--idempotency-key");
  change.request = Json{{"command", command}, {"request", std::move(request)}};
  return made;
}

void add_change_outcome(Report& report, const RegistryChange& change, bool repeated) {
  report.data["dry_run"] = change.change.dry_run;
  report.data["repeated"] = repeated;
  if (!change.warning.empty()) report.warnings.push_back(change.warning);
}

}  // namespace rtml::cli
