#include "core/stream/part_set.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "core/base/log.h"
#include "core/base/time.h"
#include "core/stream/letter_export.h"
#include "core/stream/medium.h"

namespace rtml::stream {
namespace {

// Entities whose state is forgotten at a time.
constexpr std::int64_t kForgottenGroups = 4'096;

constexpr std::int64_t kCallUs = 30 * kSecond;
// Of all decoded states of a run.
constexpr std::size_t kCacheBytes = std::size_t{256} << 20;
constexpr std::size_t kLeastCacheBytes = std::size_t{8} << 20;
// A medium that divides partitions among readers takes a partition away, or gives it anew, within
// this time after another reader has begun to write.
constexpr std::int64_t kGraceUs = 10 * kSecond;
constexpr std::int64_t kRateUs = kSecond;

// A commit should write no more than this of states; Redis takes 256 MiB.
constexpr std::int64_t kCommitBytes = std::int64_t{128} << 20;
constexpr std::int64_t kFirstBatch = 8'192;
constexpr std::int64_t kSmallestBatch = 256;
// Messages of a batch, and the late events and dead letters that are made of them.
constexpr std::int64_t kBatchBytes = std::int64_t{64} << 20;
// Late events and dead letters of several parts in one transaction.
constexpr std::int64_t kLettersTogether = std::int64_t{32} << 20;

// How many of the parts, from the first one on, share a transaction.
std::size_t count_together(std::span<ViewPart* const> parts) {
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    bytes += parts[i]->letter_bytes();
    if (i > 0 && bytes > kLettersTogether) return i;
  }
  return parts.size();
}

}  // namespace

PartSet::PartSet(std::span<const SourceViews> sources, plugin::OnlineStore& store,
                 const PartSetOptions& options, const Clock& clock, const Clock& waits,
                 Retry& retry, const CancelFlag& stop)
    : sources_(sources),
      store_(store),
      options_(options),
      clock_(clock),
      waits_(waits),
      retry_(retry),
      stop_(stop),
      random_(static_cast<std::uint64_t>(waits.monotonic_us()) ^
              (static_cast<std::uint64_t>(options.process) << 32)),
      messages_at_once_(kFirstBatch) {}

plugin::CallOptions PartSet::call() const {
  // Without a flag: what is applied is stored after a signal too, within the deadline.
  return {.deadline_us = waits_.monotonic_us() + kCallUs, .cancel = nullptr};
}

Result<std::uint64_t> PartSet::next_epoch(const online::PartName& name) {
  RTML_TRY_ASSIGN(const std::uint64_t epoch,
                  online::next_epoch(name, store_, clock_.now_us(), random_, call()));
  epoch_ = std::max(epoch, epoch_ + 1);
  return epoch_;
}

online::PartName PartSet::name_of(const StreamedView& view, std::int32_t partition) const {
  const std::string& source = view.source->name;
  const bool is_input = reads_standard_input(*view.source, options_.is_standard_input);
  return online::stream_part(view.identity, is_input ? source + ".stdin" : source, partition);
}

// ---- opening and giving up ----

Result<std::vector<PartitionOffset>> PartSet::assign(std::size_t source,
                                                     std::span<const plugin::Partition> owned) {
  const auto is_kept = [&](const Key& key) {
    return std::any_of(owned.begin(), owned.end(), [&](const plugin::Partition& partition) {
      return partition.partition == key.second && partition.is_started;
    });
  };
  std::erase_if(parts_, [&](const auto& entry) {
    return entry.first.first == source && !is_kept(entry.first);
  });
  std::erase_if(lost_, [&](const auto& entry) {
    return entry.first.first == source && !is_kept(entry.first);
  });
  std::vector<PartitionOffset> starts;
  for (const plugin::Partition& partition : owned) {
    if (partition.is_started) continue;
    const Key key{source, partition.partition};
    RTML_TRY(open(key));
    PartitionParts& parts = parts_.at(key);
    parts.facts.partition_name = partition.name;
    parts.facts.end_offset = partition.end_offset;
    std::int64_t first = std::numeric_limits<std::int64_t>::max();
    for (const ViewPart& part : parts.views) first = std::min(first, part.next_offset());
    starts.emplace_back(partition.partition, first);
  }
  return starts;
}

