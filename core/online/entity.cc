#include "core/online/entity.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <utility>

#include "core/base/fast_hash.h"
#include "core/feature/aggregate.h"
#include "core/feature/byte_codec.h"
#include "core/feature/event_block.h"
#include "core/feature/events.h"

namespace rtml::online {
namespace {

using feature::ByteReader;
using feature::ByteWriter;
using feature::FoldedBucket;
using feature::State;

constexpr std::uint8_t kVersion = 3;
constexpr std::size_t kChecksumBytes = 8;

// The head is written with every batch, so it keeps few events; not so few that each batch closes
// some, or that an event which is a little late meets a closed segment.
constexpr std::size_t kMostInHead = 96;
constexpr std::size_t kKeptInHead = 32;
// A late event rewrites one segment: this many events are a few kilobytes.
constexpr std::size_t kSegmentEvents = 512;
// Newest accumulators of one fold, in bytes, beyond which all but the last one are closed.
constexpr std::size_t kMostNewestFolds = 4'096;

constexpr std::string_view kHead = "h";
// The one member of states of format 1 and 2, whole.
constexpr std::string_view kWhole = "head";
constexpr std::string_view kNewestFolds = "f";

// What follows in a head.
enum HeadFlags : std::uint8_t {
  kHasProgress = 1,
  kHasOldestRead = 2,
  kHasFolded = 4,
  kHasSegments = 8,
  kHasFoldSegments = 16,
  kHasNewestFolds = 32,
  kHasStart = 64,
};

std::string member_name(char kind, std::uint64_t id) {
  char digits[17];
  digits[0] = kind;
  const auto end = std::to_chars(digits + 1, digits + sizeof digits, id, 16).ptr;
  return {digits, end};
}
std::string event_member(std::uint64_t id) {
  return member_name('e', id);
}

std::string sealed(ByteWriter& writer) {
  writer.fixed(xxhash64(writer.bytes()));
  return writer.take();
}

tl::unexpected<Error> corrupt(const feature::Program& program, const std::string& why) {
  return fail(ErrorCode::kDataCorrupt, "cannot read a state of view " + program.view + ": " + why);
}

// The bytes of a member without version and checksum.
Result<std::string_view> opened(const feature::Program& program, std::string_view bytes) {
  if (bytes.size() < kChecksumBytes + 1) return corrupt(program, "it is cut short");
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (ByteReader(bytes.substr(body.size())).fixed() != xxhash64(body)) {
    return corrupt(program, "its checksum does not match");
  }
  if (static_cast<std::uint8_t>(body[0]) != kVersion) {
    return fail(Error(ErrorCode::kDataCorrupt, "cannot read a state of view " + program.view +
                                                   ": it is of a format that this rtml does not "
                                                   "know")
                    .with_help("use the rtml that wrote it, or a newer one"));
  }
  return body.substr(1);
}

std::uint64_t difference(std::int64_t to, std::int64_t from) {
  return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}
void write_difference(ByteWriter& writer, std::int64_t to, std::int64_t from) {
  writer.zigzag(static_cast<std::int64_t>(difference(to, from)));
}
std::int64_t read_difference(ByteReader& reader, std::int64_t from) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(from) +
                                   static_cast<std::uint64_t>(reader.zigzag()));
}

void write_buckets(ByteWriter& writer, std::span<const FoldedBucket> buckets) {
  writer.varint(buckets.size());
  std::int64_t last = 0;
  for (const FoldedBucket& bucket : buckets) {
    write_difference(writer, bucket.index, last);
    bucket.accumulator->encode(writer);
    last = bucket.index;
  }
}

void read_buckets(ByteReader& reader, const feature::Program& program, const feature::Fold& fold,
                  std::vector<FoldedBucket>& buckets) {
  const std::size_t count = reader.count(1);
  std::int64_t index = 0;
  for (std::size_t i = 0; i < count && !reader.failed(); ++i) {
    index = read_difference(reader, index);
    if (!buckets.empty() && buckets.back().index >= index) return reader.refuse();
    auto accumulator = feature::make_accumulator(program, fold);
    accumulator->decode(reader);
    buckets.emplace_back(index, std::move(accumulator));
  }
}

}  // namespace

std::size_t Entity::newest() const {
  std::size_t closed = 0;
  for (const EventSegment& segment : segments) closed += segment.events;
  return state.events() + skipped - closed;
}

