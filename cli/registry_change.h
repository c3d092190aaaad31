// What every command that changes the registry says about itself: who asks, from which commit, why.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "cli/report.h"
#include "core/base/result.h"
#include "core/registry/registry.h"

namespace rtml::cli {

struct RegistryChange {
  registry::Change change;
  std::string warning;  // About uncommitted changes; empty if there is nothing to say.
};

// Says who asks, from the git repository of `directory`, by which rtml.
Result<registry::Change> describe_change(const std::filesystem::path& directory, Session& session);

// Fills in a Change from --dry-run, --idempotency-key, --reason (each where the command has it),
// the configuration and the git repository of the project. `request` is what makes two invocations
// of `command` the same. Fails with kDirtyTree if the policy refuses uncommitted changes.
Result<RegistryChange> make_registry_change(std::string_view command, Json request,
                                            const Arguments& arguments, Session& session);

// Adds what each such command reports: "dry_run", "repeated" and the warning.
void add_change_outcome(Report& report, const RegistryChange& change, bool repeated);

}  // namespace rtml::cli
