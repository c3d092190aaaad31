#include "core/stream/snapshot.h"

#include "core/base/json.h"

namespace rtml::stream {
namespace {

struct Member {
  const char* name;
  std::int64_t RunFacts::*value;
};
constexpr Member kMembers[] = {
    {"committed_us", &RunFacts::committed_us}, {"messages_per_s", &RunFacts::messages_per_s},
    {"commit_us", &RunFacts::commit_us},       {"end_offset", &RunFacts::end_offset},
    {"retries", &RunFacts::retries},           {"held_back_us", &RunFacts::held_back_us},
    {"process", &RunFacts::process},
};

}  // namespace

std::string encode(const RunFacts& facts) {
  Json json = Json::object();
  for (const Member& member : kMembers) json[member.name] = facts.*member.value;
  json["partition_name"] = facts.partition_name;
  return to_json_text(json);
}

Result<RunFacts> decode_run_facts(std::string_view bytes) {
  RTML_TRY_ASSIGN(const Json json, parse_json(bytes, "the facts of a stream's run"));
  RunFacts facts;
  if (!json.is_object()) return fail(ErrorCode::kDataCorrupt, "the facts of a run are no object");
  for (const Member& member : kMembers) {
    const auto found = json.find(member.name);
    if (found != json.end() && found->is_number_integer()) {
      facts.*member.value = found->get<std::int64_t>();
    }
  }
  const auto name = json.find("partition_name");
  if (name != json.end() && name->is_string()) facts.partition_name = name->get<std::string>();
  return facts;
}

}  // namespace rtml::stream
