#include "core/online/part_writer.h"

#include <algorithm>
#include <utility>

#include "core/base/time.h"
#include "core/feature/event_block.h"
#include "core/feature/events.h"
#include "core/online/entity.h"
#include "core/online/state_cache.h"
#include "core/online/view_entry.h"

namespace rtml::online {
namespace {

// A state is trimmed when at least this many of its events, and this share of them, are of no more
// use: taking events from the front of arrays costs as much as there is behind them.
constexpr std::size_t kTrimEvents = 32;
constexpr std::size_t kTrimShare = 8;

// Entities that get no more events are trimmed in turn, so many at a time. One is due for so many
// events, so that what is of no more use grows no faster than it is looked through, and some with
// each commit where there are few events; at most so many at one commit, for it to stay short.
constexpr std::int64_t kVisitedTogether = 64;
constexpr std::int64_t kEventsPerVisit = 64;
constexpr std::int64_t kVisitsPerCommit = 4;
constexpr std::int64_t kMostVisitsPerCommit = 1024;

struct StagedEntity {
  std::string group;
  std::vector<EntityCodec::Change> changes;
};

}  // namespace

struct PartWriter::Impl {
  Impl(const feature::Program& view_program, PartName part_name, plugin::OnlineStore& online_store,
       std::uint64_t writer_epoch, const WriterOptions& writer_options)
      : program(view_program),
        name(std::move(part_name)),
        scope(position_group(name)),
        prefix(entity_prefix(name)),
        store(online_store),
        epoch(writer_epoch),
        options(writer_options),
        kernel(view_program),
        codec(view_program) {}

  Status take_over(const table::Schema& source_schema, const plugin::CallOptions& call);
  Status load(std::span<const KeyedEvent> events, const plugin::CallOptions& call);
  Result<std::vector<plugin::Members>> read_fenced(const std::vector<std::string>& entities,
                                                   const plugin::CallOptions& call);
  bool is_worth_visiting(const feature::State& state) const;
  Status visit_idle(const plugin::CallOptions& call);
  bool trim_visited(Entity& entity) const;
  Status visit_stored(const std::vector<std::string>& entities, const plugin::CallOptions& call);
  Status insert_loaded(const std::vector<std::string>& keys,
                       const std::vector<plugin::Members>& groups);
  void drop_what_the_fill_has(CachedEntity& cached, std::int64_t cutover_us) const;
  Outcome apply(CachedEntity& cached, const KeyedEvent& event);
  Outcome update(CachedEntity& cached, const KeyedEvent& event);
  Outcome refuse();
  bool is_worth_trimming(const feature::State& state, std::int64_t oldest_read_us) const;
  void encode_changed();
  Status learn_cutover(plugin::OnlineTransaction& transaction);
  Status stage(const BatchEnd& end, plugin::OnlineTransaction& transaction);
  void settle();

