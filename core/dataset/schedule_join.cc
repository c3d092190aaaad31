#include "core/dataset/schedule_join.h"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>

#include "core/base/parallel.h"
#include "core/base/text_list.h"
#include "core/dataset/event_layout.h"
#include "core/dataset/feature_join.h"
#include "core/dataset/gathered_column.h"
#include "core/dataset/input_reach.h"
#include "core/dataset/materialize.h"
#include "core/project/project.h"

namespace rtml::dataset {
namespace {

using table::Column;
using table::ColumnBuilder;

// Rows that are made at a time: so many that sorting a part's events again for each of them costs
// little beside the rows.
constexpr std::int64_t kFewRows = 524'288;
constexpr std::int64_t kManyRows = 2'097'152;
constexpr std::int64_t kEventsPerRow = 8;
constexpr std::int64_t kLeastRows = 16'384;
// What a row takes while it is made: key, time and place, and each value as it was swept, packed
// and gathered.
constexpr std::int64_t kRowBytes = 48;
constexpr std::int64_t kValueBytes = 24;

struct KnownEntity {
  std::string key;  // encode_key(), whose order is that of the keys.
  std::int64_t first_us = 0;
  std::int64_t row = 0;  // Of the part: an event of it.
};

// The entities of some events, in the order of their keys.
std::vector<KnownEntity> entities_of(const feature::EventColumns& events) {
  std::unordered_map<std::string, std::size_t> places;
  std::vector<KnownEntity> entities;
  std::vector<table::Value> key(events.keys.size());
  const auto times = events.time.values<std::int64_t>();
  for (std::int64_t row = 0; row < events.rows; ++row) {
    bool has_key = true;
    for (std::size_t k = 0; k < key.size() && has_key; ++k) {
      key[k] = table::value_at(events.keys[k], row);
      has_key = !key[k].is_null();
    }
    if (!has_key) continue;
    const auto [place, is_new] = places.try_emplace(feature::encode_key(key), entities.size());
    if (is_new) {
      entities.push_back({place->first, times[row], row});
    } else {
      std::int64_t& first_us = entities[place->second].first_us;
      first_us = std::min(first_us, times[row]);
    }
  }
  std::sort(entities.begin(), entities.end(),
            [](const KnownEntity& a, const KnownEntity& b) { return a.key < b.key; });
  return entities;
}

bool has_same_keys(const feature::Program& a, const feature::Program& b) {
  return std::equal(a.keys.begin(), a.keys.end(), b.keys.begin(), b.keys.end(),
                    [](const auto& x, const auto& y) { return x.name == y.name; });
}

std::string names_of(const std::vector<table::Field>& keys) {
  return keys.empty() ? "none" : text_list(keys, &table::Field::name);
}

}  // namespace

// What a part has to give to a chunk: rows entity by entity, each from the first moment on at which
// it is known.
struct ScheduleJoin::PartResult {
  std::vector<std::size_t> first_times;   // By the part's entity in the chunk.
  std::vector<std::uint32_t> first_rows;  // The same.
  std::vector<std::uint8_t> is_known;     // By row.
  std::vector<PackedColumn> columns;      // In the order of the features.
  std::int64_t overflows = 0;
};

Result<std::unique_ptr<ScheduleJoin>> ScheduleJoin::make(Features features,
                                                         const Programs& programs,
                                                         const BuildContext& context) {
  auto join = std::unique_ptr<ScheduleJoin>(new ScheduleJoin(features, context));
  const JoinLimits limits{.threads = context.threads,
                          .cancel = &context.cancel,
                          .memory_bytes = context.memory_limit_bytes,
                          .spill_directory = spill_directory(context)};
  const feature::Program& first = programs.at(features.front().view);
  for (const auto& [feature_view, program] : programs) {
    if (!has_same_keys(first, program)) {
      return fail(Error(ErrorCode::kUsage,
                        "the views have different entities, and a row of a "
                        "schedule is of one: " +
                            names_of(first.keys) + " and " + names_of(program.keys))
                      .with_help("materialize the views of each entity by themselves"));
    }
    View& view = join->views_[feature_view];
    view.program = &program;
    view.events = std::make_unique<EventParts>(program, limits);
    view.reach_us = input_reach_us(program);
    for (const project::ServiceColumn& column : features) {
      if (column.view != feature_view) continue;
      view.outputs.push_back(output_index(program, column.feature->name));
    }
  }
  join->first_view_ = &join->views_.at(features.front().view);
  std::vector<table::Field> fields = first.keys;
  fields.push_back({kEventTimestamp, {table::Kind::kTimestamp}});
  for (const project::ServiceColumn& column : features) {
    fields.push_back({column.name, column.feature->type});
  }
  std::set<std::string> taken;
  for (const table::Field& field : fields) {
    if (taken.insert(field.name).second) continue;
    return fail(ErrorCode::kDataBadValue,
                "a feature's name is taken by another feature or a key: " + field.name);
  }
  join->schema_ = std::make_shared<table::Schema>(std::move(fields));
  return join;
}

Status ScheduleJoin::add_events(const table::Batch& events) {
  for (auto& [feature_view, view] : views_) {
    const project::Source& source = context_.project.source_of(*feature_view);
    RTML_TRY_ASSIGN(const feature::EventColumns columns,
                    feature::event_columns(*view.program, events, source.batch->path));
    RTML_TRY(view.events->add(columns));
  }
  return stay_within_limit();
}

Status ScheduleJoin::stay_within_limit() {
  if (context_.memory_limit_bytes <= 0 || is_spilling_) return {};
  std::int64_t bytes = 0;
  for (const auto& [feature_view, view] : views_) bytes += view.events->memory_bytes();
  if (bytes < context_.memory_limit_bytes / 2) return {};
  is_spilling_ = true;
  for (auto& [feature_view, view] : views_) RTML_TRY(view.events->spill());
  return {};
}

Status ScheduleJoin::start(std::vector<std::int64_t> times_us, bool may_repeat) {
  const std::int64_t began_us = context_.monotonic_us();
  for (auto& [feature_view, view] : views_) RTML_TRY(view.events->finish());
  times_us_ = std::move(times_us);
  may_repeat_ = may_repeat;
  RTML_TRY(find_entities());
  compute_us_ += context_.monotonic_us() - began_us;
  return {};
}

Status ScheduleJoin::find_entities() {
  const EventParts& events = *first_view_->events;
  struct Found {
    std::vector<KnownEntity> entities;
    std::vector<Column> keys;
  };
  std::vector<Found> found(events.size());
  RTML_TRY(run_parallel(context_.threads, found.size(), &context_.cancel,
                        [&](std::size_t part) -> Status {
                          RTML_TRY_ASSIGN(const feature::EventColumns columns, events.load(part));
                          found[part].entities = entities_of(columns);
                          std::vector<std::int64_t> rows;
                          for (const KnownEntity& entity : found[part].entities) {
                            rows.push_back(entity.row);
                          }
                          for (const Column& key : columns.keys) {
                            found[part].keys.push_back(key.take(rows));
                          }
                          return {};
                        }));
  std::vector<std::pair<Part, std::uint32_t>> order;  // Part and place in it, by rank.
  for (std::size_t part = 0; part < found.size(); ++part) {
    for (std::size_t i = 0; i < found[part].entities.size(); ++i) {
      order.emplace_back(static_cast<Part>(part), static_cast<std::uint32_t>(i));
    }
  }
  const auto entity = [&](const auto& place) -> const KnownEntity& {
    return found[place.first].entities[place.second];
  };
  std::sort(order.begin(), order.end(),
            [&](const auto& a, const auto& b) { return entity(a).key < entity(b).key; });
  ranks_.resize(found.size());
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    first_us_.push_back(entity(order[rank]).first_us);
    parts_.push_back(order[rank].first);
    ranks_[order[rank].first].push_back(static_cast<std::uint32_t>(rank));
  }
  for (std::size_t k = 0; k < first_view_->program->keys.size(); ++k) {
    ColumnBuilder builder(first_view_->program->keys[k].type);
    for (const auto& [part, place] : order) builder.append_from(found[part].keys[k], place);
    keys_.push_back(builder.finish());
  }
  sorted_first_us_ = first_us_;
  std::sort(sorted_first_us_.begin(), sorted_first_us_.end());
  return {};
}

