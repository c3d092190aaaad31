// How a message that is no event says why: a path into it, what is wrong there, the value.

#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/table/value.h"

namespace rtml::message {

// Fails with kMessageInvalid.
tl::unexpected<Error> invalid(std::string reason);

// "longer than max_message_bytes (4096): 4097 bytes".
std::string too_long(std::size_t limit_bytes, std::size_t bytes);

// Whether a value is a list that is longer than one of an event may be, and ": 65537 items, more
// than the 65536 of a list".
bool has_too_many_items(const table::Value& value);
std::string too_many_items(const table::Value& list);

// Text as a reason shows it: quoted, short, and printable whatever it holds.
std::string shown(std::string_view text);

// The step of a path that goes to a key: ".amount", or "[\"X value\"]" where a dot would mislead.
std::string step_to(std::string_view key);

}  // namespace rtml::message
