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

TEST_CASE("file stream: gives lines with their byte offsets and goes on from any of them") {
  const test::TemporaryDirectory directory;
  REQUIRE(write_file(directory / "a.jsonl", "{\"x\":1}\n\n{\"x\":2}\n"));
  REQUIRE(write_file(directory / "b.jsonl", "{\"y\":1}\r\n{\"y\":2}"));
  auto host = test::built_host();
  auto store = host.stream_store("file");
  REQUIRE(store);
  const Json options = {{"path", (directory / "*.jsonl").string()}};
  const auto all_from = [&](const std::map<std::int32_t, std::int64_t>& offsets) {
    auto reader = (*store)->open(options, offsets, {});
    REQUIRE(reader);
    std::string text;
    bool ended = false;
    while (!ended) {
      auto messages = (*reader)->poll(1, &ended, {});
      REQUIRE(messages);
      for (const auto& message : *messages) {
        text += std::to_string(message.partition) + "@" + std::to_string(message.offset) +
                message.bytes;
      }
    }
    return text;
  };
  CHECK(all_from({}) == R"(0@0{"x":1}0@9{"x":2}1@0{"y":1}1@9{"y":2})");
  CHECK(all_from({{0, 1}, {1, 9}}) == R"(0@9{"x":2}1@9{"y":2})");
  CHECK(all_from({{0, 10}, {1, 10}}) == "");
}

}  // namespace
}  // namespace rtml
