#include "core/stream/replay.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <set>

#include "core/base/time.h"
#include "core/online/view_entry.h"
#include "core/project/identity.h"
#include "core/stream/letter.h"
#include "core/stream/replay_plan.h"
#include "core/stream/streamed_view.h"

namespace rtml::stream {
namespace {

// What is applied together, and no more bytes than a plan should have.
constexpr std::size_t kBatch = 4096;
constexpr std::size_t kBatchBytes = std::size_t{4} << 20;
constexpr std::size_t kShownRefusals = 10;
constexpr std::int64_t kNoTime = online::PartPosition::kNoTime;
// The watermark of a part of replayed events: it waits for none, so it holds no read back.
constexpr std::int64_t kWaitsForNone = std::numeric_limits<std::int64_t>::max();

std::string origin_of(const Letter& letter) {
  return letter.source + "/" + std::to_string(letter.partition) + "/" +
         std::to_string(letter.offset);
}

class Replayer {
 public:
  Replayer(const ReplayOptions& options, plugin::OnlineStore& store, const Clock& clock,
           const dataset::BuildContext& context)
      : options_(options), store_(store), clock_(clock), context_(context) {}

  Result<ReplayReport> run() {
    for (const auto& file : options_.files) RTML_TRY(read_letters_of(file));
    if (!options_.source.empty()) RTML_TRY(read_letters_of_store());
    for (auto& [part, letters] : letters_) {
      RTML_TRY(context_.cancel.check());
      RTML_TRY(replay_partition(part, letters));
    }
    return std::move(report_);
  }

 private:
  using Letters = std::map<std::int64_t, Letter>;  // By offset.

  // A partition of a source, as it feeds a view.
  struct Part {
    std::string view;
    std::string source;
    std::int32_t partition = 0;
    auto operator<=>(const Part&) const = default;
  };
  // A view as one source feeds it.
  struct Feed {
    const StreamedView* view = nullptr;
    const message::DecoderSettings* decoder = nullptr;
  };

  Status read_letters_of(const std::filesystem::path& file);
  Status read_letters_of_store();
  void add_line(std::string_view line);
  bool is_wanted(const Letter& letter) const;

  static online::PartName part_of(const Feed& feed, std::int32_t partition);
  Result<std::set<std::int64_t>> replayed_offsets(const online::PartName& part);
  // Nothing where the view no longer has the source.
  Result<std::optional<Feed>> feed_of(const Part& part);
  Status replay_partition(const Part& part, const Letters& letters);
  Status finish_plan(const Feed& feed, std::int32_t partition, online::PartWriter& writer,
                     std::uint64_t epoch);
  Result<online::PartWriter> open_writer(const Feed& feed, std::int32_t partition,
                                         std::uint64_t* epoch);
  struct Batch {
    std::vector<online::KeyedEvent> events;
    std::vector<const Letter*> letters;  // Of the events.
  };
  // What is no event is refused.
  Result<Batch> decode(const Feed& feed, const std::vector<const Letter*>& letters);
  Status apply(const Feed& feed, std::int32_t partition, Batch& batch, online::PartWriter& writer);
  std::optional<online::KeyedEvent> decode(const Feed& feed, const Letter& letter,
                                           message::Decoder& decoder);
  void refuse(const Letter& letter, const std::string& why);
  void count(const Letter& letter, online::Outcome outcome, std::vector<online::Record>* records);

  plugin::CallOptions call() const { return {.cancel = &context_.cancel}; }

