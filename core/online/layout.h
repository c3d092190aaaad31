// Where things are in an online store (docs/formats/online.md).
//
// A store keeps groups of members, both named by bytes. A group is what is written as one: the
// state of one entity in one part, the position of a part, what is known of a view version.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/table/value.h"

namespace rtml::online {

// The longest group that is named as it is; an entity whose name would be longer is found by the
// SHA-256 of its key. Stores take 400 bytes.
inline constexpr std::size_t kLongestGroup = 400;

// One owner's share of a view version: a partition of a stream, or what one fill of the batch
// source gave. No two writers write one part.
struct PartName {
  std::string view_identity;  // 64 hexadecimal digits.
  std::string part;           // "SOURCE.PARTITION", or "batch@GENERATION".

  friend bool operator==(const PartName&, const PartName&) = default;
};

// The part of partition `partition` of the stream of `source`.
PartName stream_part(std::string_view view_identity, std::string_view source,
                     std::int32_t partition);
// The part of one fill; generations of later fills are higher.
PartName batch_part(std::string_view view_identity, std::uint64_t generation);
bool is_batch(std::string_view part);

// The group of one entity in a part; `key` in the order of Program::keys.
std::string entity_group(const PartName& part, std::span<const table::Value> key);
// The same from entity_prefix() and what encode_key() gives.
std::string entity_group(std::string_view prefix, std::string encoded_key);
// What comes after the prefix: the key, or the hash of one that is too long.
std::string entity_name(std::string_view prefix, std::string encoded_key);
// What the groups of all entities of a part begin with.
std::string entity_prefix(const PartName& part);
// The same for every fill of a view version.
std::string batch_prefix(std::string_view view_identity);

// The group of a part's position. It is also the scope of the part's transactions, so that stores
// which write group by group write it last.
std::string position_group(const PartName& part);

// The group of what is known about a view version.
std::string view_group(std::string_view view_identity);

// The group of what is about to be replayed into a part.
std::string plan_group(const PartName& part);

// What the groups of all parts of a view version begin with: their positions, their plans, their
// entities.
std::string positions_prefix(std::string_view view_identity);
std::string plans_prefix(std::string_view view_identity);
std::string states_prefix(std::string_view view_identity);

}  // namespace rtml::online
