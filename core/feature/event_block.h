// Kept events as bytes, column by column (docs/formats/state.md): what segments of a kept state are
// made of. Internal to core/feature and core/online.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/feature/byte_codec.h"
#include "core/feature/kernel.h"
#include "core/feature/program.h"

namespace rtml::feature {

// The most events of one block.
inline constexpr std::size_t kMostBlockEvents = 65'536;

// Appends events [begin, end) of a state. REQUIRES: at most kMostBlockEvents.
void write_events(ByteWriter& writer, const Program& program, const State& state, std::size_t begin,
                  std::size_t end);

// Appends the events of a block to a state. Without `with_tie_breaks`, those are left out: a read
// needs none, but such a state cannot take events, be merged or be written. Fails the reader on
// bytes that are no block, or whose events are not in the order of their times; are_in_order()
// says the rest.
void read_events(ByteReader& reader, const Program& program, bool with_tie_breaks, State& state);

// Whether the events stand in their order, as far as the state knows it.
bool are_in_order(const State& state);

// How a slot is told from others where the shape of a state is written: its kind, and whether it
// holds lists of that kind.
std::uint8_t shape_of(const Slot& slot);

// What decides whether a program can read a state: which parts there are, the slots' kinds and what
// is folded, as a hash.
std::uint32_t shape_of(const Program& program);

}  // namespace rtml::feature
