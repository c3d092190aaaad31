#include "core/stream/replay_plan.h"

#include <algorithm>

#include "core/base/fast_hash.h"
#include "core/base/hexadecimal.h"
#include "core/base/json.h"

namespace rtml::stream {
namespace {

constexpr int kFormat = 1;
constexpr std::string_view kMember = "p";

// A line of JSON that says what follows, then the letters, a line each.
std::string encode(const ReplayPlan& plan) {
  std::string lines;
  for (const std::string& line : plan.lines) lines += line + '\n';
  const Json head = {{"format", kFormat},
                     {"first_offset", plan.first_offset},
                     {"letters", plan.lines.size()},
                     {"xxh64", hexadecimal(xxhash64(lines))}};
  return to_canonical_json(head) + '\n' + lines;
}

Result<ReplayPlan> decode(std::string_view bytes, const online::PartName& part) {
  const std::size_t end = std::min(bytes.find('\n'), bytes.size());
  std::string_view lines = bytes.substr(std::min(end + 1, bytes.size()));
  const auto head = parse_json(bytes.substr(0, end), "the plan of a replay");
  ReplayPlan plan;
  if (!head || !head->is_object() || head->value("format", 0) != kFormat ||
      head->value("xxh64", "") != hexadecimal(xxhash64(lines))) {
    return fail(ErrorCode::kDataCorrupt,
                "cannot read the plan of a replay that was interrupted: part " + part.part);
  }
  plan.first_offset = head->value("first_offset", std::int64_t{0});
  while (!lines.empty()) {
    const std::size_t length = std::min(lines.find('\n'), lines.size());
    plan.lines.emplace_back(lines.substr(0, length));
    lines.remove_prefix(std::min(length + 1, lines.size()));
  }
  return plan;
}

}  // namespace

Status write_plan(const ReplayPlan& plan, const online::PartName& part, std::uint64_t epoch,
                  plugin::OnlineStore& store, const plugin::CallOptions& call) {
  RTML_TRY_ASSIGN(const auto transaction, store.begin(online::position_group(part), epoch, call));
  RTML_TRY(transaction->put(online::plan_group(part), kMember, encode(plan)));
  return transaction->commit();
}

Result<std::optional<ReplayPlan>> read_plan(const online::PartName& part, std::uint64_t epoch,
                                            plugin::OnlineStore& store,
                                            const plugin::CallOptions& call) {
  RTML_TRY_ASSIGN(const auto transaction, store.begin(online::position_group(part), epoch, call));
  RTML_TRY_ASSIGN(const plugin::Members members, transaction->get(online::plan_group(part)));
  const std::string* const bytes = plugin::find_member(members, kMember);
  if (bytes == nullptr) return std::nullopt;
  RTML_TRY_ASSIGN(ReplayPlan plan, decode(*bytes, part));
  return plan;
}

}  // namespace rtml::stream
