// The result of a check as `rtml drift check --output json` prints it.

#include "core/drift/check.h"

namespace rtml::drift {
namespace {

Json optional_json(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}

Json summary_json(const ColumnSummary& summary) {
  Json json = Json::object();
  json["rows"] = summary.rows;
  json["nulls"] = summary.nulls;
  json["nans"] = summary.nans;
  json["missing_rate"] = summary.missing_rate();
  json["mean"] = optional_json(summary.mean);
  json["std"] = optional_json(summary.std);
  return json;
}

Json test_json(const TestResult& test) {
  const bool ran = !(test.verdict == Verdict::kCannotTell && !test.p);
  Json json = Json::object();
  json["test"] = describe(test.test).name;
  json["drift"] = to_string(test.verdict);
  json["statistic"] = ran ? Json(test.statistic) : Json();
  json["threshold"] = test.threshold;
  json["limit"] = ran ? Json(test.limit) : Json();
  json["p"] = optional_json(test.p);
  json["adjusted_p"] = optional_json(test.adjusted_p);
  if (test.test == TestKind::kKs && ran) {
    json["p_method"] = test.exact_p ? "exact" : "asymptotic";
    json["statistic_error"] = test.statistic_error;
  }
  json["reason"] = test.reason;
  return json;
}

Json column_json(const ColumnResult& column) {
  Json json = Json::object();
  json["column"] = column.name;
  json["type"] = column.type;
  json["drift"] = to_string(column.verdict);
  json["reason"] = column.reason;
  json["reference"] = summary_json(column.reference);
  json["current"] = summary_json(column.current);
  json["unseen_count"] = column.unseen_count;
  Json& unseen = json["unseen"] = Json::array();
  for (const auto& [value, count] : column.unseen) {
    unseen.push_back(Json{{"value", value}, {"count", count}});
  }
  Json& tests = json["tests"] = Json::array();
  for (const TestResult& test : column.tests) tests.push_back(test_json(test));
  return json;
}

}  // namespace

Json to_json(const CheckResult& result, const CheckOptions& options) {
  Json json = Json::object();
  json["drift"] = to_string(result.verdict);
  json["reason"] = result.reason;
  json["reference_rows"] = result.reference_rows;
  json["current_rows"] = result.current_rows;
  json["alpha"] = options.alpha;
  json["correction"] = to_string(options.correction);
  json["min_rows"] = options.min_rows;
  json["max_drifted_share"] = options.max_drifted_share;
  json["checked"] = result.checked;
  json["drifted"] = result.drifted;
  json["undecided"] = result.undecided;
  json["new_columns"] = result.new_columns;
  Json& columns = json["columns"] = Json::array();
  for (const ColumnResult& column : result.columns) columns.push_back(column_json(column));
  return json;
}

}  // namespace rtml::drift
