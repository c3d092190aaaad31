#include "core/plan/retire.h"

#include <algorithm>
#include <ranges>

#include "core/base/name.h"
#include "core/base/text_list.h"

namespace rtml::plan {
namespace {

bool can_be_retired(const registry::Definition& definition) {
  return definition.kind == "feature_view" || definition.kind == "on_demand_view" ||
         definition.kind == "feature_service";
}

// The versions of a name, as errors list them.
std::string versions_of(std::string_view name, const Registered& registered) {
  const auto is_one = [&](const registry::Definition& definition) {
    return can_be_retired(definition) && definition.name == name;
  };
  return text_list(registered.all | std::views::filter(is_one),
                   [](const registry::Definition& definition) {
                     return definition.label() + (definition.current ? " (current)" : "") +
                            (definition.retired ? " (retired)" : "");
                   });
}

tl::unexpected<Error> not_found(std::string_view reference, std::string_view name,
                                const Registered& registered) {
  const std::string versions = versions_of(name, registered);
  if (!versions.empty()) {
    return fail(Error(ErrorCode::kRegistryNotFound,
                      "the registry has no such version: " + std::string(reference))
                    .with_help("there are " + versions));
  }
  std::vector<std::string> names;
  for (const registry::Definition& definition : registered.all) {
    if (can_be_retired(definition)) names.push_back(definition.name);
  }
  return fail(Error(ErrorCode::kRegistryNotFound, "the registry has no view or service: " +
                                                      std::string(name) + did_you_mean(name, names))
                  .with_help("\"rtml feature apply\" puts the project's definitions into the "
                             "registry"));
}

// Whether a service or on-demand view is computed from this version.
bool reads(const registry::Definition& user, const registry::Definition& version) {
  const auto views = user.content.find("views");
  if (views == user.content.end() || !views->is_object()) return false;
  // By its plain name or as a version; in which way does not matter.
  return std::any_of(views->begin(), views->end(),
                     [&](const Json& bound) { return bound == version.identity; });
}

bool is_bound(const registry::ModelVersion& model, const registry::Definition& version) {
  const auto is_wanted = [&](const registry::Binding& bound) {
    return bound.identity == version.identity && project::plain_name(bound.name) == version.name;
  };
  return is_wanted(model.service) || std::any_of(model.views.begin(), model.views.end(), is_wanted);
}

}  // namespace

Result<Retirement> plan_retirement(std::string_view reference, const Registered& registered) {
  const std::size_t at = reference.find('@');
  const std::string_view name = reference.substr(0, at);
  const bool names_version = at != std::string_view::npos;
  const std::int64_t number =
      names_version ? registry::parse_version_number(reference.substr(at + 1)) : 0;
  const auto is_meant = [&](const registry::Definition& definition) {
    return can_be_retired(definition) && definition.name == name &&
           (names_version ? definition.number == number : definition.current);
  };
  const auto found = std::find_if(registered.all.begin(), registered.all.end(), is_meant);
  if (found == registered.all.end()) return not_found(reference, name, registered);
  Retirement retirement{*found, {}};
  for (const registry::Definition& user : registered.all) {
    if (user.retired || !reads(user, *found)) continue;
    retirement.users.push_back((user.kind == "feature_service" ? "service " : "on-demand view ") +
                               user.label());
  }
  for (const auto& [alias, version] : registered.in_use) {
    if (is_bound(version, *found)) retirement.users.push_back("model " + alias);
  }
  return retirement;
}

Status retire(const Retirement& retirement, bool allow_breaking,
              registry::Transaction& transaction) {
  const registry::Definition& version = retirement.definition;
  if (!retirement.users.empty() && !allow_breaking && !version.retired) {
    std::vector<Error> errors;
    for (const std::string& user : retirement.users) {
      errors.emplace_back(ErrorCode::kBreakingChange, user + " uses " + version.label());
    }
    errors.back() = Error(ErrorCode::kBreakingChange, errors.back().message())
                        .with_help("retire or move these first, or repeat with --allow-breaking");
    return fail(Error::many(std::move(errors)));
  }
  return transaction.retire_version(version.kind, version.name, version.number);
}

}  // namespace rtml::plan
