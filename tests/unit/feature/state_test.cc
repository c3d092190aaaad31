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

TEST_CASE("State: mutated bytes under a right checksum are refused or read, and never crash") {
  const ViewBuilder view = full_view();
  const Program program = view.program();
  Kernel kernel(program);
  const std::string bytes = kernel.encode(full_state(kernel, program, view.schema));
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
    // What is accepted is a state like any other, with one writing.
    CHECK(kernel.read(*decoded, std::numeric_limits<std::int64_t>::max()));
    CHECK(kernel.encode(*decoded) == changed);
  }
  CHECK(accepted > 0);
}

}  // namespace rtml::feature
