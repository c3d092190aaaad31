// What an online store knows about a view version (docs/formats/online.md): which columns it was
// compiled against, which fill it stands on, and which parts streams have written.
//
// Each of these is a member of its own, because fills and the owners of partitions write them and
// none of them knows of the others.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/plugin/backends.h"
#include "core/table/types.h"

namespace rtml::online {

// What one fill has given.
struct Fill {
  std::uint64_t generation = 0;
  std::int64_t cutover_us = 0;  // Every event up to and at it is folded in, none after it.
  std::int64_t entities = 0;

  friend bool operator==(const Fill&, const Fill&) = default;
};

struct ViewEntry {
  std::string view;
  // The columns of the source that the view was compiled against, so that a reader needs no source.
  table::Schema source_schema;
  std::optional<Fill> fill;
  std::vector<std::string> stream_parts;  // In byte order.
};

// A member of a view's group.
struct ViewMember {
  std::string name;
  std::string value;
};
ViewMember about_member(std::string_view view, const table::Schema& source_schema);
ViewMember fill_member(const Fill& fill);
ViewMember part_member(std::string_view part);

// Nothing if the group is empty. Fails with kDataCorrupt for what the functions above do not give.
Result<std::optional<ViewEntry>> decode_view(const plugin::Members& members);

}  // namespace rtml::online
