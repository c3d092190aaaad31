// The hash-chained log: how an event is written, hashed and read again.
//
// Internal to core/registry. The body of an event is canonical JSON (RFC 8785, integers in full);
// its hash is SHA-256 over the previous event's hash and the body. The other columns repeat what
// the body says, for searching.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/registry/connection.h"
#include "core/registry/records.h"

namespace rtml::registry {

// What the first event names as the hash before it.
inline constexpr std::string_view kFirstPreviousHash =
    "0000000000000000000000000000000000000000000000000000000000000000";

// Where the log ends.
struct Head {
  std::int64_t number = 0;
  std::string hash;
};
Result<Head> read_head(Connection& connection);

// Returns the canonical body of an event: everything but its hash.
std::string event_body(const Event& event);
std::string event_hash(std::string_view previous_hash, std::string_view body);

// Reads a body. Members that are absent or of a wrong type come out empty. Fails with
// kRegistryCorrupt if the body is no JSON.
Result<Event> parse_event(std::string_view body, std::string hash);

// Writes `event` as the next one after `head`, fills its number and hash in, and projects it into
// the tables. Advances `head`. REQUIRES: an open write transaction.
Status append(Connection& connection, Head& head, Event& event);

// Projects every event of `log` in order into the empty projection of `target`. Fails with
// kRegistryCorrupt at the first event that breaks the chain or cannot be projected.
Status replay(Connection& log, Connection& target);

}  // namespace rtml::registry
