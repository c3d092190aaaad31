// Where things are in Redis. With p for the prefix and b for one of 256 buckets, two hexadecimal
// digits:
//
//   p:{b}:g:NAME   a group: a hash with a field "m" + NAME for each member and, in a cluster, a
//                  field "e" + 16 digits of the SHA-256 of the scope for each fence: an epoch, 20
//                  digits
//   p:{b}:i        a sorted set of the names of the bucket's groups, all with the score 0
//   p:{b}:s:SCOPE  a hash: "e", the highest epoch committed, and "n", the token of its last commit
//
// What is in braces decides the slot in a cluster, so a group lies beside its index and a scope
// beside the group of its name. One server and a cluster have the same layout.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rtml::redis {

inline constexpr int kBuckets = 256;

class Layout {
 public:
  explicit Layout(std::string prefix) : prefix_(std::move(prefix)) {}

  static int bucket_of(std::string_view name);
  std::string group_key(std::string_view group) const;
  std::string index_key(int bucket) const;
  std::string scope_key(std::string_view scope) const;

 private:
  std::string in_bucket(int bucket, char kind) const;
  std::string prefix_;
};

// The field of a member and back.
inline std::string member_field(std::string_view member) {
  return std::string("m").append(member);
}
inline bool is_member_field(std::string_view field) {
  return field.starts_with('m');
}
// The field of a scope's fence in a group of a cluster.
std::string fence_field(std::string_view scope);

// An epoch so that texts are ordered as numbers are.
std::string epoch_text(std::uint64_t epoch);

}  // namespace rtml::redis
