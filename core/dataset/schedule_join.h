// Features at the moments of a schedule: for each moment one row for each entity that is known
// then.
//
// An entity is known from its first event on, and while its latest event is no older than the ttl
// of one of the views: a snapshot holds who is there. Rows come in the order of the moments, those
// of one moment in the order of the keys; neither threads nor the memory limit change them. There
// may be far more rows than events, so they are made some hundred thousand at a time: each time
// every part of the entities is swept for the moments whose turn it is. Events go into a file where
// memory may not hold them; the keys of the entities stay. Used by one thread, which starts others.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/dataset/event_parts.h"
#include "core/dataset/join.h"
#include "core/dataset/packed_column.h"

namespace rtml::dataset {

class ScheduleJoin {
 public:
  // Fails with kUsage if the views have different keys, and with kDataBadValue if a feature is
  // called like another one or a key. What the references name must outlive the join.
  static Result<std::unique_ptr<ScheduleJoin>> make(Features features, const Programs& programs,
                                                    const BuildContext& context);

  // Events of the views' source.
  Status add_events(const table::Batch& events);
  // No events come any more, and these are the moments, ascending. `may_repeat`: an id may be there
  // twice.
  Status start(std::vector<std::int64_t> times_us, bool may_repeat);
  // The keys, `event_timestamp` and the features, of some more rows. REQUIRES: start().
  Result<std::optional<table::Batch>> next();

  const std::shared_ptr<const table::Schema>& schema() const { return schema_; }
  // The events of a view, dealt by entity. REQUIRES: start().
  const EventParts& events_of(const project::FeatureView& view) const {
    return *views_.at(&view).events;
  }
  JoinEffort effort() const;

 private:
  struct View {
    const feature::Program* program = nullptr;
    std::unique_ptr<EventParts> events;
    std::vector<std::size_t> outputs;  // Those wanted.
    // Events further before a read do not matter; nothing: all before it do.
    std::optional<std::int64_t> reach_us;
  };
  // The entities of one part, as ranks among all of them, ascending.
  using Ranks = std::vector<std::uint32_t>;
  // Moments [first_time, last_time) of the entities with rank [first_rank, last_rank).
  struct Chunk {
    std::size_t first_time = 0;
    std::size_t last_time = 0;
    std::size_t first_rank = 0;
    std::size_t last_rank = 0;
  };
  struct PartResult;

  ScheduleJoin(Features features, const BuildContext& context)
      : features_(features.begin(), features.end()), context_(context) {}
  Status find_entities();
  std::int64_t rows_of_chunk() const;
  Chunk next_chunk();
  Status compute(const Chunk& chunk);
  Status compute_part(const Chunk& chunk, std::size_t part, PartResult& result) const;
  Result<feature::EventColumns> load_events(const View& view, std::size_t part,
                                            const Chunk& chunk) const;
  Result<table::Batch> gather(const Chunk& chunk, const std::vector<PartResult>& results) const;
  Status stay_within_limit();

  std::vector<project::ServiceColumn> features_;
  const BuildContext& context_;
  std::map<const project::FeatureView*, View> views_;
  const View* first_view_ = nullptr;
  std::shared_ptr<const table::Schema> schema_;
  bool is_spilling_ = false;
  bool may_repeat_ = false;

  std::vector<std::int64_t> times_us_;
  std::vector<table::Column> keys_;     // Of the entities, by rank: their order by key.
  std::vector<std::int64_t> first_us_;  // The time of the first event, by rank.
  std::vector<std::int64_t> sorted_first_us_;
  std::vector<Part> parts_;   // By rank.
  std::vector<Ranks> ranks_;  // By part.

  Chunk done_;  // Ends where the next chunk begins.
  table::Batch made_;
  std::int64_t given_ = 0;  // Of made_.
  std::int64_t overflows_ = 0;
  std::int64_t compute_us_ = 0;
};

}  // namespace rtml::dataset
