// Files of the repository that are made from the table of kinds. With RTML_ACCEPT_GENERATED=1 in
// the environment this test writes them instead of comparing.

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "core/base/file_system.h"
#include "core/schema/json_schema.h"

namespace rtml::schema {
namespace {

std::filesystem::path source_path(const std::string& name) {
  const char* root = std::getenv("RTML_SOURCE_DIR");
  REQUIRE(root != nullptr);
  return std::filesystem::path(root) / name;
}

void check_generated(const std::filesystem::path& path, const std::string& text) {
  CAPTURE(path.string());
  if (std::getenv("RTML_ACCEPT_GENERATED") != nullptr) REQUIRE(write_file(path, text));
  const auto committed = read_file(path);
  REQUIRE(committed);
  CHECK_MESSAGE(*committed == text, "run RTML_ACCEPT_GENERATED=1 ctest -R unit.schema");
}

}  // namespace

TEST_CASE("json_schema_files: are what schemas/ holds") {
  for (const auto& [name, text] : json_schema_files()) {
    check_generated(source_path("schemas/" + name), text);
  }
}

TEST_CASE("markdown_tables: are what docs/project-files.md holds") {
  const std::filesystem::path path = source_path("docs/project-files.md");
  const auto document = read_file(path);
  REQUIRE(document);
  std::string text = *document;
  for (const KindSpec& kind : kinds()) {
    CAPTURE(kind.kind);
    const std::string begin = "<!-- table: " + std::string(kind.kind) + " -->\n";
    const std::string end = "<!-- end of table -->\n";
    const std::size_t from = text.find(begin);
    REQUIRE(from != std::string::npos);
    const std::size_t to = text.find(end, from);
    REQUIRE(to != std::string::npos);
    text.replace(from, to - from, begin + markdown_tables(kind));
  }
  check_generated(path, text);
}

}  // namespace rtml::schema
