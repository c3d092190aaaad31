// The bytes of a state: what goes in comes out, and no bytes crash the reader.

#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "core/feature/kernel.h"
#include "tests/unit/feature/view_builder.h"

namespace rtml::feature {
namespace {

using table::Kind;

ViewBuilder full_view() {
  ViewBuilder view;
  view.aggregate("a", Kind::kDouble, "sum(x)", 100, 0, "flag")
      .aggregate("b", Kind::kString, "last(s)", 100)
      .aggregate("d", Kind::kInt64, "max(y)", 100)
      .column("e", {Kind::kDouble, true})
      .column("g", {Kind::kString, true})
      .aggregate_over("h", {Kind::kInt64, true}, "last(h)", std::nullopt)
      .with_created()
      .with_id();
  return view;
}

State full_state(Kernel& kernel, const Program& program, const table::Schema& schema) {
  State state = kernel.make_state();
  std::vector<SourceRow> rows;
  for (int i = 0; i < 21; ++i) {
    SourceRow row;
    row.t = i * 1'000'000'000LL - 5'000'000'000LL;
    row.id = i;
    if (i % 3 != 0) row.c = row.t + i;
    if (i % 4 != 0) row.x = i * 0.1;
    if (i % 5 != 0) row.s = std::string(static_cast<std::size_t>(i), 'q');
    row.y = i % 2 == 0 ? std::numeric_limits<std::int64_t>::min() : i;
    row.flag = i % 2 == 0;
    if (i % 4 != 1) row.e.emplace(static_cast<std::size_t>(i % 3), i % 2 == 0 ? i * 0.1 : i);
    if (i % 5 != 2) row.g = {{"a", std::nullopt, std::string(static_cast<std::size_t>(i), 'q')}};
    if (i % 2 == 0) row.h = {{i, std::nullopt}};
    rows.push_back(row);
  }
  const auto events = event_columns(program, to_batch(schema, rows), "the rows");
  REQUIRE(events.has_value());
  for (std::int64_t row = 0; row < events->rows; ++row) {
    kernel.update(state, event_of(*events, row).event);
  }
  return state;
}

}  // namespace

TEST_CASE("State: its bytes give it back") {
  const ViewBuilder view = full_view();
  const Program program = view.program();
  Kernel kernel(program);
  State state = full_state(kernel, program, view.schema);
  kernel.trim(state, 3);
  const std::string bytes = kernel.encode(state);
  const auto decoded = kernel.decode(bytes);
  REQUIRE(decoded.has_value());
  CHECK(decoded->times_us == state.times_us);
  CHECK(decoded->created_us == state.created_us);
  CHECK(decoded->tie_breaks == state.tie_breaks);
  CHECK(decoded->oldest_read_us == 3);
  CHECK(kernel.encode(*decoded) == bytes);
}

TEST_CASE("State: the bytes are those of docs/formats/state.md") {
  ViewBuilder view;
  view.aggregate("a", Kind::kInt64, "sum(y)", 100);
  const Program program = view.program();
  Kernel kernel(program);
  State state = kernel.make_state();
  SourceRow row;
  row.t = -2;
  row.y = 64;
  const auto events = event_columns(program, to_batch(view.schema, {row}), "the row");
  kernel.update(state, event_of(*events, 0).event);
  state.oldest_read_us = -1;
  const std::string bytes = kernel.encode(state);
  // Magic, version, no parts, one slot of INT64, oldest read -1, no duplicates, one event, time -2,
  // valid, value 64.
  const std::string expected("RTMS\x01\x00\x01\x02\x01\x00\x01\x03\x01\x80\x01", 15);
  CHECK(bytes.substr(0, bytes.size() - 8) == expected);
}

TEST_CASE("State: bytes that are cut, changed or another view's are refused") {
  const ViewBuilder view = full_view();
  const Program program = view.program();
  Kernel kernel(program);
  const std::string bytes = kernel.encode(full_state(kernel, program, view.schema));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CHECK(!kernel.decode(bytes.substr(0, length)));
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    CHECK(!kernel.decode(changed));
  }
  ViewBuilder other;
  other.aggregate("a", Kind::kInt64, "sum(y)", 100);
  const Program other_program = other.program();
  Kernel other_kernel(other_program);
  const auto refused = other_kernel.decode(bytes);
  REQUIRE(!refused);
  CHECK(refused.error().code() == ErrorCode::kDataCorrupt);
  CHECK(refused.error().message() ==
        "cannot read a state of view v: it is of another view or version");
}

