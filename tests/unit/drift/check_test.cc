#include "core/drift/check.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <random>
#include <sstream>

#include "core/statistics/distances.h"
#include "tests/support/test_data.h"

namespace rtml::drift {
namespace {

using Numbers = std::vector<double>;

table::Batch batch_of(std::vector<std::pair<std::string, table::Column>> columns) {
  std::vector<table::Field> fields;
  std::vector<table::Column> values;
  std::int64_t rows = 0;
  for (auto& [name, column] : columns) {
    fields.push_back({name, column.type()});
    rows = column.length();
    values.push_back(std::move(column));
  }
  return {std::make_shared<table::Schema>(fields), values, rows};
}

Profile profile_of(const table::Batch& batch, std::size_t max_points = kMaxPoints) {
  auto reader = table::read_batches(batch.shared_schema(), {batch});
  return build_profile(*reader, {}, "reference", {.max_points = max_points}).value();
}

Result<CheckResult> check(const Profile& reference, const table::Batch& current,
                          const CheckOptions& options = {}) {
  auto reader = table::read_batches(current.shared_schema(), {current});
  return check_drift(reference, *reader, options, "current");
}

CheckResult compare(const table::Batch& reference, const table::Batch& current,
                    const CheckOptions& options = {}) {
  return check(profile_of(reference), current, options).value();
}

Numbers normal_numbers(int count, double mean, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal(mean, 1);
  Numbers values;
  for (int i = 0; i < count; ++i) values.push_back(normal(engine));
  return values;
}

table::Column with_nulls(const Numbers& values, int every) {
  table::ColumnBuilder builder({table::Kind::kDouble});
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i % static_cast<std::size_t>(every) == 0) {
      builder.append_null();
    } else {
      builder.append_number(values[i]);
    }
  }
  return builder.finish();
}

std::vector<std::string> repeated(std::vector<std::pair<std::string, int>> counts) {
  std::vector<std::string> values;
  for (const auto& [value, count] : counts) values.insert(values.end(), count, value);
  return values;
}

const TestResult& test_of(const ColumnResult& column, TestKind kind) {
  for (const TestResult& test : column.tests) {
    if (test.test == kind) return test;
  }
  FAIL("no such test on ", column.name);
  return column.tests.front();
}

// A column of the Elec2 stream, which the repository carries as an example.
Numbers electricity(const std::string& column) {
  std::ifstream file(test::source_directory() / "examples/electricity/data/electricity.csv");
  std::string line;
  std::getline(file, line);
  std::stringstream header(line);
  std::string cell;
  int wanted = -1;
  for (int i = 0; std::getline(header, cell, ','); ++i) wanted = cell == column ? i : wanted;
  REQUIRE(wanted >= 0);
  Numbers values;
  while (std::getline(file, line)) {
    std::stringstream row(line);
    for (int i = 0; i <= wanted; ++i) std::getline(row, cell, ',');
    values.push_back(std::stod(cell));
  }
  return values;
}

}  // namespace

TEST_CASE("drift: equals the published figures on the halves of Elec2") {
  const Json cases = test::test_json("statistics/distances.json")["cases"];
  int compared = 0;
  for (const Json& item : cases) {
    const std::string metric = item["metric"];
    if (metric != "ks_statistic" && metric != "psi_reference_deciles") continue;
    const Json& input = item["input"];
    CAPTURE(input["column"].get<std::string>());
    CAPTURE(metric);
    const Numbers values = electricity(input["column"]);
    const auto middle = values.begin() + input["reference_rows"][1].get<int>();
    const Profile profile = profile_of(
        batch_of({{"x", table::double_column(Numbers(values.begin(), middle))}}), values.size());
    const CheckResult result =
        check(profile, batch_of({{"x", table::double_column(Numbers(middle, values.end()))}}))
            .value();
    const ColumnResult& column = result.columns.at(0);
    const doctest::Approx expected = doctest::Approx(item["value"].get<double>()).epsilon(1e-9);
    if (metric == "ks_statistic") {
      CHECK(test_of(column, TestKind::kKs).statistic == expected);
      CHECK(test_of(column, TestKind::kKs).statistic_error == 0);
    } else {
      const NumericProfile& numeric = *profile.columns.at(0).numeric();
      const Numbers edges = input["inner_edges"];
      REQUIRE(numeric.bin_edges.size() == edges.size());
      for (std::size_t i = 0; i < edges.size(); ++i) {
        CHECK(numeric.bin_edges[i] == doctest::Approx(edges[i]).epsilon(1e-14));
      }
      CHECK(numeric.bin_counts == input["reference_counts"].get<std::vector<std::int64_t>>());
      CHECK(test_of(column, TestKind::kPsi).statistic == expected);
    }
    ++compared;
  }
  CHECK(compared == 8);
}

