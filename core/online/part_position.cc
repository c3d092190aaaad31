#include "core/online/part_position.h"

#include "core/base/fast_hash.h"
#include "core/feature/byte_codec.h"

namespace rtml::online {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kChecksumBytes = 8;

// Every number of a position, in the order in which they are written.
template <typename Position, typename Visit>
void for_each_number(Position& position, const Visit& visit) {
  visit(position.next_offset);
  visit(position.max_event_us);
  visit(position.watermark_us);
  visit(position.cutover_us);
  visit(position.oldest_read_us);
  visit(position.counters.applied);
  visit(position.counters.duplicates);
  visit(position.counters.before_cutover);
  visit(position.counters.late);
  visit(position.counters.dead_letters);
  visit(position.counters.too_many);
}

}  // namespace

std::string encode(const StoredPosition& stored) {
  feature::ByteWriter writer;
  writer.byte(kVersion);
  writer.varint(stored.epoch);
  for_each_number(stored.position, [&](std::int64_t number) { writer.zigzag(number); });
  writer.fixed(xxhash64(writer.bytes()));
  return writer.take();
}

Result<std::optional<StoredPosition>> decode_position(const plugin::Members& members,
                                                      const PartName& name) {
  const std::string* bytes = plugin::find_member(members, kPositionMember);
  if (bytes == nullptr) return std::nullopt;
  const auto corrupt = [&] {
    return fail(ErrorCode::kDataCorrupt,
                "the online store has a broken position of part: " + name.part);
  };
  if (bytes->size() < kChecksumBytes) return corrupt();
  const std::string_view body(bytes->data(), bytes->size() - kChecksumBytes);
  if (feature::ByteReader(std::string_view(*bytes).substr(body.size())).fixed() != xxhash64(body)) {
    return corrupt();
  }
  feature::ByteReader reader(body);
  if (reader.byte() != kVersion) return corrupt();
  StoredPosition stored;
  stored.epoch = reader.varint();
  for_each_number(stored.position, [&](std::int64_t& number) { number = reader.zigzag(); });
  if (reader.failed() || reader.left() != 0) return corrupt();
  return stored;
}

Result<std::optional<StoredPosition>> read_position(const PartName& name,
                                                    plugin::OnlineStore& store,
                                                    const plugin::CallOptions& call) {
  RTML_TRY_ASSIGN(const auto groups, store.get_groups({position_group(name)}, call));
  return decode_position(groups.front(), name);
}

Result<std::uint64_t> next_epoch(const PartName& name, plugin::OnlineStore& store,
                                 std::int64_t now_us, Random& random,
                                 const plugin::CallOptions& call) {
  constexpr std::uint64_t kSpread = 1'000'000;
  const auto now = static_cast<std::uint64_t>(now_us);
  RTML_TRY_ASSIGN(const auto stored, read_position(name, store, call));
  if (!stored || stored->epoch < now) return now;
  return stored->epoch + 1 + random.below(kSpread);
}

}  // namespace rtml::online
