// Any bytes as a file of a project: it is loaded, or every error has a reason. What was loaded can
// be read again from its canonical form, as registries keep it.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/project/canonical_reader.h"
#include "core/project/identity.h"
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

using rtml::project::canonical;

template <typename Definition, typename Read>
void require_same_again(std::span<const Definition> definitions, const Read& read) {
  for (const Definition& definition : definitions) {
    const auto again = read(canonical(definition), "fuzz@v1");
    rtml::fuzz::require(again.has_value(), "a canonical form is readable");
    rtml::fuzz::require(rtml::to_canonical_json(canonical(*again)) ==
                            rtml::to_canonical_json(canonical(definition)),
                        "a canonical form is that of what was read from it");
  }
}

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
  if (!project) return 0;
  require_same_again(project->sources(), rtml::project::read_canonical_source);
  require_same_again(project->entities(), rtml::project::read_canonical_entity);
  require_same_again(project->views(), rtml::project::read_canonical_view);
  require_same_again(project->on_demand_views(), rtml::project::read_canonical_on_demand_view);
  require_same_again(project->services(), rtml::project::read_canonical_service);
  return 0;
}
