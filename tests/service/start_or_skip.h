// Starts a server of a test, or says why there can be none; then the test case ends well.

#pragma once

#include <doctest/doctest.h>

#include <string>
#include <type_traits>

#define START_OR_SKIP(server)                                                                   \
  if (const std::string why = std::decay_t<decltype(server)>::reason_to_skip(); !why.empty()) { \
    MESSAGE("skipped: ", why);                                                                  \
    return;                                                                                     \
  }                                                                                             \
  REQUIRE((server).start())
