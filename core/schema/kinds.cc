#include "core/schema/kinds.h"

#include <array>

#include "core/schema/common_shapes.h"
#include "core/schema/kind_shapes.h"

namespace rtml::schema {
namespace {

// ---- rtml.yaml ----

constexpr Shape kFormat = {
    .kind = ShapeKind::kInteger, .noun = "the format number 1", .minimum = 1, .maximum = 1};
constexpr Field kFallbackFields[] = {
    {.key = "type",
     .shape = &kText,
     .required = true,
     .description = "Name of the storage plugin."},
};
constexpr Shape kFallback = {.kind = ShapeKind::kObject,
                             .noun = "a fallback store",
                             .fields = kFallbackFields,
                             .is_open = true};
constexpr Field kStoreFields[] = {
    {.key = "type",
     .shape = &kText,
     .required = true,
     .description = "Name of the storage plugin; its own options stand beside."},
    {.key = "fallback",
     .shape = &kFallback,
     .description = "A second store, with a type and options of its own, which is read while the "
                    "first fails. Fill it with `--set online.store=fallback`."},
    {.key = "read_timeout",
     .shape = &kPositiveDuration,
     .description = "Where there is a fallback: how long the first store may take to answer a read "
                    "before the fallback is asked. Default: `50ms`.",
     .interpolates = true},
    {.key = "timeout",
     .shape = &kPositiveDuration,
     .description = "`redis`, `postgres`: how long a read or a write may take that has no deadline "
                    "of its own. Default: `5s`.",
     .interpolates = true},
};
constexpr Shape kStore = {
    .kind = ShapeKind::kObject, .noun = "a store", .fields = kStoreFields, .is_open = true};
constexpr Field kStoresFields[] = {
    {.key = "online",
     .shape = &kStore,
     .description = "Where `feature materialize --online` writes and `feature get` reads.",
     .default_text = "{type: lmdb, path: .rtml/online}",
     .interpolates = true},
};
constexpr Shape kStores = {
    .kind = ShapeKind::kObject, .noun = "the project's stores", .fields = kStoresFields};
constexpr Shape kPathList = {
    .kind = ShapeKind::kList, .noun = "a list of paths", .item = &kText, .has_no_twins = true};
constexpr Field kProjectFields[] = {
    {.key = "format",
     .shape = &kFormat,
     .required = true,
     .description = "Version of the file format; this rtml reads 1."},
    name_of("Name of the project."),
    {.key = "description",
     .shape = &kText,
     .description = "For people; has no effect.",
     .interpolates = true},
    {.key = "registry",
     .shape = &kText,
     .description = "Path of the registry, relative to this file.",
     .default_text = ".rtml/registry.db",
     .interpolates = true},
    {.key = "stores", .shape = &kStores, .description = "Storage backends of the project."},
    {.key = "plugins",
     .shape = &kPathList,
     .description = "Directories with plugins beside those of the installation. Read only where "
                    "the project is trusted (`rtml config trust`).",
     .interpolates = true},
    {.key = "defaults",
     .shape = &kFreeMap,
     .description = "Configuration for this project; `rtml config show` lists the keys.",
     .interpolates = true},
};
constexpr Shape kProject = {
    .kind = ShapeKind::kObject, .noun = "rtml.yaml", .fields = kProjectFields};

constexpr KindSpec kKinds[] = {
    {"project", "", "rtml.yaml: the project itself.", &kProject},
    {"source", "sources", "Where events and tables come from.", &kSourceShape},
    {"entity", "features", "What features belong to: a customer, a terminal.", &kEntityShape},
    {"feature_view", "features", "Features computed from one source for one key.", &kViewShape},
    {"on_demand_view", "features", "Features computed from a request, as it comes.",
     &kOnDemandViewShape},
    {"feature_service", "features", "The named list of features that a model reads.",
     &kServiceShape},
    {"pipeline", "pipelines", "Training set, model, evaluation and gate.", &kPipelineShape},
    {"drift", "drift", "What is compared with the training data, and when it is drift.",
     &kDriftShape},
    {"experiment", "experiments", "The arms of an A/B test and what is compared.",
     &kExperimentShape},
};

}  // namespace

std::span<const KindSpec> kinds() {
  return kKinds;
}

const KindSpec* find_kind(std::string_view kind) {
  for (const KindSpec& spec : kKinds) {
    if (spec.kind == kind) return &spec;
  }
  return nullptr;
}

std::vector<std::string> definition_kinds() {
  std::vector<std::string> names;
  for (const KindSpec& spec : kKinds) {
    if (spec.shape != &kProject) names.emplace_back(spec.kind);
  }
  return names;
}

}  // namespace rtml::schema