namespace {

// FNV-1a, to give changed bytes a checksum that fits.
void seal(std::string& bytes) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (std::size_t i = 0; i + 8 < bytes.size(); ++i) {
    hash = (hash ^ static_cast<std::uint8_t>(bytes[i])) * 0x100000001B3ULL;
  }
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[bytes.size() - 8 + i] = static_cast<char>(hash >> (8 * i) & 0xFF);
  }
}

}  // namespace

namespace {

// Changes sealed bytes of a state at random. Those that are accepted must be a state like any
// other, with one writing. Returns how many were.
int accepted_changes(Kernel& kernel, const std::string& bytes, bool may_not_know_sessions) {
  std::mt19937_64 random(11);
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = bytes;
    const std::size_t changes = 1 + random() % 4;
    for (std::size_t j = 0; j < changes; ++j) {
      const std::size_t at = random() % changed.size();
      switch (random() % 3) {
        case 0:
          changed[at] = static_cast<char>(random());
          break;
        case 1:
          changed.erase(at, 1 + random() % 3);
          break;
        default:
          changed.insert(at, 1 + random() % 3, static_cast<char>(random()));
      }
      if (changed.size() < 9) break;
    }
    if (changed.size() >= 8) seal(changed);
    auto decoded = kernel.decode(changed);
    if (!decoded) continue;
    ++accepted;
    const auto row = kernel.read(*decoded, std::numeric_limits<std::int64_t>::max());
    CHECK((row.has_value() || may_not_know_sessions));
    CHECK(kernel.encode(*decoded) == changed);
  }
  return accepted;
}

// A view whose state holds folds of several kinds and knows of sessions.
ViewBuilder folded_view() {
  ViewBuilder view;
  project::Window tiled;
  tiled.size_us = 20'000'000'000;
  tiled.resolution_us = 1'000'000'000;
  project::Window session;
  session.kind = project::WindowKind::kSession;
  session.gap_us = 2'000'000'000;
  session.max_length_us = 3'000'000'000;
  view.aggregate_over("a", {Kind::kDouble}, "sum(x)", tiled, "flag")
      .aggregate_over("b", {Kind::kString}, "last(s)", std::nullopt)
      .aggregate_over("c2", {Kind::kInt64}, "max(y)", tiled)
      .aggregate_over("d", {Kind::kDouble}, "std(x)", std::nullopt)
      .aggregate_over("e", {Kind::kInt64}, "count", session)
      .aggregate_over("f", {Kind::kInt64}, "approx_count_distinct(s)", tiled)
      .with_created()
      .with_id();
  view.view.features.back().window->delay_us = 1'000'000'000;
  return view;
}

}  // namespace

TEST_CASE("State: mutated bytes under a right checksum are refused or read, and never crash") {
  const ViewBuilder view = full_view();
  const Program program = view.program();
  Kernel kernel(program);
  const std::string bytes = kernel.encode(full_state(kernel, program, view.schema));
  CHECK(accepted_changes(kernel, bytes, false) > 0);
}

TEST_CASE("State: folded buckets and sessions come back, and mutated ones never crash") {
  const ViewBuilder view = folded_view();
  const Program program = view.program();
  Kernel kernel(program);
  State state = full_state(kernel, program, view.schema);
  const std::int64_t last = state.times_us.back();
  // The reach of sessions lies between what is folded and the oldest read.
  kernel.trim(state, last - 5'000'000'000 + program.raw_retention_us);
  CHECK(state.events() < 21);
  CHECK(state.folds[0].size() > 3);
  const std::string bytes = kernel.encode(state);
  const auto decoded = kernel.decode(bytes);
  REQUIRE(decoded.has_value());
  CHECK(decoded->folded_until_us == state.folded_until_us);
  CHECK(decoded->session_starts_us == state.session_starts_us);
  CHECK(kernel.encode(*decoded) == bytes);
  for (const std::int64_t t :
       {last - 5'000'000'000 + program.raw_retention_us, last + program.raw_retention_us}) {
    const auto expected = kernel.read(state, t);
    REQUIRE(expected.has_value());
    std::string values;
    for (const table::Value& value : expected->values) values += show(value) + " ";
    const auto row = kernel.read(*decoded, t);
    REQUIRE(row.has_value());
    std::string found;
    for (const table::Value& value : row->values) found += show(value) + " ";
    CHECK(found == values);
  }
  CHECK(accepted_changes(kernel, bytes, true) > 0);
}

}  // namespace rtml::feature