  const feature::Program& program;
  PartName name;
  std::string scope;
  std::string prefix;
  plugin::OnlineStore& store;
  std::uint64_t epoch;
  WriterOptions options;
  feature::Kernel kernel;
  EntityCodec codec;
  StateCache cache;
  PartPosition position;    // With the counters of what was applied since the last commit.
  PartPosition committing;  // What a commit that is under way writes.
  std::vector<CachedEntity*> at_hand;  // The entities of the events of apply(), one each.
  std::vector<CachedEntity*> changed;
  std::vector<StagedEntity> staged;  // Encoded and not yet known to be stored.
  std::int64_t visits_due = 0;
  std::int64_t events_since_visit = 0;
  std::string visited_until;  // The last group that visit_idle() saw; empty: from the first on.
  WriteSize written;
};

// The first write of a part: raises its epoch, so that an earlier owner can no longer commit, and
// makes the part known to readers.
Status PartWriter::Impl::take_over(const table::Schema& source_schema,
                                   const plugin::CallOptions& call) {
  RTML_TRY_ASSIGN(const auto transaction, store.begin(scope, epoch, call));
  const std::string view = view_group(name.view_identity);
  RTML_TRY_ASSIGN(const auto groups, transaction->get_groups({view, scope}));
  RTML_TRY_ASSIGN(const auto entry, decode_view(groups[0]));
  RTML_TRY_ASSIGN(const auto stored, decode_position(groups[1], name));
  if (stored) {
    position = stored->position;
  } else {
    position.next_offset = options.first_offset;
  }
  if (entry && entry->fill) position.cutover_us = entry->fill->cutover_us;
  if (!entry) {
    const ViewMember about = about_member(program.view, source_schema);
    RTML_TRY(transaction->put(view, about.name, about.value));
  }
  if (!entry ||
      !std::binary_search(entry->stream_parts.begin(), entry->stream_parts.end(), name.part)) {
    const ViewMember part = part_member(name.part);
    RTML_TRY(transaction->put(view, part.name, part.value));
  }
  RTML_TRY(transaction->put(scope, kPositionMember, encode({position, epoch})));
  return transaction->commit();
}

// Brings the entities of all events into the cache, in one round trip.
Status PartWriter::Impl::load(std::span<const KeyedEvent> events, const plugin::CallOptions& call) {
  at_hand.assign(events.size(), nullptr);
  std::vector<std::string> missing;
  std::vector<std::size_t> waiting;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].offset < position.next_offset) continue;
    std::string entity = entity_name(prefix, feature::encode_key(events[i].key));
    at_hand[i] = cache.find(entity);
    if (at_hand[i] != nullptr) continue;
    missing.push_back(std::move(entity));
    waiting.push_back(i);
  }
  if (missing.empty()) return {};
  std::vector<std::string> wanted = missing;
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  RTML_TRY_ASSIGN(const auto found, read_fenced(wanted, call));
  RTML_TRY(insert_loaded(wanted, found));
  for (std::size_t i = 0; i < waiting.size(); ++i) at_hand[waiting[i]] = cache.find(missing[i]);
  return {};
}

bool PartWriter::Impl::is_worth_visiting(const feature::State& state) const {
  const bool has_old_sums =
      feature::earlier(position.oldest_read_us, kDay) > state.oldest_read_us &&
      std::any_of(state.folds.begin(), state.folds.end(),
                  [](const auto& fold) { return fold.size() > 1; });
  return has_old_sums || is_worth_trimming(state, position.oldest_read_us);
}

// Looks at the next entities of the part, whoever had events lately, and trims those of which there
// is something to trim. A state shrinks as its own events come; without this that of an entity
// which gets none would stay as large as it was. What stays of it is small, and stays for ever: a
// group that expired would be NOT_FOUND where it is OUTSIDE_MAX_AGE or an empty window.
Status PartWriter::Impl::visit_idle(const plugin::CallOptions& call) {
  if (position.oldest_read_us == PartPosition::kNoTime) return {};
  visits_due += kVisitsPerCommit + std::exchange(events_since_visit, 0) / kEventsPerVisit;
  visits_due = std::min(visits_due, kMostVisitsPerCommit);
  while (visits_due >= kVisitedTogether) {
    visits_due -= kVisitedTogether;
    RTML_TRY_ASSIGN(const auto groups, store.list(prefix, visited_until, kVisitedTogether, call));
    std::vector<std::string> missing;
    for (const std::string& group : groups) {
      std::string entity = group.substr(prefix.size());
      CachedEntity* const cached = cache.find(entity);
      if (cached == nullptr) {
        missing.push_back(std::move(entity));
      } else if (!cached->is_changed && trim_visited(cached->entity)) {
        cached->is_changed = true;
        changed.push_back(cached);
      }
    }
    if (!missing.empty()) RTML_TRY(visit_stored(missing, call));
    const bool is_end = std::ssize(groups) < kVisitedTogether;
    visited_until = is_end ? "" : groups.back();
    if (is_end) visits_due = 0;
  }
  return {};
}

