// What a value in a project file may look like, as data.
//
// One table of shapes per kind of file (kinds.cc) is the only place that knows a key. Validation,
// the JSON Schemas for editors and the tables of the documentation are made from it. Shapes are
// constants of the program; pointers to them never dangle.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace rtml::schema {

struct Shape;

// A key of an object.
struct Field {
  std::string_view key;
  const Shape* shape;
  bool required = false;
  std::string_view description;   // One or two sentences for an editor and the documentation.
  std::string_view default_text;  // As YAML would write it; empty: none.
  // `${VAR}` may stand in the value. Only where the value has no part in what a definition means:
  // a meaning must not depend on who reads the file.
  bool interpolates = false;
};

// A relation between keys of one object.
struct Rule {
  enum class Kind : std::uint8_t {
    kAtLeastOne,  // Of `keys`.
    kAtMostOne,   // Of `keys`.
    kNeeds,       // The first key makes sense only with every other one.
  };
  Kind kind;
  std::span<const std::string_view> keys;
};

enum class ShapeKind : std::uint8_t {
  kText,        // Not empty.
  kName,        // Naming rule of core/base/name.h.
  kExpression,  // Text for core/expression; any scalar.
  kChoice,      // One of `choices`.
  kDataType,    // "INT64", "LIST<DOUBLE>".
  kDuration,    // "7d".
  kTimestamp,   // RFC 3339.
  kCron,        // Five fields.
  kInteger,     // Within minimum..maximum.
  kNumber,      // Finite, within minimum..maximum.
  kBool,
  kNull,
  kAny,
  kList,    // Of `item`.
  kMap,     // Of any key to `item`.
  kObject,  // Of `fields`.
  kOneOf,   // The alternative that fits the kind of node.
};

struct Shape {
  ShapeKind kind = ShapeKind::kAny;
  std::string_view noun;        // In messages: "a duration", "a feature".
  std::string_view definition;  // Name under $defs of a JSON Schema; empty: written in place.
  const Shape* item = nullptr;
  std::span<const Field> fields = {};
  std::span<const Rule> rules = {};
  bool is_open = false;  // kObject: other keys pass, for a plugin to judge.
  std::span<const std::string_view> choices = {};
  std::span<const Shape* const> alternatives = {};
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  std::size_t min_items = 0;
  bool is_positive = false;   // kDuration: 0 is refused.
  bool has_no_twins = false;  // kList: an item may stand only once.
};

}  // namespace rtml::schema
