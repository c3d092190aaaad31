#include "core/base/fast_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace rtml {

std::uint64_t xxhash64(std::string_view bytes, std::uint64_t seed) {
  return XXH64(bytes.data(), bytes.size(), seed);
}

}  // namespace rtml