// Returns whether there was something to trim.
bool PartWriter::Impl::trim_visited(Entity& entity) const {
  const auto size = [&] {
    std::size_t folded = 0;
    for (const auto& fold : entity.state.folds) folded += fold.size();
    return std::pair(entity.state.events(), folded);
  };
  if (!is_worth_visiting(entity.state)) return false;
  const auto before = size();
  codec.trim(entity, kernel, position.oldest_read_us);
  return size() != before;
}

// Brings those of the stored entities into the cache that are trimmed.
Status PartWriter::Impl::visit_stored(const std::vector<std::string>& entities,
                                      const plugin::CallOptions& call) {
  RTML_TRY_ASSIGN(const auto found, read_fenced(entities, call));
  for (std::size_t i = 0; i < entities.size(); ++i) {
    if (found[i].empty()) continue;
    RTML_TRY_ASSIGN(Entity entity, codec.decode(found[i], true, kernel));
    // One that is ahead of the part is loaded when its events come once more.
    if (entity.progress.last_offset >= position.next_offset || !trim_visited(entity)) continue;
    CachedEntity& cached = cache.insert(entities[i], std::move(entity));
    cached.is_changed = true;
    changed.push_back(&cached);
  }
  return {};
}

// A store that writes group by group may still be writing a commit of the owner before, which the
// scope's epoch does not stop: what is read there must be fenced itself, or the members that are
// written on top of it would belong to another state.
Result<std::vector<plugin::Members>> PartWriter::Impl::read_fenced(
    const std::vector<std::string>& entities, const plugin::CallOptions& call) {
  std::vector<std::string> groups;
  groups.reserve(entities.size());
  for (const std::string& entity : entities) groups.push_back(prefix + entity);
  if (store.commits_atomically()) return store.get_groups(groups, call);
  RTML_TRY_ASSIGN(const auto transaction, store.begin(scope, epoch, call));
  return transaction->get_groups(groups);
}

Status PartWriter::Impl::insert_loaded(const std::vector<std::string>& keys,
                                       const std::vector<plugin::Members>& groups) {
  std::vector<Entity> entities;
  for (const plugin::Members& members : groups) {
    if (members.empty()) {
      entities.push_back(codec.make_entity(kernel));
      continue;
    }
    RTML_TRY_ASSIGN(Entity entity, codec.decode(members, true, kernel));
    entities.push_back(std::move(entity));
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const EntityProgress& progress = cache.insert(keys[i], std::move(entities[i])).entity.progress;
    // Ahead of the part, because the store was left in the middle of a commit: its events will
    // come once more and be counted as applied, so what some of them were is counted here. If the
    // first of them has been passed, this was done then.
    if (progress.last_offset >= position.next_offset &&
        progress.batch_offset >= position.next_offset) {
      position.counters.applied -= progress.batch_duplicates;
      position.counters.duplicates += progress.batch_duplicates;
    }
  }
  return {};
}

// Events that a later fill has taken over count there; they must not be folded here too. Where that
// has happened already, reads say so.
void PartWriter::Impl::drop_what_the_fill_has(CachedEntity& cached, std::int64_t cutover_us) const {
  if (cutover_us != PartPosition::kNoTime) (void)codec.drop_until(cached.entity, cutover_us);
}

Outcome PartWriter::Impl::apply(CachedEntity& cached, const KeyedEvent& event) {
  // First: an entity that is ahead of the part did not apply such an event before the crash either.
  if (event.event.time_us <= position.cutover_us) {
    ++position.counters.before_cutover;
    return Outcome::kBeforeCutover;
  }
  EntityProgress& progress = cached.entity.progress;
  if (event.offset <= progress.last_offset) {
    const auto refused =
        std::count(progress.batch_refused.begin(), progress.batch_refused.end(), event.offset);
    if (refused > 0) return refused == 1 ? refuse() : Outcome::kFolded;
    ++position.counters.applied;
    return Outcome::kAlreadyApplied;
  }
  if (!cached.is_changed) {
    cached.is_changed = true;
    changed.push_back(&cached);
    cache.touch(cached);
    drop_what_the_fill_has(cached, position.cutover_us);
    progress.batch_offset = event.offset;
    progress.batch_duplicates = 0;
    progress.batch_refused.clear();
  }
  progress.last_offset = event.offset;
  return update(cached, event);
}

