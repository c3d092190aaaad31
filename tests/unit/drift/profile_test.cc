#include "core/drift/profile.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace rtml::drift {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

table::Batch one_column(const std::string& name, table::Column column) {
  const auto schema =
      std::make_shared<table::Schema>(std::vector<table::Field>{{name, column.type()}});
  const std::int64_t rows = column.length();
  return {schema, {std::move(column)}, rows};
}

Profile profile_of(const table::Batch& batch, const ProfileOptions& options = {}) {
  auto reader = table::read_batches(batch.shared_schema(), {batch});
  return build_profile(*reader, {}, "test", options).value();
}

std::vector<double> ramp(int count) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back((i * 37) % count);
  return values;
}

}  // namespace

TEST_CASE("profile: counts nulls, NaN and infinities apart from values") {
  table::ColumnBuilder builder({table::Kind::kDouble});
  for (const double value : {1.0, 2.0, 3.0, std::nan(""), kInfinity}) builder.append_number(value);
  builder.append_null();
  const Profile profile = profile_of(one_column("x", builder.finish()));
  const ColumnProfile& column = profile.columns.at(0);
  CHECK(profile.rows == 6);
  CHECK(column.nulls == 1);
  CHECK(column.nans == 1);
  REQUIRE(column.numeric() != nullptr);
  CHECK(column.numeric()->infinite == 1);
  CHECK(column.numeric()->mean == 2);
  CHECK(column.numeric()->std == 1);
  CHECK(column.numeric()->max == 3);
  CHECK(column.numeric()->count() == 4);
  CHECK(column.numeric()->points == std::vector<double>{1, 2, 3, kInfinity});
}

TEST_CASE("profile: few distinct values are bins of their own") {
  const Profile profile = profile_of(one_column("x", table::double_column({0, 1, -0.0, 5, 1, 0})));
  const NumericProfile& numeric = *profile.columns.at(0).numeric();
  CHECK(numeric.bin_edges.empty());
  CHECK(numeric.bin_values == std::vector<double>{0, 1, 5});
  CHECK(numeric.bin_counts == std::vector<std::int64_t>{3, 2, 1});
}

TEST_CASE("profile: deciles of a ramp cut ten bins") {
  const Profile profile = profile_of(one_column("x", table::double_column(ramp(101))));
  const NumericProfile& numeric = *profile.columns.at(0).numeric();
  CHECK(numeric.bin_edges == std::vector<double>{10, 20, 30, 40, 50, 60, 70, 80, 90});
  CHECK(numeric.bin_counts == std::vector<std::int64_t>{10, 10, 10, 10, 10, 10, 10, 10, 10, 11});
}

TEST_CASE("profile: a frequent minimum gives no empty bin") {
  std::vector<double> values(50, 0.0);
  for (int i = 1; i <= 50; ++i) values.push_back(i);
  const Profile profile = profile_of(one_column("x", table::double_column(values)));
  const NumericProfile& numeric = *profile.columns.at(0).numeric();
  CHECK(numeric.bin_edges.front() > 0);
  for (const std::int64_t count : numeric.bin_counts) CHECK(count > 0);
}

