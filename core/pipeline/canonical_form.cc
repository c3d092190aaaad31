#include "core/pipeline/canonical_form.h"

#include <filesystem>

namespace rtml::pipeline {

Json canonical_form(const project::Project& project, const project::Pipeline& pipeline) {
  const std::filesystem::path registry(project.settings().registry);
  const std::string state = registry.parent_path().generic_string();
  Json form = Json::object();
  form["format"] = kPipelineFormat;
  form["project"] = project.settings().name;
  form["pipeline"] = pipeline.name;
  form["description"] = pipeline.notes.description;
  form["schedule"] = pipeline.schedule.empty() ? Json() : Json(pipeline.schedule);
  form["state_directory"] = state.empty() ? "." : state;
  Json step = Json::object();
  step["name"] = "run";
  step["summary"] = "Train, judge, register and promote";
  step["command"] = {"rtml", "pipeline", "run", pipeline.name};
  form["steps"] = Json::array({std::move(step)});
  return form;
}

}  // namespace rtml::pipeline