Outcome PartWriter::Impl::update(CachedEntity& cached, const KeyedEvent& event) {
  Entity& entity = cached.entity;
  Counters& counters = position.counters;
  if (std::ssize(entity.state.times_us) >= options.max_events_per_entity) {
    codec.trim(entity, kernel, position.oldest_read_us);
    if (std::ssize(entity.state.times_us) >= options.max_events_per_entity) {
      entity.progress.batch_refused.push_back(event.offset);
      return refuse();
    }
  }
  const feature::UpdateOutcome outcome = kernel.update(entity.state, event.event);
  if (outcome == feature::UpdateOutcome::kFolded) {
    entity.progress.batch_refused.insert(entity.progress.batch_refused.end(), 2, event.offset);
    return Outcome::kFolded;
  }
  const std::int64_t duplicates =
      entity.state.duplicates - std::exchange(cached.duplicates, entity.state.duplicates);
  counters.duplicates += duplicates;
  entity.progress.batch_duplicates += duplicates;
  if (outcome == feature::UpdateOutcome::kDuplicate) return Outcome::kDuplicate;
  if (duplicates > 0) {
    codec.note_replaced(entity);
  } else {
    ++counters.applied;
    codec.note_event(entity, event.event.time_us);
  }
  return Outcome::kApplied;
}

Outcome PartWriter::Impl::refuse() {
  ++position.counters.too_many;
  ++position.counters.dead_letters;
  return Outcome::kTooMany;
}

bool PartWriter::Impl::is_worth_trimming(const feature::State& state,
                                         std::int64_t oldest_read_us) const {
  const std::size_t least = std::max(kTrimEvents, state.events() / kTrimShare);
  return state.events() > least && oldest_read_us != PartPosition::kNoTime &&
         state.times_us[least] < feature::earlier(oldest_read_us, program.raw_retention_us);
}

void PartWriter::Impl::encode_changed() {
  for (CachedEntity* cached : std::exchange(changed, {})) {
    drop_what_the_fill_has(*cached, committing.cutover_us);
    if (is_worth_trimming(cached->entity.state, committing.oldest_read_us)) {
      codec.trim(cached->entity, kernel, committing.oldest_read_us);
    }
    StagedEntity& entity = staged.emplace_back();
    entity.group = prefix + cached->name;
    codec.encode(cached->entity, entity.changes);
    // What is staged will be stored or the writer ends, so the cache may forget it.
    cached->is_changed = false;
    cache.measure(*cached);
  }
}

// A fill may have been made since the part was opened.
Status PartWriter::Impl::learn_cutover(plugin::OnlineTransaction& transaction) {
  RTML_TRY_ASSIGN(const auto groups, transaction.get_groups({view_group(name.view_identity)}));
  RTML_TRY_ASSIGN(const auto entry, decode_view(groups.front()));
  if (entry && entry->fill) {
    committing.cutover_us = std::max(committing.cutover_us, entry->fill->cutover_us);
  }
  return {};
}

Status PartWriter::Impl::stage(const BatchEnd& end, plugin::OnlineTransaction& transaction) {
  committing = position;
  committing.next_offset = std::max(end.next_offset, position.next_offset);
  committing.max_event_us = std::max(end.max_event_us, position.max_event_us);
  committing.watermark_us = std::max(end.watermark_us, position.watermark_us);
  committing.oldest_read_us = std::max(end.trim_to_us, position.oldest_read_us);
  committing.counters.late += end.late;
  committing.counters.dead_letters += end.dead_letters;
  RTML_TRY(learn_cutover(transaction));
  encode_changed();
  written = {.entities = std::ssize(staged)};
  // Records first: where the store is not atomic, an entity that is ahead says that they are there.
  RTML_TRY(put_records(name, end.records, transaction));
  for (const StagedEntity& entity : staged) {
    for (const EntityCodec::Change& change : entity.changes) {
      ++written.members;
      if (!change.value) {
        RTML_TRY(transaction.remove(entity.group, change.member));
        continue;
      }
      written.bytes += std::ssize(*change.value);
      RTML_TRY(transaction.put(entity.group, change.member, *change.value));
    }
  }
  const std::string bytes = encode({committing, epoch});
  written.bytes += std::ssize(bytes);
  ++written.members;
  return transaction.put(scope, kPositionMember, bytes);
}

