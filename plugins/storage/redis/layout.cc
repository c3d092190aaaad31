#include "plugins/storage/redis/layout.h"

#include "core/base/hash.h"
#include "core/base/hexadecimal.h"
#include "plugins/storage/redis/slots.h"

namespace rtml::redis {

int Layout::bucket_of(std::string_view name) {
  return crc16(name) % kBuckets;
}

std::string Layout::in_bucket(int bucket, char kind) const {
  std::string key = prefix_;
  key += ":{";
  append_hexadecimal(key, static_cast<std::uint64_t>(bucket), 2);
  key += "}:";
  key += kind;
  return key;
}

std::string Layout::group_key(std::string_view group) const {
  return in_bucket(bucket_of(group), 'g').append(":").append(group);
}

std::string Layout::index_key(int bucket) const {
  return in_bucket(bucket, 'i');
}

std::string Layout::scope_key(std::string_view scope) const {
  return in_bucket(bucket_of(scope), 's').append(":").append(scope);
}

std::string fence_field(std::string_view scope) {
  return "e" + sha256_hex(scope).substr(0, 16);
}

std::string epoch_text(std::uint64_t epoch) {
  const std::string digits = std::to_string(epoch);
  return std::string(20 - digits.size(), '0') + digits;
}

}  // namespace rtml::redis
