#include "core/dataset/materialize_intervals.h"

#include <algorithm>
#include <map>

#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/dataset/content_hash.h"
#include "core/dataset/interval.h"
#include "core/dataset/interval_rows.h"
#include "core/dataset/join.h"
#include "core/dataset/materialize.h"
#include "core/dataset/source_pass.h"
#include "core/plugin/defaults.h"
#include "core/plugin/host.h"
#include "core/project/identity.h"

namespace rtml::dataset {
namespace {

// The manifest names what is finished at least so often; what is newer is computed again after a
// kill.
constexpr std::int64_t kCommitUs = kSecond;

IntervalManifest manifest_for(const IntervalOptions& options) {
  return {.kind = options.kind,
          .name = options.name,
          .interval_us = options.interval_us,
          .every_us = options.every_us};
}

Status check_options(const IntervalOptions& options) {
  RTML_TRY(check_interval_length(options.interval_us));
  if (options.from_us) {
    RTML_TRY(check_interval_bound("--from", *options.from_us, options.interval_us));
  }
  if (options.to_us) {
    RTML_TRY(check_interval_bound("--to", *options.to_us, options.interval_us));
  }
  return {};
}

// The times of the first and the last event.
Result<SourcePass> look_at_times(const project::Source& source, const BuildContext& context) {
  SourceSet sources(context);
  RTML_TRY(sources.open(source));
  std::vector<std::string> columns = {source.timestamp.column};
  if (!source.id.empty()) columns.push_back(source.id);
  RTML_TRY(sources.want(source, columns));
  return read_events(source, sources, context, [](const table::Batch&) { return Status(); });
}

// From the first interval that is asked for to the end of the last one.
Result<TimeRange> range_of_intervals(const project::Source& source, const IntervalOptions& options,
                                     const BuildContext& context) {
  const std::int64_t length_us = options.interval_us;
  if (options.from_us && options.to_us) return TimeRange{*options.from_us, *options.to_us};
  RTML_TRY_ASSIGN(const SourcePass pass, look_at_times(source, context));
  if (!pass.first_us) return TimeRange{0, 0};
  TimeRange range;
  range.from_us = options.from_us.value_or(multiple_before(*pass.first_us, length_us));
  range.to_us =
      options.to_us.value_or(std::min(multiple_before(*pass.last_us, length_us) + length_us,
                                      multiple_before(options.now_us, length_us)));
  range.to_us = std::max(range.from_us, range.to_us);
  return range;
}

// One run.
class Run {
 public:
  Run(Features features, const IntervalOptions& options, const BuildContext& context)
      : features_(features),
        options_(options),
        context_(context),
        definition_(definition_of(features, options.every_us, context.project)) {}

  Result<IntervalReport> run() {
    RTML_TRY(check_options(options_));
    RTML_TRY_ASSIGN(const project::Source* source, only_source(features_, context_));
    RTML_TRY_ASSIGN(report_.range, range_of_intervals(*source, options_, context_));
    RTML_TRY_ASSIGN(const std::vector<TimeRange> intervals,
                    intervals_in(report_.range, options_.interval_us));
    RTML_TRY_ASSIGN(
        IntervalDirectory directory,
        IntervalDirectory::open(options_.directory, manifest_for(options_), options_.dry_run));
    RTML_TRY(choose(intervals, directory));
    if (options_.dry_run) return std::move(report_);
    if (!report_.written.empty()) {
      const Status status = write_all(directory);
      // Whatever went wrong, what is finished stays; why it went wrong is what counts.
      const Status committed = uncommitted_ > 0 ? directory.commit() : Status();
      RTML_TRY(status);
      RTML_TRY(committed);
    }
    RTML_TRY(directory.remove_unnamed());
    return std::move(report_);
  }

 private:
  // Which intervals are to be computed, and why.
  Status choose(const std::vector<TimeRange>& intervals, const IntervalDirectory& directory) {
    const auto& files = directory.manifest().files;
    std::vector<TimeRange> present;
    std::map<std::int64_t, IntervalReason> reasons;
    for (const TimeRange& interval : intervals) {
      const auto file = files.find(interval.from_us);
      if (file == files.end() || !directory.has(file->second)) {
        reasons[interval.from_us] = IntervalReason::kMissing;
      } else if (file->second.definition != definition_) {
        reasons[interval.from_us] = IntervalReason::kDefinition;
      } else {
        present.push_back(interval);
      }
    }
    for (const auto& [from_us, file] : files) {
      const bool is_outside = !report_.range.contains(from_us);
      if (is_outside && file.definition != definition_) ++report_.outdated;
    }
    if (options_.refresh && !present.empty()) {
      RTML_TRY_ASSIGN(const std::vector<InputHashes::Input> inputs,
                      inputs_of(features_, present, options_.every_us, context_));
      for (std::size_t i = 0; i < present.size(); ++i) {
        if (inputs[i].sha256 == files.at(present[i].from_us).input_sha256) continue;
        reasons[present[i].from_us] = IntervalReason::kInput;
      }
    }
    for (const TimeRange& interval : intervals) {
      const auto reason = reasons.find(interval.from_us);
      if (reason == reasons.end()) {
        ++report_.kept;
      } else {
        report_.written.push_back({.interval = interval, .reason = reason->second});
      }
    }
    return {};
  }