TEST_CASE("profile: points beyond the limit keep an even spacing of ranks") {
  const Profile profile =
      profile_of(one_column("x", table::double_column(ramp(1'009))), {.max_points = 101});
  const NumericProfile& numeric = *profile.columns.at(0).numeric();
  CHECK(numeric.points.size() == 101);
  CHECK(numeric.points.front() == 0);
  CHECK(numeric.points.back() == 1'008);
  CHECK(numeric.at_most.back() == 1'009);
  CHECK(numeric.largest_gap() <= 0.0105);
  for (std::size_t i = 0; i < numeric.points.size(); ++i) {
    CHECK(static_cast<double>(numeric.below[i]) == numeric.points[i]);
  }
}

TEST_CASE("profile: categories are counted, the rare ones pooled") {
  std::vector<std::string> values;
  for (int i = 0; i < 1'500; ++i) values.push_back("v" + std::to_string(i));
  values.insert(values.end(), 3, "often");
  values.push_back(std::string(300, 'x'));
  const Profile profile = profile_of(one_column("c", table::string_column(values)));
  const CategoricalProfile& categorical = *profile.columns.at(0).categorical();
  CHECK(categorical.categories.size() == kMaxCategories);
  CHECK(categorical.categories.front() == std::pair<std::string, std::int64_t>{"often", 3});
  CHECK(categorical.rest_count == 1'504 - 3 - 999);
  CHECK(category_name(std::string(300, 'x')).starts_with("sha256:"));
}

TEST_CASE("profile: does not depend on how rows are cut into batches") {
  const table::Batch all = one_column("x", table::double_column(ramp(1'009)));
  auto whole = table::read_batches(all.shared_schema(), {all});
  auto parts = table::read_batches(all.shared_schema(),
                                   {all.slice(0, 1), all.slice(1, 500), all.slice(501, 508)});
  CHECK(to_json_text(to_json(build_profile(*whole, {}, "test").value())) ==
        to_json_text(to_json(build_profile(*parts, {}, "test").value())));
}

TEST_CASE("profile: a column that is not there is named") {
  const table::Batch batch = one_column("amount", table::double_column({1}));
  auto reader = table::read_batches(batch.shared_schema(), {batch});
  const auto profile = build_profile(*reader, {"amonut"}, "a.csv");
  REQUIRE_FALSE(profile);
  CHECK(profile.error().code() == ErrorCode::kDataMissingColumn);
}

TEST_CASE("profile: its JSON reads back as it was") {
  table::ColumnBuilder number({table::Kind::kDouble});
  for (const double value : {0.1, -kInfinity, 1e-300, 7.0}) number.append_number(value);
  table::ColumnBuilder flag({table::Kind::kBool});
  for (const bool value : {true, false, true}) flag.append_bool(value);
  flag.append_null();
  const auto schema =
      std::make_shared<table::Schema>(std::vector<table::Field>{{"n", {table::Kind::kDouble}},
                                                                {"b", {table::Kind::kBool}},
                                                                {"t", {table::Kind::kTimestamp}}});
  const table::Batch batch(
      schema, {number.finish(), flag.finish(), table::timestamp_column({1, 2, 3, 4})}, 4);
  const std::string text = to_json_text(to_json(profile_of(batch)));
  const auto read = profile_from_json(parse_json(text, "p").value(), "p");
  REQUIRE(read);
  CHECK(to_json_text(to_json(*read)) == text);
  CHECK(read->find("t")->numeric() == nullptr);
  CHECK(read->find("t")->categorical() == nullptr);
}

TEST_CASE("profile: JSON that does not fit together is refused") {
  const Json good = to_json(profile_of(one_column("x", table::double_column(ramp(50)))));
  REQUIRE(profile_from_json(good, "p"));
  const auto refuses = [&](const char* pointer, const Json& value) {
    Json bad = good;
    bad[Json::json_pointer(pointer)] = value;
    const auto profile = profile_from_json(bad, "p.json");
    CAPTURE(pointer);
    REQUIRE_FALSE(profile);
    CHECK(profile.error().code() == ErrorCode::kProfileInvalid);
    CHECK(profile.error().message().find("p.json") != std::string::npos);
  };
  refuses("/format", "other");
  refuses("/version", 2);
  refuses("/rows", -1);
  refuses("/rows", 51);
  refuses("/columns", 3);
  refuses("/columns/0/type", "NUMBER");
  refuses("/columns/0/nulls", 60);
  refuses("/columns/0/numeric/mean", "x");
  refuses("/columns/0/numeric/bin_edges", Json::array({3, 2}));
  refuses("/columns/0/numeric/bin_counts/0", 6);
  refuses("/columns/0/numeric/at_most/3", 2);
  refuses("/columns/0/numeric/at_most/3", 1e300);
  CHECK_FALSE(profile_from_json(Json::array(), "p"));
  Json twice = good;
  twice["columns"].push_back(good["columns"][0]);
  CHECK_FALSE(profile_from_json(twice, "p"));
}

}  // namespace rtml::drift
