#include "cli/commands/drift/reference.h"

#include "cli/table_file.h"
#include "core/base/file_system.h"
#include "core/registry/registry.h"
#include "core/statistics/quantile_sketch.h"

namespace rtml::cli::commands {
namespace {

constexpr std::size_t kProfileLimitBytes = std::size_t{256} << 20;

Result<Reference> read_profile_file(const std::string& path) {
  RTML_TRY_ASSIGN(const std::string text, read_file(path, kProfileLimitBytes));
  const auto json = parse_json(text, path);
  if (!json) {
    return fail(ErrorCode::kProfileInvalid,
                "cannot use reference profile: " + json.error().message());
  }
  RTML_TRY_ASSIGN(drift::Profile profile, drift::profile_from_json(*json, path));
  return Reference{std::move(profile), path, "the profile " + path};
}

Result<Reference> profile_table(Session& session, const std::string& path) {
  RTML_TRY_ASSIGN(const auto rows, open_table(session, {.path = path}));
  // The profile is used at once, so that it may hold the distribution to the last value.
  const drift::ProfileOptions options{.max_points = statistics::QuantileSketch::kExactCount};
  RTML_TRY_ASSIGN(drift::Profile profile, drift::build_profile(*rows, {}, path, options));
  return Reference{std::move(profile), path, path};
}

Result<Reference> profile_of_model(Session& session, const std::string& model) {
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  registry::ModelVersion version;
  {
    RTML_TRY_ASSIGN(const registry::Reader reader, registry->read());
    RTML_TRY_ASSIGN(version, reader.resolve(model));
  }
  if (version.profile_sha256.empty()) {
    return fail(
        Error(ErrorCode::kRegistryNotFound, "model " + version.label() + " has no training profile")
            .with_help("give a reference with --reference"));
  }
  RTML_TRY_ASSIGN(const std::string text, registry->read_artifact(version.profile_sha256));
  const std::string what = "of " + version.label();
  RTML_TRY_ASSIGN(const Json json, parse_json(text, "the profile " + what));
  RTML_TRY_ASSIGN(drift::Profile profile, drift::profile_from_json(json, what));
  return Reference{std::move(profile), version.label(), "the training rows " + what, true};
}

}  // namespace

Result<Reference> read_reference(Session& session, const ReferenceChoice& choice) {
  if (choice.model) return profile_of_model(session, *choice.model);
  if (!choice.path) {
    return fail(Error(ErrorCode::kUsage, "a drift check needs a reference")
                    .with_help("give --reference FILE or --model MODEL@ALIAS"));
  }
  const bool is_profile = choice.path->ends_with(".json");
  return is_profile ? read_profile_file(*choice.path) : profile_table(session, *choice.path);
}

}  // namespace rtml::cli::commands
