#include "core/feature/check_source.h"

#include <algorithm>

namespace rtml::feature {
namespace {

using table::DataType;
using table::Kind;

void check_column(const std::string& column, const project::Source& source,
                  const table::Schema& schema, const SourceLocation& place,
                  std::vector<Error>& errors) {
  const auto index = schema.require(column, "source " + source.name);
  if (!index) errors.push_back(Error(index.error()).at(place));
}

void check_id(const project::Source& source, const table::Schema& schema,
              std::vector<Error>& errors) {
  if (source.id.empty()) return;
  check_column(source.id, source, schema, source.location, errors);
  const auto index = schema.find(source.id);
  if (!index) return;
  const DataType type = schema.field(*index).type;
  if (table::is_integer(type) || type == DataType{Kind::kString}) return;
  errors.push_back(Error(ErrorCode::kDataWrongType, "an id must be an integer or STRING, but \"" +
                                                        source.id + "\" is " + to_string(type))
                       .at(source.location));
}

// What every event of one source needs.
void check_events(const project::FeatureView& view, const project::Source& source,
                  const table::Schema& schema, std::vector<Error>& errors) {
  check_column(source.timestamp.column, source, schema, source.location, errors);
  if (source.created) {
    check_column(source.created->column, source, schema, source.location, errors);
  } else if (view.as_of_created) {
    errors.push_back(Error(ErrorCode::kFeatureDefinition,
                           "as_of_created needs a source with `created`: " + source.name)
                         .at(view.location));
  }
  check_id(source, schema, errors);
}

bool is_key(DataType type) {
  constexpr Kind kKinds[] = {Kind::kBool, Kind::kString, Kind::kBytes, Kind::kTimestamp};
  return !type.is_list &&
         (table::is_integer(type) ||
          std::find(std::begin(kKinds), std::end(kKinds), type.kind) != std::end(kKinds));
}

void check_key(const project::EntityKey& key, const project::FeatureView& view,
               const project::Source& source, const table::Schema& schema,
               const VisibleColumns& visible, std::vector<Error>& errors) {
  const auto index = schema.find(key.column);
  if (!index) {
    if (source.is_union()) return errors.push_back(visible.key_error(key.column));
    return check_column(key.column, source, schema, view.entities_location, errors);
  }
  const DataType found = schema.field(*index).type;
  const DataType declared = key.type.value_or(found);
  if (is_key(found) && key_type(found) == key_type(declared)) return;
  const std::string what = "key \"" + key.column + "\" of view " + view.name;
  const bool is_other = key_type(found) != key_type(declared);
  errors.push_back(
      Error(ErrorCode::kDataWrongType, is_other ? what + " is declared " + to_string(declared) +
                                                      ", but the source has " + to_string(found)
                                                : what + " cannot be " + to_string(found))
          .with_help(is_other ? "a key is an integer, STRING, BYTES, BOOL or "
                                "TIMESTAMP on both sides"
                              : "a key is an integer, STRING, BYTES, BOOL or "
                                "TIMESTAMP; declare one of them for the column under "
                                "`columns` of the source")
          .at(view.entities_location));
}

}  // namespace

DataType key_type(DataType type) {
  return table::is_integer(type) ? DataType{Kind::kInt64} : type;
}

std::vector<Error> check_source(const project::FeatureView& view, const project::Source& source,
                                std::span<const project::EntityKey> keys,
                                const table::Schema& schema, const VisibleColumns& visible) {
  std::vector<Error> errors;
  if (source.is_union()) {
    for (std::size_t part = 0; part < source.parts.size(); ++part) {
      check_events(view, source.parts[part], visible.of_part(part), errors);
    }
  } else {
    check_events(view, source, schema, errors);
  }
  for (const project::EntityKey& key : keys) {
    check_key(key, view, source, schema, visible, errors);
  }
  return errors;
}

}  // namespace rtml::feature
