#include "core/feature/event_block.h"

#include <algorithm>
#include <span>

#include "core/base/fast_hash.h"
#include "core/feature/aggregate.h"
#include "core/feature/column_codec.h"
#include "core/feature/packed_list.h"
#include "core/feature/read.h"

namespace rtml::feature {
namespace {

using table::Kind;

// Which values of a column there are: all, some (bits follow) or none.
enum Presence : std::uint8_t { kAll = 0, kSome = 1, kNothing = 2 };

bool is_text(Kind kind) {
  return kind == Kind::kString || kind == Kind::kBytes;
}

void write_presence(ByteWriter& writer, std::span<const std::uint8_t> valid) {
  const auto present = static_cast<std::size_t>(std::count(valid.begin(), valid.end(), 1));
  if (present == valid.size()) return writer.byte(kAll);
  if (present == 0) return writer.byte(kNothing);
  writer.byte(kSome);
  write_bits(writer, valid);
}

// Appends `count` entries and returns how many of them are 1.
std::size_t read_presence(ByteReader& reader, std::size_t count, std::vector<std::uint8_t>& valid) {
  const std::uint8_t presence = reader.byte();
  if (presence == kSome) {
    const std::size_t before = valid.size();
    read_bits(reader, count, valid);
    if (reader.failed()) return 0;
    return static_cast<std::size_t>(
        std::count(valid.begin() + static_cast<std::ptrdiff_t>(before), valid.end(), 1));
  }
  if (presence > kNothing) reader.refuse();
  if (reader.failed()) return 0;
  valid.insert(valid.end(), count, presence == kAll ? 1 : 0);
  return presence == kAll ? count : 0;
}

// The values that are there, close together. Points into `from` where that holds nothing else.
template <typename T>
std::span<const T> present(std::span<const T> from, std::span<const std::uint8_t> valid,
                           std::vector<T>& memory) {
  if (std::find(valid.begin(), valid.end(), 0) == valid.end()) return from;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (valid[i] != 0) memory.push_back(from[i]);
  }
  return memory;
}

void write_slot(ByteWriter& writer, const SlotValues& slot, Kind kind, std::size_t begin,
                std::size_t events) {
  const std::span valid = std::span(slot.valid).subspan(begin, events);
  write_presence(writer, valid);
  if (kind == Kind::kDouble) {
    std::vector<double> memory;
    write_doubles(writer, present(std::span(slot.numbers).subspan(begin, events), valid, memory));
  } else if (is_text(kind)) {
    std::vector<std::string_view> texts;
    for (std::size_t i = 0; i < events; ++i) {
      if (valid[i] != 0) texts.emplace_back(slot.texts[begin + i]);
    }
    write_texts(writer, texts);
  } else if (kind == Kind::kBool) {
    std::vector<std::uint8_t> bits;
    for (std::size_t i = 0; i < events; ++i) {
      if (valid[i] != 0) bits.push_back(slot.integers[begin + i] != 0 ? 1 : 0);
    }
    write_bits(writer, bits);
  } else {
    std::vector<std::int64_t> memory;
    write_integers(writer, present(std::span(slot.integers).subspan(begin, events), valid, memory));
  }
}

// Moves values that were read close together to the places where the column has one. `values` holds
// `before` others, then those read.
template <typename T>
void spread(std::vector<T>& values, std::span<const std::uint8_t> valid, std::size_t before) {
  std::size_t from = values.size();
  values.resize(before + valid.size());
  if (from == values.size()) return;
  for (std::size_t to = values.size(); to > before; --to) {
    T& place = values[to - 1];
    if (valid[to - 1 - before] == 0) {
      place = T();
    } else if (--from != to - 1) {
      place = values[from];
    }
  }
}

void read_slot(ByteReader& reader, const Slot& kept, std::size_t events, SlotValues& slot) {
  const Kind kind = kept.kind;
  const std::size_t before = slot.valid.size();
  const std::size_t count = read_presence(reader, events, slot.valid);
  if (reader.failed()) return;
  const std::span valid = std::span<const std::uint8_t>(slot.valid).subspan(before);
  if (kind == Kind::kDouble) {
    read_doubles(reader, count, slot.numbers);
    if (!reader.failed()) spread(slot.numbers, valid, before);
  } else if (is_text(kind)) {
    std::vector<std::string_view> texts;
    read_texts(reader, count, texts);
    if (reader.failed()) return;
    const auto is_bad = [&](std::string_view list) {
      return !is_packed_list(list, kept.type.kind);
    };
    if (kept.type.is_list && std::any_of(texts.begin(), texts.end(), is_bad)) {
      return reader.refuse();
    }
    std::size_t next = 0;
    for (const std::uint8_t is_there : valid) {
      slot.texts.emplace_back(is_there != 0 ? texts[next++] : std::string_view());
    }
  } else if (kind == Kind::kBool) {
    std::vector<std::uint8_t> bits;
    read_bits(reader, count, bits);
    if (reader.failed()) return;
    slot.integers.insert(slot.integers.end(), bits.begin(), bits.end());
    spread(slot.integers, valid, before);
  } else {
    read_integers(reader, count, slot.integers);
    if (!reader.failed()) spread(slot.integers, valid, before);
  }
}

// When events were created, as how long after they happened: mostly a small number.
void write_created(ByteWriter& writer, const State& state, std::size_t begin, std::size_t end) {
  std::vector<std::uint8_t> valid;
  std::vector<std::int64_t> delays;
  for (std::size_t i = begin; i < end; ++i) {
    const std::int64_t created = state.created_us[i];
    valid.push_back(created == State::kNoCreated ? 0 : 1);
    if (created == State::kNoCreated) continue;
    delays.push_back(static_cast<std::int64_t>(static_cast<std::uint64_t>(created) -
                                               static_cast<std::uint64_t>(state.times_us[i])));
  }
  write_presence(writer, valid);
  write_integers(writer, delays);
}

void read_created(ByteReader& reader, std::size_t events, State& state) {
  std::vector<std::uint8_t> valid;
  const std::size_t count = read_presence(reader, events, valid);
  std::vector<std::int64_t> delays;
  read_integers(reader, count, delays);
  if (reader.failed()) return;
  const std::size_t before = state.created_us.size();
  std::size_t next = 0;
  for (std::size_t i = 0; i < events; ++i) {
    if (valid[i] == 0) {
      state.created_us.push_back(State::kNoCreated);
      continue;
    }
    state.created_us.push_back(
        static_cast<std::int64_t>(static_cast<std::uint64_t>(delays[next++]) +
                                  static_cast<std::uint64_t>(state.times_us[before + i])));
  }
}

}  // namespace

