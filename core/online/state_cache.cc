#include "core/online/state_cache.h"

#include <utility>

namespace rtml::online {

CachedEntity* StateCache::find(std::string_view name) {
  const auto found = places_.find(name);
  return found == places_.end() ? nullptr : &*found->second;
}

CachedEntity& StateCache::insert(std::string name, Entity entity) {
  order_.push_front({.name = std::move(name), .entity = std::move(entity)});
  CachedEntity& cached = order_.front();
  cached.duplicates = cached.entity.state.duplicates;
  places_.emplace(cached.name, order_.begin());
  measure(cached);
  return cached;
}

void StateCache::touch(CachedEntity& cached) {
  order_.splice(order_.begin(), order_, places_.find(cached.name)->second);
}

void StateCache::measure(CachedEntity& cached) {
  bytes_ -= std::exchange(cached.bytes, cached.entity.memory_bytes() + cached.name.size());
  bytes_ += cached.bytes;
}

void StateCache::shrink(std::size_t most_bytes) {
  auto at = order_.end();
  while (bytes_ > most_bytes && at != order_.begin()) {
    --at;
    if (at->is_changed) continue;
    bytes_ -= at->bytes;
    places_.erase(at->name);
    at = order_.erase(at);
  }
}

}  // namespace rtml::online
