#include "cli/commands/drift/profile.h"

#include "cli/session.h"
#include "cli/table_file.h"
#include "core/base/file_system.h"
#include "core/base/number.h"
#include "core/drift/profile.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "FILE",
     .type = OptionType::kPath,
     .help = "The rows to profile: Parquet, CSV or JSONL",
     .required = true,
     .completion = Completion::kPath},
    {.name = "--out",
     .type = OptionType::kPath,
     .value = "PROFILE",
     .help = "Where to write the profile, a JSON file",
     .required = true,
     .completion = Completion::kPath,
     .short_name = 'o'},
    {.name = "--columns",
     .type = OptionType::kTextList,
     .value = "COLUMN,...",
     .help = "Profile these columns instead of all"},
};

constexpr Example kExamples[] = {
    {.command = "rtml drift profile data/electricity.csv -o reference.json",
     .says = "Keep what the table looks like now"},
    {.command =
         "rtml drift profile data/electricity.csv --columns nswprice,vicprice -o prices.json",
     .says = "Keep two of its columns"},
};

std::string_view kind_of(const drift::ColumnProfile& column) {
  if (column.numeric() != nullptr) return "numeric";
  return column.categorical() != nullptr ? "categorical" : "not compared";
}

// What a column's values are, in a few words.
std::string gist_of(const drift::ColumnProfile& column) {
  if (const drift::NumericProfile* numeric = column.numeric()) {
    if (numeric->count() == 0) return "no values";
    return "mean " + format_brief(numeric->mean) + ", " + format_brief(numeric->min) + " to " +
           format_brief(numeric->max);
  }
  if (const drift::CategoricalProfile* categorical = column.categorical()) {
    return std::to_string(categorical->categories.size()) +
           (categorical->rest_count > 0 ? " values kept, the rest pooled" : " different values");
  }
  return "no test takes " + table::to_string(column.type);
}

Report report_of(const drift::Profile& profile, const std::string& path, bool written) {
  Report report;
  report.data["profile"] = path;
  report.data["written"] = written;
  report.data["rows"] = profile.rows;
  report.rows_key = "columns";
  Json& rows = report.data["columns"] = Json::array();
  Table table;
  table.columns = {{"column"}, {"type"}, {"kind"}, {"missing", true}, {"values"}};
  for (const drift::ColumnProfile& column : profile.columns) {
    const double missing =
        column.rows == 0 ? 0
                         : static_cast<double>(column.missing()) / static_cast<double>(column.rows);
    rows.push_back(Json{{"column", column.name},
                        {"type", table::to_string(column.type)},
                        {"kind", kind_of(column)},
                        {"nulls", column.nulls},
                        {"nans", column.nans}});
    table.rows.push_back({column.name, table::to_string(column.type),
                          Text(std::string(kind_of(column))), format_percent(missing),
                          gist_of(column)});
  }
  report.line((written ? "wrote " : "would write ") + path + ", " + std::to_string(profile.rows) +
              " rows");
  report.add(std::move(table));
  return report;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  const std::string& input = arguments.text("FILE");
  const std::string& output = arguments.text("--out");
  const std::vector<std::string>& columns = arguments.list("--columns");
  RTML_TRY_ASSIGN(const auto rows, open_table(session, {.path = input, .columns = columns}));
  RTML_TRY_ASSIGN(const drift::Profile profile, drift::build_profile(*rows, columns, input));
  if (profile.rows == 0) {
    return fail(ErrorCode::kDataEmpty, "there is nothing to profile: " + input + " has no rows");
  }
  const bool write = !arguments.flag("--dry-run");
  if (write) RTML_TRY(write_file(output, to_json_text(drift::to_json(profile)) + "\n"));
  return report_of(profile, output, write);
}

}  // namespace

constinit const CommandSpec kDriftProfile{
    .path = "drift profile",
    .summary = "Keep what a table looks like, for later checks",
    .description =
        "A profile is a small JSON file with the bins, the distribution and the missing values "
        "of each column. `rtml drift check --reference PROFILE` compares rows with it; the "
        "rows it was made from are no longer needed. Every training run keeps one of its own.\n\n"
        "Numbers and texts are compared; times, bytes and lists are listed and not compared.",
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .run = run,
};

}  // namespace rtml::cli::commands
