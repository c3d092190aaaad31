// The files that are made from the tables: man pages, completion scripts, docs.
//
// `rtml __generate DIR` writes them below DIR; scripts/generate does so for the source tree, and a
// test compares the committed files with what the program writes.

#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace rtml::cli {

struct GeneratedFile {
  std::string path;  // "man/rtml-model-show.1"
  std::string content;
};

std::vector<GeneratedFile> generated_files();

// Writes every generated file below `directory`. Fails with kIo.
Status write_generated_files(const std::filesystem::path& directory);

}  // namespace rtml::cli
