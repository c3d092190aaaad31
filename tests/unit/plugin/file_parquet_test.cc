#include <fstream>
#include <limits>

#include "core/base/hash.h"
#include "tests/unit/plugin/plugin_fixture.h"

namespace rtml {
namespace {

using plugin::ScanRequest;
using table::Batch;
using table::ColumnBuilder;
using table::Kind;
using table::Schema;

// Every type with a null, more rows than one batch.
std::vector<Batch> sample(std::shared_ptr<const Schema>* schema, int rows) {
  *schema = std::make_shared<const Schema>(std::vector<table::Field>{{"b", {Kind::kBool}},
                                                                     {"i", {Kind::kInt32}},
                                                                     {"l", {Kind::kInt64}},
                                                                     {"f", {Kind::kFloat}},
                                                                     {"d", {Kind::kDouble}},
                                                                     {"s", {Kind::kString}},
                                                                     {"t", {Kind::kTimestamp}}});
  std::vector<ColumnBuilder> builders;
  for (const auto& field : (*schema)->fields()) builders.emplace_back(field.type);
  for (int row = 0; row < rows; ++row) {
    if (row % 7 == 3) {
      for (ColumnBuilder& builder : builders) builder.append_null();
      continue;
    }
    builders[0].append_bool(row % 2 == 0);
    builders[1].append_integer(row);
    builders[2].append_integer(row * 10'000'000'000LL);
    builders[3].append_number(row * 0.25);
    builders[4].append_number(row == 1 ? std::numeric_limits<double>::quiet_NaN() : row / 3.0);
    builders[5].append_text("row " + std::to_string(row) + (row % 5 == 0 ? "\n\"é\"" : ""));
    builders[6].append_integer(1'700'000'000'000'000LL + row);
  }
  std::vector<table::Column> columns;
  for (ColumnBuilder& builder : builders) columns.push_back(builder.finish());
  return {Batch(*schema, std::move(columns), rows)};
}

std::string write_and_scan(const std::filesystem::path& path, int rows, ScanRequest request) {
  std::shared_ptr<const Schema> schema;
  auto batches = sample(&schema, rows);
  const auto reader = table::read_batches(schema, batches);
  const auto store = test::file_store();
  const auto written = store->write({path.string(), "", Json::object()}, *reader, {});
  REQUIRE_MESSAGE(written.has_value(), (written ? "" : written.error().message()));
  CHECK(*written == rows);
  request.path = path.string();
  return test::scan_text(*store, request);
}

// Without making it durable: there are many.
void overwrite(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

TEST_CASE("file: every format reads back what was written") {
  const test::TemporaryDirectory directory;
  std::shared_ptr<const Schema> schema;
  const auto batches = sample(&schema, 1'000);
  const std::string expected = test::table_text(*schema, batches);
  CHECK(write_and_scan(directory / "t.parquet", 1'000, {}) == expected);
  ScanRequest typed;
  for (const auto& field : schema->fields()) typed.types[field.name] = field.type;
  typed.columns = schema->names();
  CHECK(write_and_scan(directory / "t.csv", 1'000, typed) == expected);
  CHECK(write_and_scan(directory / "t.jsonl", 1'000, typed) == expected);
}

TEST_CASE("file parquet: equal rows give equal bytes, and batches obey their limit") {
  const test::TemporaryDirectory directory;
  ScanRequest request;
  request.columns = {"l"};
  request.batch_rows = 1'000;
  write_and_scan(directory / "a.parquet", 200'001, request);
  write_and_scan(directory / "b.parquet", 200'001, request);
  CHECK(*sha256_file(directory / "a.parquet") == *sha256_file(directory / "b.parquet"));
}

TEST_CASE("file parquet: declared types convert, or fail naming column, row and value") {
  const test::TemporaryDirectory directory;
  ScanRequest request;
  request.columns = {"t", "i"};
  request.types = {{"i", {Kind::kDouble}}};
  CHECK(write_and_scan(directory / "t.parquet", 2, request) ==
        "t:TIMESTAMP i:DOUBLE | 2023-11-14T22:13:20Z 0.0 | 2023-11-14T22:13:20.000001Z 1.0");
  request.types = {{"d", {Kind::kInt64}}};
  request.columns = {"d"};
  CHECK(write_and_scan(directory / "t.parquet", 3, request) ==
        "RT0302 plugin \"file\": " + (directory / "t.parquet").string() +
            ": column \"d\", row 2: not INT64: nan");
  request.types = {{"i", {Kind::kTimestamp}}};
  request.columns = {"i"};
  CHECK(write_and_scan(directory / "t.parquet", 3, request).starts_with("RT0302 "));
  request.types = {};
  request.columns = {"x"};
  CHECK(write_and_scan(directory / "t.parquet", 3, request).starts_with("RT0301 "));
}

TEST_CASE(
    "file parquet: a file cut short or changed anywhere is an error or other values, no crash") {
  const test::TemporaryDirectory directory;
  write_and_scan(directory / "t.parquet", 500, {});
  const std::string bytes = *read_file(directory / "t.parquet");
  const auto store = test::file_store();
  ScanRequest request;
  request.path = (directory / "cut.parquet").string();
  for (std::size_t size = 0; size < bytes.size(); size += 97) {
    overwrite(request.path, bytes.substr(0, size));
    const std::string outcome = test::scan_text(*store, request);
    CHECK_MESSAGE(outcome.starts_with(size == 0 ? "RT0304 " : "RT0303 "), outcome);
  }
  for (std::size_t at = 0; at < bytes.size(); at += 31) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    overwrite(request.path, changed);
    const std::string outcome = test::scan_text(*store, request);
    // What the file plugin lets through must never look like a defect of the plugin.
    CHECK_MESSAGE(!outcome.starts_with("RT0607"), outcome);
  }
}

TEST_CASE("file: text files cut short or changed anywhere are an error or other values, no crash") {
  const test::TemporaryDirectory directory;
  const auto store = test::file_store();
  for (const char* name : {"t.csv", "t.jsonl"}) {
    write_and_scan(directory / name, 60, {});
    const std::string bytes = *read_file(directory / name);
    ScanRequest request;
    request.path = (directory / (std::string("changed-") + name)).string();
    for (std::size_t at = 0; at < bytes.size(); at += 29) {
      overwrite(request.path, bytes.substr(0, at));
      CHECK(!test::scan_text(*store, request).starts_with("RT0607"));
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
      overwrite(request.path, changed);
      CHECK(!test::scan_text(*store, request).starts_with("RT0607"));
    }
  }
}

TEST_CASE("file: a write that fails leaves the old file and nothing beside it") {
  const test::TemporaryDirectory directory;
  REQUIRE(write_file(directory / "t.parquet", "old"));
  std::shared_ptr<const Schema> schema;
  auto batches = sample(&schema, 10);
  bool given = false;
  const auto reader = table::read_generated(schema, [&]() -> Result<std::optional<Batch>> {
    if (std::exchange(given, true)) return fail(ErrorCode::kDataBadValue, "no more");
    return batches.front();
  });
  const auto store = test::file_store();
  for (const char* name : {"t.parquet", "t.csv", "t.jsonl"}) {
    given = false;
    const auto written =
        store->write({(directory / name).string(), "", Json::object()}, *reader, {});
    REQUIRE(!written);
    CHECK(written.error().message() == "no more");
  }
  CHECK(*read_file(directory / "t.parquet") == "old");
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    ++files;
  }
  CHECK(files == 1);
}

}  // namespace
}  // namespace rtml
