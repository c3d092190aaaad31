#include "core/dataset/online_fill.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "core/base/fast_hash.h"
#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/dataset/event_cursor.h"
#include "core/dataset/event_layout.h"
#include "core/dataset/event_parts.h"
#include "core/dataset/feature_join.h"
#include "core/dataset/source_pass.h"
#include "core/dataset/source_set.h"
#include "core/feature/kernel.h"
#include "core/feature/sweep.h"
#include "core/online/entity.h"
#include "core/online/layout.h"
#include "core/online/part_position.h"
#include "core/online/view_entry.h"
#include "core/project/identity.h"

namespace rtml::dataset {
namespace {

// A transaction holds other writers up, streams among them, so a fill is many of some megabytes.
constexpr std::int64_t kTransactionBytes = std::int64_t{32} << 20;
constexpr std::int64_t kListGroups = 4'096;
// Where groups are written one by one, a reader may still be in the middle of an earlier fill.
constexpr std::int64_t kGraceUs = 10 * kMinute;

// The rows in the order of their times: the kernel takes events in any order, but appending is
// cheaper than making room.
std::vector<std::int64_t> rows_by_time(const table::Column& time) {
  const auto times = time.values<std::int64_t>();
  std::vector<std::int64_t> rows(times.size());
  std::iota(rows.begin(), rows.end(), 0);
  const auto is_earlier = [&](std::int64_t a, std::int64_t b) { return times[a] < times[b]; };
  if (!std::is_sorted(rows.begin(), rows.end(), is_earlier)) {
    std::stable_sort(rows.begin(), rows.end(), is_earlier);
  }
  return rows;
}

// The rows of each entity, in the order of their times.
struct EntityRows {
  std::vector<std::string> keys;    // As encode_key() gives them, ascending.
  std::vector<std::size_t> starts;  // Of each entity's rows; one more at the end.
  std::vector<std::int64_t> rows;
};

struct KeyHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view key) const { return xxhash64(key); }
};

Result<EntityRows> rows_by_entity(const feature::EventColumns& columns, const BuildContext& context,
                                  FilledView& filled) {
  EventCursor cursor(columns);
  std::unordered_map<std::string, std::size_t, KeyHash, std::equal_to<>> places;
  std::vector<std::pair<std::int64_t, std::size_t>> taken;  // Row and entity.
  taken.reserve(static_cast<std::size_t>(columns.rows));
  for (const std::int64_t row : rows_by_time(columns.time)) {
    if (taken.size() % 65'536 == 0) RTML_TRY(context.cancel.check());
    const auto key = cursor.key(row);
    if (!key) {
      ++filled.events_without_key;
      continue;
    }
    taken.emplace_back(row,
                       places.try_emplace(feature::encode_key(*key), places.size()).first->second);
  }
  EntityRows entities;
  std::vector<const std::pair<const std::string, std::size_t>*> sorted;
  for (const auto& place : places) sorted.push_back(&place);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  std::vector<std::size_t> rank(sorted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    rank[sorted[i]->second] = i;
    entities.keys.push_back(sorted[i]->first);
  }
  entities.starts.assign(sorted.size() + 1, 0);
  for (const auto& [row, place] : taken) ++entities.starts[rank[place] + 1];
  std::partial_sum(entities.starts.begin(), entities.starts.end(), entities.starts.begin());
  std::vector<std::size_t> next = entities.starts;
  entities.rows.resize(taken.size());
  for (const auto& [row, place] : taken) entities.rows[next[rank[place]]++] = row;
  return entities;
}

// Writes into a store in transactions of a bounded size.
class ChunkedWriter {
 public:
  ChunkedWriter(plugin::OnlineStore& store, std::string scope, std::uint64_t epoch,
                const plugin::CallOptions& call)
      : store_(store), scope_(std::move(scope)), epoch_(epoch), call_(call) {}

  Result<plugin::OnlineTransaction*> transaction() {
    if (transaction_ == nullptr) {
      RTML_TRY_ASSIGN(transaction_, store_.begin(scope_, epoch_, call_));
    }
    return transaction_.get();
  }
  // Says that so much was written, and commits if it is enough.
  Status wrote(std::int64_t bytes) {
    bytes_ += bytes;
    return bytes_ < kTransactionBytes ? Status() : finish();
  }
  Status finish() {
    bytes_ = 0;
    if (transaction_ == nullptr) return {};
    const auto done = std::exchange(transaction_, nullptr);
    return done->commit();
  }

 private:
  plugin::OnlineStore& store_;
  std::string scope_;
  std::uint64_t epoch_;
  const plugin::CallOptions& call_;
  std::unique_ptr<plugin::OnlineTransaction> transaction_;
  std::int64_t bytes_ = 0;
};

// One view on its way into the store.
struct ViewFill {
  const project::FeatureView* view;
  feature::Program program;
  table::Schema source_schema;
  std::unique_ptr<EventParts> events;  // Up to the cutover.
  std::vector<std::string> keys;       // Of the entities, as encode_key() gives them, ascending.
  FilledView filled;
  std::uint64_t earlier_generation = 0;  // That readers find; 0: none.
  std::uint64_t generation = 0;
};

std::string fill_scope(const ViewFill& fill) {
  return "fill/" + fill.filled.identity;
}

online::PartName part_of(const ViewFill& fill) {
  return online::batch_part(fill.filled.identity, fill.generation);
}

// The events up to the cutover.
feature::EventColumns until_cutover(const feature::EventColumns& events, const FillOptions& options,
                                    ViewFill& fill) {
  const auto times = events.time.values<std::int64_t>();
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < times.size(); ++row) {
    if (times[row] <= options.cutover_us) rows.push_back(static_cast<std::int64_t>(row));
  }
  if (std::ssize(rows) == events.rows) return events;
  fill.filled.events_after_cutover += events.rows - std::ssize(rows);
  std::vector<table::Column> columns = columns_of(events);
  for (table::Column& column : columns) column = column.take(rows);
  return events_of(fill.program, columns);
}

