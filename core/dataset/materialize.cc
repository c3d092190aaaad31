#include "core/dataset/materialize.h"

#include <algorithm>

#include "core/dataset/distinct_events.h"
#include "core/dataset/event_choice.h"
#include "core/dataset/event_rows.h"
#include "core/dataset/feature_join.h"
#include "core/dataset/join.h"
#include "core/dataset/schedule_join.h"
#include "core/dataset/source_pass.h"

namespace rtml::dataset {
namespace {

// More moments than this are a mistake in a unit: a year of seconds has 31.5 million.
constexpr std::int64_t kMostMoments = 100'000'000;

// Everything that the rows of a materialization need until they are read.
struct Work {
  explicit Work(const BuildContext& context) : sources(context) {}
  SourceSet sources;
  Programs programs;
  std::unique_ptr<FeatureJoin> join;       // A row an event.
  std::unique_ptr<ScheduleJoin> schedule;  // Rows of a schedule.
  JoinEffort reading;                      // Of the schedule's source.
};

// Rows that are events again, because an earlier row has their id; ascending.
Result<std::vector<std::int64_t>> repeated_rows(const project::Source& source, SourceSet& sources) {
  std::vector<std::string> columns = {source.timestamp.column, source.id};
  if (source.created) columns.push_back(source.created->column);
  RTML_TRY_ASSIGN(const auto reader, sources.scan(source, columns));
  RTML_TRY_ASSIGN(const std::vector<table::Batch> batches, table::read_all(*reader));
  const table::Batch rows = table::concatenate(reader->schema(), batches);
  RTML_TRY_ASSIGN(std::vector<std::int64_t> kept, event_rows(source, rows, source.batch->path));
  std::sort(kept.begin(), kept.end());
  std::vector<std::int64_t> repeated;
  auto next = kept.begin();
  for (std::int64_t row = 0; row < rows.rows(); ++row) {
    if (next != kept.end() && *next == row) {
      ++next;
    } else {
      repeated.push_back(row);
    }
  }
  return repeated;
}

// The rows of a mask that are set.
std::vector<std::int64_t> rows_of(const std::vector<std::uint8_t>& mask) {
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < mask.size(); ++row) {
    if (mask[row] != 0) rows.push_back(static_cast<std::int64_t>(row));
  }
  return rows;
}

// Reads a source into the join that makes the rows.
class Materializer {
 public:
  Materializer(const project::Source& source, Features features, const MaterializeOptions& options,
               Work& work, const BuildContext& context)
      : source_(source),
        features_(features),
        options_(options),
        work_(work),
        context_(context),
        columns_(event_columns_of(source, features, work.programs)) {}

  Status run(Materialized& result) {
    const std::int64_t began_us = context_.monotonic_us();
    RTML_TRY(read());
    result.duplicates = std::ssize(repeated_);
    if (options_.every_us > 0) return start_schedule();
    work_.join->add_compute_time(context_.monotonic_us() - began_us - pass_.read_us);
    RTML_TRY(work_.join->compute());
    result.row_count = work_.join->rows();
    result.range_rows = range_rows_;
    return {};
  }

  // Without rows.
  Status run_for_inputs() {
    makes_rows_ = false;
    return read();
  }

 private:
  Status read() {
    RTML_TRY(work_.sources.want(source_, columns_));
    if (source_.created) {
      RTML_TRY(work_.sources.want(source_, std::vector{source_.created->column}));
    }
    RTML_TRY(read_once());
    if (!pass_.may_repeat) return {};
    RTML_TRY_ASSIGN(repeated_, repeated_rows(source_, work_.sources));
    if (repeated_.empty()) return {};
    return read_once();
  }

