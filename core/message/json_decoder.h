// Events written as one JSON object each.

#pragma once

#include <memory>

#include "core/message/decoder.h"

namespace rtml::message {

// Values are read as the file plugin reads JSON lines: NaN and infinities are the strings "NaN",
// "Infinity", "-Infinity"; 3.0 is the integer 3; a time is RFC 3339 or, where the column has a
// unit, an integer; a list is an array, whose items may be null. Keys that nobody wants are skipped
// but must be valid JSON; an absent key is null; a wanted key that stands there twice makes the
// message invalid.
std::unique_ptr<Decoder> make_json_decoder(const DecoderSettings& settings);

}  // namespace rtml::message
