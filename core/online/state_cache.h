// Decoded states of entities, by the names of their groups, the least recently used dropped first.
// One owner.

#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/fast_hash.h"
#include "core/online/entity.h"

namespace rtml::online {

struct CachedEntity {
  std::string name;  // As entity_name() gives it.
  Entity entity;
  bool is_changed = false;      // Not as the store has it: cannot be dropped.
  std::int64_t duplicates = 0;  // Of the state, when it was last counted.
  std::size_t bytes = 0;        // As last measured.
};

class StateCache {
 public:
  // Null if it is not there. The pointer lives until the entity is dropped.
  CachedEntity* find(std::string_view name);
  CachedEntity& insert(std::string name, Entity entity);
  // Puts an entity behind all others in the order of dropping.
  void touch(CachedEntity& cached);
  // Measures an entity anew.
  void measure(CachedEntity& cached);
  // Drops unchanged entities until about `most_bytes` are left.
  void shrink(std::size_t most_bytes);

  std::size_t bytes() const { return bytes_; }
  std::size_t size() const { return places_.size(); }

 private:
  struct Hash {
    std::size_t operator()(std::string_view name) const { return xxhash64(name); }
  };
  using Order = std::list<CachedEntity>;
  Order order_;  // The most recently used first.
  std::unordered_map<std::string_view, Order::iterator, Hash> places_;
  std::size_t bytes_ = 0;
};

}  // namespace rtml::online
