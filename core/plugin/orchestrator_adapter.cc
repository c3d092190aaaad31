#include <filesystem>
#include <set>

#include "core/base/utf8.h"
#include "core/plugin/adapters.h"

namespace rtml::plugin {
namespace {

// A path that stays inside the project it is written to.
bool is_inside(const std::string& path) {
  const std::filesystem::path parts(path);
  if (path.empty() || parts.is_absolute() || !is_utf8(path)) return false;
  for (const std::filesystem::path& part : parts) {
    if (part == ".." || part == "." || part.empty()) return false;
  }
  return true;
}

class PluginOrchestrator : public Orchestrator {
 public:
  explicit PluginOrchestrator(SharedPlugin plugin) : plugin_(std::move(plugin)) {}

  Result<std::vector<RenderedFile>> render(const Json& pipeline, const Json& options,
                                           const CallOptions& call_options) override {
    const std::string pipeline_text = to_json_text(pipeline);
    const std::string options_text = to_json_text(options);
    const CallContext call(call_options);
    ErrorSlot error;
    Returned<rtml_files> files;
    RTML_TRY(error.check(*plugin_, plugin_->descriptor->orchestrator->render(
                                       pipeline_text.c_str(), options_text.c_str(), call.get(),
                                       files.get(), error.get())));
    if (files->count < 0 || (files->count > 0 && files->files == nullptr)) {
      return fail(broken_contract(*plugin_, "render", std::to_string(files->count) + " files"));
    }
    std::vector<RenderedFile> result;
    std::set<std::string> paths;
    for (std::int64_t i = 0; i < files->count; ++i) {
      const rtml_file& file = files->files[i];
      const std::string path = file.path == nullptr ? "" : file.path;
      if (!is_inside(path) || !paths.insert(path).second) {
        return fail(broken_contract(*plugin_, "render", "a file that may not be written: " + path));
      }
      result.push_back({path, std::string(view(file.content)), file.executable != 0});
    }
    return result;
  }

 private:
  SharedPlugin plugin_;
};

}  // namespace

std::unique_ptr<Orchestrator> adapt_orchestrator(SharedPlugin plugin) {
  return std::make_unique<PluginOrchestrator>(std::move(plugin));
}

}  // namespace rtml::plugin
