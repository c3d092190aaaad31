#include "core/message/avro_schema.h"

#include <array>
#include <map>
#include <optional>
#include <set>

#include "core/base/json.h"
#include "core/yaml/parse.h"

namespace rtml::message {
namespace {

using yaml::Node;

struct Primitive {
  std::string_view name;
  AvroKind kind;
};
constexpr std::array<Primitive, 8> kPrimitives = {{{"null", AvroKind::kNull},
                                                   {"boolean", AvroKind::kBoolean},
                                                   {"int", AvroKind::kInt},
                                                   {"long", AvroKind::kLong},
                                                   {"float", AvroKind::kFloat},
                                                   {"double", AvroKind::kDouble},
                                                   {"bytes", AvroKind::kBytes},
                                                   {"string", AvroKind::kString}}};

struct LogicalType {
  std::string_view name;
  AvroKind kind;
  AvroLogical logical;
};
constexpr std::array<LogicalType, 7> kLogicalTypes = {
    {{"date", AvroKind::kInt, AvroLogical::kDate},
     {"timestamp-millis", AvroKind::kLong, AvroLogical::kTimestampMillis},
     {"timestamp-micros", AvroKind::kLong, AvroLogical::kTimestampMicros},
     {"timestamp-nanos", AvroKind::kLong, AvroLogical::kTimestampNanos},
     {"local-timestamp-millis", AvroKind::kLong, AvroLogical::kTimestampMillis},
     {"local-timestamp-micros", AvroKind::kLong, AvroLogical::kTimestampMicros},
     {"local-timestamp-nanos", AvroKind::kLong, AvroLogical::kTimestampNanos}}};

// A schema of this size is a mistake or an attack.
constexpr yaml::Limits kLimits = {
    .bytes = std::size_t{4} << 20, .depth = 128, .nodes = 200'000, .expanded_bytes = 8 << 20};
constexpr std::int64_t kMaxFixedBytes = std::int64_t{1} << 30;
constexpr std::int64_t kMaxDigits = std::int64_t{1} << 30;

std::optional<AvroKind> primitive_of(std::string_view name) {
  for (const Primitive& primitive : kPrimitives) {
    if (primitive.name == name) return primitive.kind;
  }
  return std::nullopt;
}

tl::unexpected<Error> wrong(const Node& node, std::string message) {
  return fail(
      Error(ErrorCode::kBadValue, "Avro schema: " + std::move(message)).at(node.location()));
}

// `[A-Za-z_][A-Za-z0-9_]*`, with dots between such parts where `may_have_dots`.
bool is_name(std::string_view text, bool may_have_dots) {
  bool at_start = true;
  for (const char c : text) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool is_digit = c >= '0' && c <= '9';
    if (c == '.' && may_have_dots && !at_start) {
      at_start = true;
      continue;
    }
    if (!is_letter && (!is_digit || at_start)) return false;
    at_start = false;
  }
  return !at_start;
}

// YAML replaces variables; JSON has none, so what looks like one is written as plain text.
std::string without_variables(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') result += '$';
    result += text[i];
  }
  return result;
}

}  // namespace

class AvroSchemaReader {
 public:
  explicit AvroSchemaReader(AvroSchema& schema) : schema_(schema) {}

  // Reads the type that stands at `node`. A name without dots belongs to `space`.
  Result<const AvroType*> read(const Node& node, const std::string& space);
  void mark_empty();

 private:
  AvroType* add(const Node& node, AvroKind kind);
  Result<const AvroType*> read_name(const Node& node, const std::string& space);
  Result<const AvroType*> read_union(const Node& node, const std::string& space);
  Result<const AvroType*> read_object(const Node& node, const std::string& space);
  Result<AvroType*> read_named(const Node& node, AvroKind kind, std::string* space);
  Status read_fields(const Node& node, const std::string& space, AvroType* record);
  Status read_symbols(const Node& node, AvroType* type);
  Status read_logical(const Node& node, AvroType* type);

  AvroSchema& schema_;
  std::map<std::string, const AvroType*> named_;
};

AvroType* AvroSchemaReader::add(const Node& node, AvroKind kind) {
  schema_.types_.push_back(std::make_unique<AvroType>());
  AvroType* const type = schema_.types_.back().get();
  type->kind = kind;
  type->place = node.location();
  return type;
}

Result<const AvroType*> AvroSchemaReader::read(const Node& node, const std::string& space) {
  if (node.is_sequence()) return read_union(node, space);
  if (node.is_mapping()) return read_object(node, space);
  if (node.kind() == yaml::NodeKind::kString) return read_name(node, space);
  return wrong(node, "a type is a name, an object or a list, not " +
                         std::string(yaml::describe(node.kind())));
}

