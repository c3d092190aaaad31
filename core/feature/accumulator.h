// What an aggregate keeps of events that it no longer sees one by one: of a tile, a tumbling
// window, a life. Events come in any order and grouping, accumulators merge in any order and
// grouping, and the value and the bytes are the same each time.
//
// An accumulator belongs to one thread at a time.

#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>

#include "core/feature/byte_codec.h"
#include "core/table/value.h"

namespace rtml::feature {

struct ReadMemory;

// Where an event stands among its entity's events. Events of equal places have equal values.
struct EventPlace {
  std::int64_t time_us = 0;
  std::int64_t created_us = std::numeric_limits<std::int64_t>::min();  // State::kNoCreated.
  std::string_view tie_break;  // Empty where the program tells no events of one moment apart.

  friend auto operator<=>(const EventPlace&, const EventPlace&) = default;
};

class Accumulator {
 public:
  virtual ~Accumulator() = default;

  // Adds the value of an event: what KeptWindow::takes() lets in. REQUIRES: it is not null, unless
  // the aggregate counts events and takes no value; then it does not matter.
  virtual void add(const table::Value& value, const EventPlace& place) = 0;
  // Adds what the other has seen. REQUIRES: it is of the same aggregate, kind and parameters, and
  // no event was added to both.
  virtual void merge(const Accumulator& other) = 0;
  // Returns the aggregate's value, as AggregateRow::read() over the same events. Texts and lists
  // live in `memory`.
  virtual table::Value read(ReadMemory& memory) const = 0;

  // The bytes (docs/formats/sketches.md); equal for equal events added.
  virtual void encode(ByteWriter& writer) const = 0;
  // Reads them back; refuses, by the reader, whatever encode() does not write. REQUIRES: nothing
  // was added; after a refusal the accumulator is of no use.
  virtual void decode(ByteReader& reader) = 0;

  virtual std::unique_ptr<Accumulator> clone() const = 0;
};

}  // namespace rtml::feature