Status PartSet::open(const Key& key) {
  PartitionParts parts;
  parts.facts.process = options_.process;
  parts.rate_since_us = waits_.monotonic_us();
  for (const auto& view : sources_[key.first].views) {
    const online::PartName name = name_of(*view, key.second);
    RTML_TRY_ASSIGN(online::PartWriter writer, open_writer(*view, name));
    parts.views.emplace_back(*view, key.second, std::move(writer), epoch_, clock_);
  }
  // A run that was killed may have left some.
  has_letters_ = true;
  parts_.insert_or_assign(key, std::move(parts));
  return {};
}

Result<online::PartWriter> PartSet::open_writer(const StreamedView& view,
                                                const online::PartName& name) {
  if (options_.from_beginning && forgotten_.insert(online::position_group(name)).second) {
    RTML_TRY(retry_.run([&] { return forget(view, name); }, stop_));
  }
  std::size_t writers = 1 + parts_.size();
  for (const SourceViews& source : sources_) writers = std::max(writers, source.views.size());
  const online::WriterOptions options{
      .cache_bytes = std::max(kCacheBytes / writers, kLeastCacheBytes),
      .max_events_per_entity = view.view->timing.max_events_per_entity,
      .first_offset = plugin::kBeginning};
  std::optional<online::PartWriter> writer;
  RTML_TRY(retry_.run(
      [&]() -> Status {
        RTML_TRY_ASSIGN(const std::uint64_t epoch, next_epoch(name));
        auto opened = online::PartWriter::open(view.program, view.source_schema, name, store_,
                                               epoch, options, call());
        if (!opened) return fail(std::move(opened).error());
        writer = std::move(*opened);
        return {};
      },
      stop_));
  return std::move(*writer);
}

Status PartSet::forget(const StreamedView& view, const online::PartName& name) {
  return store_.commits_atomically() ? forget_at_once(name) : forget_in_steps(view, name);
}

Status PartSet::forget_at_once(const online::PartName& name) {
  RTML_TRY_ASSIGN(const std::uint64_t epoch, next_epoch(name));
  RTML_TRY_ASSIGN(const auto transaction,
                  store_.begin(online::position_group(name), epoch, call()));
  std::string after;
  while (true) {
    RTML_TRY_ASSIGN(const std::vector<std::string> groups, entities_after(name, after));
    for (const std::string& group : groups) RTML_TRY(transaction->remove_group(group));
    if (std::ssize(groups) < kForgottenGroups) break;
    after = groups.back();
  }
  RTML_TRY(transaction->remove_group(online::position_group(name)));
  return transaction->commit();
}

// The position goes first. After an end in the middle the stream is read from its beginning all the
// same, and an entity that is left skips what it has seen, so that nothing is missing or counted
// twice. Each step is fenced by the epoch.
Status PartSet::forget_in_steps(const StreamedView& view, const online::PartName& name) {
  const std::string scope = online::position_group(name);
  RTML_TRY_ASSIGN(const std::uint64_t epoch, next_epoch(name));
  const auto remove = [&](const std::vector<std::string>& groups) -> Status {
    RTML_TRY_ASSIGN(const auto transaction, store_.begin(scope, epoch, call()));
    for (const std::string& group : groups) RTML_TRY(transaction->remove_group(group));
    return transaction->commit();
  };
  RTML_TRY(retry_.run([&] { return remove({scope}); }, stop_));
  while (true) {
    std::vector<std::string> groups;
    RTML_TRY(retry_.run(
        [&]() -> Status {
          RTML_TRY_ASSIGN(groups, entities_after(name, ""));
          return remove(groups);
        },
        stop_));
    log::debug("forgot entities of view " + view.view->name + ": " + std::to_string(groups.size()));
    if (std::ssize(groups) < kForgottenGroups) return {};
  }
}

Result<std::vector<std::string>> PartSet::entities_after(const online::PartName& name,
                                                         const std::string& after) {
  return store_.list(online::entity_prefix(name), after, kForgottenGroups, call());
}

// ---- applying ----

Status PartSet::take(std::size_t source, const Chunk& chunk) {
  std::size_t begin = 0;
  while (begin < chunk.rows.size()) {
    std::size_t end = begin + 1;
    const std::int32_t partition = chunk.rows[begin].partition;
    while (end < chunk.rows.size() && chunk.rows[end].partition == partition) ++end;
    const auto parts = parts_.find({source, partition});
    if (parts != parts_.end()) RTML_TRY(apply(parts->second, chunk, begin, end));
    begin = end;
  }
  batch_bytes_ += chunk.bytes;
  return {};
}

