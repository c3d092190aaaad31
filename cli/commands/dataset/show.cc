#include "cli/commands/dataset/show.h"

#include "cli/session.h"
#include "core/base/text_list.h"
#include "core/base/time.h"
#include "core/registry/registry.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "DATASET", .help = "A dataset's identity, or 8 or more digits of it; else all"},
};

constexpr Example kExamples[] = {
    {.command = "rtml dataset show", .says = "List the training sets, newest first"},
    {.command = "rtml dataset show --output json", .says = "The same for a script"},
};

Json json_of(const registry::Dataset& dataset) {
  return Json{{"dataset", dataset.identity},
              {"rows", dataset.row_count},
              {"service", dataset.service},
              {"manifest_sha256", dataset.manifest_sha256},
              {"created", format_timestamp(dataset.created_us)}};
}

Report list(const std::vector<registry::Dataset>& datasets) {
  Report report;
  report.data["datasets"] = Json::array();
  report.rows_key = "datasets";
  Table table;
  table.columns = {{"dataset"}, {"rows", true}, {"service"}, {"created"}};
  for (const registry::Dataset& dataset : datasets) {
    report.data["datasets"].push_back(json_of(dataset));
    table.rows.push_back({dataset.identity.substr(0, 12), std::to_string(dataset.row_count),
                          dataset.service, format_timestamp(dataset.created_us)});
  }
  if (datasets.empty()) {
    report.line("no datasets yet; \"rtml dataset build\" makes one");
  } else {
    report.add(std::move(table));
  }
  return report;
}

std::string names_of(const Json& list, const char* member) {
  return text_list(list, [&](const Json& entry) { return entry.value(member, std::string()); });
}

Report show(const registry::Dataset& dataset, Json manifest) {
  Report report;
  report.data["datasets"] = Json::array({json_of(dataset)});
  Fields fields;
  fields.rows = {{"dataset", dataset.identity},
                 {"rows", std::to_string(dataset.row_count)},
                 {"created", format_timestamp(dataset.created_us)},
                 {"manifest", dataset.manifest_sha256}};
  if (!dataset.service.empty()) fields.rows.emplace_back("service", dataset.service);
  fields.rows.emplace_back("views", names_of(manifest.value("views", Json::array()), "name"));
  fields.rows.emplace_back("features",
                           names_of(manifest.value("features", Json::array()), "column"));
  for (const Json& input : manifest.value("inputs", Json::array())) {
    Json files = input.value("files", Json::array());
    if (input.contains("entities")) files.push_back(input["entities"]);
    for (const Json& file : files) {
      fields.rows.emplace_back("input", file.value("path", std::string()) + " " +
                                            file.value("sha256", std::string()).substr(0, 12));
    }
  }
  const Json lineage = manifest.value("lineage", Json::object());
  if (lineage.contains("commit")) {
    fields.rows.emplace_back("commit", lineage["commit"].get<std::string>() +
                                           (lineage.value("dirty", false) ? " (dirty)" : ""));
  }
  report.add(std::move(fields));
  report.data["manifest"] = std::move(manifest);
  return report;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  if (!arguments.has("DATASET")) {
    std::vector<registry::Dataset> datasets;
    {
      RTML_TRY_ASSIGN(const registry::Reader reader, registry->read());
      RTML_TRY_ASSIGN(datasets, reader.datasets());
    }
    return list(datasets);
  }
  registry::Dataset dataset;
  {
    RTML_TRY_ASSIGN(const registry::Reader reader, registry->read());
    RTML_TRY_ASSIGN(dataset, reader.dataset(arguments.text("DATASET")));
  }
  RTML_TRY_ASSIGN(const std::string bytes, registry->read_artifact(dataset.manifest_sha256));
  RTML_TRY_ASSIGN(Json manifest, parse_json(bytes, "the manifest " + dataset.manifest_sha256));
  return show(dataset, std::move(manifest));
}

}  // namespace

constinit const CommandSpec kDatasetShow{
    .path = "dataset show",
    .summary = "Show training sets and the manifests that rebuild them",
    .description = "Without DATASET, lists the training sets that the registry knows.",
    .needs = Needs::kRegistry,
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