std::int64_t ScheduleJoin::rows_of_chunk() const {
  const std::int64_t row_bytes = kRowBytes + kValueBytes * std::ssize(features_);
  if (context_.memory_limit_bytes > 0) {
    return std::clamp(context_.memory_limit_bytes / 4 / row_bytes, kLeastRows, kFewRows);
  }
  return std::clamp(first_view_->events->rows() / kEventsPerRow, kFewRows, kManyRows);
}

// As many whole moments as fit, or a part of the entities at one moment.
ScheduleJoin::Chunk ScheduleJoin::next_chunk() {
  const std::int64_t most = rows_of_chunk();
  const std::size_t entities = first_us_.size();
  Chunk chunk{done_.last_time, done_.last_time, 0, entities};
  if (done_.last_rank < entities && done_.last_time > done_.first_time) {
    chunk.first_time = done_.first_time;
    chunk.last_time = done_.last_time;
    chunk.first_rank = done_.last_rank;
    chunk.last_rank = std::min(entities, chunk.first_rank + static_cast<std::size_t>(most));
    return chunk;
  }
  const auto known_at = [&](std::size_t time) {
    return std::upper_bound(sorted_first_us_.begin(), sorted_first_us_.end(), times_us_[time]) -
           sorted_first_us_.begin();
  };
  std::int64_t rows = 0;
  for (; chunk.last_time < times_us_.size(); ++chunk.last_time) {
    rows += known_at(chunk.last_time);
    if (rows <= most) continue;
    if (chunk.last_time > chunk.first_time) return chunk;
    chunk.last_rank = std::min(entities, static_cast<std::size_t>(most));
    ++chunk.last_time;
    return chunk;
  }
  return chunk;
}

