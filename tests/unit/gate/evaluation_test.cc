#include "core/gate/evaluation.h"

#include <doctest/doctest.h>

#include <vector>

using namespace rtml;
using gate::Evaluation;

namespace {

table::Batch columns() {
  return table::Batch(
      std::make_shared<table::Schema>(std::vector<table::Field>{
          {"amount", {table::Kind::kDouble, false}}, {"count", {table::Kind::kInt64, false}}}),
      {table::double_column({1.5, 2.5}), table::int64_column({3, 4})}, 2);
}

}  // namespace

TEST_CASE("evaluation: a table of it reads back as the same") {
  const Evaluation evaluation{
      {0, 1},
      {0.25, 0.75},
      {{"majority", {0.5, 0.5}, ""}, {"no-change", {}, "the rows have no time"}},
      columns()};
  const table::Batch table = gate::to_table(evaluation).value();
  CHECK(table.schema().names() ==
        std::vector<std::string>{"@label", "@prediction", "@majority", "amount", "count"});
  const Evaluation again = gate::evaluation_from_table(table).value();
  CHECK(again.labels == evaluation.labels);
  CHECK(again.predictions == evaluation.predictions);
  REQUIRE(again.baselines.size() == 1);
  CHECK(again.baselines[0].name == "majority");
  CHECK(again.baselines[0].predictions == std::vector<double>{0.5, 0.5});
  CHECK(again.columns.schema() == evaluation.columns.schema());
  CHECK(again.columns.column(1).integer_at(1) == 4);
}

TEST_CASE("evaluation: a user's column may not look like one of ours") {
  Evaluation evaluation{{0, 1}, {0.25, 0.75}, {}, {}};
  evaluation.columns = table::Batch(std::make_shared<table::Schema>(std::vector<table::Field>{
                                        {"@label", {table::Kind::kDouble, false}}}),
                                    {table::double_column({1, 2})}, 2);
  CHECK(gate::to_table(evaluation).error().code() == ErrorCode::kDataBadValue);
}

TEST_CASE("evaluation: a table that is none is refused") {
  CHECK(gate::evaluation_from_table(columns()).error().code() == ErrorCode::kDataCorrupt);
  const table::Batch wrong(std::make_shared<table::Schema>(
                               std::vector<table::Field>{{"@label", {table::Kind::kInt64, false}}}),
                           {table::int64_column({1})}, 1);
  CHECK(gate::evaluation_from_table(wrong).error().code() == ErrorCode::kDataCorrupt);
}

TEST_CASE("evaluation: a column that is missing is named with the nearest") {
  const auto selected = gate::select_columns(columns(), {"amuont"}, "rows.csv");
  REQUIRE_FALSE(selected);
  CHECK(selected.error().code() == ErrorCode::kDataMissingColumn);
  CHECK(gate::select_columns(columns(), {"count", "amount"}, "rows.csv")->schema().names() ==
        std::vector<std::string>{"count", "amount"});
}