Result<const AvroType*> AvroSchemaReader::read_name(const Node& node, const std::string& space) {
  const std::string& name = node.text();
  if (const auto kind = primitive_of(name)) return add(node, *kind);
  const bool is_full = name.find('.') != std::string::npos;
  for (const std::string& full : {is_full || space.empty() ? name : space + "." + name, name}) {
    const auto found = named_.find(full);
    if (found != named_.end()) return found->second;
  }
  return wrong(node, "unknown type: " + name);
}

Result<const AvroType*> AvroSchemaReader::read_union(const Node& node, const std::string& space) {
  AvroType* const type = add(node, AvroKind::kUnion);
  if (node.items().empty()) return wrong(node, "a union without types");
  std::set<std::string> seen;
  for (const Node& item : node.items()) {
    RTML_TRY_ASSIGN(const AvroType* branch, read(item, space));
    if (branch->kind == AvroKind::kUnion) return wrong(item, "a union directly within a union");
    if (!seen.insert(to_string(*branch)).second) {
      return wrong(item, "stands twice in the union: " + to_string(*branch));
    }
    type->parts.push_back(branch);
  }
  return type;
}

Result<const AvroType*> AvroSchemaReader::read_object(const Node& node, const std::string& space) {
  const Node* const word = node.find("type");
  if (word == nullptr) return wrong(node, "a type without \"type\"");
  // {"type": {"type": "long"}} is one more pair of braces around a type.
  if (word->kind() != yaml::NodeKind::kString) return read(*word, space);
  const std::string& name = word->text();
  if (const auto kind = primitive_of(name)) {
    AvroType* const type = add(node, *kind);
    RTML_TRY(read_logical(node, type));
    return type;
  }
  if (name == "array" || name == "map") {
    const char* const key = name == "array" ? "items" : "values";
    const Node* const inner = node.find(key);
    if (inner == nullptr) return wrong(node, name + " without \"" + key + "\"");
    AvroType* const type = add(node, name == "array" ? AvroKind::kArray : AvroKind::kMap);
    RTML_TRY_ASSIGN(const AvroType* part, read(*inner, space));
    type->parts.push_back(part);
    return type;
  }
  std::string own_space = space;
  if (name == "record" || name == "error") {
    RTML_TRY_ASSIGN(AvroType * type, read_named(node, AvroKind::kRecord, &own_space));
    RTML_TRY(read_fields(node, own_space, type));
    return type;
  }
  if (name == "enum") {
    RTML_TRY_ASSIGN(AvroType * type, read_named(node, AvroKind::kEnum, &own_space));
    RTML_TRY(read_symbols(node, type));
    return type;
  }
  if (name == "fixed") {
    RTML_TRY_ASSIGN(AvroType * type, read_named(node, AvroKind::kFixed, &own_space));
    const Node* const size = node.find("size");
    const auto bytes = size == nullptr ? std::nullopt : size->integer();
    if (!bytes || *bytes < 0 || *bytes > kMaxFixedBytes) {
      return wrong(size == nullptr ? node : *size, "a fixed needs a \"size\" in bytes");
    }
    type->size = static_cast<std::size_t>(*bytes);
    RTML_TRY(read_logical(node, type));
    return type;
  }
  return read_name(*word, space);
}

Result<AvroType*> AvroSchemaReader::read_named(const Node& node, AvroKind kind,
                                               std::string* space) {
  const Node* const name = node.find("name");
  if (name == nullptr || !is_name(name->text(), true)) {
    return wrong(name == nullptr ? node : *name, "a named type needs a \"name\"");
  }
  std::string full = name->text();
  if (full.find('.') == std::string::npos) {
    const Node* const own = node.find("namespace");
    if (own != nullptr) *space = own->text();
    if (!space->empty() && !is_name(*space, true)) {
      return wrong(own == nullptr ? node : *own, "no namespace: " + *space);
    }
    if (!space->empty()) full = *space + "." + full;
  } else {
    *space = full.substr(0, full.rfind('.'));
  }
  if (primitive_of(full)) return wrong(*name, "the name of a primitive type: " + full);
  AvroType* const type = add(node, kind);
  type->name = full;
  // A record is known by name within itself.
  if (!named_.emplace(full, type).second) return wrong(*name, "defined twice: " + full);
  return type;
}

