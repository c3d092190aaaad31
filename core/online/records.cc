#include "core/online/records.h"

#include <algorithm>
#include <charconv>

namespace rtml::online {
namespace {

// Records whose offsets lie close together share a group, so that many of them are few groups; not
// so many that a group becomes large.
constexpr std::int64_t kGroupOffsets = 256;
constexpr int kHexadecimal = 16;
constexpr std::size_t kDigits = 16;

// Of one length, so that they stand in the order of the numbers. REQUIRES: not negative.
std::string ordered(std::int64_t number) {
  char digits[kDigits];
  const auto end = std::to_chars(digits, digits + kDigits, number, kHexadecimal).ptr;
  const auto length = static_cast<std::size_t>(end - digits);
  return std::string(kDigits - length, '0') + std::string(digits, length);
}

std::string_view folder(RecordKind kind) {
  switch (kind) {
    case RecordKind::kLate:
      return "late/";
    case RecordKind::kDeadLetter:
      return "dead/";
    case RecordKind::kReplayed:
      return "replayed/";
    case RecordKind::kRunFacts:
      break;
  }
  return "facts/";
}

std::string prefix(const PartName& name, RecordKind kind) {
  return records_prefix(name.view_identity, kind) + name.part + "/";
}

std::string group_of(const PartName& name, RecordKind kind, std::int64_t offset) {
  return prefix(name, kind) + ordered(offset / kGroupOffsets);
}

}  // namespace

std::string records_prefix(std::string_view view_identity, RecordKind kind) {
  return std::string(folder(kind)) + std::string(view_identity) + "/";
}

Status put_records(const PartName& name, const std::vector<Record>& records,
                   plugin::OnlineTransaction& transaction) {
  for (const Record& record : records) {
    RTML_TRY(transaction.put(group_of(name, record.kind, record.offset), ordered(record.offset),
                             record.bytes));
  }
  return {};
}

Status remove_record(const PartName& name, RecordKind kind, std::int64_t offset,
                     plugin::OnlineTransaction& transaction) {
  return transaction.remove(group_of(name, kind, offset), ordered(offset));
}

Result<std::vector<Record>> read_records(const PartName& name, RecordKind kind, std::int64_t after,
                                         std::int64_t limit, plugin::OnlineStore& store,
                                         const plugin::CallOptions& call) {
  // Each group may hold megabytes, so that no more of them are read at a time than are wanted.
  constexpr std::int64_t kGroupsMax = 4;
  const std::int64_t groups_at_once =
      std::clamp<std::int64_t>(limit / kGroupOffsets, 1, kGroupsMax);
  std::vector<Record> records;
  // The group that `after` is in may hold more.
  std::string last =
      after < kGroupOffsets ? "" : prefix(name, kind) + ordered(after / kGroupOffsets - 1);
  while (std::ssize(records) < limit) {
    RTML_TRY_ASSIGN(const auto groups, store.scan(prefix(name, kind), last, groups_at_once, call));
    for (const auto& [group, members] : groups) {
      for (const auto& [member, bytes] : members) {
        std::int64_t offset = 0;
        const char* const end = member.data() + member.size();
        if (std::from_chars(member.data(), end, offset, kHexadecimal).ptr != end) {
          return fail(ErrorCode::kDataCorrupt,
                      "the online store has a record without an offset: " + group);
        }
        if (offset > after) records.push_back({kind, offset, bytes});
      }
    }
    if (std::ssize(groups) < groups_at_once) break;
    last = groups.back().first;
  }
  return records;
}

}  // namespace rtml::online
