// What stands before a message's own bytes, and which schema it was written by.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/message/decoder.h"

namespace rtml::message {

enum class Framing : std::uint8_t {
  kNone,
  // As the serializers of Confluent's schema registry write: a zero byte, the schema's number as
  // four bytes, big-endian, and for Protobuf the indexes of the message type.
  kConfluent,
};

// What the keys `schema` and `framing` of a stream say.
struct SchemaChoice {
  Framing framing = Framing::kNone;
  std::string path;  // Of the one schema; empty where there are several, or none is needed.
  // `schema: {7: v1.avsc, 9: v2.avsc}`: the schema of each number.
  std::map<std::uint32_t, std::string> paths;
};

// Fails with kBadValue at the stream's place.
Result<SchemaChoice> read_schema_choice(const DecoderSettings& settings);

// A decoder that takes the framing off and hands the rest to the decoder of the message's schema.
// With one decoder under kAnySchema the number decides nothing; otherwise a message of another
// number is invalid.
inline constexpr std::uint64_t kAnySchema = ~std::uint64_t{0};
std::unique_ptr<Decoder> make_framed_decoder(
    std::map<std::uint64_t, std::unique_ptr<Decoder>> decoders);

}  // namespace rtml::message
