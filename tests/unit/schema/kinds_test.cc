#include "core/schema/kinds.h"

#include <doctest/doctest.h>

#include <set>

#include "core/metric/metric.h"
#include "core/schema/validate.h"
#include "core/yaml/parse.h"

namespace rtml::schema {
namespace {

void check_shape(const Shape& shape, std::set<const Shape*>& seen) {
  if (!seen.insert(&shape).second) return;
  CAPTURE(shape.noun);
  CHECK_FALSE(shape.noun.empty());
  CHECK((shape.kind == ShapeKind::kChoice) == !shape.choices.empty());
  CHECK((shape.kind == ShapeKind::kOneOf) == !shape.alternatives.empty());
  CHECK((shape.kind == ShapeKind::kObject) == !shape.fields.empty());
  CHECK((shape.kind == ShapeKind::kList || shape.kind == ShapeKind::kMap) ==
        (shape.item != nullptr));
  std::set<std::string_view> keys;
  for (const Field& field : shape.fields) {
    CAPTURE(field.key);
    CHECK(keys.insert(field.key).second);
    CHECK(field.description.ends_with('.'));
    CHECK_FALSE((field.required && !field.default_text.empty()));
    check_shape(*field.shape, seen);
  }
  for (const Rule& rule : shape.rules) {
    for (const std::string_view key : rule.keys) CHECK(keys.contains(key));
  }
  if (shape.item != nullptr) check_shape(*shape.item, seen);
  for (const Shape* alternative : shape.alternatives) check_shape(*alternative, seen);
}

// Checks that every default of an object is a value that its own shape takes.
void check_defaults(const Shape& shape, std::set<const Shape*>& seen) {
  if (!seen.insert(&shape).second) return;
  for (const Field& field : shape.fields) {
    check_defaults(*field.shape, seen);
    // A default in words is for people.
    if (field.default_text.empty() || field.default_text.find(' ') != std::string_view::npos) {
      continue;
    }
    CAPTURE(field.key);
    const auto nodes = yaml::parse(std::string(field.default_text), "default", Environment());
    REQUIRE(nodes);
    CHECK(validate(nodes->front(), *field.shape).empty());
  }
  if (shape.item != nullptr) check_defaults(*shape.item, seen);
  for (const Shape* alternative : shape.alternatives) check_defaults(*alternative, seen);
}

}  // namespace

TEST_CASE("kinds: the table makes sense") {
  std::set<const Shape*> seen;
  std::set<const Shape*> with_defaults;
  for (const KindSpec& kind : kinds()) {
    CAPTURE(kind.kind);
    CHECK(find_kind(kind.kind) == &kind);
    CHECK(kind.summary.ends_with('.'));
    check_shape(*kind.shape, seen);
    check_defaults(*kind.shape, with_defaults);
  }
  CHECK(find_kind("nothing") == nullptr);
  CHECK(definition_kinds().size() == kinds().size() - 1);
}

TEST_CASE("metric_names: are those that core/metric computes") {
  std::vector<std::string_view> computed;
  for (const metric::Metric& metric : metric::metric_table()) computed.push_back(metric.name);
  const auto names = metric_names();
  CHECK(std::vector<std::string_view>(names.begin(), names.end()) == computed);
}

}  // namespace rtml::schema
