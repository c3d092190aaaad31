#include "core/stream/run.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "core/base/log.h"
#include "core/base/text_list.h"
#include "core/base/time.h"
#include "core/plugin/host.h"
#include "core/stream/intake.h"
#include "core/stream/medium.h"
#include "core/stream/metrics.h"
#include "core/stream/part_set.h"

namespace rtml::stream {
namespace {

constexpr std::int64_t kWaitUs = 50 * kMillisecond;
constexpr std::int64_t kMetricsUs = 5 * kSecond;
constexpr std::int64_t kLettersUs = kSecond;

class Runner {
 public:
  Runner(std::vector<SourceViews> sources, const RunOptions& options, plugin::OnlineStore& store,
         const RunClocks& clocks, const dataset::BuildContext& context)
      : sources_(std::move(sources)),
        options_(options),
        clocks_(clocks),
        context_(context),
        retry_(clocks.waits, options.max_retry_us),
        parts_(sources_, store,
               {.root = context.project.root(),
                .from_beginning = options.from_beginning,
                .is_standard_input = options.is_standard_input,
                .process = options.process},
               clocks.time, clocks.waits, retry_, context.cancel) {
    for (const SourceViews& source : sources_) {
      batch_rows_ = std::min(batch_rows_, source.source->stream->batch_rows);
      batch_us_ = std::min(batch_us_, source.source->stream->batch_ms * kMillisecond);
    }
    // A store that is away is what people look at the metrics for.
    retry_.while_waiting([this] { write_metrics_when_due(); });
  }

  Status open_intakes();
  Status loop();
  Result<RunReport> finish(const Status& done);

 private:
  bool must_end() const;
  Status check_lost();
  Status handle(IntakeItem item);
  Status assign(IntakeItem& item);
  Status commit_when_due();
  bool is_commit_due() const;
  Status commit();
  void note_stored();
  void look_after();
  void note_partitions();
  void write_metrics_when_due();
  Status export_letters();
  void write_metrics_file();
  void warn_of_letters(const Error& error);
  void warn_once(std::string warning);