  // The second time it is known which ids repeat.
  Status read_once() {
    EventChoice choice(options_.ranges, repeated_);
    const TimeRange needed = needed_times();
    if (options_.inputs != nullptr) options_.inputs->clear();
    std::map<const project::FeatureView*, EventParts> parts;
    if (makes_rows_ && options_.every_us > 0) {
      RTML_TRY_ASSIGN(work_.schedule, ScheduleJoin::make(features_, work_.programs, context_));
    } else if (makes_rows_) {
      work_.join = std::make_unique<FeatureJoin>(std::vector(features_.begin(), features_.end()),
                                                 work_.programs, work_.sources, context_, &source_,
                                                 !choice.takes_all());
    }
    // The events of a schedule are dealt by entity anyway.
    const bool has_parts = work_.schedule != nullptr;
    if (options_.inputs != nullptr && !repeated_.empty() && !has_parts) parts = make_parts();
    RTML_TRY_ASSIGN(pass_,
                    read_events(source_, work_.sources, context_, [&](const table::Batch& batch) {
                      return add(batch, needed, choice, parts);
                    }));
    for (auto& [view, events] : parts) {
      RTML_TRY(events.finish());
      RTML_TRY(
          add_distinct_events(*view, work_.programs.at(view), events, *options_.inputs, context_));
    }
    range_rows_ = choice.range_rows();
    if (work_.join != nullptr) work_.join->add_read_time(pass_.read_us);
    work_.reading.read_us += pass_.read_us;
    return {};
  }

  // Where ids repeat, an event that is not needed may be why a later one is left out.
  TimeRange needed_times() const {
    if (options_.ranges.empty()) return {};
    TimeRange needed{options_.ranges.front().from_us, options_.ranges.back().to_us};
    for (const auto& [view, program] : work_.programs) {
      needed.from_us =
          std::min(needed.from_us,
                   input_begin_us(program, options_.ranges.front().from_us, options_.every_us > 0));
    }
    if (!repeated_.empty()) needed.from_us = feature::kBeforeAllTime;
    return needed;
  }

  std::map<const project::FeatureView*, EventParts> make_parts() const {
    const JoinLimits limits{.threads = context_.threads,
                            .cancel = &context_.cancel,
                            .spill_directory = spill_directory(context_)};
    std::map<const project::FeatureView*, EventParts> parts;
    for (const auto& [view, program] : work_.programs) parts.try_emplace(view, program, limits);
    return parts;
  }

  Status add(const table::Batch& whole, const TimeRange& needed, EventChoice& choice,
             std::map<const project::FeatureView*, EventParts>& parts) {
    RTML_TRY_ASSIGN(const std::size_t time,
                    whole.schema().require(source_.timestamp.column, source_.batch->path));
    std::vector<std::uint8_t> mask = choice.mask_of(whole.column(time));
    const table::Batch events = needed_events(whole, time, needed, mask);
    if (whole.rows() > 0 && events.rows() == 0) return {};
    if (options_.inputs != nullptr) RTML_TRY(add_inputs(events, parts));
    if (options_.every_us > 0) {
      return makes_rows_ ? work_.schedule->add_events(events) : Status();
    }
    const table::Batch asking = mask.empty() ? events : events.take(rows_of(mask));
    RTML_TRY_ASSIGN(const table::Batch own,
                    select_columns(source_, asking, columns_, kEventTimestamp));
    if (options_.inputs != nullptr) {
      RTML_TRY(options_.inputs->add_rows(own, asking.column(time)));
    }
    if (!makes_rows_) return {};
    return work_.join->add_events(events, own, mask);
  }

  // The events that may count for a row, and their mask.
  static table::Batch needed_events(const table::Batch& events, std::size_t time,
                                    const TimeRange& needed, std::vector<std::uint8_t>& mask) {
    const auto times = events.column(time).values<std::int64_t>();
    std::vector<std::int64_t> rows;
    for (std::size_t row = 0; row < times.size(); ++row) {
      if (needed.contains(times[row])) rows.push_back(static_cast<std::int64_t>(row));
    }
    if (rows.size() == times.size()) return events;
    for (std::size_t i = 0; i < rows.size() && !mask.empty(); ++i) {
      mask[i] = mask[static_cast<std::size_t>(rows[i])];
    }
    if (!mask.empty()) mask.resize(rows.size());
    return events.take(rows);
  }

  Status add_inputs(const table::Batch& events,
                    std::map<const project::FeatureView*, EventParts>& parts) {
    const bool is_later = work_.schedule != nullptr && !repeated_.empty();
    for (const auto& [view, program] : work_.programs) {
      if (is_later) break;
      RTML_TRY_ASSIGN(const feature::EventColumns columns,
                      feature::event_columns(program, events, source_.batch->path));
      const auto part = parts.find(view);
      if (part == parts.end()) {
        RTML_TRY(options_.inputs->add(*view, columns));
        continue;
      }
      RTML_TRY(part->second.add(columns));
      const std::int64_t most_bytes = context_.memory_limit_bytes / 4 / std::ssize(work_.programs);
      if (most_bytes > 0 && part->second.memory_bytes() > most_bytes) {
        RTML_TRY(part->second.spill());
      }
    }
    return {};
  }

