#include "core/dataset/feature_join.h"

#include <algorithm>
#include <set>
#include <vector>

#include "core/base/parallel.h"
#include "core/dataset/feature_columns.h"

namespace rtml::dataset {

std::filesystem::path spill_directory(const BuildContext& context) {
  return context.project.root() / ".rtml" / "spill";
}

FeatureJoin::FeatureJoin(std::vector<project::ServiceColumn> features, const Programs& programs,
                         SourceSet& sources, const BuildContext& context,
                         const project::Source* reading_source, bool is_masked)
    : features_(std::move(features)),
      sources_(sources),
      context_(context),
      reading_source_(reading_source),
      kept_(spill_directory(context)) {
  const JoinLimits limits{.threads = context.threads,
                          .cancel = &context.cancel,
                          .memory_bytes = context.memory_limit_bytes,
                          .spill_directory = spill_directory(context)};
  for (const auto& [feature_view, program] : programs) {
    View& view = views_[feature_view];
    view.program = &program;
    view.source = &context.project.source_of(*feature_view);
    std::vector<std::size_t> outputs;
    for (const project::ServiceColumn& column : features_) {
      if (column.view != feature_view) continue;
      outputs.push_back(output_index(program, column.feature->name));
    }
    const bool asks_itself = view.source == reading_source;
    view.join = std::make_unique<ViewJoin>(program, std::move(outputs), asks_itself,
                                           asks_itself && is_masked, limits);
  }
}

Status FeatureJoin::start(const table::Schema& own, std::string_view what) {
  if (schema_ != nullptr) return {};
  std::set<std::string> taken;
  for (const std::string& name : own.names()) taken.insert(name);
  std::vector<table::Field> fields = own.fields();
  for (const project::ServiceColumn& column : features_) {
    fields.push_back({column.name, column.feature->type});
    if (taken.insert(column.name).second) continue;
    return fail(Error(ErrorCode::kDataBadValue,
                      "a feature's name is taken by another feature or a column of " +
                          std::string(what) + ": " + column.name)
                    .with_help("name the columns view__feature with --full-feature-names, or "
                               "rename the column"));
  }
  schema_ = std::make_shared<table::Schema>(std::move(fields));
  return {};
}

Status FeatureJoin::add_rows(const table::Batch& rows, std::string_view what,
                             const std::string& timestamp_column) {
  RTML_TRY(start(rows.schema(), what));
  for (auto& [feature_view, view] : views_) {
    RTML_TRY_ASSIGN(const feature::ReadColumns reads,
                    read_columns(*view.program, {rows, what, timestamp_column}, rows_));
    RTML_TRY(view.join->add_reads(reads));
  }
  rows_ += rows.rows();
  if (rows.rows() > 0) RTML_TRY(kept_.add(rows));
  return stay_within_limit();
}

Status FeatureJoin::add_events(const table::Batch& events, const table::Batch& own,
                               const std::vector<std::uint8_t>& mask) {
  RTML_TRY(start(own.schema(), reading_source_->batch->path));
  std::vector<View*> reading;
  for (auto& [feature_view, view] : views_) {
    if (view.source == reading_source_) reading.push_back(&view);
  }
  // The views deal the events and the columns to repeat are packed, all of it at once.
  const auto add = [&](std::size_t task) -> Status {
    if (task == reading.size()) return own.rows() > 0 ? kept_.add(own) : Status();
    View& view = *reading[task];
    RTML_TRY_ASSIGN(const feature::EventColumns columns,
                    feature::event_columns(*view.program, events, view.source->batch->path));
    return view.join->add_events(columns, mask);
  };
  RTML_TRY(run_parallel(context_.threads, reading.size() + 1, &context_.cancel, add));
  rows_ += own.rows();
  return stay_within_limit();
}

Status FeatureJoin::stay_within_limit() {
  if (context_.memory_limit_bytes <= 0 || is_spilling_) return {};
  std::int64_t bytes = kept_.memory_bytes();
  for (const auto& [feature_view, view] : views_) bytes += view.join->memory_bytes();
  if (bytes < context_.memory_limit_bytes / 2) return {};
  is_spilling_ = true;
  RTML_TRY(kept_.spill());
  for (auto& [feature_view, view] : views_) RTML_TRY(view.join->spill());
  return {};
}

Status FeatureJoin::read_source(const project::Source& source) {
  RTML_TRY_ASSIGN(const auto reader, sources_.scan(source));
  std::int64_t rows = 0;
  context_.progress.begin("read " + source.name, 0, "rows");
  while (true) {
    RTML_TRY(context_.cancel.check());
    const std::int64_t began_us = context_.monotonic_us();
    RTML_TRY_ASSIGN(const std::optional<table::Batch> batch, reader->next());
    read_us_ += context_.monotonic_us() - began_us;
    if (!batch) break;
    rows += batch->rows();
    context_.progress.advance_to(rows);
    for (auto& [feature_view, view] : views_) {
      if (view.source != &source) continue;
      RTML_TRY_ASSIGN(const feature::EventColumns columns,
                      feature::event_columns(*view.program, *batch, source.batch->path));
      RTML_TRY(view.join->add_events(columns, {}));
    }
    RTML_TRY(stay_within_limit());
  }
  context_.progress.end();
  return {};
}

Status FeatureJoin::compute() {
  std::set<const project::Source*> sources;
  for (const auto& [feature_view, view] : views_) {
    if (view.source == reading_source_ || !sources.insert(view.source).second) continue;
    RTML_TRY(read_source(*view.source));
  }
  const std::int64_t began_us = context_.monotonic_us();
  context_.progress.begin("compute features", std::ssize(views_), "views");
  std::int64_t done = 0;
  for (auto& [feature_view, view] : views_) {
    RTML_TRY(view.join->compute());
    context_.progress.advance_to(++done);
  }
  context_.progress.end();
  compute_us_ += context_.monotonic_us() - began_us;
  return {};
}

Result<std::optional<table::Batch>> FeatureJoin::next() {
  const std::int64_t began_us = context_.monotonic_us();
  RTML_TRY_ASSIGN(const std::optional<table::Batch> own, kept_.next());
  if (!own) return std::nullopt;
  std::map<const project::FeatureView*, std::vector<table::Column>> values;
  for (auto& [feature_view, view] : views_) {
    RTML_TRY_ASSIGN(values[feature_view], view.join->next(own->rows()));
  }
  std::vector<table::Column> columns = own->columns();
  std::map<const project::FeatureView*, std::size_t> next;
  for (const project::ServiceColumn& column : features_) {
    columns.push_back(values.at(column.view)[next[column.view]++]);
  }
  compute_us_ += context_.monotonic_us() - began_us;
  return table::Batch(schema_, std::move(columns), own->rows());
}

JoinEffort FeatureJoin::effort() const {
  JoinEffort effort{.read_us = read_us_, .compute_us = compute_us_};
  effort.spilled_bytes = kept_.spilled_bytes();
  for (const auto& [feature_view, view] : views_) {
    effort.events_without_key += view.join->events_without_key();
    effort.overflows += view.join->overflows();
    effort.spilled_bytes += view.join->spilled_bytes();
  }
  return effort;
}

}  // namespace rtml::dataset
