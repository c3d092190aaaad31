#include "core/feature/visible_columns.h"

#include "core/base/text_list.h"
#include "core/project/source_union.h"

namespace rtml::feature {
namespace {

using expression::Node;
using expression::NodeKind;
using project::Feature;

// With the event's time, which expressions read under its inner name.
table::Schema with_union_time(const table::Schema& schema) {
  std::vector<table::Field> fields = schema.fields();
  fields.push_back({std::string(project::kUnionTime), {table::Kind::kTimestamp}});
  return table::Schema(std::move(fields));
}

// The condition that an event is of one of several sources.
Node is_of_part(std::size_t part) {
  Node source;
  source.kind = NodeKind::kColumn;
  source.text = project::kUnionSource;
  Node number;
  number.kind = NodeKind::kInteger;
  number.integer = static_cast<std::int64_t>(part);
  Node equal;
  equal.kind = NodeKind::kCall;
  equal.text = "==";
  equal.arguments = {std::move(source), std::move(number)};
  return equal;
}

}  // namespace

VisibleColumns::VisibleColumns(const project::FeatureView& view, const project::Source& source,
                               const table::Schema& schema)
    : view_(view), source_(source), schema_(schema), is_union_(source.is_union()) {
  if (!is_union_) return;
  common_ = with_union_time(project::common_schema(schema_));
  for (std::size_t part = 0; part < source_.parts.size(); ++part) {
    parts_.push_back(with_union_time(project::part_schema(source_, part, schema_)));
  }
}

std::optional<std::size_t> VisibleColumns::part_of(const Feature& feature) const {
  if (!is_union_ || feature.source.empty()) return std::nullopt;
  return project::find_part(source_, feature.source.text);
}

const table::Schema& VisibleColumns::of(const Feature& feature) const {
  const auto part = part_of(feature);
  return part ? parts_[*part] : common();
}

std::string VisibleColumns::owner(const Feature& feature) const {
  if (!is_union_) return "source " + source_.name;
  if (const auto part = part_of(feature)) return "source " + source_.parts[*part].name;
  return "any of the sources " + text_list(source_.parts, &project::Source::name);
}

SourceLocation VisibleColumns::place_of_part(std::size_t part) const {
  return part < view_.sources.size() ? view_.sources[part].location : view_.location;
}

std::optional<Error> VisibleColumns::partial_column(const std::string& column) const {
  if (!is_union_ || common_.find(column)) return std::nullopt;
  std::string having;
  std::string types;
  std::size_t count = 0;
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    const auto index = parts_[part].find(column);
    if (!index) continue;
    const std::string& name = source_.parts[part].name;
    having += (count == 0 ? "" : ", ") + name;
    types += (count == 0 ? "" : ", ") + to_string(parts_[part].field(*index).type) + " in " + name;
    ++count;
  }
  if (count == 0) return std::nullopt;
  if (count < parts_.size()) {
    return Error(ErrorCode::kDataMissingColumn, "not every source of view " + view_.name +
                                                    " has the column \"" + column + "\", only " +
                                                    having)
        .with_help("an aggregate sees the columns of one source with \"source: " +
                   having.substr(0, having.find(',')) + "\"");
  }
  return Error(ErrorCode::kDataWrongType, "column \"" + column + "\" has several types: " + types)
      .with_help(
          "give it one type under \"columns:\" of the sources, or the feature one "
          "\"source:\"");
}

void VisibleColumns::check(const Node& node, const project::LocatedText& located,
                           std::vector<Error>& errors) const {
  if (node.kind == NodeKind::kColumn) {
    if (auto error = partial_column(node.text)) {
      errors.push_back(std::move(*error).at(
          expression::locate({located.text, located.location}, node.offset, node.length)));
    }
  }
  for (const Node& argument : node.arguments) check(argument, located, errors);
}

Error VisibleColumns::key_error(const std::string& key) const {
  std::string types;
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    const std::string& name = source_.parts[part].name;
    const auto index = parts_[part].find(key);
    if (!index) {
      return Error(ErrorCode::kDataMissingColumn,
                   "source " + name + " has no column \"" + key + "\", a key of view " + view_.name)
          .with_help(
              "every source of a view has its key columns; rename one under \"columns:\" of "
              "the source")
          .at(place_of_part(part));
    }
    types += (part == 0 ? "" : ", ") + to_string(parts_[part].field(*index).type) + " in " + name;
  }
  return Error(ErrorCode::kDataWrongType,
               "key \"" + key + "\" of view " + view_.name + " has several types: " + types)
      .with_help("give the column one type under \"columns:\" of the sources")
      .at(place_of_part(0));
}

void VisibleColumns::bind(const Feature& feature, std::optional<Node>& argument,
                          std::optional<Node>& filter) const {
  const auto part = part_of(feature);
  if (!part) return;
  const auto rename = [&](const std::string& name) {
    return project::union_name(source_, *part, name, schema_);
  };
  if (argument) rename_columns(*argument, rename);
  if (filter) rename_columns(*filter, rename);
  Node own = is_of_part(*part);
  if (filter) {
    Node both;
    both.kind = NodeKind::kCall;
    both.text = "and";
    both.arguments = {std::move(own), std::move(*filter)};
    own = std::move(both);
  }
  filter = std::move(own);
}

}  // namespace rtml::feature