std::size_t Entity::memory_bytes() const {
  constexpr std::size_t kFixed = 512;
  constexpr std::size_t kFoldedBucket = 96;
  std::size_t event = sizeof(std::int64_t);
  if (!state.created_us.empty()) event += sizeof(std::int64_t);
  if (!state.tie_breaks.empty()) event += sizeof(std::string);
  std::size_t texts = 0;
  for (const feature::SlotValues& slot : state.slots) {
    event += 1 + (slot.texts.empty() ? sizeof(std::int64_t) : sizeof(std::string) + 16);
    // A list may be long.
    for (const std::string& text : slot.texts) texts += text.size();
  }
  std::size_t bytes = texts + kFixed + state.events() * event + state.id_hashes.size() * 32;
  for (const auto& fold : state.folds) bytes += fold.size() * kFoldedBucket;
  return bytes;
}

EntityCodec::EntityCodec(const feature::Program& program)
    : program_(program), shape_(feature::shape_of(program)) {}

Entity EntityCodec::make_entity(const feature::Kernel& kernel) const {
  Entity entity;
  entity.state = kernel.make_state();
  entity.fold_segments.resize(program_.folds.size());
  return entity;
}

void EntityCodec::note_event(Entity& entity, std::int64_t time_us) const {
  auto& segments = entity.segments;
  if (segments.empty() || time_us > segments.back().last_us) return;
  auto place = std::lower_bound(
      segments.begin(), segments.end(), time_us,
      [](const EventSegment& segment, std::int64_t time) { return segment.last_us < time; });
  ++place->events;
  place->is_changed = true;
  // An event of the very moment at which a segment ends may stand further on; then each segment up
  // to its place gives its last event to the next.
  while (place->last_us == time_us && ++place != segments.end()) place->is_changed = true;
}

void EntityCodec::note_replaced(Entity& entity) const {
  for (EventSegment& segment : entity.segments) segment.is_changed = true;
}

void EntityCodec::trim(Entity& entity, const feature::Kernel& kernel,
                       std::int64_t oldest_read_us) const {
  State& state = entity.state;
  const std::size_t events_before = state.events();
  const std::int64_t folded_before = state.folded_until_us;
  kernel.trim(state, oldest_read_us);
  if (!state.folds.empty() && state.folded_until_us != folded_before) {
    entity.are_folds_changed = true;
  }
  forget_first(entity, events_before);
}

bool EntityCodec::drop_until(Entity& entity, std::int64_t time_us) const {
  State& state = entity.state;
  if (time_us > entity.starts_after_us) {
    const bool has_folds = std::any_of(state.folds.begin(), state.folds.end(),
                                       [](const auto& fold) { return !fold.empty(); });
    if (has_folds && state.folded_until_us > time_us) return false;
    for (auto& fold : state.folds) {
      if (fold.empty()) continue;
      fold.clear();
      entity.are_folds_changed = true;
    }
    entity.starts_after_us = time_us;
  }
  if (state.times_us.empty() || state.times_us.front() > time_us) return true;
  const std::size_t events_before = state.events();
  feature::erase_events(state, 0, feature::first_after(state.times_us, time_us));
  state.id_hashes.clear();
  forget_first(entity, events_before);
  return true;
}

// Drops the segments of events that have gone from the front of the state.
void EntityCodec::forget_first(Entity& entity, std::size_t events_before) const {
  std::size_t dropped = entity.skipped + events_before - entity.state.events();
  auto first = entity.segments.begin();
  while (first != entity.segments.end() && first->events <= dropped) {
    dropped -= first->events;
    entity.removed.push_back(first->id);
    ++first;
  }
  entity.segments.erase(entity.segments.begin(), first);
  entity.skipped = entity.segments.empty() ? 0 : dropped;
}

// Moves the head's events into segments where they are too many, and divides segments that have
// grown too large.
void EntityCodec::close_events(Entity& entity) const {
  auto& segments = entity.segments;
  std::size_t open = entity.newest();
  if (open > kMostInHead) {
    std::size_t closing = open - kKeptInHead;
    if (!segments.empty() && segments.back().events < kSegmentEvents) {
      const std::size_t moved = std::min(closing, kSegmentEvents - segments.back().events);
      segments.back().events += moved;
      segments.back().is_changed = true;
      closing -= moved;
    }
    while (closing > 0) {
      const std::size_t moved = std::min(closing, kSegmentEvents);
      segments.push_back({.id = entity.next_id++, .events = moved, .is_changed = true});
      closing -= moved;
    }
  }
  // What is rewritten anyway need not keep events that are trimmed.
  if (!segments.empty() && segments.front().is_changed) {
    segments.front().events -= std::exchange(entity.skipped, 0);
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (!segments[i].is_changed || segments[i].events <= 2 * kSegmentEvents) continue;
    const std::size_t rest = segments[i].events - kSegmentEvents;
    segments[i].events = kSegmentEvents;
    segments.insert(segments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                    {.id = entity.next_id++, .events = rest, .is_changed = true});
  }
}

