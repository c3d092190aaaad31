// Damaged files must be refused or read, never crash or go round for ever: every truncation of the
// files of the examples and templates, and a changed byte at every place.

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "core/base/file_system.h"
#include "core/project/identity.h"
#include "core/project/reader.h"
#include "core/schema/kinds.h"
#include "core/schema/validate.h"
#include "core/yaml/parse.h"

namespace rtml::project {
namespace {

std::vector<std::string> texts_of_examples() {
  const char* root = std::getenv("RTML_SOURCE_DIR");
  REQUIRE(root != nullptr);
  std::vector<std::string> texts;
  for (const char* folder : {"examples", "templates"}) {
    const auto directory = std::filesystem::path(root) / folder;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      if (entry.path().extension() != ".yaml") continue;
      auto text = read_file(entry.path());
      REQUIRE(text);
      texts.push_back(std::move(*text));
    }
  }
  REQUIRE(texts.size() > 10);
  return texts;
}

// Reads a sound document as what it says it is.
void read_definition(const std::string& kind, const yaml::Node& node) {
  std::vector<Error> errors;
  if (kind == "source") (void)canonical(read_source(node, errors));
  if (kind == "entity") (void)canonical(read_entity(node));
  if (kind == "feature_view") {
    (void)canonical(read_view(node, errors));
    (void)read_own_source(node);
  }
  if (kind == "feature_service") (void)canonical(read_service(node, errors));
  if (kind == "pipeline") (void)canonical(read_pipeline(node, errors));
  if (kind == "drift") (void)read_drift_check(node);
  if (kind == "experiment") (void)read_experiment(node, errors);
  if (kind == "project") (void)read_settings(node);
}

// Does with a text what loading a project does, short of references. Every error has a place.
void digest(const std::string& text) {
  const auto documents = yaml::parse(text, "a.yaml", Environment());
  if (!documents) {
    CHECK((documents.error().location() || !documents.error().parts().empty()));
    return;
  }
  for (const yaml::Node& node : *documents) {
    const yaml::Node* named = node.find("kind");
    const std::string kind = named != nullptr && named->is_scalar() ? named->text() : "project";
    const schema::KindSpec* spec = schema::find_kind(kind);
    if (spec == nullptr) continue;
    const auto errors = schema::validate(node, *spec->shape);
    for (const Error& error : errors) CHECK(error.location()->line > 0);
    if (errors.empty()) read_definition(kind, node);
  }
}

}  // namespace

TEST_CASE("reading: a truncated example is taken or refused") {
  for (const std::string& text : texts_of_examples()) {
    for (std::size_t length = 0; length < text.size(); ++length) {
      digest(text.substr(0, length));
    }
  }
}

TEST_CASE("reading: an example with one changed byte is taken or refused") {
  // Characters with a meaning in YAML, a letter, and bytes that are no text.
  const std::string replacements =
      std::string("\n\t :-[]{}&*!|>'\"%@#,?$x0", 25) + "\x80\xFF" + '\0';
  std::size_t turn = 0;
  for (std::string text : texts_of_examples()) {
    for (std::size_t position = 0; position < text.size(); ++position) {
      const char original = text[position];
      // Each in turn, so that every kind of place meets every replacement.
      text[position] = replacements[turn++ % replacements.size()];
      digest(text);
      text[position] = original;
    }
  }
}

}  // namespace rtml::project
