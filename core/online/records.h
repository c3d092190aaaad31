// Late events and dead letters of a part, kept in the online store until they are exported, and the
// origins of dead letters that were replayed. They are written with the position, so that each is
// there exactly if the part has passed its offset.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/online/layout.h"
#include "core/plugin/backends.h"

namespace rtml::online {

enum class RecordKind : std::uint8_t {
  kLate,
  kDeadLetter,
  kReplayed,
  kRunFacts,  // What a run says of itself for those who look on; one, at offset 0.
};

// Its place is its offset, so that writing it again changes nothing.
struct Record {
  RecordKind kind = RecordKind::kDeadLetter;
  std::int64_t offset = 0;
  std::string bytes;  // What the stream makes of it; at most 16 MiB.

  friend bool operator==(const Record&, const Record&) = default;
};

// Puts records of a part into a transaction, and takes them out.
Status put_records(const PartName& name, const std::vector<Record>& records,
                   plugin::OnlineTransaction& transaction);
Status remove_record(const PartName& name, RecordKind kind, std::int64_t offset,
                     plugin::OnlineTransaction& transaction);

// Reads records of one kind in the order of their offsets, from the first one after `after` (-1:
// from the beginning): about `limit`, and all that stand together with the last one. None: there
// are no more.
Result<std::vector<Record>> read_records(const PartName& name, RecordKind kind, std::int64_t after,
                                         std::int64_t limit, plugin::OnlineStore& store,
                                         const plugin::CallOptions& call);

// What the groups of all records of a kind of a view version begin with.
std::string records_prefix(std::string_view view_identity, RecordKind kind);

}  // namespace rtml::online