void EntityCodec::encode_events(Entity& entity, std::vector<Change>& changes) const {
  close_events(entity);
  std::size_t begin = 0;
  std::size_t skipped = entity.skipped;
  for (EventSegment& segment : entity.segments) {
    const std::size_t end = begin + segment.events - std::exchange(skipped, 0);
    if (std::exchange(segment.is_changed, false)) {
      segment.last_us = entity.state.times_us[end - 1];
      ByteWriter writer;
      writer.byte(kVersion);
      feature::write_events(writer, program_, entity.state, begin, end);
      changes.push_back({event_member(segment.id), sealed(writer)});
    }
    begin = end;
  }
}

void EntityCodec::encode_folds(Entity& entity, std::vector<Change>& changes) const {
  if (!std::exchange(entity.are_folds_changed, false)) return;
  ByteWriter newest;
  newest.byte(kVersion);
  bool is_empty = true;
  for (std::size_t fold = 0; fold < program_.folds.size(); ++fold) {
    const std::span<const FoldedBucket> buckets = entity.state.folds[fold];
    std::vector<FoldSegment>& segments = entity.fold_segments[fold];
    while (!segments.empty() &&
           (buckets.empty() || segments.front().last_index < buckets.front().index)) {
      entity.removed.push_back(segments.front().id);
      segments.erase(segments.begin());
    }
    const auto open = std::find_if(buckets.begin(), buckets.end(), [&](const auto& bucket) {
      return segments.empty() || bucket.index > segments.back().last_index;
    });
    std::span<const FoldedBucket> rest(open, buckets.end());
    ByteWriter bytes;
    write_buckets(bytes, rest);
    // Events are folded in the order of time, so that only the last bucket still changes.
    if (rest.size() > 1 && bytes.bytes().size() > kMostNewestFolds) {
      ByteWriter closed;
      closed.byte(kVersion);
      write_buckets(closed, rest.first(rest.size() - 1));
      segments.push_back({entity.next_id++, rest[rest.size() - 2].index});
      changes.push_back({event_member(segments.back().id), sealed(closed)});
      rest = rest.last(1);
      bytes = ByteWriter();
      write_buckets(bytes, rest);
    }
    is_empty = is_empty && rest.empty();
    newest.raw(bytes.bytes());
  }
  if (!is_empty) {
    changes.push_back({std::string(kNewestFolds), sealed(newest)});
  } else if (entity.are_folds_stored) {
    changes.push_back({std::string(kNewestFolds), std::nullopt});
  }
  entity.are_folds_stored = !is_empty;
}

void EntityCodec::encode(Entity& entity, std::vector<Change>& changes) const {
  encode_events(entity, changes);
  encode_folds(entity, changes);
  for (const std::uint64_t id : entity.removed) changes.push_back({event_member(id), std::nullopt});
  entity.removed.clear();
  changes.push_back({std::string(kHead), encode_head(entity)});
}

