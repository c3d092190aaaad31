#include "core/stream/streamed_view.h"

#include <algorithm>
#include <map>

#include "core/dataset/source_table.h"
#include "core/project/identity.h"
#include "core/project/source_union.h"

namespace rtml::stream {
namespace {

// The columns that the project names the types of.
table::Schema declared_schema(const project::Project& project, const project::Source& source) {
  std::vector<table::Field> fields;
  for (const auto& [name, type] : project.column_types(source)) {
    fields.push_back({name, type});
  }
  return table::Schema(std::move(fields));
}

Result<table::Schema> schema_of(const project::Source& source,
                                const dataset::BuildContext& context) {
  if (!source.batch) return declared_schema(context.project, source);
  auto table = dataset::SourceTable::open(source, context);
  if (table) return *table->schema();
  return fail(std::move(table).error());
}

// The columns of sources, each looked up once.
using Schemas = std::map<const project::Source*, table::Schema>;

// The columns that a view is compiled against.
table::Schema schema_of(const project::FeatureView& view, const Schemas& schemas,
                        const dataset::BuildContext& context) {
  const project::Source& source = context.project.source_of(view);
  if (!source.is_union()) return schemas.at(&source);
  std::vector<table::Schema> parts;
  for (const project::Source* part : context.project.sources_of(view)) {
    parts.push_back(schemas.at(part));
  }
  return project::union_schema(source, parts);
}

Result<feature::Program> compiled(const project::FeatureView& view, const table::Schema& schema,
                                  const dataset::BuildContext& context) {
  const std::vector<project::EntityKey> keys = context.project.keys_of(view);
  auto program = feature::compile(view, context.project.source_of(view), keys, schema);
  if (program || program.error().code() != ErrorCode::kDataMissingColumn) return program;
  for (const project::Source* source : context.project.sources_of(view)) {
    if (source->batch) continue;
    return fail(Error(program.error())
                    .with_help("source " + source->name +
                               " has no batch table, so declare the column's type under its "
                               "\"columns:\""));
  }
  return program;
}

// Finds the decoded column of a name, or adds one.
class ColumnSet {
 public:
  explicit ColumnSet(const table::Schema& schema) : schema_(schema) {}

  std::size_t add(const std::string& name) {
    for (std::size_t index = 0; index < fields_.size(); ++index) {
      if (fields_[index].name == name) return index;
    }
    // Every column of a program is one of the schema that it was compiled against.
    fields_.push_back(schema_.field(*schema_.find(name)));
    return fields_.size() - 1;
  }
  table::Schema schema() const { return table::Schema(fields_); }

 private:
  const table::Schema& schema_;
  std::vector<table::Field> fields_;
};

void place_columns(StreamedView& view, ColumnSet& columns) {
  const feature::Program& program = view.program;
  const project::Source& source = *view.source;
  view.time_column = columns.add(source.timestamp.column);
  if (!program.created_column.empty() && source.created) {
    view.created_column = columns.add(source.created->column);
  }
  if (!program.id_column.empty() && !source.id.empty()) view.id_column = columns.add(source.id);
  for (const table::Field& key : program.keys) view.key_columns.push_back(columns.add(key.name));
}

// Where the inputs of a view are among the columns of one of its sources.
void place_inputs(StreamedView& view, const project::Source& all, ColumnSet& columns) {
  for (const table::Field& input : view.program.inputs) {
    if (!view.part) {
      view.input_columns.push_back(columns.add(input.name));
      continue;
    }
    const project::UnionValue value = project::value_of_part(all, *view.part, input.name);
    view.input_columns.push_back(
        value.kind == project::UnionValue::Kind::kPart     ? StreamedView::kPartColumn
        : value.kind == project::UnionValue::Kind::kColumn ? columns.add(value.column)
                                                           : StreamedView::kNoColumn);
  }
}

Result<SourceViews> make_one(const project::Source& source,
                             std::span<const project::FeatureView* const> views,
                             const Schemas& schemas, const dataset::BuildContext& context) {
  SourceViews made{.source = &source, .decoder = {}, .views = {}};
  ColumnSet columns(schemas.at(&source));
  for (const project::FeatureView* view : views) {
    const auto sources = context.project.sources_of(*view);
    if (std::find(sources.begin(), sources.end(), &source) == sources.end()) continue;
    const table::Schema schema = schema_of(*view, schemas, context);
    RTML_TRY_ASSIGN(feature::Program program, compiled(*view, schema, context));
    auto streamed = std::make_unique<StreamedView>();
    streamed->view = view;
    streamed->source = &source;
    const project::Source& all = context.project.source_of(*view);
    if (all.is_union()) streamed->part = project::find_part(all, source.name);
    streamed->identity = project::identity(context.project, *view);
    streamed->program = std::move(program);
    streamed->source_schema = schema;
    const project::StreamTiming& timing = view->timing;
    streamed->lateness_us = streamed->program.lateness_us(timing.history_us);
    if (timing.allowed_lateness_us) {
      streamed->lateness_us = std::min(streamed->lateness_us, *timing.allowed_lateness_us);
    }
    place_columns(*streamed, columns);
    place_inputs(*streamed, all, columns);
    made.views.push_back(std::move(streamed));
  }
  made.decoder = message::decoder_settings(source, columns.schema(), context.project.root());
  return made;
}

}  // namespace

online::KeyedEvent StreamedView::event_of(const table::Value* values, table::Value* into,
                                          table::ValueMemory& memory) const {
  online::KeyedEvent event;
  event.key = {into, key_columns.size()};
  for (const std::size_t column : key_columns) *into++ = values[column];
  event.event.inputs = {into, input_columns.size()};
  for (const std::size_t column : input_columns) {
    table::Value value;
    if (column == kPartColumn) {
      value = table::Value::of_integer(static_cast<std::int64_t>(*part));
    } else if (column != kNoColumn) {
      value = values[column];
    }
    // Of several sources each has its own rule, which the program does not know.
    const bool is_nan_null = part && source->nan_is_null;
    *into++ = is_nan_null ? table::null_where_nan(value, memory) : value;
  }
  event.event.time_us = values[time_column].integer();
  if (created_column) event.event.created = values[*created_column];
  if (id_column) event.event.id = values[*id_column];
  if (part && !event.event.id.is_null()) {
    const std::string id = project::union_id(*part, event.event.id);
    event.event.id = memory.keep(table::Value::of_text(id));
  }
  return event;
}

Result<std::vector<SourceViews>> make_source_views(
    std::span<const project::FeatureView* const> views, const dataset::BuildContext& context) {
  std::vector<const project::Source*> sources;
  for (const project::FeatureView* view : views) {
    for (const project::Source* source : context.project.sources_of(*view)) {
      if (!source->stream) {
        return fail(Error(ErrorCode::kUnsupported,
                          "source " + source->name + " of view " + view->name + " has no stream")
                        .at(source->location)
                        .with_help("add \"stream: {type: …}\" to the source"));
      }
      if (std::find(sources.begin(), sources.end(), source) == sources.end()) {
        sources.push_back(source);
      }
    }
  }
  std::sort(sources.begin(), sources.end(),
            [](const auto* left, const auto* right) { return left->label() < right->label(); });
  Schemas schemas;
  for (const project::Source* source : sources) {
    RTML_TRY_ASSIGN(schemas[source], schema_of(*source, context));
  }
  std::vector<SourceViews> made;
  for (const project::Source* source : sources) {
    RTML_TRY_ASSIGN(SourceViews one, make_one(*source, views, schemas, context));
    made.push_back(std::move(one));
  }
  return made;
}

}  // namespace rtml::stream
