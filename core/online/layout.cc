#include "core/online/layout.h"

#include <utility>

#include "core/base/hash.h"
#include "core/base/hexadecimal.h"
#include "core/feature/kernel.h"

namespace rtml::online {
namespace {

constexpr std::string_view kBatch = "batch@";

}  // namespace

PartName stream_part(std::string_view view_identity, std::string_view source,
                     std::int32_t partition) {
  return {std::string(view_identity), std::string(source) + "." + std::to_string(partition)};
}

PartName batch_part(std::string_view view_identity, std::uint64_t generation) {
  return {std::string(view_identity), std::string(kBatch) + hexadecimal(generation)};
}

bool is_batch(std::string_view part) {
  return part.starts_with(kBatch);
}

std::string entity_prefix(const PartName& part) {
  return states_prefix(part.view_identity) + part.part + "/";
}

std::string batch_prefix(std::string_view view_identity) {
  return states_prefix(view_identity) + std::string(kBatch);
}

std::string entity_group(std::string_view prefix, std::string encoded_key) {
  return std::string(prefix) + entity_name(prefix, std::move(encoded_key));
}

std::string entity_name(std::string_view prefix, std::string encoded_key) {
  // The letter keeps a short key from ever being equal to the hash of a long one.
  if (prefix.size() + 1 + encoded_key.size() > kLongestGroup) return "h" + sha256_hex(encoded_key);
  encoded_key.insert(encoded_key.begin(), 'k');
  return encoded_key;
}

std::string entity_group(const PartName& part, std::span<const table::Value> key) {
  return entity_group(entity_prefix(part), feature::encode_key(key));
}

std::string position_group(const PartName& part) {
  return positions_prefix(part.view_identity) + part.part;
}

std::string view_group(std::string_view view_identity) {
  return "view/" + std::string(view_identity);
}

std::string plan_group(const PartName& part) {
  return plans_prefix(part.view_identity) + part.part;
}

std::string plans_prefix(std::string_view view_identity) {
  return "plan/" + std::string(view_identity) + "/";
}

std::string positions_prefix(std::string_view view_identity) {
  return "part/" + std::string(view_identity) + "/";
}

std::string states_prefix(std::string_view view_identity) {
  return "state/" + std::string(view_identity) + "/";
}

}  // namespace rtml::online
