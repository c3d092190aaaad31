#include "cli/commands/plugin/show.h"

#include "cli/commands/plugin/plugin_object.h"
#include "cli/session.h"
#include "core/base/hash.h"
#include "core/plugin/host.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "NAME", .help = "The plugin", .required = true, .completion = Completion::kPlugin},
};

constexpr Example kExamples[] = {
    {.command = "rtml plugin show file", .says = "What the plugin is and where it lies"},
    {.command = "rtml plugin show linear --output json",
     .says = "Also the parameters of its models, as a JSON Schema"},
};

// What a JSON Schema says that a value is: a type, several, or the choices.
std::string type_text(const Json& property) {
  const Json said = property.value(property.contains("enum") ? "enum" : "type", Json());
  if (said.is_string()) return said.get<std::string>();
  std::string text;
  for (const Json& one : said) {
    const std::string word = one.is_string() ? one.get<std::string>() : to_json_text(one);
    text += (text.empty() ? "" : "|") + word;
  }
  return text.empty() ? "-" : text;
}

// The parameters of a model plugin, one row each.
Table parameter_table(const Json& schema) {
  Table table;
  table.columns = {{"parameter"}, {"type"}, {"default"}, {"meaning"}};
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [name, property] : properties.items()) {
    const std::string default_text =
        property.contains("default") ? to_json_text(property["default"]) : "-";
    table.rows.push_back(
        {name, type_text(property), default_text, property.value("description", "")});
  }
  return table;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(plugin::PluginHost * host, session.plugins());
  RTML_TRY_ASSIGN(const plugin::PluginInfo info, host->find(arguments.text("NAME")));
  RTML_TRY_ASSIGN(const std::string sha256, sha256_file(info.library));
  Report report;
  report.data["plugin"] = plugin_object(info);
  report.data["plugin"]["sha256"] = sha256;
  report.data["plugin"]["pinned"] = !info.sha256.empty();
  report.add(Fields{{{"name", info.name},
                     {"kind", info.kind},
                     {"capabilities", capabilities_text(info)},
                     {"version", info.version},
                     {"description", info.description},
                     {"origin", std::string(plugin::to_string(info.origin))},
                     {"library", info.library.string()},
                     {"sha256", sha256 + (info.sha256.empty() ? "" : " (pinned)")},
                     {"ABI version", std::to_string(info.abi_version)}}});
  if (info.has("model")) {
    RTML_TRY_ASSIGN(const auto backend, host->model_backend(info.name));
    RTML_TRY_ASSIGN(const Json schema, backend->parameter_schema());
    report.data["parameters"] = schema;
    report.add(parameter_table(schema));
  }
  return report;
}

}  // namespace

constinit const CommandSpec kPluginShow{
    .path = "plugin show",
    .summary = "Show what a plugin is, where it lies and what its models take",
    .description = "A model plugin is loaded to ask it for its parameters; others are not loaded.",
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
