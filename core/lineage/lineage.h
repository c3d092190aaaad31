// Where code and definitions come from: the git commit and a hash of what is not committed.
//
// The only user of libgit2, which is loaded when describe() is first called, so that commands
// without lineage do not pay for it. Plain functions without state; describe() may be called from
// several threads.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

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
  // What a person should know: "not in a git repository", "the commit is GITHUB_SHA", or why the
  // repository could not be read and what to do.
  std::string note;
  bool unreadable = false;  // There is a repository and nothing could be learnt from it.

  bool operator==(const Lineage&) const = default;
};

// What to do when the tree is dirty: the values of the configuration key lineage.dirty.
enum class DirtyPolicy : std::uint8_t { kAllow, kWarn, kRefuse };

// Reads "allow", "warn" or "refuse". Fails with kBadValue.
Result<DirtyPolicy> parse_dirty_policy(std::string_view text);

// Describes the repository that `directory` lies in. Works in worktrees, shallow clones, bare,
// detached and empty repositories, and with submodules (a changed submodule makes the tree dirty).
// The directory .rtml never counts as dirt. Where there is no repository, or git refuses it
// (another user's, see safe.directory), the commit comes from GITHUB_SHA and the branch from
// GITHUB_REF_NAME of `environment` if they are set; `note` says so. Fails with kIo if a changed
// file cannot be read.
Result<Lineage> describe(const std::filesystem::path& directory, const Environment& environment);

// Applies the policy: fails with kDirtyTree under kRefuse if the tree is dirty or unreadable. Under
// kWarn returns the warning to show, under kAllow and for a clean tree an empty text.
Result<std::string> check_policy(const Lineage& lineage, DirtyPolicy policy);

// As it stands in events, run and version records: {"commit", "branch", "dirty", "changes_sha256"},
// empty members left out.
Json to_json(const Lineage& lineage);
Lineage from_json(const Json& json);

}  // namespace rtml::lineage
