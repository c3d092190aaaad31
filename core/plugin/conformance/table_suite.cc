#include <limits>

#include "core/base/clock.h"
#include "core/plugin/conformance/suite.h"

namespace rtml::plugin {
namespace {

using table::Batch;
using table::Kind;
using table::Schema;

constexpr int kRows = 3'000;

// Rows of every plain type except BYTES, with nulls, empty texts and extremes.
Batch sample_rows(int rows) {
  auto schema = std::make_shared<const Schema>(
      std::vector<table::Field>{{"flag", {Kind::kBool}},
                                {"small", {Kind::kInt32}},
                                {"large", {Kind::kInt64}},
                                {"number", {Kind::kDouble}},
                                {"text", {Kind::kString}},
                                {"event_timestamp", {Kind::kTimestamp}}});
  std::vector<table::ColumnBuilder> builders;
  for (const table::Field& field : schema->fields()) builders.emplace_back(field.type);
  for (int row = 0; row < rows; ++row) {
    if (row % 11 == 5) {
      for (table::ColumnBuilder& builder : builders) builder.append_null();
      continue;
    }
    builders[0].append_bool(row % 3 == 0);
    builders[1].append_integer(row % 2 == 0 ? row : std::numeric_limits<std::int32_t>::min());
    builders[2].append_integer(row % 2 == 0 ? std::numeric_limits<std::int64_t>::max() - row
                                            : -row);
    builders[3].append_number(row % 13 == 0 ? std::numeric_limits<double>::infinity() : row / 7.0);
    builders[4].append_text(row % 5 == 0 ? "" : "line\n\"" + std::to_string(row) + "\", é");
    builders[5].append_integer(1'700'000'000'000'000 + row);
  }
  std::vector<table::Column> columns;
  for (table::ColumnBuilder& builder : builders) columns.push_back(builder.finish());
  return {schema, std::move(columns), rows};
}

bool equal_values(const table::Column& a, const table::Column& b, std::int64_t row) {
  if (a.is_null(row) || b.is_null(row)) return a.is_null(row) && b.is_null(row);
  switch (a.type().kind) {
    case Kind::kString:
    case Kind::kBytes:
      return a.text_at(row) == b.text_at(row);
    case Kind::kFloat:
    case Kind::kDouble:
      return a.number_at(row) == b.number_at(row);
    default:
      return a.integer_at(row) == b.integer_at(row);
  }
}

Status expect_equal(const Batch& expected, const Batch& actual) {
  RTML_TRY(expect(
      expected.rows() == actual.rows(),
      std::to_string(actual.rows()) + " rows come back of " + std::to_string(expected.rows())));
  for (std::size_t i = 0; i < expected.columns().size(); ++i) {
    for (std::int64_t row = 0; row < expected.rows(); ++row) {
      RTML_TRY(expect(equal_values(expected.column(i), actual.column(i), row),
                      "column \"" + expected.schema().field(i).name + "\", row " +
                          std::to_string(row) + " comes back with another value"));
    }
  }
  return {};
}

class TableChecks {
 public:
  TableChecks(TableStore& store, std::string path) : store_(store), rows_(sample_rows(kRows)) {
    request_.path = std::move(path);
    for (const table::Field& field : rows_.schema().fields()) {
      request_.types[field.name] = field.type;
    }
  }

  Status write(const Batch& rows, const CallOptions& call = {}) {
    const auto reader = table::read_batches(
        rows.shared_schema(), {rows.slice(0, rows.rows() / 2),
                               rows.slice(rows.rows() / 2, rows.rows() - rows.rows() / 2)});
    RTML_TRY_ASSIGN(const std::int64_t count,
                    store_.write({request_.path, "", Json::object()}, *reader, call));
    return expect(count == rows.rows(), "write says " + std::to_string(count) + " rows of " +
                                            std::to_string(rows.rows()));
  }

  Result<Batch> read(const ScanRequest& request, const CallOptions& call = {}) {
    RTML_TRY_ASSIGN(const auto reader, store_.scan(request, call));
    RTML_TRY_ASSIGN(const auto batches, table::read_all(*reader));
    return table::concatenate(reader->schema(), batches);
  }

  Status round_trip() {
    RTML_TRY(write(rows_));
    RTML_TRY_ASSIGN(const Batch back, read(request_));
    RTML_TRY(expect(back.schema() == rows_.schema(), "other columns come back"));
    return expect_equal(rows_, back);
  }

  Status repeated() {
    RTML_TRY_ASSIGN(const Batch first, read(request_));
    RTML_TRY_ASSIGN(const Batch second, read(request_));
    return expect_equal(first, second);
  }

  Status schema_agrees() {
    RTML_TRY_ASSIGN(const Schema schema, store_.schema(request_, {}));
    RTML_TRY_ASSIGN(const auto reader, store_.scan(request_, {}));
    return expect(schema == *reader->schema(), "schema() and scan() disagree");
  }

  Status projection() {
    ScanRequest request = request_;
    request.columns = {"text", "flag"};
    request.batch_rows = 7;  // The host refuses larger batches.
    RTML_TRY_ASSIGN(const Batch back, read(request));
    RTML_TRY(expect(back.rows() == kRows, "other rows come with fewer columns"));
    for (std::int64_t row = 0; row < kRows; ++row) {
      RTML_TRY(expect(equal_values(back.column(0), rows_.column(4), row) &&
                          equal_values(back.column(1), rows_.column(0), row),
                      "other values come with fewer columns"));
    }
    return {};
  }

  Status wrong_type() {
    ScanRequest request = request_;
    request.columns = {"text"};
    request.types = {{"text", {Kind::kInt64}}};
    return expect_error(read(request), ErrorCode::kDataWrongType, "reading texts as INT64");
  }

  Status missing_column() {
    ScanRequest request = request_;
    request.columns = {"absent"};
    request.types = {{"absent", {Kind::kInt64}}};
    return expect_error(read(request), ErrorCode::kDataMissingColumn, "reading an absent column");
  }

  Status missing_table(const std::string& path) {
    ScanRequest request = request_;
    request.path = path;
    return expect_error(read(request), ErrorCode::kNotFound, "reading an absent table");
  }

  Status failed_write() {
    bool given = false;
    const auto reader =
        table::read_generated(rows_.shared_schema(), [&]() -> Result<std::optional<Batch>> {
          if (std::exchange(given, true)) return fail(ErrorCode::kDataBadValue, "rows end here");
          return rows_.slice(0, 10);
        });
    const auto written = store_.write({request_.path, "", Json::object()}, *reader, {});
    RTML_TRY(expect(!written, "a write succeeds whose rows fail"));
    RTML_TRY_ASSIGN(const Batch back, read(request_));
    return expect_equal(rows_, back);
  }

  Status cancelled() {
    CancelFlag flag;
    flag.set();
    CallOptions call;
    call.cancel = &flag;
    return expect_error(read(request_, call), ErrorCode::kInterrupted, "a cancelled scan");
  }

  Status deadline() {
    CallOptions call;
    call.deadline_us = system_clock().monotonic_us() - 1;
    return expect_error(read(request_, call), ErrorCode::kTimeout, "a scan after its deadline");
  }

  Status empty_table() {
    RTML_TRY(write(sample_rows(0)));
    ScanRequest request = request_;
    RTML_TRY_ASSIGN(const Batch back, read(request));
    return expect(back.rows() == 0, "rows come out of an empty table");
  }

 private:
  TableStore& store_;
  Batch rows_;
  ScanRequest request_;
};

}  // namespace

void check_table(PluginHost& host, const PluginInfo& plugin, const ConformanceSettings& settings,
                 Suite suite) {
  const Json options = settings.options.is_null() ? Json::object() : settings.options;
  std::unique_ptr<TableStore> store;
  suite.check("a store opens", [&]() -> Status {
    RTML_TRY_ASSIGN(store, host.table_store(plugin.name, options));
    return {};
  });
  if (store == nullptr) return;
  const std::filesystem::path path =
      settings.table.empty() ? settings.scratch / "conformance.parquet" : settings.table;
  const std::filesystem::path absent = path.parent_path() / ("absent" + path.extension().string());
  TableChecks checks(*store, path.string());
  suite.check("what was written is read back", [&] { return checks.round_trip(); });
  suite.check("a repeated scan gives equal rows", [&] { return checks.repeated(); });
  suite.check("schema and scan agree", [&] { return checks.schema_agrees(); });
  suite.check("columns and batches are as asked for", [&] { return checks.projection(); });
  suite.check("a wrong type is refused", [&] { return checks.wrong_type(); });
  suite.check("a missing column is refused", [&] { return checks.missing_column(); });
  suite.check("a missing table is refused", [&] { return checks.missing_table(absent.string()); });
  suite.check("a failed write leaves the old table", [&] { return checks.failed_write(); });
  suite.check("a cancelled scan stops", [&] { return checks.cancelled(); });
  suite.check("a scan obeys its deadline", [&] { return checks.deadline(); });
  suite.check("an empty table stays empty", [&] { return checks.empty_table(); });
}

}  // namespace rtml::plugin
