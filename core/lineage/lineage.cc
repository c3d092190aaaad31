#include "core/lineage/lineage.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "core/base/hash.h"
#include "core/lineage/libgit2.h"

namespace rtml::lineage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOwnDirectory = ".rtml";

// A pointer of libgit2 with the function that frees it.
template <typename T>
using Handle = std::unique_ptr<T, void (*)(T*)>;

std::string git_message(const Libgit2& git) {
  const git_error* error = git.git_error_last();
  return error != nullptr && error->message != nullptr ? error->message : "unknown error";
}

std::string oid_text(const Libgit2& git, const git_oid* oid) {
  char digits[GIT_OID_HEXSZ + 1];
  return git.git_oid_tostr(digits, sizeof digits, oid);
}

bool is_own(std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    if (path.substr(0, slash) == kOwnDirectory) return true;
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return false;
}

Status describe_repository(const Libgit2& git, git_repository* repository, Lineage& lineage);

// A submodule or another repository inside counts with its own state. A directory that is none, in
// the place of a tracked file, counts with the files in it, which are changes of their own.
Result<std::string> directory_state(const Libgit2& git, const fs::path& directory) {
  git_repository* raw = nullptr;
  const int result =
      git.git_repository_open_ext(&raw, directory.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
  if (result != 0) return "directory";
  const Handle<git_repository> repository(raw, git.git_repository_free);
  Lineage inner;
  RTML_TRY(describe_repository(git, repository.get(), inner));
  return "repository " + inner.commit + " " + inner.changes_sha256;
}

// What a changed path is now, in the words of docs/formats/registry.md: "deleted", "file <sha256>",
// "executable <sha256>", "link <sha256 of target>", "repository <commit> <changes>", "directory".
Result<std::string> present_state(const Libgit2& git, const fs::path& root,
                                  const std::string& path) {
  const fs::path file = root / path;
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return "deleted";
    return fail(ErrorCode::kIo,
                "cannot read changed file: " + file.string() + " (" + std::strerror(errno) + ")");
  }
  if (S_ISLNK(status.st_mode)) {
    std::error_code ignored;
    return "link " + sha256_hex(fs::read_symlink(file, ignored).string());
  }
  if (S_ISDIR(status.st_mode)) return directory_state(git, file);
  if (!S_ISREG(status.st_mode)) return "special";  // A socket or device has no content.
  RTML_TRY_ASSIGN(const std::string hash, sha256_file(file));
  return ((status.st_mode & S_IXUSR) != 0 ? "executable " : "file ") + hash;
}

// libgit2 passes over a repository that nobody added as if it were ignored; git shows it.
bool is_repository_inside(const Libgit2& git, git_repository* repository,
                          const git_diff_delta& delta) {
  const std::string path = delta.new_file.path;
  if (!path.ends_with('/')) return false;
  std::error_code error;
  if (!fs::exists(fs::path(git.git_repository_workdir(repository)) / path / ".git", error)) {
    return false;
  }
  int ignored = 0;
  return git.git_ignore_path_is_ignored(&ignored, repository, path.c_str()) == 0 && ignored == 0;
}

Result<std::vector<std::string>> changed_paths(const Libgit2& git, git_repository* repository,
                                               git_tree* tree) {
  git_diff_options options;
  git.git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
  options.flags = GIT_DIFF_INCLUDE_UNTRACKED | GIT_DIFF_INCLUDE_IGNORED |
                  GIT_DIFF_RECURSE_UNTRACKED_DIRS | GIT_DIFF_INCLUDE_TYPECHANGE;
  git_diff* raw = nullptr;
  if (git.git_diff_tree_to_workdir_with_index(&raw, repository, tree, &options) != 0) {
    return fail(ErrorCode::kIo, "cannot compare the working tree: " + git_message(git));
  }
  const Handle<git_diff> diff(raw, git.git_diff_free);
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < git.git_diff_num_deltas(diff.get()); ++i) {
    const git_diff_delta* delta = git.git_diff_get_delta(diff.get(), i);
    if (delta->status == GIT_DELTA_IGNORED && !is_repository_inside(git, repository, *delta)) {
      continue;
    }
    for (const char* path : {delta->old_file.path, delta->new_file.path}) {
      if (path != nullptr && !is_own(path)) paths.emplace_back(path);
    }
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

Status describe_changes(const Libgit2& git, git_repository* repository, git_commit* commit,
                        Lineage& lineage) {
  const char* root = git.git_repository_workdir(repository);
  if (root == nullptr) return {};  // A bare repository has nothing uncommitted.
  Handle<git_tree> tree(nullptr, git.git_tree_free);
  if (commit != nullptr) {
    git_tree* raw = nullptr;
    if (git.git_commit_tree(&raw, commit) != 0) {
      return fail(ErrorCode::kIo, "cannot read commit: " + git_message(git));
    }
    tree.reset(raw);
  }
  RTML_TRY_ASSIGN(const auto paths, changed_paths(git, repository, tree.get()));
  if (paths.empty()) return {};
  Sha256 hash;
  for (const std::string& path : paths) {
    RTML_TRY_ASSIGN(const std::string state, present_state(git, root, path));
    hash.update(state + " " + path);
    hash.update(std::string_view("\0", 1));
  }
  lineage.dirty = true;
  lineage.changes_sha256 = hash.finish_hex();
  return {};
}

// Before the first commit HEAD names a branch that does not exist yet.
void describe_unborn(const Libgit2& git, git_repository* repository, Lineage& lineage) {
  lineage.note = "the repository has no commit yet";
  git_reference* raw = nullptr;
  if (git.git_reference_lookup(&raw, repository, "HEAD") != 0) return;
  const Handle<git_reference> head(raw, git.git_reference_free);
  constexpr std::string_view kBranches = "refs/heads/";
  const char* target = git.git_reference_symbolic_target(head.get());
  if (target != nullptr && std::string_view(target).starts_with(kBranches)) {
    lineage.branch = target + kBranches.size();
  }
}

Status describe_repository(const Libgit2& git, git_repository* repository, Lineage& lineage) {
  git_reference* raw = nullptr;
  const int result = git.git_repository_head(&raw, repository);
  if (result == GIT_EUNBORNBRANCH || result == GIT_ENOTFOUND) {
    describe_unborn(git, repository, lineage);
    return describe_changes(git, repository, nullptr, lineage);
  }
  if (result != 0) return fail(ErrorCode::kIo, "cannot read HEAD: " + git_message(git));
  const Handle<git_reference> head(raw, git.git_reference_free);
  if (git.git_reference_is_branch(head.get()) == 1) {
    lineage.branch = git.git_reference_shorthand(head.get());
  }
  git_object* object = nullptr;
  if (git.git_reference_peel(&object, head.get(), GIT_OBJECT_COMMIT) != 0) {
    return fail(ErrorCode::kIo, "cannot read HEAD's commit: " + git_message(git));
  }
  const Handle<git_commit> commit(reinterpret_cast<git_commit*>(object), git.git_commit_free);
  lineage.commit = oid_text(git, git.git_object_id(object));
  return describe_changes(git, repository, commit.get(), lineage);
}

// True if the repository was found and belongs to someone else. libgit2 1.5 then says that it found
// no safe.directory in the configuration, instead of GIT_EOWNER.
bool refuses_owner(const Libgit2& git, int result) {
  const git_error* error = git.git_error_last();
  return result == GIT_EOWNER ||
         (result == GIT_ENOTFOUND && error != nullptr && error->klass == GIT_ERROR_CONFIG);
}

// What GitHub Actions says about the checkout, where the repository cannot be asked.
void describe_environment(const Environment& environment, Lineage& lineage) {
  const auto commit = environment.get_non_empty("GITHUB_SHA");
  if (!commit) return;
  lineage.commit = *commit;
  lineage.branch = environment.get_non_empty("GITHUB_REF_NAME").value_or("");
  lineage.note += "; the commit is GITHUB_SHA, uncommitted changes are unknown";
}

}  // namespace

