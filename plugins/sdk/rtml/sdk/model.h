// The model and orchestrator capabilities as a plugin's author writes them: derive, override, and
// name the class in RTML_PLUGIN (plugin.h).
//
// A class derived from ModelBackend or Orchestrator has a default constructor; one object of it
// serves the whole process and is used by several threads at once, so it holds no state. A Model
// is used by one thread at a time. What each function must do is said in rtml_plugin.h.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rtml/sdk/call.h"
#include "rtml/sdk/rows.h"

namespace rtml::sdk {

struct ModelSettings {
  std::string parameters;  // The text of a JSON object.
  std::vector<std::string> feature_names;
  std::uint64_t seed = 0;
};

// Valid during the call that it is passed to.
struct TrainingRows {
  RowsView features;
  const double* label = nullptr;   // One a row; null: there is none.
  const double* weight = nullptr;  // One a row; null: 1 each.
};

class Model {
 public:
  virtual ~Model() = default;
  virtual Status update(const TrainingRows& rows, const Call& call) = 0;
  // One value a row.
  virtual Result<std::vector<double>> predict(const RowsView& features, const Call& call) = 0;
  virtual Result<std::string> save(const Call& call) = 0;
  // The text of a JSON object.
  virtual Result<std::string> describe(const Call& call) = 0;
};

class ModelBackend {
 public:
  virtual ~ModelBackend() = default;
  // The text of a JSON Schema.
  virtual Result<std::string> parameter_schema() = 0;
  virtual Result<std::unique_ptr<Model>> create(const ModelSettings& settings) = 0;
  virtual Result<std::unique_ptr<Model>> fit(const ModelSettings& settings,
                                             const TrainingRows& rows, const Call& call) = 0;
  virtual Result<std::unique_ptr<Model>> load(std::string_view bytes, const Call& call) = 0;
};

struct RenderedFile {
  std::string path;  // Relative to the project's root.
  std::string content;
  bool executable = false;
};

class Orchestrator {
 public:
  virtual ~Orchestrator() = default;
  // Both are texts of JSON objects.
  virtual Result<std::vector<RenderedFile>> render(const std::string& pipeline,
                                                   const std::string& options,
                                                   const Call& call) = 0;
};

}  // namespace rtml::sdk