// Reads a source into the views that are computed from it.
Status read_source(const project::Source& source, std::vector<ViewFill>& fills,
                   const FillOptions& options, SourceSet& sources, const BuildContext& context) {
  bool is_spilling = false;
  const auto take = [&](const table::Batch& batch) -> Status {
    std::int64_t bytes = 0;
    for (ViewFill& fill : fills) {
      bytes += fill.events->memory_bytes();
      if (&context.project.source_of(*fill.view) != &source) continue;
      RTML_TRY_ASSIGN(const feature::EventColumns events,
                      feature::event_columns(fill.program, batch, source.batch->path));
      RTML_TRY(fill.events->add(until_cutover(events, options, fill)));
    }
    if (context.memory_limit_bytes <= 0 || is_spilling) return {};
    if (bytes < context.memory_limit_bytes / 2) return {};
    is_spilling = true;
    for (ViewFill& fill : fills) RTML_TRY(fill.events->spill());
    return {};
  };
  RTML_TRY(read_events(source, sources, context, take));
  return {};
}

// Folds and writes the entities of a part one by one in the order of their keys, so that only one
// state is in memory and the store gets neighbours together.
Status write_entities(ViewFill& fill, const feature::EventColumns& columns,
                      const FillOptions& options, ChunkedWriter* writer,
                      const BuildContext& context) {
  RTML_TRY_ASSIGN(const EntityRows entities, rows_by_entity(columns, context, fill.filled));
  const std::int64_t duplicates_before = fill.filled.duplicates;
  feature::Kernel kernel(fill.program);
  const online::EntityCodec codec(fill.program);
  EventCursor cursor(columns);
  const std::string prefix = online::entity_prefix(part_of(fill));
  std::vector<online::EntityCodec::Change> changes;
  const std::int64_t oldest_us = feature::earlier(options.cutover_us, fill.view->timing.history_us);
  for (std::size_t i = 0; i < entities.keys.size(); ++i) {
    if (i % 1'024 == 0) RTML_TRY(context.cancel.check());
    online::Entity entity = codec.make_entity(kernel);
    for (std::size_t row = entities.starts[i]; row < entities.starts[i + 1]; ++row) {
      kernel.update(entity.state, cursor.event(entities.rows[row]));
    }
    fill.filled.duplicates += entity.state.duplicates;
    if (writer == nullptr) continue;
    codec.trim(entity, kernel, oldest_us);
    changes.clear();
    codec.encode(entity, changes);
    const std::string group = online::entity_group(prefix, entities.keys[i]);
    std::int64_t bytes = std::ssize(group);
    RTML_TRY_ASSIGN(plugin::OnlineTransaction* const transaction, writer->transaction());
    for (const auto& change : changes) {
      if (!change.value) continue;
      bytes += std::ssize(*change.value);
      RTML_TRY(transaction->put(group, change.member, *change.value));
    }
    fill.filled.bytes += bytes;
    RTML_TRY(writer->wrote(bytes));
  }
  fill.filled.entities += std::ssize(entities.keys);
  fill.filled.events += std::ssize(entities.rows) - (fill.filled.duplicates - duplicates_before);
  fill.keys.insert(fill.keys.end(), entities.keys.begin(), entities.keys.end());
  return {};
}

Status write_view(ViewFill& fill, const FillOptions& options, plugin::OnlineStore& store,
                  const plugin::CallOptions& call, const BuildContext& context) {
  RTML_TRY(fill.events->finish());
  ChunkedWriter writer(store, fill_scope(fill), fill.generation, call);
  const std::size_t parts = fill.events->size();
  for (std::size_t part = 0; part < parts; ++part) {
    RTML_TRY_ASSIGN(const feature::EventColumns columns, fill.events->load(part));
    RTML_TRY(write_entities(fill, columns, options, options.dry_run ? nullptr : &writer, context));
  }
  fill.events = nullptr;
  std::sort(fill.keys.begin(), fill.keys.end());
  return writer.finish();
}

// Streams have passed over, and forgotten, what the fill before had: nobody would have it again.
Status check_cutover(const project::FeatureView& view,
                     const std::optional<online::ViewEntry>& entry, std::int64_t cutover_us) {
  if (!entry || !entry->fill || entry->stream_parts.empty()) return {};
  if (entry->fill->cutover_us <= cutover_us) return {};
  return fail(Error(ErrorCode::kBadOptionValue,
                    "view " + view.name + " is filled up to " +
                        format_timestamp(entry->fill->cutover_us) +
                        " already, from where its stream goes on; the cutover lies before: " +
                        format_timestamp(cutover_us))
                  .with_help("give a --to at or after it"));
}

// Learns what the store holds of the view. Fails if a fill with this cutover would count events
// twice: what a stream has folded into accumulators cannot be taken out again.
Status look_up(ViewFill& fill, const FillOptions& options, plugin::OnlineStore& store,
               const plugin::CallOptions& call) {
  RTML_TRY_ASSIGN(const auto members, store.get(online::view_group(fill.filled.identity), call));
  RTML_TRY_ASSIGN(const auto entry, online::decode_view(members));
  if (entry && entry->fill) fill.earlier_generation = entry->fill->generation;
  // Also the epoch of its writes: above that of an earlier fill even if that machine's clock was
  // ahead.
  fill.generation = std::max(options.epoch, fill.earlier_generation + 1);
  RTML_TRY(check_cutover(*fill.view, entry, options.cutover_us));
  if (!entry || fill.program.folds.empty()) return {};
  for (const std::string& part : entry->stream_parts) {
    RTML_TRY_ASSIGN(const auto stored,
                    online::read_position({fill.filled.identity, part}, store, call));
    if (!stored || stored->position.oldest_read_us <= options.cutover_us) continue;
    return fail(Error(ErrorCode::kBadOptionValue,
                      "the stream of view " + fill.view->name + " has folded events up to " +
                          format_timestamp(stored->position.oldest_read_us) +
                          ", after the cutover: " + format_timestamp(options.cutover_us))
                    .with_help("give a later --to, or fill the view before it is streamed"));
  }
  return {};
}

Error overtaken(const ViewFill& fill) {
  return Error(ErrorCode::kBusy, "another fill came in between, of view: " + fill.view->name)
      .with_help("try again when no other process fills it");
}

// The same where the store refuses a write for it.
Status unless_overtaken(Status status, const ViewFill& fill) {
  if (status || status.error().code() != ErrorCode::kEpochStale) return status;
  return fail(overtaken(fill));
}

// Makes the new generations what readers find.
Status publish(std::span<const ViewFill> fills, const FillOptions& options,
               plugin::OnlineStore& store, const plugin::CallOptions& call) {
  if (fills.empty()) return {};
  RTML_TRY_ASSIGN(const auto transaction,
                  store.begin(fill_scope(fills.front()), fills.front().generation, call));
  std::vector<std::string> groups;
  for (const ViewFill& fill : fills) groups.push_back(online::view_group(fill.filled.identity));
  RTML_TRY_ASSIGN(const auto members, transaction->get_groups(groups));
  for (std::size_t i = 0; i < fills.size(); ++i) {
    RTML_TRY_ASSIGN(const auto entry, online::decode_view(members[i]));
    const std::uint64_t found = entry && entry->fill ? entry->fill->generation : 0;
    if (found != fills[i].earlier_generation) {
      return fail(overtaken(fills[i]));
    }
    RTML_TRY(check_cutover(*fills[i].view, entry, options.cutover_us));
    const auto about = online::about_member(fills[i].view->name, fills[i].source_schema);
    const auto fill = online::fill_member({.generation = fills[i].generation,
                                           .cutover_us = options.cutover_us,
                                           .entities = fills[i].filled.entities});
    RTML_TRY(transaction->put(groups[i], about.name, about.value));
    RTML_TRY(transaction->put(groups[i], fill.name, fill.value));
  }
  return transaction->commit();
}

// The entities of a fill, by how their groups are named behind the prefix of the part.
class EntityNames {
 public:
  // `keys` ascend, and must outlive this.
  explicit EntityNames(const std::vector<std::string>& keys) : keys_(keys) {}

  bool has(std::string_view ending) {
    if (ending.starts_with('k')) {
      return std::binary_search(keys_.begin(), keys_.end(), ending.substr(1));
    }
    if (!are_hashed_) hash();
    return hashes_.contains(std::string(ending.substr(1)));
  }

 private:
  // Long keys are rare, so they are hashed when the first one is met.
  void hash() {
    are_hashed_ = true;
    for (const std::string& key : keys_) {
      if (key.size() > online::kLongestGroup / 2) hashes_.insert(sha256_hex(key));
    }
  }

  const std::vector<std::string>& keys_;
  std::unordered_set<std::string> hashes_;
  bool are_hashed_ = false;
};

// Removes what earlier fills have left, those too that never came to their end.
Status remove_earlier(ViewFill& fill, const FillOptions& options, plugin::OnlineStore& store,
                      const plugin::CallOptions& call) {
  const std::string prefix = online::batch_prefix(fill.filled.identity);
  const std::string current = online::entity_prefix(part_of(fill));
  ChunkedWriter writer(store, fill_scope(fill), fill.generation, call);
  EntityNames names(fill.keys);
  std::string after;
  while (true) {
    RTML_TRY_ASSIGN(const auto groups, store.list(prefix, after, kListGroups, call));
    for (const std::string& group : groups) {
      if (group >= current) break;
      if (!names.has(std::string_view(group).substr(current.size()))) ++fill.filled.removed;
      if (options.dry_run) continue;
      RTML_TRY_ASSIGN(plugin::OnlineTransaction* const transaction, writer.transaction());
      if (store.commits_atomically()) {
        RTML_TRY(transaction->remove_group(group));
      } else {
        RTML_TRY(transaction->expire(group, static_cast<std::int64_t>(options.epoch) + kGraceUs));
      }
    }
    // A transaction sees its own removals and so does the next list.
    RTML_TRY(writer.finish());
    if (std::ssize(groups) < kListGroups || groups.back() >= current) return {};
    after = groups.back();
  }
}

}  // namespace