bool PartSet::is_batch_full() const {
  std::int64_t bytes = batch_bytes_;
  for (const auto& [key, parts] : parts_) {
    for (const ViewPart& part : parts.views) bytes += part.letter_bytes();
  }
  return batch_messages_ >= messages_at_once_ || bytes >= kBatchBytes;
}

Status PartSet::apply(PartitionParts& parts, const Chunk& chunk, std::size_t begin,
                      std::size_t end) {
  for (ViewPart& part : parts.views) {
    part.sort(chunk, begin, end);
    RTML_TRY(retry_.run([&] { return part.apply(chunk, call()); }, stop_));
  }
  const auto count = static_cast<std::int64_t>(end - begin);
  parts.messages += count;
  batch_messages_ += count;
  messages_ += count;
  return {};
}

// ---- committing ----

std::vector<ViewPart*> PartSet::changed() {
  std::vector<ViewPart*> changed;
  for (auto& [key, parts] : parts_) {
    for (ViewPart& part : parts.views) {
      if (part.has_changes()) changed.push_back(&part);
    }
  }
  return changed;
}

Status PartSet::commit(bool tries_again) {
  const std::int64_t start_us = waits_.monotonic_us();
  const auto work = [&] { return store_batch(changed()); };
  const Status done = tries_again ? retry_.run(work, stop_) : work();
  if (!done) return done;
  last_commit_us_ = waits_.monotonic_us() - start_us;
  settle();
  return {};
}

const RunFacts& PartSet::facts_of(const ViewPart& part) const {
  const auto source = std::find_if(sources_.begin(), sources_.end(), [&](const SourceViews& views) {
    return views.source == part.view().source;
  });
  return parts_.at({static_cast<std::size_t>(source - sources_.begin()), part.partition()}).facts;
}

online::BatchEnd PartSet::end_of(const ViewPart& part) const {
  online::BatchEnd end = part.batch_end();
  RunFacts facts = facts_of(part);
  facts.committed_us = clock_.now_us();
  end.records.push_back({online::RecordKind::kRunFacts, 0, encode(facts)});
  return end;
}

Status PartSet::store_batch(std::span<ViewPart* const> parts) {
  if (!store_.commits_atomically()) return store_one_by_one();
  while (!parts.empty()) {
    const std::size_t together = count_together(parts);
    const Status done = store_together(parts.first(together));
    if (!done) {
      return done.error().code() == ErrorCode::kEpochStale ? store_one_by_one() : done;
    }
    parts = parts.subspan(together);
  }
  return {};
}

Status PartSet::store_together(std::span<ViewPart* const> parts) {
  std::vector<online::PartWriter*> writers;
  std::vector<online::BatchEnd> ends;
  for (ViewPart* part : parts) {
    writers.push_back(&part->writer());
    ends.push_back(end_of(*part));
  }
  RTML_TRY(online::commit_together(writers, ends, call()));
  for (ViewPart* part : parts) note_committed(*part);
  return {};
}

// Where some part has another owner by now, the others are stored all the same.
Status PartSet::store_one_by_one() {
  for (auto entry = parts_.begin(); entry != parts_.end();) {
    bool is_lost = false;
    for (ViewPart& part : entry->second.views) {
      if (!part.has_changes()) continue;
      const Status done = part.writer().commit(end_of(part), call());
      if (!done && done.error().code() != ErrorCode::kEpochStale) return done;
      is_lost = is_lost || !done;
      // At once: stored again after another part has failed, its counts would be added twice.
      if (done) note_committed(part);
    }
    if (!is_lost) {
      ++entry;
      continue;
    }
    log::warning("another writer has taken over partition " + std::to_string(entry->first.second) +
                 " of source " + sources_[entry->first.first].source->name);
    lost_[entry->first] = waits_.monotonic_us();
    entry = parts_.erase(entry);
  }
  return {};
}

void PartSet::note_committed(ViewPart& part) {
  has_letters_ = has_letters_ || part.has_letters();
  const std::int64_t now_us = clock_.now_us();
  for (const std::int64_t time_us : part.event_times_us()) delays_.add(now_us - time_us);
  written_bytes_ += part.writer().last_write().bytes;
  part.committed();
}