Result<DirtyPolicy> parse_dirty_policy(std::string_view text) {
  if (text == "allow") return DirtyPolicy::kAllow;
  if (text == "warn") return DirtyPolicy::kWarn;
  if (text == "refuse") return DirtyPolicy::kRefuse;
  return fail(ErrorCode::kBadValue,
              "not a policy for uncommitted changes (allow, warn, refuse): " + std::string(text));
}

Result<Lineage> describe(const fs::path& directory, const Environment& environment) {
  Lineage lineage;
  const auto library = libgit2();
  if (!library) {
    lineage.unreadable = true;
    lineage.note = library.error().message();
    describe_environment(environment, lineage);
    return lineage;
  }
  const Libgit2& git = **library;
  git_repository* raw = nullptr;
  const int result = git.git_repository_open_ext(&raw, directory.c_str(), 0, nullptr);
  const Handle<git_repository> repository(raw, git.git_repository_free);
  if (result == 0) {
    RTML_TRY(describe_repository(git, repository.get(), lineage));
    return lineage;
  }
  if (refuses_owner(git, result)) {
    std::error_code ignored;
    lineage.unreadable = true;
    lineage.note =
        "the git repository belongs to another user; \"git config --global --add safe.directory " +
        fs::weakly_canonical(directory, ignored).string() +
        "\" (its top directory) lets it be read";
  } else if (result == GIT_ENOTFOUND) {
    lineage.note = "not in a git repository";
  } else {
    lineage.unreadable = true;
    lineage.note = "the git repository cannot be read: " + git_message(git);
  }
  describe_environment(environment, lineage);
  return lineage;
}

Result<std::string> check_policy(const Lineage& lineage, DirtyPolicy policy) {
  if (policy == DirtyPolicy::kAllow || (!lineage.dirty && !lineage.unreadable)) return "";
  const std::string finding =
      lineage.dirty ? "the working tree has uncommitted changes" : lineage.note;
  if (policy == DirtyPolicy::kRefuse) {
    return fail(Error(ErrorCode::kDirtyTree,
                      lineage.dirty ? finding : "cannot tell whether the tree is clean: " + finding)
                    .with_help("commit or stash them, or set lineage.dirty to warn or allow"));
  }
  return lineage.dirty ? finding + "; their sha256 is recorded: " + lineage.changes_sha256
                       : finding;
}

Json to_json(const Lineage& lineage) {
  Json json = Json::object();
  if (!lineage.commit.empty()) json["commit"] = lineage.commit;
  if (!lineage.branch.empty()) json["branch"] = lineage.branch;
  if (lineage.dirty) json["dirty"] = true;
  if (!lineage.changes_sha256.empty()) json["changes_sha256"] = lineage.changes_sha256;
  if (!lineage.note.empty()) json["note"] = lineage.note;
  if (lineage.unreadable) json["unreadable"] = true;
  return json;
}

Lineage from_json(const Json& json) {
  Lineage lineage;
  if (!json.is_object()) return lineage;
  const auto text = [&](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto flag = [&](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_boolean() && found->get<bool>();
  };
  lineage.commit = text("commit");
  lineage.branch = text("branch");
  lineage.dirty = flag("dirty");
  lineage.changes_sha256 = text("changes_sha256");
  lineage.note = text("note");
  lineage.unreadable = flag("unreadable");
  return lineage;
}

}  // namespace rtml::lineage