Result<feature::EventColumns> ScheduleJoin::load_events(const View& view, std::size_t part,
                                                        const Chunk& chunk) const {
  RTML_TRY_ASSIGN(const feature::EventColumns all, view.events->load(part));
  // An event that is not needed may still be why a later one with its id is left out.
  const bool is_bounded =
      view.reach_us && (!may_repeat_ || !all.id) && !view.program->as_of_created;
  const std::int64_t least_us = is_bounded
                                    ? feature::earlier(times_us_[chunk.first_time], *view.reach_us)
                                    : feature::kBeforeAllTime;
  const std::int64_t most_us = times_us_[chunk.last_time - 1];
  const auto times = all.time.values<std::int64_t>();
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < all.rows; ++row) {
    if (times[row] >= least_us && times[row] <= most_us) rows.push_back(row);
  }
  if (std::ssize(rows) * 4 > all.rows * 3) return all;
  std::vector<Column> columns = columns_of(all);
  for (Column& column : columns) column = column.take(rows);
  return dataset::events_of(*view.program, columns);
}

Status ScheduleJoin::compute_part(const Chunk& chunk, std::size_t part, PartResult& result) const {
  const Ranks& ranks = ranks_[part];
  const auto begin = std::lower_bound(ranks.begin(), ranks.end(), chunk.first_rank);
  const auto end = std::lower_bound(begin, ranks.end(), chunk.last_rank);
  std::vector<std::int64_t> asking;
  ColumnBuilder times({table::Kind::kTimestamp});
  for (auto rank = begin; rank != end; ++rank) {
    const auto first = std::lower_bound(times_us_.begin() + chunk.first_time,
                                        times_us_.begin() + chunk.last_time, first_us_[*rank]);
    result.first_times.push_back(static_cast<std::size_t>(first - times_us_.begin()));
    result.first_rows.push_back(static_cast<std::uint32_t>(asking.size()));
    for (std::size_t t = result.first_times.back(); t < chunk.last_time; ++t) {
      asking.push_back(*rank);
      times.append_integer(times_us_[t]);
    }
  }
  feature::ReadColumns reads{.rows = std::ssize(asking), .keys = {}, .time = times.finish()};
  if (reads.rows == 0) return {};
  for (const Column& key : keys_) reads.keys.push_back(key.take(asking));
  result.is_known.assign(asking.size(), 0);
  std::map<const project::FeatureView*, std::vector<PackedColumn>> packed;
  for (const auto& [feature_view, view] : views_) {
    RTML_TRY_ASSIGN(const feature::EventColumns events, load_events(view, part, chunk));
    RTML_TRY_ASSIGN(const feature::SweepResult swept,
                    feature::sweep(*view.program, events, reads, {.cancel = &context_.cancel}));
    result.overflows += swept.overflows;
    // Without a ttl an entity stays known from its first event on, which may not be among those
    // that were loaded.
    const bool is_for_ever = view.program->ttl_us == 0 && !view.program->as_of_created;
    for (std::size_t row = 0; row < asking.size(); ++row) {
      if (is_for_ever || swept.statuses[row] == feature::Status::kPresent) result.is_known[row] = 1;
    }
    for (const std::size_t output : view.outputs) {
      packed[feature_view].emplace_back(swept.features[output]);
    }
  }
  std::map<const project::FeatureView*, std::size_t> next;
  for (const project::ServiceColumn& column : features_) {
    result.columns.push_back(std::move(packed.at(column.view)[next[column.view]++]));
  }
  return {};
}