TEST_CASE("drift: a stored profile hides no more of D than it states") {
  for (const char* name : {"nswprice", "nswdemand", "transfer"}) {
    const Numbers values = electricity(name);
    const auto middle = values.begin() + 22'656;
    const auto first = batch_of({{"x", table::double_column(Numbers(values.begin(), middle))}});
    const auto second = batch_of({{"x", table::double_column(Numbers(middle, values.end()))}});
    const CheckResult full = check(profile_of(first, values.size()), second).value();
    const CheckResult small = check(profile_of(first, 64), second).value();
    const double exact = test_of(full.columns.at(0), TestKind::kKs).statistic;
    const TestResult& coarse = test_of(small.columns.at(0), TestKind::kKs);
    CHECK(coarse.statistic_error > 0);
    CHECK(coarse.statistic <= exact + 1e-12);
    CHECK(exact <= coarse.statistic + coarse.statistic_error + 1e-12);
  }
}

TEST_CASE("drift: equal distributions pass, shifted ones are found by every test") {
  const auto reference = batch_of({{"x", table::double_column(normal_numbers(5'000, 0, 1))}});
  const CheckResult same =
      compare(reference, batch_of({{"x", table::double_column(normal_numbers(3'000, 0, 2))}}));
  CHECK(same.verdict == Verdict::kNo);
  const CheckResult shifted =
      compare(reference, batch_of({{"x", table::double_column(normal_numbers(3'000, 0.8, 3))}}));
  CHECK(shifted.verdict == Verdict::kYes);
  CHECK(shifted.drifted == 1);
  for (const TestKind kind : {TestKind::kPsi, TestKind::kKs, TestKind::kJensenShannon}) {
    CHECK(test_of(shifted.columns.at(0), kind).verdict == Verdict::kYes);
  }
  CHECK(test_of(shifted.columns.at(0), TestKind::kMissingRate).verdict == Verdict::kNo);
}

TEST_CASE("drift: a sure but tiny difference is no drift") {
  const auto reference = batch_of({{"x", table::double_column(normal_numbers(200'000, 0, 1))}});
  const CheckResult result =
      compare(reference, batch_of({{"x", table::double_column(normal_numbers(200'000, 0.05, 2))}}));
  const TestResult& ks = test_of(result.columns.at(0), TestKind::kKs);
  CHECK(*ks.adjusted_p < 1e-6);
  CHECK(ks.verdict == Verdict::kNo);
  CHECK(result.verdict == Verdict::kNo);
}

TEST_CASE("drift: unchanged columns raise a false alarm no more often than alpha") {
  int alarms = 0;
  const int rounds = 200;
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::pair<std::string, table::Column>> before;
    std::vector<std::pair<std::string, table::Column>> now;
    for (unsigned column = 0; column < 10; ++column) {
      const std::string name = "c" + std::to_string(column);
      const unsigned seed = static_cast<unsigned>(round) * 100 + column;
      before.emplace_back(name, table::double_column(normal_numbers(100, 0, 2 * seed)));
      now.emplace_back(name, table::double_column(normal_numbers(100, 0, 2 * seed + 1)));
    }
    alarms += compare(batch_of(before), batch_of(now)).verdict == Verdict::kYes ? 1 : 0;
  }
  // At 100 rows chance alone exceeds the fixed thresholds all the time, so the limits are tested
  // here. They share one alpha and the p-values another.
  CHECK(alarms <= rounds * 0.1);
}

TEST_CASE("drift: few rows cannot tell, and that is no pass") {
  const auto reference = batch_of({{"x", table::double_column(normal_numbers(5'000, 0, 1))}});
  const CheckResult result =
      compare(reference, batch_of({{"x", table::double_column(normal_numbers(99, 9, 2))}}));
  CHECK(result.verdict == Verdict::kCannotTell);
  CHECK(result.undecided == 1);
  CHECK(result.columns.at(0).reason == "99 rows, 100 needed");
  CHECK(compare(reference, batch_of({{"x", table::double_column({})}})).verdict ==
        Verdict::kCannotTell);
}

TEST_CASE("drift: missing values are a distribution of their own") {
  const Numbers values = normal_numbers(2'000, 0, 1);
  const auto full = batch_of({{"x", table::double_column(values)}});
  const auto holes = batch_of({{"x", with_nulls(values, 10)}});
  const auto empty = batch_of({{"x", with_nulls(values, 1)}});
  const CheckResult tenth = compare(full, holes);
  CHECK(tenth.verdict == Verdict::kYes);
  CHECK(test_of(tenth.columns.at(0), TestKind::kMissingRate).statistic ==
        doctest::Approx(0.1).epsilon(1e-12));
  CHECK(compare(full, empty).verdict == Verdict::kYes);
  CHECK(compare(empty, full).verdict == Verdict::kYes);
  const CheckResult both = compare(empty, empty);
  CHECK(both.verdict == Verdict::kNo);
  CHECK(both.columns.at(0).reason == "every value is missing on both sides");
  Numbers nans = values;
  for (int i = 0; i < 400; ++i) nans[static_cast<std::size_t>(i)] = std::nan("");
  CHECK(compare(full, batch_of({{"x", table::double_column(nans)}})).columns.at(0).current.nans ==
        400);
}

TEST_CASE("drift: a constant that moves is found, one that stays is not") {
  const auto five = batch_of({{"x", table::double_column(Numbers(500, 5.0))}});
  const auto six = batch_of({{"x", table::double_column(Numbers(500, 6.0))}});
  CHECK(compare(five, five).verdict == Verdict::kNo);
  const CheckResult moved = compare(five, six);
  CHECK(moved.verdict == Verdict::kYes);
  CHECK(test_of(moved.columns.at(0), TestKind::kKs).statistic == 1);
  CHECK(moved.columns.at(0).unseen_count == 500);
}

TEST_CASE("drift: categories are compared and unseen ones named") {
  const auto reference =
      batch_of({{"c", table::string_column(repeated({{"a", 500}, {"b", 300}, {"c", 200}}))}});
  CHECK(compare(
            reference,
            batch_of({{"c", table::string_column(repeated({{"a", 250}, {"b", 150}, {"c", 100}}))}}))
            .verdict == Verdict::kNo);
  const CheckResult result = compare(
      reference, batch_of({{"c", table::string_column(repeated({{"a", 100}, {"z", 300}}))}}));
  CHECK(result.verdict == Verdict::kYes);
  const ColumnResult& column = result.columns.at(0);
  CHECK(column.unseen_count == 300);
  CHECK(column.unseen.at(0) == std::pair<std::string, std::int64_t>{"z", 300});
  CHECK(
      test_of(column, TestKind::kPsi).statistic ==
      doctest::Approx(statistics::population_stability_index({500, 300, 200, 0}, {100, 0, 0, 300}))
          .epsilon(1e-12));
}

TEST_CASE("drift: a missing column and a changed type are drift, a new column is named") {
  const Numbers values = normal_numbers(500, 0, 1);
  const auto reference =
      batch_of({{"x", table::double_column(values)}, {"y", table::double_column(values)}});
  const auto current = batch_of({{"y", table::string_column(std::vector<std::string>(500, "a"))},
                                 {"new", table::double_column(values)}});
  const CheckResult result = compare(reference, current);
  CHECK(result.verdict == Verdict::kYes);
  CHECK(result.columns.at(0).reason == "the column is missing");
  CHECK(result.columns.at(1).reason == "the type changed from DOUBLE to STRING");
  CHECK(result.new_columns == std::vector<std::string>{"new"});
}

TEST_CASE("drift: a column without values has no other type") {
  table::ColumnBuilder nothing({table::Kind::kString});
  for (int i = 0; i < 300; ++i) nothing.append_null();
  const CheckResult result =
      compare(batch_of({{"x", table::double_column(normal_numbers(300, 0, 1))}}),
              batch_of({{"x", nothing.finish()}}));
  CHECK(result.verdict == Verdict::kYes);
  CHECK(result.columns.at(0).reason == "missing 0 % to 100 %");
}

TEST_CASE("drift: times are skipped, and nothing but times cannot tell") {
  const auto times = batch_of({{"t", table::timestamp_column(std::vector<std::int64_t>(200, 1))}});
  const CheckResult result = compare(times, times);
  CHECK(result.columns.at(0).verdict == Verdict::kSkipped);
  CHECK(result.verdict == Verdict::kCannotTell);
}

TEST_CASE("drift: columns, tests and the share that may drift are the caller's") {
  const Numbers values = normal_numbers(1'000, 0, 1);
  const Numbers moved = normal_numbers(1'000, 2, 2);
  const auto reference =
      batch_of({{"x", table::double_column(values)}, {"y", table::double_column(values)}});
  const auto current =
      batch_of({{"x", table::double_column(values)}, {"y", table::double_column(moved)}});
  CHECK(compare(reference, current, {.columns = {"x"}}).verdict == Verdict::kNo);
  CHECK(compare(reference, current, {.exclude = {"y"}}).verdict == Verdict::kNo);
  CHECK(compare(reference, current, {.max_drifted_share = 0.5}).verdict == Verdict::kNo);
  CHECK(compare(reference, current, {.max_drifted_share = 0.4}).verdict == Verdict::kYes);
  const CheckResult only_missing =
      compare(reference, current, {.tests = {{TestKind::kMissingRate, 0.05, {}}}});
  CHECK(only_missing.verdict == Verdict::kNo);
  CHECK(only_missing.columns.at(1).tests.size() == 1);
  const auto unknown = check(profile_of(reference), current, {.columns = {"z"}});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code() == ErrorCode::kDataMissingColumn);
  CHECK_FALSE(find_test("kz"));
}

}  // namespace rtml::drift
