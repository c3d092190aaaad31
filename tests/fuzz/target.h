// What a fuzz target is: libFuzzer's entry point, so that clang's fuzzer and the driver of this
// folder (driver.cc) run the same ones.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Gives one input to the code under test. Returns 0; ends the process where something is wrong.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace rtml::fuzz {

// Inputs to start from beside the files of the corpus, for targets that compute them; the driver
// has a weak one that gives none.
std::vector<std::string> more_seeds();

// Ends the process, saying what does not hold.
void require(bool holds, std::string_view what);

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace rtml::fuzz
