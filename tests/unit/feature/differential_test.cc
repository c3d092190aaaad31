// Random views over random events: the kernel in any order of arrival, over one to four partitions,
// trimmed, written and read again at random moments; the sweep with one and two threads; and a
// brute force that shares no code with them must agree bit for bit.
//
// RTML_DIFFERENTIAL_ROUNDS sets how many views are tried; the suite's default takes some seconds.
// RTML_DIFFERENTIAL_FIRST is the first one, to look at a failure.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>

#include "core/table/value_memory.h"
#include "tests/unit/feature/brute_force.h"
#include "tests/unit/feature/random_world.h"
#include "tests/unit/feature/view_builder.h"

namespace rtml::feature {
namespace {

using table::Value;

std::string show_row(const std::vector<Value>& values) {
  std::string text;
  for (const Value& value : values) text += show(value) + " ";
  return text;
}

// What show() says of each feature of a swept row.
std::vector<std::string> row_of(const SweepResult& result, std::int64_t row) {
  table::ValueMemory memory;
  std::vector<std::string> values;
  for (const table::Column& column : result.features) {
    values.push_back(show(value_at(column, row, memory)));
  }
  return values;
}

std::string show_row(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += value + " ";
  return text;
}

// What the partitions keep of one entity.
using Parts = std::map<std::size_t, State>;

// The kept states of a world whose events came over several partitions.
class Stream {
 public:
  Stream(Kernel& kernel, const Program& program, const World& world, const EventColumns& events,
         Random& random)
      : kernel_(kernel), program_(program), world_(world), events_(events), random_(random) {
    partitions_ = 1 + below(random, 4);
    // Without exact ids a forgotten event could not tell its double.
    may_trim_ = (!world.has_id || world.are_ids_exact) && one_in(random, 2);
  }

  void run() {
    std::vector<std::int64_t> arrival;
    for (std::int64_t row = 0; row < events_.rows; ++row) arrival.push_back(row);
    arrange(arrival);
    // The earliest event that is still to come.
    std::vector<std::int64_t> earliest(arrival.size() + 1,
                                       std::numeric_limits<std::int64_t>::max());
    for (std::size_t i = arrival.size(); i-- > 0;) {
      earliest[i] = std::min(earliest[i + 1], row(arrival[i]).t);
    }
    for (std::size_t i = 0; i < arrival.size(); ++i) {
      const auto key = key_of(world_, row(arrival[i]));
      if (!key) continue;
      State& state =
          parts_[*key].try_emplace(partition_of(arrival[i]), kernel_.make_state()).first->second;
      const UpdateOutcome outcome = kernel_.update(state, event_of(events_, arrival[i]).event);
      CHECK(outcome != UpdateOutcome::kFolded);
      if (one_in(random_, 20)) write_and_read(state);
      if (may_trim_ && one_in(random_, 6)) trim(state, earliest[i + 1]);
    }
  }

  // The state of an entity: its parts joined in any order.
  State joined(const std::string& key) {
    State state = kernel_.make_state();
    const auto found = parts_.find(key);
    if (found == parts_.end()) return state;
    std::vector<std::size_t> order;
    for (const auto& [partition, part] : found->second) order.push_back(partition);
    std::shuffle(order.begin(), order.end(), random_);
    if (order.size() == 1 || one_in(random_, 2)) {
      state = found->second.at(order.front());
      order.erase(order.begin());
    }
    for (const std::size_t partition : order) kernel_.merge(state, found->second.at(partition));
    if (one_in(random_, 8)) write_and_read(state);
    return state;
  }

  std::int64_t duplicates() const {
    std::int64_t count = 0;
    for (const auto& [key, parts] : parts_) {
      for (const auto& [partition, state] : parts) count += state.duplicates;
    }
    return count;
  }

  // Whether the parts alone may not tell where a session of several partitions began.
  bool may_not_know() const { return may_trim_ && program_.has_sessions && partitions_ > 1; }

 private:
  const SourceRow& row(std::int64_t index) const {
    return world_.rows[static_cast<std::size_t>(index)];
  }

