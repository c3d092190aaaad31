// The bytes of a State; docs/formats/state.md specifies them.

#include <bit>
#include <cmath>
#include <cstring>

#include "core/feature/aggregate.h"
#include "core/feature/byte_codec.h"
#include "core/feature/event_block.h"
#include "core/feature/events.h"
#include "core/feature/exact_sum.h"
#include "core/feature/kernel.h"
#include "core/feature/packed_list.h"
#include "core/feature/read.h"

namespace rtml::feature {
namespace {

using table::Kind;

constexpr std::string_view kMagic = "RTMS";
constexpr std::size_t kChecksumBytes = 8;

// FNV-1a of 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv).
std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : bytes) {
    hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3ULL;
  }
  return hash;
}

using Writer = ByteWriter;
using Reader = ByteReader;

// The bytes with their checksum behind them.
std::string finished(Writer& writer) {
  writer.fixed(checksum(writer.bytes()));
  return writer.take();
}

void write_slot(Writer& writer, const SlotValues& slot, Kind kind) {
  const std::size_t events = slot.valid.size();
  for (std::size_t i = 0; i < events; i += 8) {
    std::uint8_t bits = 0;
    for (std::size_t j = i; j < std::min(i + 8, events); ++j) {
      bits |= static_cast<std::uint8_t>(slot.valid[j] << (j - i));
    }
    writer.byte(bits);
  }
  for (std::size_t i = 0; i < events; ++i) {
    if (slot.valid[i] == 0) continue;
    if (kind == Kind::kDouble) {
      writer.fixed(std::bit_cast<std::uint64_t>(slot.numbers[i]));
    } else if (kind == Kind::kString || kind == Kind::kBytes) {
      writer.text(slot.texts[i]);
    } else {
      writer.zigzag(slot.integers[i]);
    }
  }
}

void read_slot(Reader& reader, SlotValues& slot, const Slot& kept, std::size_t events) {
  const Kind kind = kept.kind;
  slot.valid.resize(events);
  for (std::size_t i = 0; i < events; i += 8) {
    const std::uint8_t bits = reader.byte();
    for (std::size_t j = i; j < std::min(i + 8, events); ++j) {
      slot.valid[j] = bits >> (j - i) & 1;
    }
    if (events - i < 8 && bits >> (events - i) != 0) reader.refuse();
  }
  for (std::size_t i = 0; i < events && !reader.failed(); ++i) {
    const bool is_valid = slot.valid[i] != 0;
    if (kind == Kind::kDouble) {
      const auto number = is_valid ? std::bit_cast<double>(reader.fixed()) : 0.0;
      const auto bits = std::bit_cast<std::uint64_t>(number);
      if (bits != std::bit_cast<std::uint64_t>(canonical(number))) reader.refuse();
      slot.numbers.push_back(number);
    } else if (kind == Kind::kString || kind == Kind::kBytes) {
      slot.texts.emplace_back(is_valid ? reader.text() : std::string_view());
      if (is_valid && kept.type.is_list && !is_packed_list(slot.texts.back(), kept.type.kind)) {
        reader.refuse();
      }
    } else {
      const std::int64_t integer = is_valid ? reader.zigzag() : 0;
      if (kind == Kind::kBool && integer != 0 && integer != 1) reader.refuse();
      slot.integers.push_back(integer);
    }
  }
}

// Folded buckets and sessions came with version 2; a program without them still writes version 1.
std::uint8_t version_of(const Program& program) {
  return program.folds.empty() && !program.has_sessions ? 1 : 2;
}

// The buckets of one fold: how many, then of each its distance from the one before and what it
// holds.
void write_buckets(Writer& writer, const std::vector<FoldedBucket>& buckets) {
  writer.varint(buckets.size());
  std::int64_t last = 0;
  for (const FoldedBucket& bucket : buckets) {
    writer.zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(bucket.index) -
                                            static_cast<std::uint64_t>(last)));
    last = bucket.index;
    bucket.accumulator->encode(writer);
  }
}

void read_buckets(Reader& reader, const Program& program, const Fold& fold,
                  std::vector<FoldedBucket>& buckets) {
  const std::size_t count = reader.count(1);
  std::int64_t last = 0;
  for (std::size_t i = 0; i < count && !reader.failed(); ++i) {
    const auto index = static_cast<std::int64_t>(static_cast<std::uint64_t>(last) +
                                                 static_cast<std::uint64_t>(reader.zigzag()));
    if (i > 0 && index <= last) return reader.refuse();
    buckets.emplace_back(index, make_accumulator(program, fold));
    buckets.back().accumulator->decode(reader);
    last = index;
  }
}

