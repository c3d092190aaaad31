#include "cli/commands/model/show.h"

#include "cli/commands/model/version_report.h"
#include "cli/session.h"
#include "core/base/time.h"
#include "core/registry/registry.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "MODEL",
     .help = "A model, or a version of it: fraud, fraud@3, fraud@champion",
     .required = true,
     .completion = Completion::kModelVersion},
};

constexpr Example kExamples[] = {
    {.command = "rtml model show price_direction", .says = "Show a model's versions"},
    {.command = "rtml model show price_direction@champion",
     .says = "Show everything the version was made from"},
    {.command = "rtml model show price_direction@1 --output json", .says = "The same for a script"},
};

// Everything the command shows, read in one go so that the registry is free while it prints.
struct Shown {
  registry::ModelVersion version;
  std::vector<registry::ModelVersion> all;  // Newest first; filled in for a model.
  std::vector<registry::Alias> aliases;
};

Result<Shown> read_shown(const std::string& reference, Session& session) {
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  RTML_TRY_ASSIGN(const registry::Reader reader, registry->read());
  Shown shown;
  RTML_TRY_ASSIGN(shown.version, reader.resolve(reference));
  RTML_TRY_ASSIGN(shown.aliases, reader.aliases(shown.version.model));
  if (reference.find('@') == std::string::npos) {
    RTML_TRY_ASSIGN(shown.all, reader.versions(shown.version.model));
  }
  return shown;
}

Json aliases_object(const std::vector<registry::Alias>& aliases) {
  Json object = Json::object();
  for (const registry::Alias& alias : aliases) object[alias.name] = alias.number;
  return object;
}

void show_model(const Shown& shown, Report& report) {
  report.data["model"] = shown.version.model;
  report.data["aliases"] = aliases_object(shown.aliases);
  report.data["versions"] = Json::array();
  report.rows_key = "versions";
  Table table;
  table.columns = {{"version", true}, {"created"},  {"run"},    {"type"},
                   {"metrics"},       {"artifact"}, {"aliases"}};
  for (const registry::ModelVersion& version : shown.all) {
    report.data["versions"].push_back(version_object(version));
    table.rows.push_back({std::to_string(version.number), format_timestamp(version.created_us),
                          version.run_id, version.model_type, metrics_text(version.metrics),
                          short_hash(version.artifact_sha256),
                          Text(aliases_of(shown.aliases, version.number), Tone::kStrong)});
  }
  report.add(std::move(table));
}

std::string lineage_text(const lineage::Lineage& lineage) {
  std::string text = lineage.commit.empty() ? lineage.note : lineage.commit;
  if (!lineage.branch.empty()) text += " on " + lineage.branch;
  if (lineage.dirty) text += ", uncommitted changes " + short_hash(lineage.changes_sha256);
  return text;
}

void show_version(const Shown& shown, Report& report) {
  const registry::ModelVersion& version = shown.version;
  report.data["version"] = version_object(version);
  report.data["version"]["aliases"] = Json::array();
  for (const registry::Alias& alias : shown.aliases) {
    if (alias.number == version.number) report.data["version"]["aliases"].push_back(alias.name);
  }
  Fields fields;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) fields.rows.emplace_back(name, value);
  };
  add("version", version.label());
  add("aliases", aliases_of(shown.aliases, version.number));
  add("created", format_timestamp(version.created_us));
  add("run", version.run_id);
  add("type", version.model_type);
  add("artifact", version.artifact_sha256);
  add("profile", version.profile_sha256);
  if (!version.service.name.empty()) {
    add("service", version.service.name + " " + short_hash(version.service.identity));
  }
  for (const auto& view : version.views) add("view", view.name + " " + short_hash(view.identity));
  add("dataset", version.dataset_identity);
  add("seed", std::to_string(version.seed));
  add("commit", lineage_text(version.lineage));
  add("rtml", version.rtml_version);
  report.add(std::move(fields));
  Table table;
  table.columns = {{"kind"}, {"name"}, {"value"}};
  for (const auto& [name, value] : version.parameters.items()) {
    table.rows.push_back({"parameter", name, value_text(value)});
  }
  for (const auto& [name, value] : version.metrics.items()) {
    table.rows.push_back({"metric", name, value_text(value)});
  }
  if (!table.rows.empty()) report.add(std::move(table));
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(const Shown shown, read_shown(arguments.text("MODEL"), session));
  Report report;
  if (shown.all.empty()) {
    show_version(shown, report);
  } else {
    show_model(shown, report);
  }
  return report;
}

}  // namespace

constinit const CommandSpec kModelShow{
    .path = "model show",
    .summary = "Show a model's versions, or what one version was made from",
    .description =
        "A version never changes. It binds the artifact, the feature service and views, the "
        "training set, parameters, metrics, seed, git commit and rtml version.",
    .needs = Needs::kRegistry,
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