  // Any order, or mostly by time.
  void arrange(std::vector<std::int64_t>& arrival) {
    if (one_in(random_, 4)) return;
    std::shuffle(arrival.begin(), arrival.end(), random_);
    if (!may_trim_) return;
    const auto disorder = static_cast<std::int64_t>(below(random_, 6));
    std::vector<std::int64_t> due;
    for (const SourceRow& row : world_.rows) {
      due.push_back(moved(row.t, static_cast<std::int64_t>(below(random_, 7)) * disorder / 6));
    }
    std::stable_sort(arrival.begin(), arrival.end(), [&](std::int64_t a, std::int64_t b) {
      return due[static_cast<std::size_t>(a)] < due[static_cast<std::size_t>(b)];
    });
  }

  // Rows of one id are in one partition, as a producer's retries are.
  std::size_t partition_of(std::int64_t index) const {
    const auto& id = row(index).id;
    const std::int64_t number = world_.has_id && id ? *id : index;
    return static_cast<std::size_t>(number * 7 % 11) % partitions_;
  }

  void write_and_read(State& state) {
    const std::string bytes = kernel_.encode(state);
    auto decoded = kernel_.decode(bytes);
    REQUIRE(decoded.has_value());
    state = std::move(*decoded);
    CHECK(kernel_.encode(state) == bytes);
  }

  // Gives up reads as far as the events to come allow.
  void trim(State& state, std::int64_t earliest_us) {
    std::int64_t limit = moved(earliest_us, program_.raw_retention_us);
    if (earliest_us == std::numeric_limits<std::int64_t>::max()) {
      limit = state.events() == 0 ? 0 : moved(state.times_us.back(), 20);
    }
    const std::int64_t wanted = moved(limit, -static_cast<std::int64_t>(below(random_, 15)));
    const std::int64_t before = state.oldest_read_us;
    kernel_.trim(state, wanted);
    CHECK(state.oldest_read_us == std::max(before, wanted));
    if (state.folded_until_us == State::kNotFolded || world_.rows.empty()) return;
    // What is final stays as it is.
    OwnedEvent late = event_of(events_, 0);
    late.event.time_us = state.folded_until_us;
    const std::string bytes = kernel_.encode(state);
    CHECK(kernel_.update(state, late.event) == UpdateOutcome::kFolded);
    CHECK(kernel_.encode(state) == bytes);
  }

