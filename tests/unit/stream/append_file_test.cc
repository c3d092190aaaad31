#include "core/stream/append_file.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "core/base/file_system.h"
#include "tests/support/temporary_directory.h"

using rtml::stream::append_lines;

TEST_CASE("append_lines: adds lines, and ends what a killed process left of one") {
  const rtml::test::TemporaryDirectory directory;
  const auto path = directory.path() / "new/letters.jsonl";
  REQUIRE(append_lines(path, std::vector<std::string>{"a", "b"}));
  REQUIRE(append_lines(path, std::vector<std::string>{"c"}));
  CHECK(rtml::read_file(path).value() == "a\nb\nc\n");
  std::ofstream(path, std::ios::app) << "half a li";
  REQUIRE(append_lines(path, std::vector<std::string>{"d"}));
  CHECK(rtml::read_file(path).value() == "a\nb\nc\nhalf a li\nd\n");
}

TEST_CASE("append_lines: says what cannot be made") {
  const auto refused = append_lines("/proc/none/letters.jsonl", std::vector<std::string>{"a"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == rtml::ErrorCode::kIo);
  CHECK(refused.error().message().find("/proc/none") != std::string::npos);
}