  Status start_schedule() {
    RTML_TRY_ASSIGN(std::vector<std::int64_t> moments, moments_of_schedule());
    RTML_TRY(work_.schedule->start(std::move(moments), !repeated_.empty()));
    if (options_.inputs == nullptr || repeated_.empty()) return {};
    for (const auto& [view, program] : work_.programs) {
      RTML_TRY(add_distinct_events(*view, program, work_.schedule->events_of(*view),
                                   *options_.inputs, context_));
    }
    return {};
  }

  Result<std::vector<std::int64_t>> moments_of_schedule() const {
    std::vector<std::int64_t> moments;
    if (!pass_.first_us) return moments;
    std::vector<TimeRange> ranges = options_.ranges;
    if (ranges.empty()) ranges.emplace_back();
    for (const TimeRange& range : ranges) {
      // Before the first event nobody is known.
      const std::int64_t from_us = multiple_after(
          std::clamp(*pass_.first_us, range.from_us, range.to_us), options_.every_us);
      const std::int64_t to_us = range.to_us == TimeRange::kUnbounded
                                     ? multiple_after(*pass_.last_us, options_.every_us) + 1
                                     : range.to_us;
      const std::int64_t still_allowed = kMostMoments - std::ssize(moments);
      if (to_us > from_us && (to_us - from_us) / options_.every_us > still_allowed) {
        return fail(Error(ErrorCode::kUsage, "a schedule of more than " +
                                                 std::to_string(kMostMoments) + " moments: every " +
                                                 format_duration(options_.every_us))
                        .with_help("give a longer period, or a range with --from and --to"));
      }
      for (std::int64_t at = from_us; at < to_us; at += options_.every_us) moments.push_back(at);
    }
    return moments;
  }

  const project::Source& source_;
  Features features_;
  const MaterializeOptions& options_;
  Work& work_;
  const BuildContext& context_;
  std::vector<std::string> columns_;
  std::vector<std::int64_t> repeated_;
  std::vector<std::int64_t> range_rows_;
  SourcePass pass_;
  bool makes_rows_ = true;
};

}  // namespace

Result<const project::Source*> only_source(Features features, const BuildContext& context) {
  const project::Source* source = &context.project.source_of(*features.front().view);
  for (const project::ServiceColumn& column : features) {
    const project::Source& other = context.project.source_of(*column.view);
    if (&other == source) continue;
    return fail(Error(ErrorCode::kUsage, "the views read several sources: " + source->label() +
                                             " and " + other.label())
                    .with_help("materialize the views of each source by themselves"));
  }
  return source;
}

Status read_inputs(Features features, const MaterializeOptions& options,
                   const BuildContext& context) {
  RTML_TRY_ASSIGN(const project::Source* source, only_source(features, context));
  Work work(context);
  RTML_TRY_ASSIGN(work.programs, compile_views(features, work.sources));
  return Materializer(*source, features, options, work, context).run_for_inputs();
}

Result<Materialized> materialize(Features features, const MaterializeOptions& options,
                                 const BuildContext& context) {
  RTML_TRY_ASSIGN(const project::Source* source, only_source(features, context));
  const auto work = std::make_shared<Work>(context);
  RTML_TRY_ASSIGN(work->programs, compile_views(features, work->sources));
  Materialized result;
  RTML_TRY(Materializer(*source, features, options, *work, context).run(result));
  if (work->schedule != nullptr) {
    result.effort = [work] {
      JoinEffort effort = work->schedule->effort();
      effort.read_us += work->reading.read_us;
      return effort;
    };
    result.rows =
        table::read_generated(work->schedule->schema(), [work] { return work->schedule->next(); });
    return result;
  }
  result.effort = [work] { return work->join->effort(); };
  result.rows = table::read_generated(work->join->schema(), [work] { return work->join->next(); });
  return result;
}

}  // namespace rtml::dataset
