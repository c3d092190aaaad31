// Messages that were read together, decoded.
//
// A chunk owns all it points to. It goes from the thread that reads to the one that applies.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/message/text_arena.h"
#include "core/table/value.h"

namespace rtml::stream {

struct ChunkRow {
  std::int64_t offset = 0;
  std::int64_t ingest_time_us = 0;  // 0: not known.
  std::int32_t partition = 0;
  std::int32_t error = -1;    // In Chunk::errors; below 0: decoded.
  bool says_nothing = false;  // A tombstone.
  std::string_view bytes;     // As they came.
};

struct Chunk {
  std::vector<ChunkRow> rows;
  std::size_t columns = 0;
  std::vector<table::Value> values;  // Row by row, `columns` each.
  std::vector<std::string> errors;   // Why a message is no event.
  message::TextArena texts;
  std::int64_t bytes = 0;          // Of the messages.
  std::int64_t waiting_bytes = 0;  // What it counts for while it waits to be applied.

  // A chunk of few messages takes much more than their bytes.
  std::int64_t memory_bytes() const {
    return static_cast<std::int64_t>(texts.memory_bytes() + rows.capacity() * sizeof(ChunkRow) +
                                     values.capacity() * sizeof(table::Value));
  }

  const table::Value* values_of(std::size_t row) const { return values.data() + row * columns; }

  void clear() {
    rows.clear();
    values.clear();
    errors.clear();
    texts.clear();
    bytes = 0;
    waiting_bytes = 0;
  }
};

}  // namespace rtml::stream