void write_events(ByteWriter& writer, const Program& program, const State& state, std::size_t begin,
                  std::size_t end) {
  const std::size_t events = end - begin;
  writer.varint(events);
  write_integers(writer, std::span(state.times_us).subspan(begin, events));
  if (!program.created_column.empty()) write_created(writer, state, begin, end);
  if (keeps_tie_breaks(program)) {
    ByteWriter tie_breaks;
    write_sorted_texts(tie_breaks, std::span(state.tie_breaks).subspan(begin, events));
    writer.text(tie_breaks.bytes());
  }
  for (std::size_t i = 0; i < program.slots.size(); ++i) {
    write_slot(writer, state.slots[i], program.slots[i].kind, begin, events);
  }
}

void read_events(ByteReader& reader, const Program& program, bool with_tie_breaks, State& state) {
  const std::uint64_t count = reader.varint();
  if (count > kMostBlockEvents) reader.refuse();
  if (reader.failed()) return;
  const auto events = static_cast<std::size_t>(count);
  const std::size_t before = state.events();
  read_integers(reader, events, state.times_us);
  if (reader.failed()) return;
  const auto first = state.times_us.begin() + static_cast<std::ptrdiff_t>(before);
  if (!std::is_sorted(before == 0 ? first : first - 1, state.times_us.end())) {
    return reader.refuse();
  }
  if (!program.created_column.empty()) read_created(reader, events, state);
  if (keeps_tie_breaks(program)) {
    const std::string_view bytes = reader.text();
    if (with_tie_breaks) {
      ByteReader tie_breaks(bytes);
      read_sorted_texts(tie_breaks, events, state.tie_breaks);
      if (tie_breaks.failed() || tie_breaks.left() != 0) reader.refuse();
    }
  }
  for (std::size_t i = 0; i < program.slots.size() && !reader.failed(); ++i) {
    read_slot(reader, program.slots[i], events, state.slots[i]);
  }
}

bool are_in_order(const State& state) {
  for (std::size_t i = 1; i < state.events(); ++i) {
    if (state.times_us[i - 1] != state.times_us[i]) {
      if (state.times_us[i - 1] > state.times_us[i]) return false;
      continue;
    }
    if (!state.created_us.empty() && state.created_us[i - 1] != state.created_us[i]) {
      if (state.created_us[i - 1] > state.created_us[i]) return false;
      continue;
    }
    if (!state.tie_breaks.empty() && state.tie_breaks[i - 1] > state.tie_breaks[i]) return false;
  }
  return true;
}

std::uint8_t shape_of(const Slot& slot) {
  constexpr std::uint8_t kList = 0x80;
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(slot.type.kind) |
                                   (slot.type.is_list ? kList : 0));
}

std::uint32_t shape_of(const Program& program) {
  ByteWriter shape;
  shape.byte(program.created_column.empty() ? 0 : 1);
  shape.byte(keeps_tie_breaks(program) ? 1 : 0);
  shape.varint(program.slots.size());
  for (const Slot& slot : program.slots) shape.byte(shape_of(slot));
  shape.byte(program.has_sessions ? static_cast<std::uint8_t>(program.windows.size() + 1) : 0);
  for (const Fold& fold : program.folds) {
    shape.text(fold.aggregate->name);
    shape.varint(fold.slot);
    shape.varint(fold.filter);
    shape.zigzag(fold.buckets.width_us);
    shape.zigzag(fold.buckets.offset_us);
    shape.byte(fold.buckets.is_closed_open ? 1 : 0);
  }
  return static_cast<std::uint32_t>(xxhash64(shape.bytes()));
}

}  // namespace rtml::feature