std::string EntityCodec::encode_head(const Entity& entity) const {
  const State& state = entity.state;
  const EntityProgress& progress = entity.progress;
  const bool has_fold_segments =
      std::any_of(entity.fold_segments.begin(), entity.fold_segments.end(),
                  [](const auto& segments) { return !segments.empty(); });
  std::uint8_t flags = 0;
  if (progress.last_offset != EntityProgress::kNothing) flags |= kHasProgress;
  if (state.oldest_read_us != feature::kBeforeAllTime) flags |= kHasOldestRead;
  if (state.folded_until_us != State::kNotFolded) flags |= kHasFolded;
  if (!entity.segments.empty()) flags |= kHasSegments;
  if (has_fold_segments) flags |= kHasFoldSegments;
  if (entity.are_folds_stored) flags |= kHasNewestFolds;
  if (entity.starts_after_us != feature::kBeforeAllTime) flags |= kHasStart;

  ByteWriter writer;
  writer.byte(kVersion);
  for (int shift = 0; shift < 32; shift += 8) {
    writer.byte(static_cast<std::uint8_t>(shape_ >> shift));
  }
  writer.byte(flags);
  if ((flags & kHasProgress) != 0) {
    writer.zigzag(progress.last_offset);
    write_difference(writer, progress.last_offset, progress.batch_offset);
    writer.varint(static_cast<std::uint64_t>(progress.batch_duplicates));
    writer.varint(progress.batch_refused.size());
    std::int64_t last = progress.batch_offset;
    for (const std::int64_t offset : progress.batch_refused) {
      write_difference(writer, offset, std::exchange(last, offset));
    }
  }
  if ((flags & kHasOldestRead) != 0) writer.zigzag(state.oldest_read_us);
  if ((flags & kHasFolded) != 0) writer.zigzag(state.folded_until_us);
  if ((flags & kHasStart) != 0) writer.zigzag(entity.starts_after_us);
  if (program_.has_sessions) {
    writer.zigzag(state.complete_from_us);
    for (const std::int64_t start : state.session_starts_us) writer.zigzag(start);
  }
  writer.varint(static_cast<std::uint64_t>(state.duplicates));
  writer.varint(entity.next_id);
  if ((flags & kHasSegments) != 0) {
    writer.varint(entity.skipped);
    writer.varint(entity.segments.size());
    EventSegment last;
    for (const EventSegment& segment : entity.segments) {
      write_difference(writer, static_cast<std::int64_t>(segment.id),
                       static_cast<std::int64_t>(last.id));
      writer.varint(segment.events);
      write_difference(writer, segment.last_us, last.last_us);
      last = segment;
    }
  }
  if (has_fold_segments) {
    for (const std::vector<FoldSegment>& segments : entity.fold_segments) {
      writer.varint(segments.size());
      FoldSegment last;
      for (const FoldSegment& segment : segments) {
        write_difference(writer, static_cast<std::int64_t>(segment.id),
                         static_cast<std::int64_t>(last.id));
        write_difference(writer, segment.last_index, last.last_index);
        last = segment;
      }
    }
  }
  feature::write_events(writer, program_, state, state.events() - entity.newest(), state.events());
  return sealed(writer);
}

// Reads what stands before the events of a head.
void EntityCodec::decode_layout(ByteReader& reader, Entity& entity) const {
  State& state = entity.state;
  std::uint32_t shape = 0;
  for (int shift = 0; shift < 32; shift += 8) {
    shape |= static_cast<std::uint32_t>(reader.byte()) << shift;
  }
  const std::uint8_t flags = reader.byte();
  if (shape != shape_ || flags >= 2 * kHasStart) return reader.refuse();
  if ((flags & kHasProgress) != 0) {
    EntityProgress& progress = entity.progress;
    progress.last_offset = reader.zigzag();
    progress.batch_offset =
        static_cast<std::int64_t>(difference(progress.last_offset, reader.zigzag()));
    progress.batch_duplicates = static_cast<std::int64_t>(reader.varint());
    const std::size_t refused = reader.count(1);
    std::int64_t last = progress.batch_offset;
    for (std::size_t i = 0; i < refused; ++i) {
      last = read_difference(reader, last);
      progress.batch_refused.push_back(last);
    }
  }
  if ((flags & kHasOldestRead) != 0) state.oldest_read_us = reader.zigzag();
  if ((flags & kHasFolded) != 0) state.folded_until_us = reader.zigzag();
  if ((flags & kHasStart) != 0) entity.starts_after_us = reader.zigzag();
  if (program_.has_sessions) {
    state.complete_from_us = reader.zigzag();
    for (std::int64_t& start : state.session_starts_us) start = reader.zigzag();
  }
  state.duplicates = static_cast<std::int64_t>(reader.varint());
  if (state.duplicates < 0) reader.refuse();
  entity.next_id = reader.varint();
  if ((flags & kHasSegments) != 0) {
    const std::uint64_t skipped = reader.varint();
    const std::size_t count = reader.count(3);
    EventSegment last;
    for (std::size_t i = 0; i < count; ++i) {
      last.id =
          static_cast<std::uint64_t>(read_difference(reader, static_cast<std::int64_t>(last.id)));
      last.events = static_cast<std::size_t>(reader.varint());
      last.last_us = read_difference(reader, last.last_us);
      if (last.events == 0 || last.events > feature::kMostBlockEvents) reader.refuse();
      entity.segments.push_back(last);
    }
    if (entity.segments.empty() || skipped >= entity.segments.front().events) {
      return reader.refuse();
    }
    entity.skipped = static_cast<std::size_t>(skipped);
  }
  if ((flags & kHasFoldSegments) != 0) {
    for (std::vector<FoldSegment>& segments : entity.fold_segments) {
      const std::size_t count = reader.count(2);
      FoldSegment last;
      for (std::size_t i = 0; i < count; ++i) {
        last.id =
            static_cast<std::uint64_t>(read_difference(reader, static_cast<std::int64_t>(last.id)));
        last.last_index = read_difference(reader, last.last_index);
        segments.push_back(last);
      }
    }
  }
  entity.are_folds_stored = (flags & kHasNewestFolds) != 0;
}

