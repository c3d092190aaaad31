#include "core/schema/json_schema.h"

#include <cmath>
#include <set>

#include "core/base/json.h"
#include "core/table/types.h"
#include "core/yaml/node.h"

namespace rtml::schema {
namespace {

constexpr std::string_view kDialect = "https://json-schema.org/draft/2020-12/schema";

// What parse_duration(), check_name(), parse_type() and parse_timestamp() read, as far as a
// regular expression can say it.
constexpr std::string_view kDurationPattern =
    "^(?=.)([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?([0-9]+us)?$";
constexpr std::string_view kNamePattern = "^(?!.*__)[a-z][a-z0-9_]{0,62}$";
constexpr std::string_view kTimestampPattern =
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?"
    "([Zz]|[+-][0-9]{2}:?([0-9]{2})?)?)?$";
constexpr std::string_view kCronPattern = "^[0-9*/,-]+( [0-9*/,-]+){4}$";

Json names_of(std::span<const std::string_view> words) {
  Json array = Json::array();
  for (const std::string_view word : words) array.push_back(std::string(word));
  return array;
}

// Each letter in either case, since parse_type() does not tell them apart.
std::string data_type_pattern() {
  std::string words;
  for (const std::string& name : table::type_names()) {
    if (!words.empty()) words += '|';
    for (const char c : name) {
      const bool letter = c >= 'A' && c <= 'Z';
      words += letter ? std::string{'[', c, static_cast<char>(c - 'A' + 'a'), ']'} : std::string{c};
    }
  }
  return "^((" + words + ")|[Ll][Ii][Ss][Tt]<(" + words + ")>)$";
}

class SchemaWriter {
 public:
  Json write(const KindSpec& kind) {
    Json schema = Json::object();
    schema["$schema"] = std::string(kDialect);
    schema["title"] = "rtml " + std::string(kind.kind);
    schema["description"] = std::string(kind.summary);
    schema.update(in_place(*kind.shape));
    if (!definitions_.empty()) schema["$defs"] = definitions_;
    return schema;
  }

 private:
  // The shape, or a reference to it under $defs.
  Json value(const Shape& shape) {
    // A positive duration is the same definition: its pattern cannot tell zero.
    if (shape.definition.empty()) return in_place(shape);
    const std::string name(shape.definition);
    if (!definitions_.contains(name)) {
      definitions_[name] = Json();
      definitions_[name] = in_place(shape);
    }
    return {{"$ref", "#/$defs/" + name}};
  }

  static Json text(std::string_view pattern, std::string_view description) {
    return {{"type", "string"},
            {"pattern", std::string(pattern)},
            {"description", std::string(description)}};
  }

  Json in_place(const Shape& shape) {
    switch (shape.kind) {
      case ShapeKind::kText:
        return {{"type", "string"}, {"minLength", 1}};
      case ShapeKind::kExpression:
        return {{"type", Json::array({"string", "number", "boolean"})}, {"minLength", 1}};
      case ShapeKind::kName:
        return text(kNamePattern, "a to z, 0 to 9 and single _, at most 63, a letter first.");
      case ShapeKind::kDuration:
        return text(kDurationPattern, "Numbers with a unit of us, ms, s, m, h, d, w: 30m, 1h30m.");
      case ShapeKind::kTimestamp:
        return text(kTimestampPattern, "RFC 3339; UTC where there is no zone.");
      case ShapeKind::kCron:
        return text(kCronPattern, "Minute, hour, day, month, weekday in UTC.");
      case ShapeKind::kDataType:
        return {{"type", "string"},
                {"pattern", data_type_pattern()},
                {"examples", table::type_names()}};
      case ShapeKind::kChoice:
        return {{"enum", names_of(shape.choices)}};
      case ShapeKind::kInteger:
        return number(shape, "integer");
      case ShapeKind::kNumber:
        return number(shape, "number");
      case ShapeKind::kBool:
        return {{"type", "boolean"}};
      case ShapeKind::kNull:
        return {{"type", "null"}};
      case ShapeKind::kAny:
        return Json::object();
      case ShapeKind::kList:
        return list(shape);
      case ShapeKind::kMap:
        return map(shape);
      case ShapeKind::kObject:
        return object(shape);
      case ShapeKind::kOneOf:
        return alternatives(shape);
    }
    return Json::object();
  }

  static Json number(const Shape& shape, const char* type) {
    Json schema = {{"type", type}};
    const auto bound = [](double value) -> Json {
      if (value == std::floor(value)) return static_cast<std::int64_t>(value);
      return value;
    };
    if (std::isfinite(shape.minimum)) schema["minimum"] = bound(shape.minimum);
    if (std::isfinite(shape.maximum)) schema["maximum"] = bound(shape.maximum);
    return schema;
  }

  Json list(const Shape& shape) {
    Json schema = {{"type", "array"}, {"items", value(*shape.item)}};
    if (shape.min_items > 0) schema["minItems"] = shape.min_items;
    if (shape.has_no_twins) schema["uniqueItems"] = true;
    return schema;
  }

  Json map(const Shape& shape) {
    Json schema = {{"type", "object"}, {"additionalProperties", value(*shape.item)}};
    if (shape.min_items > 0) schema["minProperties"] = shape.min_items;
    return schema;
  }

  Json alternatives(const Shape& shape) {
    Json any = Json::array();
    for (const Shape* alternative : shape.alternatives) any.push_back(value(*alternative));
    return {{"anyOf", std::move(any)}};
  }

