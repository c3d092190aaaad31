#include "cli/render/json.h"

#include <doctest/doctest.h>

namespace rtml::cli {
namespace {

TEST_CASE("json: a report carries its schema version and command") {
  Report report;
  report.data["rows"] = Json::array({{{"a", 1}}, {{"a", 2}}});
  const auto document = parse_json(render_json(report, "model list"), "output");
  REQUIRE(document.has_value());
  CHECK(document->at("schema_version") == kOutputSchemaVersion);
  CHECK(document->at("command") == "model list");
  CHECK(document->at("rows").size() == 2);

  report.rows_key = "rows";
  CHECK(render_jsonl(report, "model list") == "{\"a\":1}\n{\"a\":2}\n");
}

TEST_CASE("json: without rows, jsonl is the document on one line") {
  Report report;
  report.data["x"] = 1;
  CHECK(render_jsonl(report, "a") == "{\"schema_version\":1,\"command\":\"a\",\"x\":1}\n");
}

TEST_CASE("json: an error says everything that its text says") {
  const Error error =
      Error::many({Error(ErrorCode::kIo, "cannot read: x"),
                   Error(ErrorCode::kUnknownKey, "unknown").at({"f.yaml", 3, 4}).with_help("try")});
  const Json document = error_document(error, "feature plan");
  CHECK(document["command"] == "feature plan");
  CHECK(document["error"]["code"] == "RT0112");
  CHECK(document["error"]["exit_code"] == 2);
  CHECK(document["error"]["errors"][0]["exit_code"] == 1);
  const Json& second = document["error"]["errors"][1];
  CHECK(second["location"] == Json{{"file", "f.yaml"}, {"line", 3}, {"column", 4}});
  CHECK(second["help"] == "try");
}

}  // namespace
}  // namespace rtml::cli
