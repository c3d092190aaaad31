// The plugins that are used where neither the project nor the command line names one. The only
// place in core that knows plugins by name.

#pragma once

#include <string_view>

namespace rtml::plugin {

inline constexpr std::string_view kFileTables = "file";        // Tables given as paths.
inline constexpr std::string_view kLineStream = "file";        // Standard input.
inline constexpr std::string_view kOnlineStore = "lmdb";       // stores: online.
inline constexpr std::string_view kArtifactStore = "localfs";  // stores: artifacts.

}  // namespace rtml::plugin
