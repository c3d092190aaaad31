#include "tests/unit/plugin/plugin_fixture.h"

namespace rtml {
namespace {

using plugin::ScanRequest;
using table::Kind;
using test::scan_content;
using test::scan_text;

TEST_CASE("file csv: learns the type of each column from all of its values") {
  const test::TemporaryDirectory directory;
  CHECK(scan_content(directory, "t.csv",
                     "i,d,b,t,s,code,none\n"
                     "1,1.5,true,2024-03-01,x,007,\n"
                     "-2,NaN,false,2024-03-01T12:30:00+01:00,\"a,\"\"b\"\"\",12,\n"
                     ",inf,,,\"\",13,\n") ==
        "i:INT64 d:DOUBLE b:BOOL t:TIMESTAMP s:STRING code:STRING none:STRING"
        " | 1 1.5 true 2024-03-01T00:00:00Z 'x' '007' null"
        " | -2 \"NaN\" false 2024-03-01T11:30:00Z 'a,\"b\"' '12' null"
        " | null \"Infinity\" null null '' '13' null");
}

TEST_CASE(
    "file csv: reads CRLF, a byte order mark, line ends in quotes and a last line without end") {
  const test::TemporaryDirectory directory;
  CHECK(scan_content(directory, "t.csv",
                     "\xEF\xBB\xBF"
                     "a,b\r\n1,\"x\r\ny\"\r\n\r\n2,z") == "a:INT64 b:STRING | 1 'x\r\ny' | 2 'z'");
  CHECK(scan_content(directory, "one.csv", "a\n1\n\n3\n") == "a:INT64 | 1 | null | 3");
  CHECK(scan_content(directory, "header.csv", "a,b\n") == "a:STRING b:STRING");
}

TEST_CASE("file csv: gives the columns asked for, in their order and with declared types") {
  const test::TemporaryDirectory directory;
  ScanRequest request;
  request.columns = {"c", "a"};
  request.types = {{"a", {Kind::kString}}, {"c", {Kind::kDouble}}};
  CHECK(scan_content(directory, "t.csv", "a,b,c\n01,x,3\n", request) ==
        "c:DOUBLE a:STRING | 3.0 '01'");
  request = {};
  request.time_units = {{"t", "ms"}};
  CHECK(scan_content(directory, "u.csv", "t\n1709251200123\n", request) ==
        "t:TIMESTAMP | 2024-03-01T00:00:00.123Z");
  request = {};
  request.options = {{"delimiter", ";"}, {"null_values", {"NA"}}};
  CHECK(scan_content(directory, "v.csv", "a;b\n1;NA\n2;2,5\n", request) ==
        "a:INT64 b:STRING | 1 null | 2 '2,5'");
}

TEST_CASE("file csv: lists stand there as JSON, where a type says so") {
  const test::TemporaryDirectory directory;
  ScanRequest request;
  request.types = {{"a", {Kind::kDouble, true}}, {"b", {Kind::kString, true}}};
  CHECK(scan_content(directory, "t.csv", "a,b\n\"[1,null,\"\"NaN\"\"]\",[]\n,\"[\"\"x\"\"]\"\n",
                     request) ==
        "a:LIST<DOUBLE> b:LIST<STRING> | [1.0 null \"NaN\"] [] | null ['x']");
  CHECK(scan_content(directory, "u.csv", "a,b\n1,[]\n", request)
            .starts_with("RT0302 u.csv:2 plugin \"file\": column \"a\": not LIST<DOUBLE>: "));
  CHECK(scan_content(directory, "v.csv", "a,b\n[1,[]\n", request)
            .starts_with("RT0303 v.csv:2 plugin \"file\": "));
}

TEST_CASE("file csv: refuses malformed files with the line") {
  const test::TemporaryDirectory directory;
  CHECK(scan_content(directory, "t.csv", "a,b\n1,2\n\"x\ny\",2,3\n") ==
        "RT0303 t.csv:3 plugin \"file\": 3 fields where the header has 2");
  CHECK(scan_content(directory, "t.csv", "a,b\n1,\"x\n") ==
        "RT0303 t.csv:2 plugin \"file\": a quoted field that does not end");
  CHECK(scan_content(directory, "t.csv", "a,b\n1,\"x\"y\n") ==
        "RT0303 t.csv:2 plugin \"file\": text after the closing quote of a field");
  CHECK(scan_content(directory, "t.csv", "a,a\n") ==
        "RT0303 t.csv:1 plugin \"file\": two columns of the header are named \"a\"");
  CHECK(scan_content(directory, "t.csv", "").starts_with("RT0304 plugin \"file\": no header"));
  CHECK(scan_content(directory, "t.csv", "a\nx\xFF\n") ==
        "RT0303 t.csv:2 plugin \"file\": column \"a\": not UTF-8: \"x?\"");
}

TEST_CASE("file csv: names column, line and value where a declared type does not fit") {
  const test::TemporaryDirectory directory;
  ScanRequest request;
  request.types = {{"a", {Kind::kInt32}}};
  CHECK(scan_content(directory, "t.csv", "a\n1\n3000000000\n", request) ==
        "RT0302 t.csv:3 plugin \"file\": column \"a\": not INT32: \"3000000000\"");
  request.types = {{"a", {Kind::kTimestamp}}};
  CHECK(scan_content(directory, "t.csv", "a\n2024-13-01\n", request) ==
        "RT0305 t.csv:2 plugin \"file\": column \"a\": not a timestamp: \"2024-13-01\"");
  request.types = {};
  request.columns = {"b"};
  CHECK(scan_content(directory, "t.csv", "a\n1\n", request).starts_with("RT0301 "));
}

TEST_CASE("file csv: reads the files of a glob in the order of their names") {
  const test::TemporaryDirectory directory;
  REQUIRE(write_file(directory / "b.csv", "x,y\n3,c\n"));
  REQUIRE(write_file(directory / "a.csv", "x,y\n1.5,a\n"));
  const auto store = test::file_store();
  ScanRequest request;
  request.path = (directory / "*.csv").string();
  CHECK(scan_text(*store, request) == "x:DOUBLE y:STRING | 1.5 'a' | 3.0 'c'");
  const auto schema = store->schema(request, {});
  REQUIRE(schema);
  CHECK(schema->names() == std::vector<std::string>{"x", "y"});
  request.path = (directory / "*.parquet").string();
  CHECK(scan_text(*store, request).starts_with("RT0006 plugin \"file\": no file matches"));
  request.path = directory.path().string();
  CHECK(scan_text(*store, request).starts_with("RT0005 plugin \"file\": is a directory"));
}

TEST_CASE("file csv: batches hold at most the rows asked for, across blocks of the file") {
  const test::TemporaryDirectory directory;
  std::string content = "n,text\n";
  for (int i = 0; i < 100'000; ++i) {
    content += std::to_string(i) + ",\"line " + std::to_string(i) + "\nwith \"\"quotes\"\"\"\n";
  }
  REQUIRE(write_file(directory / "big.csv", content));
  const auto store = test::file_store();
  ScanRequest request;
  request.path = (directory / "big.csv").string();
  request.batch_rows = 30'000;
  auto reader = store->scan(request, {});
  REQUIRE(reader);
  std::int64_t rows = 0;
  while (true) {
    auto batch = (*reader)->next();
    REQUIRE(batch);
    if (!*batch) break;
    CHECK((*batch)->rows() <= 30'000);
    for (std::int64_t row = 0; row < (*batch)->rows(); ++row, ++rows) {
      REQUIRE((*batch)->column(0).integer_at(row) == rows);
      REQUIRE((*batch)->column(1).text_at(row) ==
              "line " + std::to_string(rows) + "\nwith \"quotes\"");
    }
  }
  CHECK(rows == 100'000);
}

}  // namespace
}  // namespace rtml
