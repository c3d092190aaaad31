// Any bytes as a file of a project: it is loaded, or every error has a reason.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/project/project.h"
#include "tests/fuzz/target.h"

namespace {

// A project of which the input is one file. Removed with the process.
class Directory {
 public:
  Directory() {
    path_ = std::filesystem::temp_directory_path() / ("rtml-fuzz-" + std::to_string(::getpid()));
    std::filesystem::create_directories(path_ / "features");
    std::ofstream(path_ / "rtml.yaml") << "format: 1\nname: fuzz\n";
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

std::vector<std::string> rtml::fuzz::more_seeds() {
  return {};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Directory directory;
  std::ofstream(directory.path() / "features/input.yaml", std::ios::binary | std::ios::trunc)
      << rtml::fuzz::text_of(data, size);
  const auto project = rtml::project::Project::load(directory.path(), rtml::Environment());
  rtml::fuzz::require(
      project.has_value() || !project.error().message().empty() || !project.error().parts().empty(),
      "a project or a reason");
  return 0;
}
