// Where this rtml runs from and where it is installed.

#pragma once

#include <filesystem>

namespace rtml {

// Returns the file of the running program, or an empty path if the kernel does not say.
std::filesystem::path executable_path();

// Returns the directory above that of the running executable: lib/ and share/ of an installed tree
// are below it, and so they are in a build tree. An installed tree may be moved.
std::filesystem::path installation_prefix();

}  // namespace rtml
