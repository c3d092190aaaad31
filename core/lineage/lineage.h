// Where code and definitions come from: the git commit and a hash of what is not committed.
//
// The only user of libgit2, which is loaded when describe() is first called, so that commands
// without lineage do not pay for it. Plain functions without state; describe() may be called from
// several threads.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/base/environment.h"
#include "core/base/json.h"
#include "core/base/result.h"

namespace rtml::lineage {

// The state of a working tree. All texts are empty where there is nothing to say.
struct Lineage {
  std::string commit;  // 40 (or 64) hexadecimal digits; empty outside a repository and before the
                       // first commit.
  std::string branch;  // "main"; empty where HEAD is detached.
  bool dirty = false;  // Tracked files differ from the commit, or untracked files are not ignored.
  // SHA-256 over the uncommitted changes; empty where the tree is clean. Equal changes give equal
  // hashes on every machine; docs/formats/registry.md says what is hashed.
  std::string changes_sha256;
  // Why there is no commit, or where it was taken from if not from a repository: "not a git
  // repository", "no commit yet", "GITHUB_SHA".
  std::string note;

  bool operator==(const Lineage&) const = default;
};

// What to do when the tree is dirty: the values of the configuration key lineage.dirty.
enum class DirtyPolicy : std::uint8_t { kAllow, kWarn, kRefuse };

// Reads "allow", "warn" or "refuse". Fails with kBadValue.
Result<DirtyPolicy> parse_dirty_policy(std::string_view text);

// Describes the repository that `directory` lies in. Works in worktrees, shallow clones, detached
// and empty repositories, and with submodules (a changed submodule makes the tree dirty). The
// directory .rtml never counts as dirt. Outside a repository the commit comes from GITHUB_SHA and
// the branch from GITHUB_REF_NAME of `environment` where they are set, else all is empty and `note`
// says so. A repository owned by another user is read as far as safe.directory allows; where git
// refuses it, fails with kFailed and help that names the command which allows it.
Result<Lineage> describe(const std::filesystem::path& directory, const Environment& environment);

// Applies the policy: fails with kDirtyTree under kRefuse if the tree is dirty. Under kWarn returns
// the warning to show, under kAllow and for a clean tree an empty text.
Result<std::string> check_policy(const Lineage& lineage, DirtyPolicy policy);

// As it stands in events, run and version records: {"commit", "branch", "dirty", "changes_sha256"},
// empty members left out.
Json to_json(const Lineage& lineage);
Lineage from_json(const Json& json);

}  // namespace rtml::lineage