// What version 2 adds.
void write_final(Writer& writer, const Program& program, const State& state) {
  if (program.has_sessions) {
    writer.zigzag(state.complete_from_us);
    for (const std::int64_t start : state.session_starts_us) writer.zigzag(start);
  }
  writer.varint(state.folds.size());
  for (const auto& buckets : state.folds) write_buckets(writer, buckets);
}

void read_final(Reader& reader, const Program& program, State& state) {
  if (program.has_sessions) {
    state.complete_from_us = reader.zigzag();
    for (std::int64_t& start : state.session_starts_us) start = reader.zigzag();
  }
  if (reader.varint() != program.folds.size()) return reader.refuse();
  for (std::size_t f = 0; f < program.folds.size(); ++f) {
    read_buckets(reader, program, program.folds[f], state.folds[f]);
  }
}

// What decides whether a program can read a state: which parts there are, and the slots' kinds.
void write_shape(Writer& writer, const Program& program) {
  writer.raw(kMagic);
  writer.byte(version_of(program));
  writer.byte(static_cast<std::uint8_t>((program.created_column.empty() ? 0 : 1) |
                                        (keeps_tie_breaks(program) ? 2 : 0)));
  writer.varint(program.slots.size());
  for (const Slot& slot : program.slots) writer.byte(shape_of(slot));
}

tl::unexpected<Error> corrupt(const Program& program, const std::string& why) {
  return fail(ErrorCode::kDataCorrupt, "cannot read a state of view " + program.view + ": " + why);
}

}  // namespace

std::string Kernel::encode(const State& state) const {
  Writer writer;
  write_shape(writer, program_);
  writer.zigzag(state.oldest_read_us);
  writer.varint(static_cast<std::uint64_t>(state.duplicates));
  writer.varint(state.events());
  std::int64_t last = 0;
  for (const std::int64_t time : state.times_us) {
    writer.zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(time) -
                                            static_cast<std::uint64_t>(last)));
    last = time;
  }
  for (const std::int64_t created : state.created_us) writer.zigzag(created);
  for (const std::string& tie_break : state.tie_breaks) writer.text(tie_break);
  for (std::size_t i = 0; i < program_.slots.size(); ++i) {
    write_slot(writer, state.slots[i], program_.slots[i].kind);
  }
  if (version_of(program_) >= 2) write_final(writer, program_, state);
  return finished(writer);
}

Result<State> Kernel::decode(std::string_view bytes) const {
  if (bytes.size() < kChecksumBytes) return corrupt(program_, "it is cut short");
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (Reader(bytes.substr(body.size())).fixed() != checksum(body)) {
    return corrupt(program_, "its checksum does not match");
  }
  Writer shape;
  write_shape(shape, program_);
  std::string expected = finished(shape);
  expected.resize(expected.size() - kChecksumBytes);
  if (!body.starts_with(expected)) return corrupt(program_, "it is of another view or version");
  Reader reader(body.substr(expected.size()));
  State state = make_state();
  state.oldest_read_us = reader.zigzag();
  state.folded_until_us = final_until(program_, state.oldest_read_us);
  state.duplicates = static_cast<std::int64_t>(reader.varint());
  const std::uint64_t count = reader.varint();
  // Each event has a byte at least, so that a wrong count cannot ask for much memory.
  if (reader.failed() || count > reader.left()) return corrupt(program_, "it is cut short");
  const auto events = static_cast<std::size_t>(count);
  std::int64_t last = 0;
  for (std::size_t i = 0; i < events; ++i) {
    last = static_cast<std::int64_t>(static_cast<std::uint64_t>(last) +
                                     static_cast<std::uint64_t>(reader.zigzag()));
    state.times_us.push_back(last);
  }
  for (std::size_t i = 0; i < events && !program_.created_column.empty(); ++i) {
    state.created_us.push_back(reader.zigzag());
  }
  for (std::size_t i = 0; i < events && keeps_tie_breaks(program_); ++i) {
    state.tie_breaks.emplace_back(reader.text());
  }
  for (std::size_t i = 0; i < program_.slots.size(); ++i) {
    read_slot(reader, state.slots[i], program_.slots[i], events);
  }
  if (version_of(program_) >= 2) read_final(reader, program_, state);
  if (reader.failed()) return corrupt(program_, "it is cut short or malformed");
  if (reader.left() != 0) return corrupt(program_, "bytes follow its end");
  if (state.duplicates < 0 || !are_in_order(state)) {
    return corrupt(program_, "its events are out of order");
  }
  return state;
}

}  // namespace rtml::feature
