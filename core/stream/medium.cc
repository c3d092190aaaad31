#include "core/stream/medium.h"

#include "core/plugin/defaults.h"

namespace rtml::stream {

Medium medium_of(const project::Source& source, const std::filesystem::path& root,
                 bool is_standard_input) {
  if (is_standard_input) return {std::string(plugin::kLineStream), {{"path", "-"}}};
  Medium medium{source.stream->type, source.stream->options};
  // What the decoder reads is not the medium's.
  for (const char* key : {"schema", "message"}) medium.options.erase(key);
  const auto path = medium.options.find("path");
  if (path != medium.options.end() && path->is_string() && *path != "-") {
    *path = (root / path->get<std::string>()).string();
  }
  return medium;
}

}  // namespace rtml::stream
