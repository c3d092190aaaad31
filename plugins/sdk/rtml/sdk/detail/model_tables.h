// The C tables of the model and orchestrator capabilities over the classes of model.h.

#pragma once

#include "rtml/sdk/detail/fence.h"
#include "rtml/sdk/model.h"

namespace rtml::sdk::detail {

// The one object that serves the process.
template <typename Class>
Class& singleton() {
  static Class object;
  return object;
}

inline ModelSettings read_settings(const rtml_model_settings* settings) {
  return {settings->parameters,
          {settings->feature_names, settings->feature_names + settings->feature_count},
          settings->seed};
}

inline RowsView read_rows(const rtml_rows& rows) {
  return {rows.schema, rows.array};
}

inline TrainingRows read_training_rows(const rtml_training_rows* rows) {
  const auto doubles = [](const ArrowArray* array) -> const double* {
    if (array == nullptr) return nullptr;
    return static_cast<const double*>(array->buffers[1]) + array->offset;
  };
  return {read_rows(rows->features), doubles(rows->label), doubles(rows->weight)};
}

// ---- model ----

template <typename Class>
rtml_status model_parameter_schema(rtml_buffer* schema, rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(std::string text, singleton<Class>().parameter_schema());
    give_buffer(std::move(text), schema);
    return {};
  });
}

template <typename Class>
rtml_status model_create(const rtml_model_settings* settings, void** model,
                         rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(std::unique_ptr<Model> made,
                        singleton<Class>().create(read_settings(settings)));
    *model = made.release();
    return {};
  });
}

template <typename Class>
rtml_status model_fit(const rtml_model_settings* settings, const rtml_training_rows* rows,
                      const rtml_call* call, void** model, rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(
        std::unique_ptr<Model> made,
        singleton<Class>().fit(read_settings(settings), read_training_rows(rows), Call(call)));
    *model = made.release();
    return {};
  });
}

template <typename Class>
rtml_status model_load(rtml_bytes bytes, const rtml_call* call, void** model,
                       rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(std::unique_ptr<Model> made,
                        singleton<Class>().load(view(bytes), Call(call)));
    *model = made.release();
    return {};
  });
}

inline rtml_status model_update(void* model, const rtml_training_rows* rows, const rtml_call* call,
                                rtml_error* error) noexcept {
  return fenced(error, [&] {
    return static_cast<Model*>(model)->update(read_training_rows(rows), Call(call));
  });
}

inline rtml_status model_predict(void* model, const rtml_rows* features, const rtml_call* call,
                                 ArrowArray* predictions, rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(std::vector<double> values,
                        static_cast<Model*>(model)->predict(read_rows(*features), Call(call)));
    export_doubles(std::move(values), predictions);
    return {};
  });
}

inline rtml_status model_save(void* model, const rtml_call* call, rtml_buffer* bytes,
                              rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(std::string saved, static_cast<Model*>(model)->save(Call(call)));
    give_buffer(std::move(saved), bytes);
    return {};
  });
}

inline rtml_status model_describe(void* model, const rtml_call* call, rtml_buffer* description,
                                  rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(std::string text, static_cast<Model*>(model)->describe(Call(call)));
    give_buffer(std::move(text), description);
    return {};
  });
}

inline void model_close(void* model) noexcept {
  delete static_cast<Model*>(model);
}

template <typename Class>
inline constexpr rtml_model_backend kModelTable = {sizeof(rtml_model_backend),
                                                   &model_parameter_schema<Class>,
                                                   &model_create<Class>,
                                                   &model_fit<Class>,
                                                   &model_load<Class>,
                                                   &model_update,
                                                   &model_predict,
                                                   &model_save,
                                                   &model_describe,
                                                   &model_close};

// ---- orchestrator ----

struct FilesOwner {
  std::vector<RenderedFile> files;
  std::vector<rtml_file> views;
};

template <typename Class>
rtml_status orchestrator_render(const char* pipeline, const char* options, const rtml_call* call,
                                rtml_files* files, rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    auto owner = std::make_unique<FilesOwner>();
    RTML_SDK_TRY_ASSIGN(owner->files, singleton<Class>().render(pipeline, options, Call(call)));
    for (const RenderedFile& file : owner->files) {
      owner->views.push_back({file.path.c_str(), bytes_of(file.content), file.executable ? 1 : 0});
    }
    files->count = static_cast<std::int64_t>(owner->views.size());
    files->files = owner->views.data();
    give_owner(std::move(owner), files);
    return {};
  });
}

template <typename Class>
inline constexpr rtml_orchestrator kOrchestratorTable = {sizeof(rtml_orchestrator),
                                                         &orchestrator_render<Class>};

}  // namespace rtml::sdk::detail
