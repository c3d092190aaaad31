// Where things are in the online store (docs/formats/online.md).

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/feature/kernel.h"
#include "core/table/types.h"

namespace rtml::dataset {

inline constexpr int kOnlineFormat = 1;

// The longest key that is stored as it is, as the name of a group; longer ones by their SHA-256.
inline constexpr std::size_t kLongestOnlineKey = 400;

// The one member of each group.
inline constexpr std::string_view kHeadMember = "head";

// The part of an entity's state that batch sources give.
inline constexpr std::string_view kBatchPart = "batch";

// What stands before every state of a part of a view version.
std::string state_prefix(std::string_view view_identity, std::string_view part);
// Where one entity's state is; `key` in the order of Program::keys.
std::string state_key(std::string_view view_identity, std::string_view part,
                      std::span<const table::Value> key);
// Where the facts about a view version are.
std::string view_key(std::string_view view_identity);

// What is kept about a view version.
struct OnlineView {
  std::string view;
  std::int64_t cutover_us = 0;
  std::int64_t entities = 0;
  // The columns of the source that the view was compiled against, so that a reader needs no source.
  table::Schema source_schema;
};

std::string encode(const OnlineView& view);
// Fails with kDataCorrupt for bytes that encode() does not give.
Result<OnlineView> decode_online_view(std::string_view bytes);

}  // namespace rtml::dataset
