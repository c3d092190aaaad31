// How long a list of an event may be.

#pragma once

#include <cstdint>

namespace rtml::table {

// Long enough for any embedding and for the history of a session; a longer list is a mistake that
// would be kept with each event. In a stream it is a dead letter, in a batch an error.
inline constexpr std::int64_t kMostListItems = 65'536;

}  // namespace rtml::table
