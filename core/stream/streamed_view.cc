#include "core/stream/streamed_view.h"

#include <algorithm>

#include "core/dataset/source_table.h"
#include "core/project/identity.h"

namespace rtml::stream {
namespace {

// The columns that the project names the types of.
table::Schema declared_schema(const project::Project& project, const project::Source& source) {
  std::vector<table::Field> fields;
  for (const auto& [name, type] : dataset::declared_types(project, source)) {
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

Result<feature::Program> compiled(const project::FeatureView& view, const project::Source& source,
                                  const table::Schema& schema,
                                  const dataset::BuildContext& context) {
  const std::vector<project::EntityKey> keys = context.project.keys_of(view);
  auto program = feature::compile(view, source, keys, schema);
  if (program || source.batch || program.error().code() != ErrorCode::kDataMissingColumn) {
    return program;
  }
  return fail(Error(program.error())
                  .with_help("the source has no batch table, so declare the column's type under "
                             "\"columns:\" of source " +
                             source.name));
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
  view.time_column = columns.add(program.time_column);
  if (!program.created_column.empty()) view.created_column = columns.add(program.created_column);
  if (!program.id_column.empty()) view.id_column = columns.add(program.id_column);
  for (const table::Field& key : program.keys) view.key_columns.push_back(columns.add(key.name));
  for (const table::Field& input : program.inputs) {
    view.input_columns.push_back(columns.add(input.name));
  }
}

Result<SourceViews> make_one(const project::Source& source,
                             std::span<const project::FeatureView* const> views,
                             const dataset::BuildContext& context) {
  SourceViews made{.source = &source, .decoder = {}, .views = {}};
  RTML_TRY_ASSIGN(const table::Schema schema, schema_of(source, context));
  ColumnSet columns(schema);
  for (const project::FeatureView* view : views) {
    if (&context.project.source_of(*view) != &source) continue;
    RTML_TRY_ASSIGN(feature::Program program, compiled(*view, source, schema, context));
    auto streamed = std::make_unique<StreamedView>();
    streamed->view = view;
    streamed->source = &source;
    streamed->identity = project::identity(context.project, *view);
    streamed->program = std::move(program);
    streamed->source_schema = schema;
    const project::StreamTiming& timing = view->timing;
    streamed->lateness_us = streamed->program.lateness_us(timing.history_us);
    if (timing.allowed_lateness_us) {
      streamed->lateness_us = std::min(streamed->lateness_us, *timing.allowed_lateness_us);
    }
    place_columns(*streamed, columns);
    made.views.push_back(std::move(streamed));
  }
  made.decoder = message::decoder_settings(source, columns.schema(), context.project.root());
  return made;
}

}  // namespace

Result<std::vector<SourceViews>> make_source_views(
    std::span<const project::FeatureView* const> views, const dataset::BuildContext& context) {
  std::vector<const project::Source*> sources;
  for (const project::FeatureView* view : views) {
    const project::Source& source = context.project.source_of(*view);
    if (!source.stream) {
      return fail(Error(ErrorCode::kUnsupported, "source " + source.name + " of view " +
                                                     view->name + " has no stream")
                      .at(source.location)
                      .with_help("add \"stream: {type: …}\" to the source"));
    }
    if (std::find(sources.begin(), sources.end(), &source) == sources.end()) {
      sources.push_back(&source);
    }
  }
  std::sort(sources.begin(), sources.end(),
            [](const auto* left, const auto* right) { return left->name < right->name; });
  std::vector<SourceViews> made;
  for (const project::Source* source : sources) {
    RTML_TRY_ASSIGN(SourceViews one, make_one(*source, views, context));
    made.push_back(std::move(one));
  }
  return made;
}

}  // namespace rtml::stream
