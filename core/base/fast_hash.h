// A fast hash for sketches, buckets and tables. It does not resist anyone who wants collisions;
// identities are SHA-256 (core/base/hash.h).

#pragma once

#include <cstdint>
#include <string_view>

namespace rtml {

// Returns XXH64 of `bytes` (xxHash specification 0.1.1), the same on every machine and for ever.
std::uint64_t xxhash64(std::string_view bytes, std::uint64_t seed = 0);

}  // namespace rtml
