#include "core/config/trust.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <thread>

#include "core/base/file_system.h"
#include "tests/support/temporary_directory.h"

namespace rtml::config {
namespace {

using Variables = std::map<std::string, std::string>;

TEST_CASE("trust: a directory is trusted with what lies below it, and nothing beside it") {
  const test::TemporaryDirectory directory;
  const Environment environment({{"HOME", (directory / "home").string()}});
  std::filesystem::create_directories(directory / "work/project/sub");
  std::filesystem::create_directories(directory / "work/project2");

  REQUIRE(trust_directory(directory / "work/project/", environment) == true);
  CHECK(trust_directory(directory / "work/project", environment) == false);
  const auto trusted = TrustedDirectories::load(environment);
  REQUIRE(trusted.has_value());
  CHECK(trusted->contains(directory / "work/project"));
  CHECK(trusted->contains(directory / "work/project/sub"));
  CHECK(!trusted->contains(directory / "work/project/../project2"));
  CHECK(!trusted->contains(directory / "work/project2"));
  CHECK(!trusted->contains(directory / "work"));
}

TEST_CASE("trust: a symbolic link is no way into a trusted directory's name") {
  const test::TemporaryDirectory directory;
  const Environment environment({{"HOME", (directory / "home").string()}});
  std::filesystem::create_directories(directory / "trusted");
  std::filesystem::create_directories(directory / "other");
  REQUIRE(trust_directory(directory / "trusted", environment) == true);
  std::filesystem::create_directory_symlink(directory / "other", directory / "trusted/link");
  CHECK(!TrustedDirectories::load(environment)->contains(directory / "trusted/link"));
}

TEST_CASE("trust: RTML_TRUSTED_DIRS names directories for one run") {
  const Environment environment(Variables{{"RTML_TRUSTED_DIRS", "/srv/a:/srv/b/"}});
  const auto trusted = TrustedDirectories::load(environment);
  REQUIRE(trusted.has_value());
  CHECK(trusted->contains("/srv/b/project"));
  CHECK(!trusted->contains("/srv"));
  const Environment relative(Variables{{"RTML_TRUSTED_DIRS", "."}});
  CHECK(TrustedDirectories::load(relative).error().code() == ErrorCode::kBadValue);
}

TEST_CASE("trust: a damaged list is an error, not an empty list") {
  const test::TemporaryDirectory directory;
  const Environment environment({{"HOME", (directory / "home").string()}});
  for (const char* text :
       {"", "[]", "{\"format\": 2, \"directories\": []}",
        "{\"format\": \"1\", \"directories\": []}", "{\"format\": 1, \"directories\": [1]}"}) {
    CAPTURE(text);
    REQUIRE(write_file(directory / "home/.config/rtml/trusted_directories.json", text).has_value());
    CHECK(TrustedDirectories::load(environment).error().code() == ErrorCode::kDataCorrupt);
  }
}

TEST_CASE("trust: additions at the same time are all kept") {
  const test::TemporaryDirectory directory;
  const Environment environment({{"HOME", (directory / "home").string()}});
  constexpr int kThreads = 8;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    const auto project = directory / ("p" + std::to_string(i));
    std::filesystem::create_directories(project);
    threads.emplace_back([=] { (void)trust_directory(project, environment); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(TrustedDirectories::load(environment)->directories().size() == kThreads);
}

}  // namespace
}  // namespace rtml::config