  Kernel& kernel_;
  const Program& program_;
  const World& world_;
  const EventColumns& events_;
  Random& random_;
  std::size_t partitions_ = 1;
  bool may_trim_ = false;
  std::map<std::string, Parts> parts_;
};

void check_sweeps_agree(const SweepResult& one, const SweepResult& two) {
  CHECK(one.duplicates == two.duplicates);
  CHECK(one.statuses == two.statuses);
  CHECK(one.overflows == two.overflows);
  for (std::size_t row = 0; row < one.statuses.size(); ++row) {
    const auto at = static_cast<std::int64_t>(row);
    CHECK(show_row(row_of(one, at)) == show_row(row_of(two, at)));
  }
}

// A read with a request's event must be what a copy that has it reads.
void check_own_event(Kernel& kernel, const State& state, const Event& event, std::int64_t t) {
  State copy = state;
  if (kernel.update(copy, event) == UpdateOutcome::kFolded) {
    CHECK(!kernel.read_with_event(state, event, t));
    return;
  }
  const std::string before = kernel.encode(state);
  const auto expected = kernel.read(copy, t);
  const std::string values = expected ? show_row(expected->values) : expected.error().message();
  const auto overflows = expected ? expected->overflows : 0;
  const auto statuses = expected ? expected->statuses : std::vector<Status>();
  const auto row = kernel.read_with_event(state, event, t);
  CHECK((row ? show_row(row->values) : row.error().message()) == values);
  CHECK((row ? row->overflows : 0) == overflows);
  CHECK((row ? row->statuses : std::vector<Status>()) == statuses);
  CHECK(kernel.encode(state) == before);
}

// One read of the kernel against the sweep. Returns whether it could be made.
bool check_read(Kernel& kernel, const State& state, std::int64_t t, const SweepResult& swept,
                std::size_t r, bool may_not_know, std::int64_t& overflows) {
  const auto row = kernel.read(state, t);
  if (!row) {
    CHECK(row.error().code() == ErrorCode::kOutsideHistory);
    CHECK((t < state.oldest_read_us || may_not_know));
    return false;
  }
  CHECK(t >= state.oldest_read_us);
  CHECK(show_row(row->values) == show_row(row_of(swept, static_cast<std::int64_t>(r))));
  const bool is_whole =
      row->statuses[0] == Status::kNotFound || row->statuses[0] == Status::kOutsideMaxAge;
  CHECK((is_whole ? row->statuses[0] : Status::kPresent) == swept.statuses[r]);
  if (swept.statuses[r] != Status::kNotFound) {
    CHECK(row->latest_event_us == swept.latest_event_us[r]);
  }
  overflows += row->overflows;
  return true;
}

ReadColumns to_reads(const Program& program, const table::Batch& batch) {
  ReadColumns reads;
  reads.rows = batch.rows();
  for (const table::Field& key : program.keys) {
    reads.keys.push_back(batch.column(*batch.schema().find(key.name)));
  }
  reads.time = batch.column(*batch.schema().find(program.time_column));
  return reads;
}

void check_world(World& world, Random& random) {
  add_expressions(world);
  const Program program = world.builder.program();
  const auto batch = world.batch(world.rows);
  const auto events = event_columns(program, batch, "the rows");
  REQUIRE(events.has_value());
  const std::vector<SourceRow> read_rows = random_reads(world, random);
  const ReadColumns reads = to_reads(program, world.batch(read_rows));
  const auto swept = sweep(program, *events, reads);
  REQUIRE(swept.has_value());
  const auto in_two = sweep(program, *events, reads, {2, nullptr});
  REQUIRE(in_two.has_value());
  check_sweeps_agree(*swept, *in_two);

  Kernel kernel(program);
  Stream stream(kernel, program, world, *events, random);
  stream.run();
  std::map<std::string, State> states;
  const auto entities = brute_entities(world, program.inputs);
  std::int64_t overflows = 0;
  bool is_every_read_made = true;
  for (std::size_t r = 0; r < read_rows.size(); ++r) {
    CAPTURE(r);
    const std::int64_t t = read_rows[r].t;
    std::vector<std::string> values = row_of(*swept, static_cast<std::int64_t>(r));
    const auto key = key_of(world, read_rows[r]);
    if (!key) {
      CHECK(show_row(values) == show_row(std::vector<std::string>(values.size(), "null")));
      CHECK(swept->statuses[r] == Status::kNotFound);
      continue;
    }
    if (!states.contains(*key)) states.emplace(*key, stream.joined(*key));
    const State& state = states.at(*key);
    if (!check_read(kernel, state, t, *swept, r, stream.may_not_know(), overflows)) {
      is_every_read_made = false;
    }
    if (!world.rows.empty() && one_in(random, 8)) {
      const auto own = static_cast<std::int64_t>(below(random, world.rows.size()));
      check_own_event(kernel, state, event_of(*events, own).event, t);
    }
    if (!entities) continue;
    const auto known = entities->find(*key);
    const std::vector<BruteEvent> none;
    const std::vector<std::string> expected =
        brute_read(world, known == entities->end() ? none : known->second, t);
    values.resize(expected.size());
    for (std::size_t f = 0; f < expected.size(); ++f) {
      if (expected[f].empty()) values[f].clear();
    }
    CHECK(show_row(expected) == show_row(values));
  }
  CHECK(stream.duplicates() == static_cast<std::int64_t>(swept->duplicates.size()));
  if (!program.ttl_us && is_every_read_made) CHECK(overflows == swept->overflows);
}

}  // namespace

TEST_CASE("kernel, sweep and brute force: the same bits for random views and events") {
  const char* wanted = std::getenv("RTML_DIFFERENTIAL_ROUNDS");
  const int rounds = wanted != nullptr ? std::atoi(wanted) : 2'000;
  const char* from = std::getenv("RTML_DIFFERENTIAL_FIRST");
  const int first = from != nullptr ? std::atoi(from) : 0;
  for (int round = first; round < first + rounds; ++round) {
    Random random(static_cast<std::uint64_t>(round) * 7'919 + 17);
    World world = random_world(random);
    CAPTURE(round);
    CAPTURE(describe(world));
    check_world(world, random);
  }
}

}  // namespace rtml::feature
