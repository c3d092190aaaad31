// Every view version × partition that a run feeds: opens, applies, commits and gives them up.
//
// What is of several views or sources goes into one commit. Used by one thread.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "core/base/cancel.h"
#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/plugin/backends.h"
#include "core/stream/chunk.h"
#include "core/stream/delay_histogram.h"
#include "core/stream/retry.h"
#include "core/stream/snapshot.h"
#include "core/stream/streamed_view.h"
#include "core/stream/view_part.h"

namespace rtml::stream {

using PartitionOffset = std::pair<std::int32_t, std::int64_t>;

struct PartSetOptions {
  std::filesystem::path root;  // Of the project.
  // Forget what is kept of a partition when it is opened for the first time, and read it anew.
  bool from_beginning = false;
  // The sources are read from standard input, whose lines have parts of their own.
  bool is_standard_input = false;
  std::int64_t process = 0;
};

class PartSet {
 public:
  // All arguments outlive the set. `clock` tells the time, `waits` is what waiting is counted by.
  PartSet(std::span<const SourceViews> sources, plugin::OnlineStore& store,
          const PartSetOptions& options, const Clock& clock, const Clock& waits, Retry& retry,
          const CancelFlag& stop);

  // Gives up the parts of partitions that are not owned any more, opens those of partitions that
  // are new, and says where each of these is to be read from: at the view that is least far.
  // REQUIRES: everything is committed.
  Result<std::vector<PartitionOffset>> assign(std::size_t source,
                                              std::span<const plugin::Partition> owned);

  // Applies the messages of a chunk. Messages of partitions that are lost are passed over.
  Status take(std::size_t source, const Chunk& chunk);

  bool has_changes() const { return batch_messages_ > 0; }
  // Whether so much is applied that it should be committed before more is: a commit is held in
  // memory as a whole, and some stores stand still for it. Learnt from what commits have written.
  bool is_batch_full() const;
  // Since the last commit; each message once, however many views it feeds.
  std::int64_t batch_messages() const { return batch_messages_; }
  std::int64_t messages() const { return messages_; }
  std::int64_t commits() const { return commits_; }
  std::int64_t last_commit_us() const { return last_commit_us_; }
  // How old events were when a commit made them readable.
  const DelayHistogram& delays() const { return delays_; }

  // Stores everything that take() has applied. A part that another writer has taken over is lost.
  // Repeated as Retry says, where it `tries_again`.
  Status commit(bool tries_again);

  // Writes late events and dead letters into their files. REQUIRES: everything is committed.
  Status export_letters();
  bool has_letters() const { return has_letters_; }

  // How far each partition of a source is stored: the view that is least far.
  std::vector<PartitionOffset> stored(std::size_t source) const;
  bool has_lost() const { return !lost_.empty(); }
  // Fails with kEpochStale if a partition that was lost is still owned after a while: then nobody
  // will give it back.
  Status check_lost(std::size_t source, std::span<const plugin::Partition> owned) const;
  // What the medium said last of the partitions of a source, for the facts of a batch.
  void note_partitions(std::size_t source, std::span<const plugin::Partition> partitions,
                       std::int64_t retries, std::int64_t held_back_us);
  std::vector<PartSnapshot> snapshots() const;

 private:
  struct PartitionParts {
    std::vector<ViewPart> views;
    RunFacts facts;
    std::int64_t messages = 0;  // Since the rate was taken last.
    std::int64_t rate_since_us = 0;
  };
  using Key = std::pair<std::size_t, std::int32_t>;  // Source, partition.

  Status open(const Key& key);
  Result<online::PartWriter> open_writer(const StreamedView& view, const online::PartName& name);
  online::PartName name_of(const StreamedView& view, std::int32_t partition) const;
  Status forget(const StreamedView& view, const online::PartName& name);
  Status forget_at_once(const online::PartName& name);
  Status forget_in_steps(const StreamedView& view, const online::PartName& name);
  // Groups of entities of a part, from the first one after `after`.
  Result<std::vector<std::string>> entities_after(const online::PartName& name,
                                                  const std::string& after);
  Status apply(PartitionParts& parts, const Chunk& chunk, std::size_t begin, std::size_t end);
  std::vector<ViewPart*> changed();
  const RunFacts& facts_of(const ViewPart& part) const;
  Status store_batch(std::span<ViewPart* const> parts);
  Status store_together(std::span<ViewPart* const> parts);
  Status store_one_by_one();
  online::BatchEnd end_of(const ViewPart& part) const;
  void note_committed(ViewPart& part);
  void settle();
  void learn_batch_size();
  void take_rate(PartitionParts& parts);
  // For a writer of the part; higher than any before it.
  Result<std::uint64_t> next_epoch(const online::PartName& name);
  plugin::CallOptions call() const;

  std::span<const SourceViews> sources_;
  plugin::OnlineStore& store_;
  PartSetOptions options_;
  const Clock& clock_;
  const Clock& waits_;
  Retry& retry_;
  const CancelFlag& stop_;
  Random random_;

  std::map<Key, PartitionParts> parts_;
  std::map<Key, std::int64_t> lost_;  // When.
  std::set<std::string> forgotten_;   // Groups of positions.
  std::uint64_t epoch_ = 0;
  std::int64_t batch_messages_ = 0;
  std::int64_t batch_bytes_ = 0;    // Of its messages.
  std::int64_t written_bytes_ = 0;  // By the commit under way.
  std::int64_t messages_at_once_;   // What a commit should hold at most.
  std::int64_t messages_ = 0;
  std::int64_t commits_ = 0;
  std::int64_t last_commit_us_ = 0;
  bool has_letters_ = false;
  DelayHistogram delays_;
};

}  // namespace rtml::stream
