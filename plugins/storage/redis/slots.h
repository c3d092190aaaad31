// Which slot of a Redis Cluster a key belongs to.
//
// https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model

#pragma once

#include <cstdint>
#include <string_view>

namespace rtml::redis {

inline constexpr int kSlots = 16'384;

// CRC-16/XMODEM: polynomial 0x1021, start 0, nothing reflected.
std::uint16_t crc16(std::string_view bytes);

// The slot of a key: of what stands between the first { and the next }, if that is not empty, else
// of the whole key.
std::uint16_t slot_of(std::string_view key);

}  // namespace rtml::redis
