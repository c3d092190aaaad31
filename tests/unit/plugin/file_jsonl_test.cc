#include "tests/unit/plugin/plugin_fixture.h"

namespace rtml {
namespace {

using plugin::ScanRequest;
using table::Kind;
using test::scan_content;

TEST_CASE("file jsonl: keys become columns, absent keys nulls") {
  const test::TemporaryDirectory directory;
  CHECK(scan_content(directory, "t.jsonl",
                     "{\"a\":1,\"b\":\"x\",\"l\":[1,2.5]}\n\n"
                     "{\"c\":true,\"a\":2.5,\"b\":null,\"l\":[]}\r\n"
                     "{\"a\":\"NaN\",\"b\":\"\\u00e9\"}") ==
        "a:DOUBLE b:STRING l:LIST<DOUBLE> c:BOOL"
        " | 1.0 'x' [1.0 2.5] null | 2.5 null [] true | \"NaN\" 'é' null null");
}

TEST_CASE("file jsonl: declared types convert or fail with the line") {
  const test::TemporaryDirectory directory;
  ScanRequest request;
  request.columns = {"t", "n"};
  request.types = {{"t", {Kind::kTimestamp}}, {"n", {Kind::kInt32}}};
  request.time_units = {{"t", "s"}};
  CHECK(scan_content(directory, "t.jsonl",
                     "{\"n\":3.0,\"t\":\"2024-03-01T00:00:00.1234567Z\"}\n{\"t\":-1,\"n\":4}\n",
                     request) ==
        "t:TIMESTAMP n:INT32 | 2024-03-01T00:00:00.123456Z 3 | 1969-12-31T23:59:59Z 4");
  CHECK(scan_content(directory, "t.jsonl", "{\"n\":1,\"t\":0}\n{\"n\":1.5,\"t\":0}\n", request) ==
        "RT0302 t.jsonl:2 plugin \"file\": column \"n\": not INT32: \"1.5\"");
  CHECK(scan_content(directory, "t.jsonl", "{\"n\":1}\n", request).starts_with("RT0301 "));
}

TEST_CASE("file jsonl: refuses broken lines") {
  const test::TemporaryDirectory directory;
  CHECK(scan_content(directory, "t.jsonl", "{\"a\":1}\n{\"a\":\n")
            .starts_with("RT0303 t.jsonl:2 plugin \"file\": not JSON: "));
  CHECK(scan_content(directory, "t.jsonl", "[1]\n") ==
        "RT0303 t.jsonl:1 plugin \"file\": not a JSON object: \"[1]\"");
  CHECK(scan_content(directory, "t.jsonl", "{\"a\":1,\"a\":2}\n") ==
        "RT0303 t.jsonl:1 plugin \"file\": key \"a\" twice");
  CHECK(scan_content(directory, "t.jsonl", "{\"a\":\"\xFF\"}\n").starts_with("RT0303 t.jsonl:1 "));
  CHECK(scan_content(directory, "t.jsonl", "{\"a\":1}\n{\"a\":\"x\"}\n").starts_with("RT0302 "));
  CHECK(scan_content(directory, "t.jsonl", "{\"a\":{}}\n").starts_with("RT0009 t.jsonl:1 "));
  CHECK(scan_content(directory, "t.jsonl", "\n").starts_with("RT0304 "));
}

}  // namespace
}  // namespace rtml
