#include <doctest/doctest.h>

#include <filesystem>

#include "cli/completion/complete.h"
#include "core/base/file_system.h"
#include "tests/support/temporary_directory.h"

namespace rtml::cli {
namespace {

// Completes in a directory of the test's own that holds one project.
class Shell {
 public:
  Shell() : before_(std::filesystem::current_path()) {
    REQUIRE(write_file(directory_ / "rtml.yaml", "format: 1\nname: shop\n").has_value());
    const std::string source =
        "kind: source\nname: payments\nbatch: {type: file, path: p.csv}\n"
        "timestamp: {column: at}\n";
    REQUIRE(write_file(directory_ / "sources/s.yaml", source).has_value());
    const std::string views =
        "kind: feature_view\nname: spending\nentities: [card]\nsource: payments\nfeatures:\n"
        "  - {name: n, type: INT64, aggregate: count, window: 1d}\n";
    REQUIRE(write_file(directory_ / "features/f.yaml", views).has_value());
    std::filesystem::current_path(directory_.path());
  }
  ~Shell() { std::filesystem::current_path(before_); }

  std::vector<std::string> offers(const std::vector<std::string>& words) {
    CancelFlag cancel;
    NoProgress progress;
    Session session(Environment(), system_clock(), cancel, progress);
    std::vector<std::string> values;
    for (const Candidate& candidate : complete(words, session)) values.push_back(candidate.value);
    return values;
  }

 private:
  test::TemporaryDirectory directory_;
  std::filesystem::path before_;
};

using Values = std::vector<std::string>;

TEST_CASE("complete: commands, then the verbs of a noun") {
  Shell shell;
  CHECK(shell.offers({"confi"}) == Values{"config"});
  CHECK(shell.offers({"config", ""}) == Values{"show", "trust"});
  CHECK(shell.offers({"-C", "x", "--quiet", "confi"}) == Values{"config"});
  CHECK(shell.offers({"nonsense", ""}).empty());
}

TEST_CASE("complete: options that were not given yet") {
  Shell shell;
  CHECK(shell.offers({"config", "show", "--or"}) == Values{"--origin"});
  CHECK(shell.offers({"config", "show", "--origin", "--or"}).empty());
  CHECK(shell.offers({"version", "--set", "a=b", "--se"}) == Values{"--set"});
  CHECK(shell.offers({"config", "show", "--", "--or"}).empty());
}

TEST_CASE("complete: values of options, apart or joined") {
  Shell shell;
  CHECK(shell.offers({"version", "--output", "j"}) == Values{"json", "jsonl"});
  CHECK(shell.offers({"version", "--output=j"}) == Values{"--output=json", "--output=jsonl"});
  CHECK(shell.offers({"version", "--color", "n"}) == Values{"never"});
  CHECK(shell.offers({"version", "-C", ""}) == Values{":directory"});
  // Nothing but the value is offered where one is due.
  CHECK(shell.offers({"version", "--color", "--"}).empty());
}

TEST_CASE("complete: names come from the tables and the project") {
  Shell shell;
  CHECK(shell.offers({"config", "show", "lineage."}) == Values{"lineage.dirty"});
  CHECK(shell.offers({"feature", "show", "sp"}) == Values{"spending"});
}

TEST_CASE("complete: without a registry there are no models, and no error") {
  Shell shell;
  CHECK(shell.offers({"promote", ""}).empty());
  CHECK(shell.offers({"model", "show", "fraud@"}).empty());
}

}  // namespace
}  // namespace rtml::cli
