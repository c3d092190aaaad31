// The kernel: update(event) and read(time) on the state of one entity. Whoever computes a feature,
// for a training set, a stream or a request, ends here or in the sweep that is proven equal to it.
//
// A State is a value owned by whoever holds it. A Kernel keeps scratch memory: one per thread.

#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/base/result.h"
#include "core/feature/program.h"
#include "core/table/value.h"

namespace rtml::feature {

// One event as the source gives it.
struct Event {
  std::int64_t time_us = 0;
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

// The values that one slot has kept, one an event. Which vector holds them depends on the kind.
struct SlotValues {
  std::vector<std::uint8_t> valid;
  std::vector<std::int64_t> integers;  // BOOL, INT64, TIMESTAMP.
  std::vector<double> numbers;         // DOUBLE.
  std::vector<std::string> texts;      // STRING, BYTES.
};

// What is kept of one entity's events, in their order: event time, created (null lowest), id or
// the canonical bytes of the row.
struct State {
  static constexpr std::int64_t kNoCreated = std::numeric_limits<std::int64_t>::min();

  std::vector<std::int64_t> times_us;
  std::vector<std::int64_t> created_us;  // kNoCreated where null; empty if the program has none.
  // Bytes that sort as the id does, or as the row where there is no id; empty if neither matters.
  std::vector<std::string> tie_breaks;
  std::vector<SlotValues> slots;
  // Reads before this moment fail: events they need were trimmed.
  std::int64_t oldest_read_us = std::numeric_limits<std::int64_t>::min();
  std::int64_t duplicates = 0;  // Events dropped since the state began.
  // Hashes of `tie_breaks` that tell a new id fast; made when there are many events.
  std::unordered_set<std::size_t> id_hashes;

  std::size_t events() const { return times_us.size(); }
};

struct Arrival;

class Kernel {
 public:
  // `program` must live as long as the kernel.
  explicit Kernel(const Program& program);
  ~Kernel();
  Kernel(Kernel&&) noexcept;

  State make_state() const;

  // Applies one event, in whatever order events come. Returns false if it was dropped because one
  // with its id is there already; of two with one id the first in order stays, and if the new one
  // is first, it takes the other's place. REQUIRES: inputs have the types of the program.
  bool update(State& state, const Event& event);

  // Computes the features as of `time_us`. Fails with kOutsideHistory before oldest_read_us.
  Result<Row> read(const State& state, std::int64_t time_us);

  // Applies a request's own event to a copy, then reads: serving sees what training saw.
  Result<Row> read_with_event(const State& state, const Event& event, std::int64_t time_us);

  // The row of an entity without any event.
  Row read_unknown();

  // Forgets what no read at or after `oldest_read_us` can see.
  void trim(State& state, std::int64_t oldest_read_us) const;

  // The bytes of a state (docs/formats/state.md), and back. decode() fails with kDataCorrupt on
  // bytes that no encode() of this program gives.
  std::string encode(const State& state) const;
  Result<State> decode(std::string_view bytes) const;

 private:
  struct Memory;
  bool make_room_for_id(State& state, const Arrival& arrival) const;
  void insert(State& state, const Arrival& arrival) const;
  Row read_now(const State& state, std::int64_t time_us);

  const Program& program_;
  std::unique_ptr<Memory> memory_;
};

// Returns bytes that are equal for equal keys only, for online stores; `key` in the order of
// Program::keys. Integers of any width give the same bytes.
std::string encode_key(std::span<const table::Value> key);

}  // namespace rtml::feature