Status ScheduleJoin::compute(const Chunk& chunk) {
  std::vector<PartResult> results(ranks_.size());
  RTML_TRY(run_parallel(context_.threads, results.size(), &context_.cancel, [&](std::size_t part) {
    return compute_part(chunk, part, results[part]);
  }));
  for (const PartResult& result : results) overflows_ += result.overflows;
  RTML_TRY_ASSIGN(made_, gather(chunk, results));
  given_ = 0;
  return {};
}

Result<table::Batch> ScheduleJoin::gather(const Chunk& chunk,
                                          const std::vector<PartResult>& results) const {
  // Where the rows of an entity begin.
  struct Place {
    std::size_t rank = 0;
    std::size_t first_time = 0;
    std::uint32_t first_row = 0;
    Part part = 0;
  };
  std::vector<Place> coming;
  std::vector<std::size_t> next(results.size(), 0);
  for (std::size_t rank = chunk.first_rank; rank < chunk.last_rank; ++rank) {
    const Part part = parts_[rank];
    const std::size_t entity = next[part]++;
    const std::size_t first_time = results[part].first_times[entity];
    if (first_time == chunk.last_time) continue;
    coming.push_back({rank, first_time, results[part].first_rows[entity], part});
  }
  std::stable_sort(coming.begin(), coming.end(),
                   [](const Place& a, const Place& b) { return a.first_time < b.first_time; });
  // Those that are there, by rank; who comes later is merged in.
  std::vector<Place> present;
  auto newcomer = coming.begin();
  std::vector<std::int64_t> ranks;
  std::vector<Part> parts;
  std::vector<std::uint32_t> rows;
  ColumnBuilder times({table::Kind::kTimestamp});
  for (std::size_t t = chunk.first_time; t < chunk.last_time; ++t) {
    const auto before = static_cast<std::ptrdiff_t>(present.size());
    for (; newcomer != coming.end() && newcomer->first_time == t; ++newcomer) {
      present.push_back(*newcomer);
    }
    std::inplace_merge(present.begin(), present.begin() + before, present.end(),
                       [](const Place& a, const Place& b) { return a.rank < b.rank; });
    for (const Place& place : present) {
      const auto row = static_cast<std::uint32_t>(place.first_row + t - place.first_time);
      if (results[place.part].is_known[row] == 0) continue;
      ranks.push_back(static_cast<std::int64_t>(place.rank));
      parts.push_back(place.part);
      rows.push_back(row);
      times.append_integer(times_us_[t]);
    }
  }
  std::vector<Column> columns(schema_->size());
  std::size_t own = 0;
  for (const Column& key : keys_) columns[own++] = key.take(ranks);
  columns[own++] = times.finish();
  RTML_TRY(run_parallel(context_.threads, features_.size(), &context_.cancel,
                        [&](std::size_t f) -> Status {
                          std::vector<const PackedColumn*> sources(results.size(), nullptr);
                          for (std::size_t p = 0; p < results.size(); ++p) {
                            if (!results[p].columns.empty()) sources[p] = &results[p].columns[f];
                          }
                          GatheredColumn gathered(features_[f].feature->type, std::ssize(rows));
                          gathered.add(sources, parts, rows, 0, rows.size());
                          columns[own + f] = gathered.finish();
                          return {};
                        }));
  return table::Batch(schema_, std::move(columns), std::ssize(rows));
}

Result<std::optional<table::Batch>> ScheduleJoin::next() {
  const std::int64_t began_us = context_.monotonic_us();
  while (given_ == made_.rows()) {
    const Chunk chunk = next_chunk();
    if (chunk.first_time == chunk.last_time) return std::nullopt;
    RTML_TRY(compute(chunk));
    done_ = chunk;
  }
  const std::int64_t count = std::min(kBatchRows, made_.rows() - given_);
  table::Batch batch = made_.slice(given_, count);
  given_ += count;
  compute_us_ += context_.monotonic_us() - began_us;
  return batch;
}

JoinEffort ScheduleJoin::effort() const {
  JoinEffort effort{.compute_us = compute_us_, .overflows = overflows_};
  for (const auto& [feature_view, view] : views_) {
    effort.events_without_key += view.events->events_without_key();
    effort.spilled_bytes += view.events->spilled_bytes();
  }
  return effort;
}

}  // namespace rtml::dataset