void PartWriter::Impl::settle() {
  position = committing;
  staged.clear();
  cache.shrink(options.cache_bytes);
}

PartWriter::PartWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PartWriter::~PartWriter() = default;
PartWriter::PartWriter(PartWriter&&) noexcept = default;
PartWriter& PartWriter::operator=(PartWriter&&) noexcept = default;

Result<PartWriter> PartWriter::open(const feature::Program& program,
                                    const table::Schema& source_schema, const PartName& name,
                                    plugin::OnlineStore& store, std::uint64_t epoch,
                                    const WriterOptions& options, const plugin::CallOptions& call) {
  auto impl = std::make_unique<Impl>(program, name, store, epoch, options);
  RTML_TRY(impl->take_over(source_schema, call));
  return PartWriter(std::move(impl));
}

const PartName& PartWriter::name() const {
  return impl_->name;
}

const PartPosition& PartWriter::position() const {
  return impl_->position;
}

WriteSize PartWriter::last_write() const {
  return impl_->written;
}

Result<std::vector<Outcome>> PartWriter::apply(std::span<const KeyedEvent> events,
                                               const plugin::CallOptions& call) {
  RTML_TRY(impl_->load(events, call));
  impl_->events_since_visit += std::ssize(events);
  std::vector<Outcome> outcomes;
  outcomes.reserve(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    CachedEntity* const cached = impl_->at_hand[i];
    outcomes.push_back(cached == nullptr ? Outcome::kAlreadyApplied
                                         : impl_->apply(*cached, events[i]));
  }
  return outcomes;
}

Status PartWriter::commit(const BatchEnd& end, const plugin::CallOptions& call) {
  RTML_TRY(impl_->visit_idle(call));
  RTML_TRY_ASSIGN(const auto transaction, impl_->store.begin(impl_->scope, impl_->epoch, call));
  RTML_TRY(impl_->stage(end, *transaction));
  RTML_TRY(transaction->commit());
  impl_->settle();
  return {};
}

namespace {

tl::unexpected<Error> taken_over(const PartName& name) {
  return fail(Error(ErrorCode::kEpochStale, "another writer has taken over part: " + name.part)
                  .with_help("another process has taken this part over; end this one"));
}

}  // namespace

Status commit_together(std::span<PartWriter* const> writers, std::span<const BatchEnd> ends,
                       const plugin::CallOptions& call) {
  if (writers.empty()) return {};
  plugin::OnlineStore& store = writers.front()->impl_->store;
  if (writers.size() == 1) return writers.front()->commit(ends.front(), call);
  for (PartWriter* writer : writers) RTML_TRY(writer->impl_->visit_idle(call));
  const PartWriter::Impl& first = *writers.front()->impl_;
  RTML_TRY_ASSIGN(const auto transaction, store.begin(first.scope, first.epoch, call));
  // The store fences the scope of the transaction; the others are fenced by what open() wrote.
  std::vector<std::string> scopes;
  for (const PartWriter* writer : writers) scopes.push_back(writer->impl_->scope);
  RTML_TRY_ASSIGN(const auto groups, transaction->get_groups(scopes));
  for (std::size_t i = 0; i < writers.size(); ++i) {
    const PartWriter::Impl& impl = *writers[i]->impl_;
    RTML_TRY_ASSIGN(const auto stored, decode_position(groups[i], impl.name));
    if (!stored || stored->epoch > impl.epoch) return taken_over(impl.name);
  }
  for (std::size_t i = 0; i < writers.size(); ++i) {
    RTML_TRY(writers[i]->impl_->stage(ends[i], *transaction));
  }
  RTML_TRY(transaction->commit());
  for (PartWriter* writer : writers) writer->impl_->settle();
  return {};
}

}  // namespace rtml::online
