#include "cli/commands/simulate/fraud.h"

#include "cli/commands/simulate/row_stream.h"
#include "cli/session.h"
#include "cli/table_file.h"
#include "core/base/number.h"
#include "core/base/time.h"
#include "core/simulate/fraud.h"
#include "core/simulate/pacer.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "--out",
     .type = OptionType::kPath,
     .value = "FILE",
     .help = "Write a Parquet, CSV or JSONL file; without it JSON lines go to standard output",
     .completion = Completion::kPath,
     .short_name = 'o'},
    {.name = "--days",
     .type = OptionType::kInteger,
     .value = "COUNT",
     .help = "How many days",
     .default_text = "30"},
    {.name = "--customers",
     .type = OptionType::kInteger,
     .value = "COUNT",
     .help = "How many customers",
     .default_text = "1000"},
    {.name = "--terminals",
     .type = OptionType::kInteger,
     .value = "COUNT",
     .help = "How many terminals",
     .default_text = "2000"},
    {.name = "--transactions-per-day",
     .type = OptionType::kNumber,
     .value = "NUMBER",
     .help = "Mean number of transactions of a customer a day",
     .default_text = "2"},
    {.name = "--radius",
     .type = OptionType::kNumber,
     .value = "NUMBER",
     .help = "How far a customer goes to a terminal, on a square of side 100",
     .default_text = "5"},
    {.name = "--seed",
     .type = OptionType::kInteger,
     .value = "NUMBER",
     .help = "The same seed gives the same transactions",
     .default_text = "0"},
    {.name = "--start",
     .type = OptionType::kTimestamp,
     .value = "DATE",
     .help = "The first day",
     .default_text = "2026-01-01"},
    {.name = "--drift-day",
     .type = OptionType::kInteger,
     .value = "DAY",
     .help = "From this day on, counted from 0, amounts, times and frauds are others"},
    {.name = "--rate",
     .type = OptionType::kNumber,
     .value = "PER_SECOND",
     .help = "Write so many transactions a second to standard output"},
    {.name = "--burst",
     .type = OptionType::kNumber,
     .value = "FACTOR",
     .help = "One second in ten, write this many times the rate"},
};

constexpr Example kExamples[] = {
    {.command = "rtml simulate fraud --days 60 --customers 5000 --terminals 10000 -o "
                "transactions.parquet",
     .says = "Write half a million transactions to a file"},
    {.command = "rtml simulate fraud --days 1 --rate 500 --burst 10",
     .says = "Play a day as a stream of 500 transactions a second with bursts"},
    {.command = "rtml simulate fraud --days 40 --drift-day 20 --seed 7 -o drifting.csv",
     .says = "Let the world change after 20 days"},
};

simulate::FraudOptions options_of(const Arguments& arguments) {
  simulate::FraudOptions options;
  options.days = arguments.integer("--days");
  options.customers = arguments.integer("--customers");
  options.terminals = arguments.integer("--terminals");
  options.transactions_per_day = arguments.number("--transactions-per-day");
  options.radius = arguments.number("--radius");
  options.seed = static_cast<std::uint64_t>(arguments.integer("--seed"));
  options.start_us = arguments.integer("--start");
  options.drift_day = arguments.optional_integer("--drift-day");
  return options;
}

// Counts what passes through it on its way to a file.
class CountingReader : public table::BatchReader {
 public:
  CountingReader(table::BatchReader& rows, Session& session) : rows_(rows), session_(session) {}
  const std::shared_ptr<const table::Schema>& schema() const override { return rows_.schema(); }
  Result<std::optional<table::Batch>> next() override {
    RTML_TRY(session_.cancel().check());
    RTML_TRY_ASSIGN(std::optional<table::Batch> batch, rows_.next());
    if (!batch) return batch;
    count_ += batch->rows();
    const table::Column& fraud = batch->column(*schema()->find("tx_fraud"));
    for (std::int64_t row = 0; row < batch->rows(); ++row) frauds_ += fraud.integer_at(row);
    session_.progress().advance_to(count_);
    return batch;
  }
  std::int64_t count() const { return count_; }
  std::int64_t frauds() const { return frauds_; }

 private:
  table::BatchReader& rows_;
  Session& session_;
  std::int64_t count_ = 0;
  std::int64_t frauds_ = 0;
};

Report file_report(const std::string& path, const simulate::FraudOptions& options, bool dry_run) {
  Report report;
  report.data["file"] = path;
  report.data["dry_run"] = dry_run;
  report.data["days"] = options.days;
  report.data["from"] = format_timestamp(options.start_us);
  report.data["seed"] = options.seed;
  return report;
}

Result<Report> write_file_of(const std::string& path, const simulate::FraudOptions& options,
                             table::BatchReader& rows, bool dry_run, Session& session) {
  Report report = file_report(path, options, dry_run);
  if (dry_run) {
    report.line("would write " + path + ", " + std::to_string(options.days) + " days from " +
                format_timestamp(options.start_us));
    return report;
  }
  session.progress().begin("simulate transactions", 0, "rows");
  CountingReader counted(rows, session);
  RTML_TRY(write_table(session, path, counted));
  session.progress().end();
  const double share = counted.count() == 0 ? 0
                                            : static_cast<double>(counted.frauds()) /
                                                  static_cast<double>(counted.count());
  report.data["rows"] = counted.count();
  report.data["frauds"] = counted.frauds();
  report.line("wrote " + path + ", " + std::to_string(counted.count()) + " transactions of " +
              std::to_string(options.days) + " days from " + format_timestamp(options.start_us));
  report.line(std::to_string(counted.frauds()) + " frauds (" + format_percent(share) + ")");
  return report;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  const simulate::FraudOptions options = options_of(arguments);
  RTML_TRY_ASSIGN(const auto rows, simulate::simulate_fraud(options));
  const bool dry_run = arguments.flag("--dry-run");
  if (const auto path = arguments.optional_text("--out")) {
    if (arguments.has("--rate")) {
      return fail(ErrorCode::kUsage, "--rate paces standard output, and --out writes a file");
    }
    return write_file_of(*path, options, *rows, dry_run, session);
  }
  if (arguments.has("--burst") && !arguments.has("--rate")) {
    return fail(ErrorCode::kUsage, "--burst multiplies a rate: give --rate");
  }
  std::optional<simulate::Pacer> pacer;
  if (arguments.has("--rate")) {
    RTML_TRY_ASSIGN(
        pacer, simulate::Pacer::create(arguments.number("--rate"),
                                       arguments.has("--burst") ? arguments.number("--burst") : 1));
  }
  if (dry_run) {
    Report report = file_report("-", options, true);
    report.line("would write " + std::to_string(options.days) + " days to standard output");
    return report;
  }
  RTML_TRY(stream_rows(*rows, pacer ? &*pacer : nullptr, session));
  Report report;
  report.streamed = true;
  return report;
}

}  // namespace

constinit const CommandSpec kSimulateFraud{
    .path = "simulate fraud",
    .summary = "Make card transactions with frauds",
    .description =
        "Customers pay at terminals near them, with amounts and times of their own. Frauds are "
        "amounts above 220, terminals that are compromised for 28 days (two more each day) and "
        "customers whose card is copied for 14 days (three more each day, a third of their "
        "transactions, amounts five times as large). After the generator of the Fraud "
        "Detection Handbook.\n\n"
        "Columns: transaction_id, tx_datetime, customer_id, terminal_id, tx_amount, tx_fraud, "
        "in the order of time. A day is in memory at a time. The same options give the same "
        "rows on every machine, and a longer simulation starts with the rows of a shorter one.",
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .run = run,
};

}  // namespace rtml::cli::commands
