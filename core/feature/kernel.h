// The kernel: update(event) and read(time) on the state of one entity. Whoever computes a feature,
// for a training set, a stream or a request, ends here or in the sweep that is proven equal to it.
//
// A State (state.h) is a value owned by whoever holds it. A Kernel keeps scratch memory: one per
// thread.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/feature/program.h"
#include "core/feature/state.h"
#include "core/table/value.h"

namespace rtml::feature {

// One event as the source gives it.
struct Event {
  std::int64_t time_us = 0;              // Above kBeforeAllTime.
  table::Value created;                  // Microseconds, or null.
  table::Value id;                       // An integer or a text, or null.
  std::span<const table::Value> inputs;  // In the order of Program::inputs.
};

enum class Status : std::uint8_t {
  kPresent,
  kNullValue,
  kNotFound,       // The entity has no event at or before t.
  kOutsideMaxAge,  // Its latest event is older than the view's ttl; the whole row is null.
};
// "PRESENT", "NULL_VALUE", "NOT_FOUND", "OUTSIDE_MAX_AGE".
std::string_view to_string(Status status);

// The features of one entity at one moment, in the order of Program::outputs. Texts live in the
// kernel until its next read.
struct Row {
  std::vector<table::Value> values;
  std::vector<Status> statuses;
  // The time of the latest event that the read saw; unspecified where it is kNotFound.
  std::int64_t latest_event_us = 0;
  std::int64_t overflows = 0;  // INT64 sums that did not fit and are null.
};

// What became of an event that was given to update().
enum class UpdateOutcome : std::uint8_t {
  kApplied,
  kDuplicate,  // One with its id is there; the first in order of the two stays.
  kFolded,     // Not applied: its time is at or before State::folded_until_us.
};

struct Arrival;

class Kernel {
 public:
  // `program` must live as long as the kernel.
  explicit Kernel(const Program& program);
  ~Kernel();
  Kernel(Kernel&&) noexcept;

  State make_state() const;

  // Applies one event, in whatever order events come. Of two with one id the first in order stays;
  // if that is the new one, it takes the other's place, which counts as a duplicate and is applied.
  // REQUIRES: inputs have the types of the program.
  UpdateOutcome update(State& state, const Event& event);

  // Computes the features as of `time_us`. Fails with kOutsideHistory before oldest_read_us, and
  // where a state merged from several trimmed ones does not tell where a session began.
  Result<Row> read(const State& state, std::int64_t time_us);

  // Reads as if a request's own event had been applied: serving sees what training saw. Fails like
  // read(), and with kOutsideHistory if the state is final at the event's time.
  Result<Row> read_with_event(const State& state, const Event& event, std::int64_t time_us);

  // The row of an entity without any event.
  Row read_unknown();

  // Gives up reads before `oldest_read_us`: folds the events that only foldable windows still need
  // into accumulators, and forgets what no read at or after it can see. From then on events at or
  // before folded_until_us, which is Program::raw_retention_us and a moment before oldest_read_us,
  // cannot be applied. Reads at or after `oldest_read_us` stay exact, whenever and however often
  // a state was trimmed.
  void trim(State& state, std::int64_t oldest_read_us) const;

  // Joins what two partitions have kept of one entity: `into` becomes the state of one partition
  // that saw all the events, as far as both can still be read. An id counts once among events that
  // are still there; duplicates are added up.
  void merge(State& into, const State& other) const;

  // The bytes of a state (docs/formats/state.md), and back. decode() fails with kDataCorrupt on
  // bytes that no encode() of this program gives.
  std::string encode(const State& state) const;
  Result<State> decode(std::string_view bytes) const;

 private:
  struct Memory;
  // Evaluates an event into an arrival and the slot values of the memory.
  Arrival receive(const Event& event);
  UpdateOutcome apply(State& state, const Arrival& arrival, bool may_index) const;
  bool make_room_for_id(State& state, const Arrival& arrival, bool may_index) const;
  void insert(State& state, const Arrival& arrival) const;
  // Reads from the events of one state and what another knows of older ones; mostly they are one.
  Result<Row> read_now(const State& events, const State& kept, std::int64_t time_us);
  rtml::Status check_history(const State& state, std::int64_t time_us) const;
  void finish_row(Row& row, Status status);

  const Program& program_;
  std::unique_ptr<Memory> memory_;
};

// Returns bytes that are equal for equal keys only, for online stores; `key` in the order of
// Program::keys. Integers of any width give the same bytes.
std::string encode_key(std::span<const table::Value> key);

}  // namespace rtml::feature