  Status write_all(IntervalDirectory& directory) {
    std::vector<TimeRange> ranges;
    for (const auto& written : report_.written) ranges.push_back(written.interval);
    SourceSet sources(context_);
    RTML_TRY_ASSIGN(const Programs programs, compile_views(features_, sources));
    InputHashes inputs(ranges, programs, options_.every_us > 0, context_);
    RTML_TRY_ASSIGN(
        Materialized made,
        materialize(features_, {.ranges = ranges, .every_us = options_.every_us, .inputs = &inputs},
                    context_));
    report_.duplicates = made.duplicates;
    RTML_TRY_ASSIGN(const auto store, context_.plugins.table_store(plugin::kFileTables));
    IntervalRows rows(made, ranges, context_);
    context_.progress.begin("write intervals", std::ssize(ranges), "intervals");
    committed_us_ = context_.monotonic_us();
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      RTML_TRY(context_.cancel.check());
      RTML_TRY(write(i, inputs.input_of(i), rows, made.rows->schema(), *store, directory));
      context_.progress.advance_to(static_cast<std::int64_t>(i) + 1);
    }
    context_.progress.end();
    report_.effort = made.effort();
    return {};
  }

  Status write(std::size_t index, const InputHashes::Input& input, IntervalRows& rows,
               const std::shared_ptr<const table::Schema>& schema, plugin::TableStore& store,
               IntervalDirectory& directory) {
    IntervalReport::Written& written = report_.written[index];
    IntervalFile file{.interval = written.interval,
                      .file = interval_file_name(written.interval, definition_, input.sha256),
                      .definition = definition_,
                      .input_sha256 = input.sha256,
                      .input_events = input.events};
    ContentHash content(schema, context_.threads);
    const auto reader = table::read_generated(schema, [&]() -> Result<std::optional<table::Batch>> {
      RTML_TRY_ASSIGN(std::optional<table::Batch> batch, rows.next(index));
      if (batch) content.add(*batch);
      return batch;
    });
    const std::filesystem::path path = directory.path() / file.file;
    RTML_TRY_ASSIGN(file.rows, store.write({.path = path.string(), .format = "parquet"}, *reader,
                                           {.cancel = &context_.cancel}));
    file.content_sha256 = content.finish_hex();
    std::error_code error;
    file.bytes = static_cast<std::int64_t>(std::filesystem::file_size(path, error));
    if (error) return fail(ErrorCode::kIo, "cannot look at file: " + path.string());
    written.file = file.file;
    written.rows = file.rows;
    report_.rows += file.rows;
    directory.manifest().files[written.interval.from_us] = std::move(file);
    ++uncommitted_;
    const std::int64_t now_us = context_.monotonic_us();
    if (now_us - committed_us_ < kCommitUs) return {};
    RTML_TRY(directory.commit());
    uncommitted_ = 0;
    committed_us_ = now_us;
    return {};
  }

  Features features_;
  const IntervalOptions& options_;
  const BuildContext& context_;
  std::string definition_;
  IntervalReport report_;
  std::int64_t committed_us_ = 0;
  std::int64_t uncommitted_ = 0;  // Files that the manifest on the disk does not name.
};

}  // namespace

std::string_view to_string(IntervalReason reason) {
  switch (reason) {
    case IntervalReason::kMissing:
      return "missing";
    case IntervalReason::kDefinition:
      return "definition";
    case IntervalReason::kInput:
      break;
  }
  return "input";
}

Result<IntervalReport> materialize_intervals(Features features, const IntervalOptions& options,
                                             const BuildContext& context) {
  return Run(features, options, context).run();
}

std::string definition_of(Features features, std::int64_t every_us,
                          const project::Project& project) {
  Json columns = Json::array();
  for (const project::ServiceColumn& column : features) {
    columns.push_back({{"column", column.name},
                       {"view", project::identity(project, *column.view)},
                       {"feature", column.feature->name}});
  }
  return sha256_hex(to_canonical_json(
      {{"semantics", project::kSemantics}, {"every_us", every_us}, {"columns", columns}}));
}

Result<std::vector<InputHashes::Input>> inputs_of(Features features,
                                                  const std::vector<TimeRange>& intervals,
                                                  std::int64_t every_us,
                                                  const BuildContext& context) {
  SourceSet sources(context);
  RTML_TRY_ASSIGN(const Programs programs, compile_views(features, sources));
  InputHashes hashes(intervals, programs, every_us > 0, context);
  RTML_TRY(read_inputs(features, {.ranges = intervals, .every_us = every_us, .inputs = &hashes},
                       context));
  std::vector<InputHashes::Input> inputs;
  for (std::size_t i = 0; i < intervals.size(); ++i) inputs.push_back(hashes.input_of(i));
  return inputs;
}

}  // namespace rtml::dataset
