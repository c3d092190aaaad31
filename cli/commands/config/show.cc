#include "cli/commands/config/show.h"

#include "cli/session.h"
#include "core/config/config.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "KEY", .help = "Show this key alone", .completion = Completion::kConfigKey},
    {.name = "--origin", .type = OptionType::kFlag, .help = "Show where each value comes from"},
};

constexpr Example kExamples[] = {
    {.command = "rtml config show --origin", .says = "Show every key and where its value is set"},
    {.command = "rtml config show registry.directory", .says = "Show one key"},
    {.command = "rtml config show --set lineage.dirty=refuse --output json",
     .says = "Show what a flag would change"},
};

Json row_of(const config::Setting& setting) {
  Json row = Json::object();
  row["key"] = setting.key->name;
  row["value"] = setting.text;
  row["origin"] = config::to_string(setting.origin);
  if (!setting.where.empty()) row["where"] = setting.where;
  return row;
}

Text origin_text(const config::Setting& setting) {
  std::string text(config::to_string(setting.origin));
  if (!setting.where.empty()) text += " (" + setting.where + ")";
  return Text(std::move(text), Tone::kFaint);
}

Result<Report> run(const Arguments& arguments, Session& session) {
  const auto wanted = arguments.optional_text("KEY");
  if (wanted && config::find_key(*wanted) == nullptr) {
    return fail(Error(ErrorCode::kUnknownKey, "unknown configuration key: \"" + *wanted + "\"" +
                                                  config::nearest_key_hint(*wanted))
                    .with_help("\"rtml config show\" lists the keys"));
  }
  RTML_TRY_ASSIGN(const config::Config* merged, session.config());

  const bool with_origin = arguments.flag("--origin");
  Table table;
  table.columns = {{"key"}, {"value"}};
  if (with_origin) table.columns.push_back({"origin"});
  Json rows = Json::array();
  for (const config::Setting& setting : merged->settings()) {
    if (wanted && setting.key->name != *wanted) continue;
    rows.push_back(row_of(setting));
    std::vector<Text> cells = {std::string(setting.key->name), setting.text};
    if (with_origin) cells.push_back(origin_text(setting));
    table.rows.push_back(std::move(cells));
  }
  Report report;
  report.data["settings"] = std::move(rows);
  report.rows_key = "settings";
  report.add(std::move(table));
  return report;
}

}  // namespace

constinit const CommandSpec kConfigShow{
    .path = "config show",
    .summary = "Show the configuration and where it comes from",
    .description =
        "A key is set, from the weakest to the strongest, by: its default, "
        "/etc/rtml/config.yaml, rtml/config.yaml in the user's configuration directory, "
        "defaults: in rtml.yaml, its environment variable, and --set.",
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