Result<std::vector<FilledView>> fill_online(std::span<const project::FeatureView* const> views,
                                            const FillOptions& options, plugin::OnlineStore& store,
                                            const BuildContext& context) {
  const plugin::CallOptions call{.cancel = &context.cancel};
  SourceSet sources(context);
  std::vector<ViewFill> fills;
  for (const project::FeatureView* view : views) {
    RTML_TRY_ASSIGN(feature::Program program, sources.compile(*view));
    fills.push_back({.view = view, .program = std::move(program)});
    fills.back().filled = {.view = view->name,
                           .identity = project::identity(context.project, *view)};
  }
  const JoinLimits limits{.threads = context.threads,
                          .cancel = &context.cancel,
                          .spill_directory = spill_directory(context)};
  std::set<const project::Source*> read;
  for (ViewFill& fill : fills) {
    const project::Source& source = context.project.source_of(*fill.view);
    RTML_TRY(look_up(fill, options, store, call));
    RTML_TRY_ASSIGN(const SourceTable* const table, sources.open(source));
    fill.source_schema = *table->schema();
    fill.events = std::make_unique<EventParts>(fill.program, limits);
  }
  for (const ViewFill& fill : fills) {
    const project::Source& source = context.project.source_of(*fill.view);
    if (!read.insert(&source).second) continue;
    RTML_TRY(read_source(source, fills, options, sources, context));
  }
  for (ViewFill& fill : fills) {
    RTML_TRY(unless_overtaken(write_view(fill, options, store, call, context), fill));
  }
  if (!options.dry_run && store.commits_atomically()) {
    RTML_TRY(publish(fills, options, store, call));
  } else if (!options.dry_run) {
    for (const ViewFill& fill : fills) {
      RTML_TRY(unless_overtaken(publish({&fill, 1}, options, store, call), fill));
    }
  }
  std::vector<FilledView> report;
  for (ViewFill& fill : fills) {
    // The fill is there. One that has begun since then removes what is left of earlier ones.
    const Status removed = remove_earlier(fill, options, store, call);
    if (!removed && removed.error().code() != ErrorCode::kEpochStale) return fail(removed.error());
    report.push_back(std::move(fill.filled));
  }
  return report;
}

}  // namespace rtml::dataset
