#include "core/yaml/source_text.h"

#include <doctest/doctest.h>

namespace rtml::yaml {

TEST_CASE("SourceText: counts lines and characters from 1") {
  const auto source = SourceText::make("a.yaml", "one\nüx: y\n");
  REQUIRE(source);
  const SourceLocation place = (*source)->location((*source)->text().find('y'), 1);
  CHECK(place.file == "a.yaml");
  CHECK(place.line == 2);
  CHECK(place.column == 5);
  CHECK(place.length == 1);
  CHECK(place.line_text == "üx: y");
}

TEST_CASE("SourceText: the end of a file is after its last text") {
  const auto source = SourceText::make("a.yaml", "a: 1\n\n");
  REQUIRE(source);
  CHECK((*source)->location(6).line == 1);
  CHECK((*source)->location(6).column == 5);
}

TEST_CASE("SourceText: drops a byte order mark and unifies line ends") {
  const auto source = SourceText::make("a.yaml",
                                       "\xEF\xBB\xBF"
                                       "a: 1\r\nb: 2\rc: 3\n");
  REQUIRE(source);
  CHECK((*source)->text() == "a: 1\nb: 2\nc: 3\n");
}

TEST_CASE("SourceText: refuses bytes that are no text, at their place") {
  // Lone continuation, overlong, surrogate, beyond U+10FFFF, cut short, UTF-16, NUL, end of text.
  for (const std::string bad :
       {"\x80", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\xFF\xFE", "\x04"}) {
    CAPTURE(bad);
    const auto source = SourceText::make("a.yaml", "a: 1\nb: " + bad);
    REQUIRE_FALSE(source);
    CHECK(source.error().code() == ErrorCode::kYamlSyntax);
    CHECK(source.error().location()->line == 2);
    CHECK(source.error().location()->column == 4);
  }
  CHECK_FALSE(SourceText::make("a.yaml", std::string_view("a\0b", 3)));
  CHECK(SourceText::make("a.yaml", "\u00e9 \u20ac \U0001F600"));
}

}  // namespace rtml::yaml
