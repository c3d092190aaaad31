#include <doctest/doctest.h>

#include "cli/render/junit.h"
#include "cli/render/sarif.h"

namespace rtml::cli {
namespace {

Report drift_report() {
  Report report;
  report.suite = "fraud";
  report.findings = {
      {Finding::Level::kFailure, "drift/psi", "amount", "psi 0.31 > 0.2 & <rising>", {}},
      {Finding::Level::kPass, "drift/psi", "hour", "", {}},
      {Finding::Level::kSkipped, "drift/ks", "country", "too few rows", {}},
      {Finding::Level::kWarning, "RT0104", "f.yaml", "odd", {"f.yaml", 3, 4}},
  };
  return report;
}

TEST_CASE("junit: suite is the model, case the feature, text is escaped") {
  CHECK(render_junit(drift_report(), "drift check") ==
        R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="rtml" tests="4" failures="1" errors="0" skipped="1">
  <testsuite name="fraud" tests="4" failures="1" errors="0" skipped="1">
    <testcase classname="fraud" name="amount drift/psi"><failure message="psi 0.31 &gt; 0.2 &amp; &lt;rising&gt;" type="drift/psi"/></testcase>
    <testcase classname="fraud" name="hour drift/psi"/>
    <testcase classname="fraud" name="country drift/ks"><skipped message="too few rows"/></testcase>
    <testcase classname="fraud" name="f.yaml RT0104"><system-out>odd</system-out></testcase>
  </testsuite>
</testsuites>
)");
}

TEST_CASE("sarif: findings are results of described rules, with their places") {
  const auto document = parse_json(render_sarif(drift_report()), "output");
  REQUIRE(document.has_value());
  CHECK(document->at("version") == "2.1.0");
  const Json& run = document->at("runs")[0];
  CHECK(run["tool"]["driver"]["name"] == "rtml");
  REQUIRE(run["results"].size() == 2);
  CHECK(run["results"][0]["level"] == "error");
  CHECK(run["results"][1]["ruleId"] == "RT0104");
  const Json& place = run["results"][1]["locations"][0]["physicalLocation"];
  CHECK(place["artifactLocation"]["uri"] == "f.yaml");
  CHECK(place["region"] == Json{{"startLine", 3}, {"startColumn", 4}});
  const Json& rules = run["tool"]["driver"]["rules"];
  REQUIRE(rules.size() == 2);
  CHECK(rules[0]["id"] == "RT0104");
  CHECK(rules[0]["shortDescription"]["text"] == "a key that the file kind does not have");
}

}  // namespace
}  // namespace rtml::cli
