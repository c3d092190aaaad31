// What is to be seen of one view version fed by one partition, for reports, metrics and
// `stream status`. Values.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/online/part_position.h"

namespace rtml::stream {

// What only the process that runs knows; it writes it into the store with each batch, so that
// another process can show it.
struct RunFacts {
  std::int64_t committed_us = 0;  // When the last batch was committed; 0: never.
  std::int64_t messages_per_s = 0;
  std::int64_t commit_us = 0;     // How long the last commit took.
  std::int64_t end_offset = -1;   // Of the partition as the medium said last; -1: not known.
  std::int64_t retries = 0;       // Of store and medium, since the process began.
  std::int64_t held_back_us = 0;  // How long reading stood still for applying.
  std::int64_t process = 0;
  std::string partition_name;  // A file's path; empty: the number says it.
};

struct PartSnapshot {
  std::string view;
  std::string view_identity;
  std::string source;
  std::int32_t partition = 0;
  online::PartPosition position;
  RunFacts facts;

  // What is still to be read, in what the medium counts by: messages, bytes of a file; -1: not
  // known.
  std::int64_t lag() const {
    if (facts.end_offset < 0) return -1;
    const std::int64_t next = position.next_offset < 0 ? 0 : position.next_offset;
    return facts.end_offset > next ? facts.end_offset - next : 0;
  }
};

std::string encode(const RunFacts& facts);
// Fails with kDataCorrupt for what encode() does not give.
Result<RunFacts> decode_run_facts(std::string_view bytes);

}  // namespace rtml::stream
