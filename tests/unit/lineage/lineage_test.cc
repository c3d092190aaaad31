#include "core/lineage/lineage.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "core/base/file_system.h"
#include "tests/support/temporary_directory.h"

// libgit2 1.5 drops the match data of PCRE2 when a pattern does not match. The leak is its own and
// ends with the process; every other leak is still reported.
extern "C" __attribute__((visibility("default"))) const char* __lsan_default_suppressions() {
  return "leak:libpcre2-8.so\n";
}

namespace rtml::lineage {
namespace {

namespace fs = std::filesystem;

// A real repository, made by the git program.
struct Repository {
  test::TemporaryDirectory temporary;
  fs::path root = temporary / "repository";

  explicit Repository(bool with_commit = true) {
    fs::create_directories(root);
    git(root, "init -q -b main");
    if (!with_commit) return;
    write("tracked.txt", "one\n");
    write(".gitignore", "ignored/\n.rtml/\n");
    git(root, "add -A");
    git(root, "commit -q -m first");
  }

  // Runs git without the machine's configuration and returns what it printed.
  std::string git(const fs::path& directory, const std::string& arguments) const {
    const std::string command =
        "HOME=" + temporary.path().string() +
        " GIT_CONFIG_NOSYSTEM=1 git -c user.name=a -c user.email=a@b -c protocol.file.allow=always "
        "-C '" +
        directory.string() + "' " + arguments + " 2>&1";
    FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string output;
    std::array<char, 4096> block{};
    while (const std::size_t count = std::fread(block.data(), 1, block.size(), pipe)) {
      output.append(block.data(), count);
    }
    REQUIRE_MESSAGE(::pclose(pipe) == 0, (command + ": " + output));
    if (!output.empty() && output.back() == '\n') output.pop_back();
    return output;
  }

