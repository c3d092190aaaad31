#include "cli/commands/model/diff.h"

#include <cmath>
#include <set>

#include "cli/commands/model/version_report.h"
#include "cli/session.h"
#include "core/registry/registry.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "FROM",
     .help = "A version: fraud@1, fraud@champion",
     .required = true,
     .completion = Completion::kModelVersion},
    {.name = "TO",
     .help = "The version to compare it with",
     .required = true,
     .completion = Completion::kModelVersion},
};

constexpr Example kExamples[] = {
    {.command = "rtml model diff price_direction@1 price_direction@champion",
     .says = "Show what changed"},
    {.command = "rtml model diff price_direction@1 price_direction --output json",
     .says = "The first against the latest, for a script"},
};

struct Difference {
  std::string kind;  // "metric", "parameter", "binding".
  std::string name;
  Json from;  // Null where the version has none.
  Json to;
};

void compare(std::vector<Difference>& differences, const std::string& kind, const std::string& name,
             Json from, Json to) {
  if (from != to) differences.push_back({kind, name, std::move(from), std::move(to)});
}

void compare_objects(std::vector<Difference>& differences, const std::string& kind,
                     const Json& from, const Json& to) {
  std::set<std::string> names;
  for (const auto& [name, value] : from.items()) names.insert(name);
  for (const auto& [name, value] : to.items()) names.insert(name);
  for (const std::string& name : names) {
    compare(differences, kind, name, from.contains(name) ? from[name] : Json(nullptr),
            to.contains(name) ? to[name] : Json(nullptr));
  }
}

Json views_object(const registry::ModelVersion& version) {
  Json object = Json::object();
  for (const registry::Binding& view : version.views) object["view " + view.name] = view.identity;
  return object;
}

Json text(const std::string& value) {
  return value.empty() ? Json(nullptr) : Json(value);
}

std::vector<Difference> differences_of(const registry::ModelVersion& from,
                                       const registry::ModelVersion& to) {
  std::vector<Difference> all;
  compare_objects(all, "metric", from.metrics, to.metrics);
  compare_objects(all, "parameter", from.parameters, to.parameters);
  const auto bind = [&](const char* name, Json a, Json b) {
    compare(all, "binding", name, std::move(a), std::move(b));
  };
  bind("type", text(from.model_type), text(to.model_type));
  bind("artifact", text(from.artifact_sha256), text(to.artifact_sha256));
  bind("service", text(from.service.name), text(to.service.name));
  bind("service identity", text(from.service.identity), text(to.service.identity));
  compare_objects(all, "binding", views_object(from), views_object(to));
  bind("dataset", text(from.dataset_identity), text(to.dataset_identity));
  bind("seed", from.seed, to.seed);
  bind("commit", text(from.lineage.commit), text(to.lineage.commit));
  bind("changes", text(from.lineage.changes_sha256), text(to.lineage.changes_sha256));
  bind("rtml", text(from.rtml_version), text(to.rtml_version));
  return all;
}

std::string shown_value(const Difference& difference, const Json& value) {
  const bool hash = value.is_string() && value.get_ref<const std::string&>().size() >= 40;
  if (difference.kind == "binding" && hash) return short_hash(value.get<std::string>());
  return value_text(value);
}

// The change of a number with its sign; nothing for anything else.
Json change_of(const Difference& difference) {
  const bool numbers = difference.from.is_number() && difference.to.is_number();
  if (difference.kind == "binding" || !numbers) return nullptr;
  return difference.to.get<double>() - difference.from.get<double>();
}

std::string shown_change(const Json& change) {
  if (change.is_null()) return "";
  return (std::signbit(change.get<double>()) ? "" : "+") + value_text(change);
}

Result<Report> run(const Arguments& arguments, Session& session) {
  registry::ModelVersion from;
  registry::ModelVersion to;
  {
    RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
    RTML_TRY_ASSIGN(const registry::Reader reader, registry->read());
    RTML_TRY_ASSIGN(from, reader.resolve(arguments.text("FROM")));
    RTML_TRY_ASSIGN(to, reader.resolve(arguments.text("TO")));
  }
  Report report;
  report.data["from"] = from.label();
  report.data["to"] = to.label();
  report.data["differences"] = Json::array();
  report.rows_key = "differences";
  Table table;
  table.columns = {{"kind"}, {"name"}, {from.label()}, {to.label()}, {"change", true}};
  for (const Difference& difference : differences_of(from, to)) {
    const Json change = change_of(difference);
    report.data["differences"].push_back({{"kind", difference.kind},
                                          {"name", difference.name},
                                          {"from", difference.from},
                                          {"to", difference.to},
                                          {"change", change}});
    table.rows.push_back({difference.kind, difference.name,
                          shown_value(difference, difference.from),
                          shown_value(difference, difference.to), shown_change(change)});
  }
  if (table.rows.empty()) {
    report.line(from.label() + " and " + to.label() + " were made from the same");
  } else {
    report.add(std::move(table));
  }
  return report;
}

}  // namespace

constinit const CommandSpec kModelDiff{
    .path = "model diff",
    .summary = "Show what differs between two versions",
    .description =
        "Compares metrics, parameters, and everything the versions bind: artifact, service, "
        "views, training set, seed, commit. Versions of different models may be compared.",
    .needs = Needs::kRegistry,
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