void PartSet::settle() {
  for (auto& [key, parts] : parts_) {
    parts.facts.commit_us = last_commit_us_;
    parts.facts.committed_us = clock_.now_us();
    take_rate(parts);
  }
  learn_batch_size();
  batch_messages_ = 0;
  batch_bytes_ = 0;
  written_bytes_ = 0;
  ++commits_;
}

// A batch may grow to twice what one was before, and shrinks at once.
void PartSet::learn_batch_size() {
  // What few messages wrote says little of many.
  if (batch_messages_ < messages_at_once_ / 4 && written_bytes_ <= kCommitBytes) return;
  const std::int64_t bytes_each = written_bytes_ / std::max<std::int64_t>(batch_messages_, 1) + 1;
  messages_at_once_ = std::clamp(kCommitBytes / bytes_each, kSmallestBatch, 2 * messages_at_once_);
}

void PartSet::take_rate(PartitionParts& parts) {
  const std::int64_t now_us = waits_.monotonic_us();
  const std::int64_t elapsed_us = now_us - parts.rate_since_us;
  if (elapsed_us < kRateUs) return;
  parts.facts.messages_per_s = parts.messages * kSecond / elapsed_us;
  parts.messages = 0;
  parts.rate_since_us = now_us;
}

Status PartSet::export_letters() {
  for (auto& [key, parts] : parts_) {
    for (ViewPart& part : parts.views) {
      const StreamedView& view = part.view();
      for (const auto kind : {online::RecordKind::kLate, online::RecordKind::kDeadLetter}) {
        const auto path = letter_path(options_.root, *view.source->stream, kind, view.view->name);
        const auto exported =
            stream::export_letters(part.writer().name(), kind, path, part.epoch(), store_, call());
        if (!exported) return fail(exported.error());
      }
    }
  }
  has_letters_ = false;
  return {};
}

// ---- what is to be seen ----

std::vector<PartitionOffset> PartSet::stored(std::size_t source) const {
  std::vector<PartitionOffset> stored;
  for (const auto& [key, parts] : parts_) {
    if (key.first != source || parts.views.empty()) continue;
    std::int64_t next = std::numeric_limits<std::int64_t>::max();
    for (const ViewPart& part : parts.views) {
      next = std::min(next, part.writer().position().next_offset);
    }
    stored.emplace_back(key.second, next);
  }
  return stored;
}

Status PartSet::check_lost(std::size_t source, std::span<const plugin::Partition> owned) const {
  for (const auto& [key, when_us] : lost_) {
    if (key.first != source || waits_.monotonic_us() - when_us < kGraceUs) continue;
    for (const plugin::Partition& partition : owned) {
      if (partition.partition != key.second || !partition.is_started) continue;
      return fail(Error(ErrorCode::kEpochStale, "another process has taken over partition " +
                                                    std::to_string(key.second) + " of source " +
                                                    sources_[source].source->name)
                      .with_help("one \"rtml stream run\" may feed a view from one partition; "
                                 "nothing is lost, the other one goes on"));
    }
  }
  return {};
}

void PartSet::note_partitions(std::size_t source, std::span<const plugin::Partition> partitions,
                              std::int64_t retries, std::int64_t held_back_us) {
  for (const plugin::Partition& partition : partitions) {
    const auto parts = parts_.find({source, partition.partition});
    if (parts == parts_.end()) continue;
    RunFacts& facts = parts->second.facts;
    facts.end_offset = partition.end_offset;
    facts.retries = retries;
    facts.held_back_us = held_back_us;
  }
}

std::vector<PartSnapshot> PartSet::snapshots() const {
  std::vector<PartSnapshot> snapshots;
  for (const auto& [key, parts] : parts_) {
    for (const ViewPart& part : parts.views) {
      snapshots.push_back({.view = part.view().view->name,
                           .view_identity = part.view().identity,
                           .source = part.view().source->name,
                           .partition = part.partition(),
                           .position = part.writer().position(),
                           .facts = parts.facts});
    }
  }
  std::sort(snapshots.begin(), snapshots.end(), [](const auto& left, const auto& right) {
    return std::tie(left.view, left.source, left.partition) <
           std::tie(right.view, right.source, right.partition);
  });
  return snapshots;
}

}  // namespace rtml::stream