  std::vector<SourceViews> sources_;
  const RunOptions& options_;
  const RunClocks& clocks_;
  const dataset::BuildContext& context_;
  Retry retry_;
  PartSet parts_;
  IntakeQueue queue_;
  std::vector<std::unique_ptr<Intake>> intakes_;
  std::size_t running_ = 0;
  // False while a chunk is being applied: what is applied of it must not be committed alone.
  bool is_applied_whole_ = true;
  std::int64_t batch_rows_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t batch_us_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t start_us_ = 0;
  std::int64_t batch_start_us_ = 0;
  std::int64_t metrics_us_ = 0;
  std::int64_t letters_us_ = 0;
  std::vector<std::string> warnings_;
};

Status Runner::open_intakes() {
  start_us_ = clocks_.waits.monotonic_us();
  for (std::size_t index = 0; index < sources_.size(); ++index) {
    const SourceViews& source = sources_[index];
    const project::StreamInput& stream = *source.source->stream;
    RTML_TRY_ASSIGN(auto decoder, message::make_decoder(source.decoder));
    std::unique_ptr<plugin::StreamReader> reader;
    const Medium medium =
        medium_of(*source.source, context_.project.root(), options_.is_standard_input);
    RTML_TRY_ASSIGN(auto store, context_.plugins.stream_store(medium.type, Json::object()));
    RTML_TRY(retry_.run(
        [&]() -> Status {
          plugin::CallOptions call{.cancel = &context_.cancel};
          if (options_.max_retry_us) {
            call.deadline_us = clocks_.waits.monotonic_us() + *options_.max_retry_us;
          }
          auto opened = store->open(medium.options, call);
          if (!opened) return fail(std::move(opened).error());
          reader = std::move(*opened);
          return {};
        },
        context_.cancel));
    const IntakeOptions intake{.intake = index,
                               .poll_rows = std::min<std::int64_t>(4096, stream.batch_rows),
                               .once = options_.once,
                               .max_retry_us = options_.max_retry_us};
    intakes_.push_back(std::make_unique<Intake>(std::move(reader), std::move(decoder),
                                                source.decoder.columns.size(), intake,
                                                clocks_.waits, queue_));
  }
  running_ = intakes_.size();
  for (const auto& intake : intakes_) intake->start();
  return {};
}

bool Runner::must_end() const {
  if (running_ == 0 || context_.cancel.is_set()) return true;
  return options_.duration_us && clocks_.waits.monotonic_us() - start_us_ >= *options_.duration_us;
}

Status Runner::loop() {
  while (!must_end()) {
    std::optional<IntakeItem> item = queue_.take(parts_.has_changes() ? kMillisecond : kWaitUs);
    if (item) RTML_TRY(handle(std::move(*item)));
    RTML_TRY(commit_when_due());
    look_after();
    RTML_TRY(check_lost());
  }
  return {};
}

Status Runner::check_lost() {
  if (!parts_.has_lost()) return {};
  for (std::size_t index = 0; index < intakes_.size(); ++index) {
    RTML_TRY(parts_.check_lost(index, intakes_[index]->partitions()));
  }
  return {};
}

Status Runner::handle(IntakeItem item) {
  switch (item.kind) {
    case IntakeItem::Kind::kChunk: {
      if (!parts_.has_changes()) batch_start_us_ = clocks_.waits.monotonic_us();
      is_applied_whole_ = false;
      RTML_TRY(parts_.take(item.intake, *item.chunk));
      is_applied_whole_ = true;
      intakes_[item.intake]->give_back(std::move(item.chunk));
      return {};
    }
    case IntakeItem::Kind::kAssignment:
      return assign(item);
    case IntakeItem::Kind::kEnded:
      --running_;
      return {};
    case IntakeItem::Kind::kFailed:
      return fail(std::move(*item.error));
  }
  return {};
}

Status Runner::assign(IntakeItem& item) {
  if (parts_.has_changes()) RTML_TRY(commit());
  RTML_TRY_ASSIGN(std::vector<PartitionOffset> starts, parts_.assign(item.intake, item.assignment));
  intakes_[item.intake]->start_partitions(std::move(starts));
  return {};
}

bool Runner::is_commit_due() const {
  if (!parts_.has_changes()) return false;
  const std::int64_t now_us = clocks_.waits.monotonic_us();
  if (parts_.batch_messages() >= batch_rows_ || parts_.is_batch_full()) return true;
  if (now_us - batch_start_us_ >= batch_us_) return true;
  // While a batch is stored the next one gathers, so a slow store gets larger ones by itself.
  return queue_.is_empty();
}

Status Runner::commit_when_due() {
  if (!is_commit_due()) return {};
  return commit();
}

Status Runner::commit() {
  note_partitions();
  RTML_TRY(parts_.commit(true));
  note_stored();
  return {};
}

// Tells people, and the media, that a commit is done.
void Runner::note_stored() {
  context_.progress.advance_to(parts_.messages());
  for (std::size_t index = 0; index < intakes_.size(); ++index) {
    for (const auto& [partition, offset] : parts_.stored(index)) {
      intakes_[index]->acknowledge(partition, offset);
    }
  }
}

void Runner::note_partitions() {
  for (std::size_t index = 0; index < intakes_.size(); ++index) {
    parts_.note_partitions(index, intakes_[index]->partitions(),
                           retry_.retries() + intakes_[index]->retries(),
                           intakes_[index]->held_back_us());
  }
}

// What is done now and then.
void Runner::look_after() {
  const std::int64_t now_us = clocks_.waits.monotonic_us();
  write_metrics_when_due();
  if (parts_.has_letters() && !parts_.has_changes() && now_us - letters_us_ >= kLettersUs) {
    // They stay in the store, and the next try may succeed.
    if (const Status exported = export_letters(); !exported) warn_of_letters(exported.error());
  }
}

Status Runner::export_letters() {
  letters_us_ = clocks_.waits.monotonic_us();
  return parts_.export_letters();
}

void Runner::warn_of_letters(const Error& error) {
  warn_once("late events and dead letters stay in the online store: " + error.message());
}

void Runner::write_metrics_when_due() {
  if (options_.metrics_file.empty()) return;
  if (clocks_.waits.monotonic_us() - metrics_us_ < kMetricsUs) return;
  note_partitions();
  write_metrics_file();
}

void Runner::write_metrics_file() {
  metrics_us_ = clocks_.waits.monotonic_us();
  const Status written =
      write_metrics(options_.metrics_file, parts_.snapshots(), clocks_.time.now_us());
  if (!written) warn_once("no metrics: " + written.error().message());
}

void Runner::warn_once(std::string warning) {
  if (std::find(warnings_.begin(), warnings_.end(), warning) != warnings_.end()) return;
  log::warning(warning);
  warnings_.push_back(std::move(warning));
}

// However the run ended, what is applied is stored, unless the store is away.
Result<RunReport> Runner::finish(const Status& done) {
  for (const auto& intake : intakes_) intake->stop();
  Status stored = {};
  const bool is_store_away = !done && retry_.is_failing();
  if (parts_.has_changes() && is_applied_whole_ && !is_store_away) {
    stored = parts_.commit(false);
    if (stored) note_stored();
  }
  std::int64_t retries = retry_.retries();
  for (const auto& intake : intakes_) retries += intake->retries();
  intakes_.clear();
  const bool may_export = stored && is_applied_whole_ && !is_store_away && parts_.has_letters();
  if (may_export) {
    if (const Status exported = export_letters(); !exported) warn_of_letters(exported.error());
  }
  if (!options_.metrics_file.empty()) write_metrics_file();
  context_.progress.end();
  RunReport report{.parts = parts_.snapshots(),
                   .messages = parts_.messages(),
                   .commits = parts_.commits(),
                   .retries = retries,
                   .delays = parts_.delays(),
                   .was_stopped = context_.cancel.is_set(),
                   .warnings = {}};
  const Status& failure = done ? stored : done;
  if (failure) return report;
  if (report.was_stopped && (failure.error().exit_class() == ExitClass::kRetry ||
                             failure.error().code() == ErrorCode::kInterrupted)) {
    if (parts_.has_changes()) {
      report.warnings.push_back(
          "the last batch could not be stored, the next run reads it again: " +
          failure.error().message());
    }
    return report;
  }
  return fail(failure.error());
}

}  // namespace

Result<RunReport> run(std::span<const project::FeatureView* const> views, const RunOptions& options,
                      plugin::OnlineStore& store, const RunClocks& clocks,
                      const dataset::BuildContext& context) {
  auto sources = make_source_views(views, context);
  if (!sources) {
    // A signal ends a run in order, however early it comes.
    if (sources.error().code() == ErrorCode::kInterrupted) return RunReport{.was_stopped = true};
    return fail(std::move(sources).error());
  }
  RTML_TRY(check_media(*sources, options.is_standard_input, options.from_beginning));
  const std::string names =
      text_list(*sources, [](const SourceViews& source) { return source.source->label(); });
  Runner runner(std::move(*sources), options, store, clocks, context);
  context.progress.begin("stream " + names, 0, "messages");
  const Status opened = runner.open_intakes();
  return runner.finish(opened ? runner.loop() : opened);
}

}  // namespace rtml::stream