Status AvroSchemaReader::read_fields(const Node& node, const std::string& space, AvroType* record) {
  const Node* const fields = node.find("fields");
  if (fields == nullptr || !fields->is_sequence()) {
    return wrong(fields == nullptr ? node : *fields, "a record needs a list of \"fields\"");
  }
  std::set<std::string> seen;
  for (const Node& field : fields->items()) {
    const Node* const name = field.find("name");
    const Node* const type = field.find("type");
    if (!field.is_mapping() || name == nullptr || type == nullptr) {
      return wrong(field, "a field needs \"name\" and \"type\"");
    }
    if (!is_name(name->text(), false)) return wrong(*name, "no name of a field: " + name->text());
    if (!seen.insert(name->text()).second) {
      return wrong(*name, "a second field of this name: " + name->text());
    }
    RTML_TRY_ASSIGN(const AvroType* read_type, read(*type, space));
    // {"name": "at", "type": "long", "logicalType": "timestamp-millis"} annotates the field, which
    // readers ignore; whoever writes it means the type, and would get wrong times.
    if (field.find("logicalType") != nullptr) {
      return wrong(*field.find("logicalType"),
                   "\"logicalType\" belongs into the type of the field: {\"type\": \"long\", "
                   "\"logicalType\": \"…\"}");
    }
    record->fields.push_back({name->text(), read_type});
  }
  return {};
}

Status AvroSchemaReader::read_symbols(const Node& node, AvroType* type) {
  const Node* const symbols = node.find("symbols");
  if (symbols == nullptr || !symbols->is_sequence() || symbols->items().empty()) {
    return wrong(symbols == nullptr ? node : *symbols, "an enum needs a list of \"symbols\"");
  }
  for (const Node& symbol : symbols->items()) {
    if (!is_name(symbol.text(), false)) return wrong(symbol, "no symbol: " + symbol.text());
    type->symbols.push_back(symbol.text());
  }
  return {};
}

Status AvroSchemaReader::read_logical(const Node& node, AvroType* type) {
  const Node* const word = node.find("logicalType");
  if (word == nullptr) return {};
  for (const LogicalType& known : kLogicalTypes) {
    if (known.name == word->text() && known.kind == type->kind) type->logical = known.logical;
  }
  if (word->text() != "decimal" ||
      (type->kind != AvroKind::kBytes && type->kind != AvroKind::kFixed)) {
    return {};
  }
  const Node* const precision = node.find("precision");
  const Node* const scale = node.find("scale");
  const auto digits = precision == nullptr ? std::nullopt : precision->integer();
  const auto behind = scale == nullptr ? std::optional<std::int64_t>(0) : scale->integer();
  if (!digits || *digits < 1 || *digits > kMaxDigits) {
    return wrong(precision == nullptr ? node : *precision,
                 "a decimal needs a \"precision\" of at least 1");
  }
  if (!behind || *behind < 0 || *behind > *digits) {
    return wrong(*scale, "the \"scale\" of a decimal lies between 0 and its precision");
  }
  type->logical = AvroLogical::kDecimal;
  type->precision = static_cast<int>(*digits);
  type->scale = static_cast<int>(*behind);
  return {};
}

// A record is empty if its fields are, so what is found is carried upwards until nothing changes.
void AvroSchemaReader::mark_empty() {
  bool has_changed = true;
  while (has_changed) {
    has_changed = false;
    for (const auto& type : schema_.types_) {
      if (type->is_empty) continue;
      bool is_empty =
          type->kind == AvroKind::kNull || (type->kind == AvroKind::kFixed && type->size == 0);
      if (type->kind == AvroKind::kRecord) {
        is_empty = true;
        for (const AvroType::Field& field : type->fields) is_empty &= field.type->is_empty;
      }
      type->is_empty = is_empty;
      has_changed |= is_empty;
    }
  }
}

Result<AvroSchema> AvroSchema::parse(std::string_view text, const std::string& file) {
  RTML_TRY(parse_json(text, file));
  // JSON is YAML, and the YAML reader knows places.
  RTML_TRY_ASSIGN(const std::vector<Node> documents,
                  yaml::parse(without_variables(text), file, Environment(), kLimits));
  if (documents.size() != 1) {
    return fail(ErrorCode::kBadValue, "Avro schema: nothing in it: " + file);
  }
  AvroSchema schema;
  AvroSchemaReader reader(schema);
  RTML_TRY_ASSIGN(schema.root_, reader.read(documents.front(), ""));
  reader.mark_empty();
  return schema;
}

std::string to_string(const AvroType& type) {
  switch (type.kind) {
    case AvroKind::kRecord:
      return "record " + type.name;
    case AvroKind::kEnum:
      return "enum " + type.name;
    case AvroKind::kFixed:
      return "fixed " + type.name;
    case AvroKind::kArray:
      return "array";
    case AvroKind::kMap:
      return "map";
    case AvroKind::kUnion:
      return "union";
    default:
      break;
  }
  for (const Primitive& primitive : kPrimitives) {
    if (primitive.kind == type.kind) return std::string(primitive.name);
  }
  return {};
}

}  // namespace rtml::message