Status EntityCodec::decode_segments(const plugin::Members& members, bool with_tie_breaks,
                                    Entity& entity) const {
  for (const EventSegment& segment : entity.segments) {
    const std::string* bytes = plugin::find_member(members, event_member(segment.id));
    if (bytes == nullptr) return corrupt(program_, "a segment is missing");
    RTML_TRY_ASSIGN(const std::string_view body, opened(program_, *bytes));
    ByteReader reader(body);
    const std::size_t before = entity.state.events();
    feature::read_events(reader, program_, with_tie_breaks, entity.state);
    if (reader.failed() || reader.left() != 0 || entity.state.events() - before != segment.events ||
        entity.state.times_us.back() != segment.last_us) {
      return corrupt(program_, "a segment is malformed");
    }
  }
  return {};
}

Status EntityCodec::decode_folds(const plugin::Members& members, Entity& entity) const {
  State& state = entity.state;
  for (std::size_t fold = 0; fold < program_.folds.size(); ++fold) {
    for (const FoldSegment& segment : entity.fold_segments[fold]) {
      const std::string* bytes = plugin::find_member(members, event_member(segment.id));
      if (bytes == nullptr) return corrupt(program_, "a segment is missing");
      RTML_TRY_ASSIGN(const std::string_view body, opened(program_, *bytes));
      ByteReader reader(body);
      read_buckets(reader, program_, program_.folds[fold], state.folds[fold]);
      if (reader.failed() || reader.left() != 0 || state.folds[fold].empty() ||
          state.folds[fold].back().index != segment.last_index) {
        return corrupt(program_, "a segment is malformed");
      }
    }
  }
  if (!entity.are_folds_stored) return {};
  const std::string* bytes = plugin::find_member(members, kNewestFolds);
  if (bytes == nullptr) return corrupt(program_, "its accumulators are missing");
  RTML_TRY_ASSIGN(const std::string_view body, opened(program_, *bytes));
  ByteReader reader(body);
  for (std::size_t fold = 0; fold < program_.folds.size(); ++fold) {
    read_buckets(reader, program_, program_.folds[fold], state.folds[fold]);
  }
  if (reader.failed() || reader.left() != 0) {
    return corrupt(program_, "its accumulators are malformed");
  }
  return {};
}

Result<Entity> EntityCodec::decode(const plugin::Members& members, bool with_tie_breaks,
                                   const feature::Kernel& kernel) const {
  Entity entity = make_entity(kernel);
  if (const std::string* whole = plugin::find_member(members, kWhole)) {
    RTML_TRY_ASSIGN(entity.state, kernel.decode(*whole));
    return entity;
  }
  const std::string* head = plugin::find_member(members, kHead);
  if (head == nullptr) return corrupt(program_, "it has no head");
  RTML_TRY_ASSIGN(const std::string_view body, opened(program_, *head));
  ByteReader reader(body);
  decode_layout(reader, entity);
  if (reader.failed()) return corrupt(program_, "it is of another view, or malformed");
  RTML_TRY(decode_segments(members, with_tie_breaks, entity));
  feature::read_events(reader, program_, with_tie_breaks, entity.state);
  if (reader.failed() || reader.left() != 0) return corrupt(program_, "its head is malformed");
  if (!feature::are_in_order(entity.state)) {
    return corrupt(program_, "its events are out of order");
  }
  if (entity.skipped > 0) feature::erase_events(entity.state, 0, entity.skipped);
  RTML_TRY(decode_folds(members, entity));
  return entity;
}

}  // namespace rtml::online