  const ReplayOptions& options_;
  plugin::OnlineStore& store_;
  const Clock& clock_;
  const dataset::BuildContext& context_;
  ReplayReport report_;
  std::map<Part, Letters> letters_;
  std::map<std::string, std::vector<SourceViews>> views_;
  std::map<std::string, std::string> identities_;
  message::TextArena texts_;
  table::ValueMemory made_texts_;
  std::vector<std::unique_ptr<table::Value[]>> values_;  // What the events of a batch point into.
};

// ---- reading letters ----

Status Replayer::read_letters_of(const std::filesystem::path& file) {
  const auto failed = [&](ErrorCode code, const char* what) {
    return fail(code, std::string(what) + ": " + file.string() + " (" + std::strerror(errno) + ")");
  };
  errno = 0;
  std::ifstream lines(file);
  if (!lines) {
    return failed(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo, "cannot open file");
  }
  std::string line;
  while (std::getline(lines, line)) {
    RTML_TRY(context_.cancel.check());
    add_line(line);
  }
  if (lines.bad()) return failed(ErrorCode::kIo, "cannot read file");
  return {};
}

Status Replayer::read_letters_of_store() {
  for (const project::FeatureView* view : context_.project.views_in_use()) {
    if (!view->reads_source(options_.source)) continue;
    const std::string identity = project::identity(context_.project, *view);
    RTML_TRY_ASSIGN(const plugin::Members members,
                    store_.get(online::view_group(identity), call()));
    RTML_TRY_ASSIGN(const auto entry, online::decode_view(members));
    if (!entry) continue;
    for (const std::string& part : entry->stream_parts) {
      constexpr std::int64_t kRecords = 1024;
      std::int64_t after = -1;
      while (true) {
        RTML_TRY_ASSIGN(const auto records,
                        online::read_records({identity, part}, online::RecordKind::kDeadLetter,
                                             after, kRecords, store_, call()));
        if (records.empty()) break;
        for (const online::Record& record : records) add_line(record.bytes);
        after = records.back().offset;
      }
    }
  }
  return {};
}

void Replayer::add_line(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  ++report_.lines;
  auto letter = letter_of_line(line);
  if (!letter || letter->is_truncated) {
    ++report_.unreadable_lines;
    return;
  }
  if (!is_wanted(*letter)) {
    ++report_.filtered;
    return;
  }
  const auto view = context_.project.find_view(letter->view);
  auto& identity = identities_[letter->view];
  if (view && identity.empty()) identity = project::identity(context_.project, **view);
  // Another version of the view reads the stream from its own beginning.
  if (!view || identity != letter->view_identity) {
    ++report_.other_versions;
    return;
  }
  Letters& letters = letters_[{letter->view, letter->source, letter->partition}];
  const auto [place, is_new] = letters.insert_or_assign(letter->offset, std::move(*letter));
  if (!is_new) ++report_.already_replayed;
}

bool Replayer::is_wanted(const Letter& letter) const {
  if (letter.reason == Reason::kLate) return false;
  if (!options_.source.empty() && letter.source != options_.source) return false;
  return options_.filter.empty() || to_string(letter.reason) == options_.filter ||
         letter.detail.find(options_.filter) != std::string::npos;
}

// ---- applying ----

Result<std::optional<Replayer::Feed>> Replayer::feed_of(const Part& part) {
  auto& made = views_[part.view];
  if (made.empty()) {
    RTML_TRY_ASSIGN(const project::FeatureView* view, context_.project.find_view(part.view));
    const project::FeatureView* const views[] = {view};
    RTML_TRY_ASSIGN(made, make_source_views(views, context_));
  }
  for (const SourceViews& source : made) {
    if (source.source->name != part.source) continue;
    return Feed{source.views.front().get(), &source.decoder};
  }
  return std::nullopt;
}

Status Replayer::replay_partition(const Part& origin, const Letters& letters) {
  RTML_TRY_ASSIGN(const std::optional<Feed> feed, feed_of(origin));
  if (!feed) {
    report_.other_versions += std::ssize(letters);
    return {};
  }
  const std::int32_t partition = origin.partition;
  const online::PartName part = part_of(*feed, partition);
  std::optional<online::PartWriter> writer;
  std::uint64_t epoch = 0;
  const bool plans = !store_.commits_atomically();
  if (plans && !options_.dry_run) {
    RTML_TRY_ASSIGN(writer, open_writer(*feed, partition, &epoch));
    RTML_TRY(finish_plan(*feed, partition, *writer, epoch));
  }
  RTML_TRY_ASSIGN(const std::set<std::int64_t> replayed, replayed_offsets(part));
  auto next = letters.begin();
  while (next != letters.end()) {
    std::vector<const Letter*> wanted;
    std::size_t bytes = 0;
    for (; next != letters.end() && wanted.size() < kBatch && bytes < kBatchBytes; ++next) {
      if (replayed.contains(next->first)) {
        ++report_.already_replayed;
        continue;
      }
      wanted.push_back(&next->second);
      bytes += next->second.bytes.size();
    }
    RTML_TRY_ASSIGN(Batch batch, decode(*feed, wanted));
    if (options_.dry_run) report_.applied += std::ssize(batch.events);
    if (options_.dry_run || batch.events.empty()) continue;
    if (!writer) {
      RTML_TRY_ASSIGN(writer, open_writer(*feed, partition, &epoch));
    }
    if (plans) {
      ReplayPlan plan{.first_offset = writer->position().next_offset, .lines = {}};
      for (const Letter* letter : batch.letters) plan.lines.push_back(to_line(*letter));
      RTML_TRY(write_plan(plan, part, epoch, store_, call()));
    }
    RTML_TRY(apply(*feed, partition, batch, *writer));
  }
  return {};
}

online::PartName Replayer::part_of(const Feed& feed, std::int32_t partition) {
  return online::stream_part(feed.view->identity, feed.view->source->name + ".replay", partition);
}

Result<std::set<std::int64_t>> Replayer::replayed_offsets(const online::PartName& part) {
  constexpr std::int64_t kRecords = 65'536;
  std::set<std::int64_t> replayed;
  std::int64_t after = -1;
  while (true) {
    RTML_TRY_ASSIGN(const auto records, online::read_records(part, online::RecordKind::kReplayed,
                                                             after, kRecords, store_, call()));
    if (records.empty()) return replayed;
    for (const online::Record& record : records) replayed.insert(record.offset);
    after = records.back().offset;
  }
}

Result<online::PartWriter> Replayer::open_writer(const Feed& feed, std::int32_t partition,
                                                 std::uint64_t* epoch) {
  const StreamedView& view = *feed.view;
  const online::PartName part = part_of(feed, partition);
  Random random(static_cast<std::uint64_t>(clock_.monotonic_us()));
  RTML_TRY_ASSIGN(*epoch, online::next_epoch(part, store_, clock_.now_us(), random, call()));
  return online::PartWriter::open(
      view.program, view.source_schema, part, store_, *epoch,
      {.max_events_per_entity = view.view->timing.max_events_per_entity}, call());
}

// Applies what an earlier replay had begun, as it would have: the same bytes at the same offsets.
Status Replayer::finish_plan(const Feed& feed, std::int32_t partition, online::PartWriter& writer,
                             std::uint64_t epoch) {
  const online::PartName part = part_of(feed, partition);
  RTML_TRY_ASSIGN(const auto plan, read_plan(part, epoch, store_, call()));
  if (!plan || plan->first_offset != writer.position().next_offset) return {};
  std::vector<Letter> letters;
  for (const std::string& line : plan->lines) {
    RTML_TRY_ASSIGN(Letter letter, letter_of_line(line));
    letters.push_back(std::move(letter));
  }
  std::vector<const Letter*> wanted;
  for (const Letter& letter : letters) wanted.push_back(&letter);
  RTML_TRY_ASSIGN(Batch batch, decode(feed, wanted));
  if (batch.events.size() != wanted.size()) {
    return fail(
        Error(ErrorCode::kDataCorrupt,
              "a replay that was interrupted cannot be finished, since " +
                  (report_.refusals.empty() ? "one of its events" : report_.refusals.back()) +
                  " is refused now")
            .with_help("it could be decoded then: put the stream's schema back"));
  }
  return apply(feed, partition, batch, writer);
}

Result<Replayer::Batch> Replayer::decode(const Feed& feed,
                                         const std::vector<const Letter*>& letters) {
  RTML_TRY_ASSIGN(const auto decoder, message::make_decoder(*feed.decoder));
  texts_.clear();
  made_texts_.clear();
  values_.clear();
  Batch batch;
  for (const Letter* letter : letters) {
    auto event = decode(feed, *letter, *decoder);
    if (!event) continue;
    batch.events.push_back(*event);
    batch.letters.push_back(letter);
  }
  return batch;
}

std::optional<online::KeyedEvent> Replayer::decode(const Feed& feed, const Letter& letter,
                                                   message::Decoder& decoder) {
  const StreamedView& view = *feed.view;
  const std::size_t columns = feed.decoder->columns.size();
  auto memory = std::make_unique<table::Value[]>(columns + view.value_count());
  table::Value* const values = memory.get();
  const Result<bool> decoded = decoder.decode(letter.bytes, values, &texts_);
  if (!decoded || !*decoded) {
    refuse(letter, decoded ? "it says nothing" : decoded.error().message());
    return std::nullopt;
  }
  const online::KeyedEvent event = view.event_of(values, values + columns, made_texts_);
  if (event.event.time_us > clock_.now_us() &&
      event.event.time_us - clock_.now_us() > view.view->timing.max_future_us) {
    refuse(letter, "its time still lies in the future: " + format_timestamp(event.event.time_us));
    return std::nullopt;
  }
  for (std::size_t key = 0; key < event.key.size(); ++key) {
    if (!event.key[key].is_null()) continue;
    refuse(letter, "key column " + view.program.keys[key].name + " is null or missing");
    return std::nullopt;
  }
  values_.push_back(std::move(memory));
  return event;
}

Status Replayer::apply(const Feed& feed, std::int32_t partition, Batch& batch,
                       online::PartWriter& writer) {
  const StreamedView& view = *feed.view;
  online::BatchEnd end;
  end.next_offset = writer.position().next_offset;
  for (online::KeyedEvent& event : batch.events) event.offset = end.next_offset++;
  RTML_TRY_ASSIGN(const std::vector<online::Outcome> outcomes, writer.apply(batch.events, call()));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    count(*batch.letters[i], outcomes[i], &end.records);
  }
  end.watermark_us = kWaitsForNone;
  // What reads of the partition's own part have given up is given up here.
  RTML_TRY_ASSIGN(
      const auto main,
      online::read_position(online::stream_part(view.identity, view.source->name, partition),
                            store_, call()));
  end.trim_to_us = main ? main->position.oldest_read_us : kNoTime;
  return writer.commit(end, call());
}

void Replayer::count(const Letter& letter, online::Outcome outcome,
                     std::vector<online::Record>* records) {
  switch (outcome) {
    case online::Outcome::kTooMany:
      return refuse(letter, "its entity has max_events_per_entity events");
    case online::Outcome::kFolded:
      return refuse(letter, "it is late by now");
    case online::Outcome::kDuplicate:
      ++report_.duplicates;
      break;
    case online::Outcome::kBeforeCutover:
      ++report_.before_cutover;
      break;
    case online::Outcome::kApplied:
    case online::Outcome::kAlreadyApplied:
      ++report_.applied;
      break;
  }
  records->push_back({online::RecordKind::kReplayed, letter.offset, ""});
}

void Replayer::refuse(const Letter& letter, const std::string& why) {
  ++report_.refused;
  if (report_.refusals.size() < kShownRefusals) {
    report_.refusals.push_back(origin_of(letter) + ": " + why);
  }
}

}  // namespace

Result<ReplayReport> replay(const ReplayOptions& options, plugin::OnlineStore& store,
                            const Clock& clock, const dataset::BuildContext& context) {
  return Replayer(options, store, clock, context).run();
}

}  // namespace rtml::stream