  void write(const std::string& name, const std::string& content) const {
    REQUIRE(write_file(root / name, content));
  }
  Lineage describe_root(const std::map<std::string, std::string>& variables = {}) const {
    const auto lineage = describe(root, Environment(variables));
    REQUIRE_MESSAGE(lineage, lineage.error().message());
    return *lineage;
  }
};

TEST_CASE("describe: names commit and branch of a clean tree") {
  const Repository repository;
  const Lineage lineage = repository.describe_root();
  CHECK(lineage.commit == repository.git(repository.root, "rev-parse HEAD"));
  CHECK(lineage.branch == "main");
  CHECK_FALSE(lineage.dirty);
  CHECK(lineage.changes_sha256.empty());
  CHECK(lineage.note.empty());
}

TEST_CASE("describe: works from a directory below the root") {
  const Repository repository;
  fs::create_directories(repository.root / "a" / "b");
  CHECK(describe(repository.root / "a" / "b", Environment())->branch == "main");
}

TEST_CASE("describe: every kind of change has its own hash, and undoing it is clean again") {
  const Repository repository;
  std::vector<std::string> hashes;
  const auto expect_dirty = [&](const char* what) {
    CAPTURE(what);
    const Lineage lineage = repository.describe_root();
    CHECK(lineage.dirty);
    CHECK(lineage.changes_sha256.size() == 64);
    CHECK(lineage.changes_sha256 == repository.describe_root().changes_sha256);
    for (const std::string& other : hashes) CHECK(lineage.changes_sha256 != other);
    hashes.push_back(lineage.changes_sha256);
  };
  repository.write("tracked.txt", "two\n");
  expect_dirty("changed");
  repository.git(repository.root, "add -A");
  CHECK(repository.describe_root().changes_sha256 == hashes.back());  // Staged or not is the same.
  repository.git(repository.root, "reset -q");
  repository.write("tracked.txt", "one\n");
  CHECK_FALSE(repository.describe_root().dirty);
  fs::permissions(repository.root / "tracked.txt", fs::perms::owner_exec, fs::perm_options::add);
  expect_dirty("executable");
  fs::remove(repository.root / "tracked.txt");
  expect_dirty("deleted");
  fs::create_symlink("elsewhere", repository.root / "tracked.txt");
  expect_dirty("link");
  fs::remove(repository.root / "tracked.txt");
  repository.git(repository.root, "checkout -q -- tracked.txt");
  fs::remove(repository.root / "tracked.txt");
  repository.write("tracked.txt/inside", "one\n");
  expect_dirty("a directory in the place of a file");
  fs::remove_all(repository.root / "tracked.txt");
  repository.git(repository.root, "checkout -q -- tracked.txt");
  repository.write("new.txt", "one\n");
  expect_dirty("untracked");
  repository.write("new.txt", "two\n");
  expect_dirty("untracked, other content");
  fs::remove(repository.root / "new.txt");
  repository.write("directory/deep/new.txt", "two\n");
  expect_dirty("untracked, deep");
  fs::remove_all(repository.root / "directory");
  CHECK_FALSE(repository.describe_root().dirty);
}

TEST_CASE("describe: the same changes have the same hash in another place") {
  const Repository one;
  const Repository two;
  for (const Repository* repository : {&one, &two}) {
    repository->write("b.txt", "b");
    repository->write("a.txt", "a");
    repository->write("tracked.txt", "changed\n");
  }
  CHECK(one.describe_root().changes_sha256 == two.describe_root().changes_sha256);
}

TEST_CASE("describe: ignored files and .rtml are no changes") {
  const Repository repository;
  repository.write("ignored/file", "x");
  repository.write(".rtml/registry.db", "x");
  CHECK_FALSE(repository.describe_root().dirty);
  // Even where nobody ignored it.
  repository.write(".gitignore", "ignored/\n");
  repository.git(repository.root, "commit -q -a -m second");
  repository.write("sub/.rtml/registry.db", "x");
  CHECK_FALSE(repository.describe_root().dirty);
}

TEST_CASE("describe: a detached head has no branch") {
  const Repository repository;
  repository.git(repository.root, "checkout -q --detach");
  const Lineage lineage = repository.describe_root();
  CHECK(lineage.branch.empty());
  CHECK(lineage.commit.size() == 40);
}

TEST_CASE("describe: a repository without a commit") {
  const Repository repository(false);
  Lineage lineage = repository.describe_root();
  CHECK(lineage.commit.empty());
  CHECK(lineage.branch == "main");
  CHECK_FALSE(lineage.dirty);
  CHECK(lineage.note == "the repository has no commit yet");
  repository.write("file", "x");
  lineage = repository.describe_root();
  CHECK(lineage.dirty);
}

TEST_CASE("describe: a second worktree has its own branch and changes") {
  const Repository repository;
  const fs::path worktree = repository.temporary / "worktree";
  repository.git(repository.root, "worktree add -q -b feature " + worktree.string());
  REQUIRE(write_file(worktree / "tracked.txt", "changed\n"));
  const auto lineage = describe(worktree, Environment());
  REQUIRE(lineage);
  CHECK(lineage->branch == "feature");
  CHECK(lineage->dirty);
  CHECK_FALSE(repository.describe_root().dirty);
}

TEST_CASE("describe: a shallow clone and a bare one") {
  const Repository repository;
  repository.write("tracked.txt", "two\n");
  repository.git(repository.root, "commit -q -a -m second");
  const std::string commit = repository.git(repository.root, "rev-parse HEAD");
  const std::string url = "file://" + repository.root.string();
  repository.git(repository.temporary.path(), "clone -q --depth 1 " + url + " shallow");
  repository.git(repository.temporary.path(), "clone -q --bare " + url + " bare.git");
  for (const char* name : {"shallow", "bare.git"}) {
    CAPTURE(name);
    const auto lineage = describe(repository.temporary / name, Environment());
    REQUIRE(lineage);
    CHECK(lineage->commit == commit);
    CHECK_FALSE(lineage->dirty);
  }
}

TEST_CASE("describe: a submodule counts with its commit and its changes") {
  const Repository inner;
  const Repository outer;
  outer.git(outer.root, "submodule add -q file://" + inner.root.string() + " module");
  outer.git(outer.root, "commit -q -m module");
  CHECK_FALSE(outer.describe_root().dirty);
  REQUIRE(write_file(outer.root / "module" / "tracked.txt", "changed\n"));
  const std::string changed = outer.describe_root().changes_sha256;
  CHECK(changed.size() == 64);
  REQUIRE(write_file(outer.root / "module" / "tracked.txt", "otherwise\n"));
  CHECK(outer.describe_root().changes_sha256 != changed);
  outer.git(outer.root / "module", "commit -q -a -m moved");
  CHECK(outer.describe_root().dirty);
}

TEST_CASE("describe: a repository inside that nobody added counts with its commit") {
  const Repository repository;
  repository.git(repository.root, "init -q -b main inner");
  repository.git(repository.root / "inner", "commit -q --allow-empty -m first");
  const std::string first = repository.describe_root().changes_sha256;
  CHECK(first.size() == 64);
  repository.git(repository.root / "inner", "commit -q --allow-empty -m second");
  CHECK(repository.describe_root().changes_sha256 != first);
}

TEST_CASE("describe: without a repository GitHub's variables count") {
  const test::TemporaryDirectory temporary;
  const auto plain = describe(temporary.path(), Environment());
  REQUIRE(plain);
  CHECK(plain->commit.empty());
  CHECK(plain->note == "not in a git repository");
  const auto github =
      describe(temporary.path(), Environment({{"GITHUB_SHA", "abc"}, {"GITHUB_REF_NAME", "main"}}));
  CHECK(github->commit == "abc");
  CHECK(github->branch == "main");
  CHECK(github->note.find("GITHUB_SHA") != std::string::npos);
}

TEST_CASE("describe: another user's repository is named as such") {
  if (::geteuid() != 0) return;  // Only root can give a directory away.
  const Repository repository;
  REQUIRE(::chown(repository.root.c_str(), 12345, 12345) == 0);
  REQUIRE(::chown((repository.root / ".git").c_str(), 12345, 12345) == 0);
  // libgit2 lets root read what the user behind sudo owns.
  ::unsetenv("SUDO_UID");
  const Lineage lineage = repository.describe_root({{"GITHUB_SHA", "abc"}});
  CHECK(lineage.unreadable);
  CHECK(lineage.commit == "abc");
  CHECK(lineage.note.find("safe.directory") != std::string::npos);
  CHECK(check_policy(lineage, DirtyPolicy::kRefuse).error().code() == ErrorCode::kDirtyTree);
}

TEST_CASE("check_policy: warns, refuses or allows") {
  Lineage lineage;
  CHECK(check_policy(lineage, DirtyPolicy::kRefuse)->empty());
  lineage.dirty = true;
  lineage.changes_sha256 = "abc";
  CHECK(check_policy(lineage, DirtyPolicy::kAllow)->empty());
  CHECK(check_policy(lineage, DirtyPolicy::kWarn)->find("abc") != std::string::npos);
  CHECK(check_policy(lineage, DirtyPolicy::kRefuse).error().code() == ErrorCode::kDirtyTree);
  CHECK(*parse_dirty_policy("warn") == DirtyPolicy::kWarn);
  CHECK(parse_dirty_policy("never").error().code() == ErrorCode::kBadValue);
}

TEST_CASE("to_json: comes back as it was") {
  Lineage lineage;
  lineage.commit = "c";
  lineage.branch = "b";
  lineage.dirty = true;
  lineage.changes_sha256 = "s";
  lineage.note = "n";
  lineage.unreadable = true;
  CHECK(from_json(to_json(lineage)) == lineage);
  CHECK(from_json(Json(3)) == Lineage());
  CHECK(to_json(Lineage()).empty());
}

}  // namespace
}  // namespace rtml::lineage
