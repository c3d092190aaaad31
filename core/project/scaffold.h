// Starting a project from a template: a directory of files that is copied.
//
// A template is a folder below share/rtml/templates of the installation. Its YAML files begin with
// a line that tells editors the JSON Schema; in the copy that line leads to .rtml/schemas, where
// the schemas of this rtml are written too.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace rtml::project {

// A file that a scaffold writes.
struct ScaffoldFile {
  std::string path;  // Relative to the project's root.
  std::string bytes;
  unsigned mode = 0644;
  bool is_there = false;  // With the same bytes already.
};

// Returns the files of a new project in `root`, rtml.yaml last, because its presence makes a
// directory a project. The project is called like its directory where that is a valid name.
// `.gitignore` gets a line for .rtml/, after what is in it. Reads and writes nothing in between:
// fails with kNotFound for an unknown template, kBadValue if a file is there with other content.
Result<std::vector<ScaffoldFile>> plan_scaffold(const std::filesystem::path& templates,
                                                std::string_view name,
                                                const std::filesystem::path& root);

// Writes them. If one cannot be written, those written before are removed again. After a kill the
// next try goes on, since files with the same content are no conflict. Fails with kIo.
Status write_scaffold(const std::vector<ScaffoldFile>& files, const std::filesystem::path& root);

}  // namespace rtml::project
