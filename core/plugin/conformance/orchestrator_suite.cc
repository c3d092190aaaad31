#include "core/plugin/conformance/suite.h"

namespace rtml::plugin {
namespace {

// A pipeline in the form that core/pipeline writes (docs/formats/pipeline.md).
Json sample_pipeline() {
  Json step = {{"name", "run"}, {"summary", "Train, judge, register and promote"}};
  step["command"] = Json::array({"rtml", "pipeline", "run", "fraud"});
  Json pipeline = {{"format", 1},
                   {"project", "payments"},
                   {"pipeline", "fraud"},
                   {"description", "Retrain the fraud model"},
                   {"schedule", "15 3 * * *"},
                   {"state_directory", ".rtml"}};
  pipeline["steps"] = Json::array({std::move(step)});
  return pipeline;
}

bool equal_files(const std::vector<RenderedFile>& a, const std::vector<RenderedFile>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].path != b[i].path || a[i].content != b[i].content ||
        a[i].executable != b[i].executable) {
      return false;
    }
  }
  return true;
}

}  // namespace

void check_orchestrator(PluginHost& host, const PluginInfo& plugin,
                        const ConformanceSettings& settings, Suite suite) {
  const Json options = settings.options.is_null() ? Json::object() : settings.options;
  std::unique_ptr<Orchestrator> orchestrator;
  suite.check("an orchestrator loads", [&]() -> Status {
    RTML_TRY_ASSIGN(orchestrator, host.orchestrator(plugin.name));
    return {};
  });
  if (orchestrator == nullptr) return;
  suite.check("a pipeline becomes files", [&]() -> Status {
    RTML_TRY_ASSIGN(const auto files, orchestrator->render(sample_pipeline(), options, {}));
    RTML_TRY(expect(!files.empty(), "no file comes out"));
    for (const RenderedFile& file : files) {
      RTML_TRY(expect(file.content.find("fraud") != std::string::npos,
                      "a file does not name the pipeline: " + file.path));
    }
    return {};
  });
  suite.check("equal pipelines give equal files", [&]() -> Status {
    RTML_TRY_ASSIGN(const auto first, orchestrator->render(sample_pipeline(), options, {}));
    RTML_TRY_ASSIGN(const auto second, orchestrator->render(sample_pipeline(), options, {}));
    return expect(equal_files(first, second), "the same pipeline gives different files");
  });
  suite.check("a pipeline without steps is refused", [&]() -> Status {
    return expect(!orchestrator->render(Json::object(), options, {}),
                  "something comes out of no pipeline");
  });
}

}  // namespace rtml::plugin