  Json object(const Shape& shape) {
    Json schema = {{"type", "object"}};
    Json properties = Json::object();
    Json required = Json::array();
    for (const Field& field : shape.fields) {
      Json property = value(*field.shape);
      if (!field.description.empty()) property["description"] = std::string(field.description);
      // A default in words is for people.
      const bool in_words = field.default_text.find(' ') != std::string_view::npos;
      if (!field.default_text.empty() && !in_words) property["default"] = default_value(field);
      properties[std::string(field.key)] = std::move(property);
      if (field.required) required.push_back(std::string(field.key));
    }
    schema["properties"] = std::move(properties);
    if (!required.empty()) schema["required"] = std::move(required);
    schema["additionalProperties"] = shape.is_open;
    add_rules(schema, shape);
    return schema;
  }

  static Json default_value(const Field& field) {
    const std::string text(field.default_text);
    switch (yaml::resolve_plain_scalar(text)) {
      case yaml::NodeKind::kBool:
        return text == "true";
      case yaml::NodeKind::kInteger:
        return std::stoll(text);
      case yaml::NodeKind::kNumber:
        return std::stod(text);
      default:
        return text;
    }
  }

  static void add_rules(Json& schema, const Shape& shape) {
    Json all = Json::array();
    Json needs = Json::object();
    for (const Rule& rule : shape.rules) {
      if (rule.kind == Rule::Kind::kNeeds) {
        needs[std::string(rule.keys.front())] = names_of(rule.keys.subspan(1));
      } else if (rule.kind == Rule::Kind::kAtLeastOne) {
        Json any = Json::array();
        for (const std::string_view key : rule.keys) any.push_back(requires_key(key));
        all.push_back({{"anyOf", std::move(any)}});
      } else {
        for (std::size_t i = 0; i < rule.keys.size(); ++i) {
          for (std::size_t j = i + 1; j < rule.keys.size(); ++j) {
            const std::string_view pair[] = {rule.keys[i], rule.keys[j]};
            all.push_back({{"not", {{"required", names_of(pair)}}}});
          }
        }
      }
    }
    if (!needs.empty()) schema["dependentRequired"] = std::move(needs);
    if (!all.empty()) schema["allOf"] = std::move(all);
  }

  static Json requires_key(std::string_view key) {
    return {{"required", Json::array({std::string(key)})}};
  }

  Json definitions_ = Json::object();
};

// A file may hold several definitions of several kinds, and an editor checks each by itself.
std::string definitions_schema() {
  Json all = Json::array();
  for (const std::string& kind : definition_kinds()) {
    all.push_back(
        {{"if",
          {{"properties", {{"kind", {{"const", kind}}}}}, {"required", Json::array({"kind"})}}},
         {"then", {{"$ref", kind + ".json"}}}});
  }
  all.push_back({{"if", {{"not", {{"required", Json::array({"kind"})}}}}},
                 {"then", {{"$ref", "feature_view.json"}}}});
  const Json schema = {{"$schema", std::string(kDialect)},
                       {"title", "rtml definition"},
                       {"description", "Any definition of a project, told apart by its kind."},
                       {"type", "object"},
                       {"properties", {{"kind", {{"enum", definition_kinds()}}}}},
                       {"allOf", std::move(all)}};
  return to_indented_json_text(schema) + "\n";
}

// ---- Markdown ----

void write_table(const Shape& shape, std::string_view title, std::string& text,
                 std::set<const Shape*>& written);

// Continues with the objects within a value.
void write_tables_within(const Shape& shape, std::string_view title, std::string& text,
                         std::set<const Shape*>& written) {
  if (shape.kind == ShapeKind::kObject) write_table(shape, title, text, written);
  if (shape.item != nullptr) write_tables_within(*shape.item, title, text, written);
  for (const Shape* alternative : shape.alternatives) {
    write_tables_within(*alternative, title, text, written);
  }
}

std::string choices_of(const Shape& shape) {
  const Shape& inner = shape.item != nullptr ? *shape.item : shape;
  std::string text;
  for (const std::string_view choice : inner.choices) {
    text += (text.empty() ? " One of: `" : ", `") + std::string(choice) + "`";
  }
  return text.empty() ? text : text + ".";
}

void write_table(const Shape& shape, std::string_view title, std::string& text,
                 std::set<const Shape*>& written) {
  if (!written.insert(&shape).second) return;
  if (!title.empty()) text += "\n`" + std::string(title) + "`:\n\n";
  text += "| key | value | meaning |\n|---|---|---|\n";
  for (const Field& field : shape.fields) {
    text += "| `" + std::string(field.key) + "`" + (field.required ? " (required)" : "") + " | " +
            std::string(field.shape->noun) + " | " + std::string(field.description);
    const Shape& own = *field.shape;
    if (own.choices.size() != 1) text += choices_of(own);
    if (!field.default_text.empty()) {
      text += " Default: `" + std::string(field.default_text) + "`.";
    }
    text += " |\n";
  }
  if (shape.is_open) text += "\nOther keys are for the plugin.\n";
  for (const Field& field : shape.fields) {
    const std::string inner =
        title.empty() ? std::string(field.key) : std::string(title) + "." + std::string(field.key);
    write_tables_within(*field.shape, inner, text, written);
  }
}

}  // namespace

std::string json_schema(const KindSpec& kind) {
  return to_indented_json_text(SchemaWriter().write(kind)) + "\n";
}

std::vector<std::pair<std::string, std::string>> json_schema_files() {
  std::vector<std::pair<std::string, std::string>> files;
  for (const KindSpec& kind : kinds()) {
    files.emplace_back(std::string(kind.kind) + ".json", json_schema(kind));
  }
  files.emplace_back("definitions.json", definitions_schema());
  return files;
}

std::string markdown_tables(const KindSpec& kind) {
  std::string text;
  std::set<const Shape*> written;
  write_table(*kind.shape, "", text, written);
  return text;
}

}  // namespace rtml::schema
