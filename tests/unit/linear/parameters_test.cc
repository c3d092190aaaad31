#include "plugins/model/linear/parameters.h"

#include <doctest/doctest.h>

using namespace rtml;
using namespace rtml::linear;

namespace {

Result<Parameters> parse(const char* text) {
  return parse_parameters(parse_json(text, "parameters").value());
}

std::string refusal(const char* text) {
  const Result<Parameters> parameters = parse(text);
  REQUIRE_FALSE(parameters);
  CHECK(parameters.error().code() == ErrorCode::kBadValue);
  return parameters.error().message();
}

}  // namespace

TEST_CASE("linear parameters: what is not given has its default") {
  const Parameters parameters = parse("{}").value();
  CHECK(parameters.loss == "logistic");
  CHECK(parameters.rate() == 0.3);
  CHECK(parse(R"({"optimizer": "sgd"})")->rate() == 0.01);
  CHECK(parse(R"({"learning_rate": 0.2, "epochs": 3, "shuffle": false})")->rate() == 0.2);
}

TEST_CASE("linear parameters: written and read again they are the same") {
  const char* text = R"({"loss": "squared", "l1": 0.5, "intercept_learning_rate": 0.125,
                         "epochs": 7, "average": false, "class_weight": "balanced"})";
  const Json json = to_json(parse(text).value());
  CHECK(to_json(parse_parameters(json).value()) == json);
  CHECK(json["l1"] == 0.5);
  CHECK(json["learning_rate"].is_null());
}

TEST_CASE("linear parameters: a wrong one is named") {
  CHECK(refusal(R"({"optimiser": "sgd"})") ==
        "unknown parameter \"optimiser\" (did you mean \"optimizer\"?)");
  CHECK(refusal(R"({"optimizer": "adam"})") ==
        "parameter optimizer must be one of ftrl, adagrad, sgd: \"adam\"");
  CHECK(refusal(R"({"l2": -1})") == "parameter l2 must be a number of at least 0: -1");
  CHECK(refusal(R"({"l2": "1"})") == "parameter l2 must be a number of at least 0: \"1\"");
  CHECK(refusal(R"({"learning_rate": 0})") ==
        "parameter learning_rate must be a number above 0, or null: 0");
  CHECK(refusal(R"({"epochs": 1.5})") ==
        "parameter epochs must be a whole number of at least 1 and at most 1000000: 1.5");
  CHECK(refusal(R"({"epochs": 0})") ==
        "parameter epochs must be a whole number of at least 1 and at most 1000000: 0");
  CHECK(refusal(R"({"shuffle": 1})") == "parameter shuffle must be true or false: 1");
  CHECK(refusal("[]") == "parameters must be an object: []");
}

TEST_CASE("linear parameters: the schema has a row for each, with its default") {
  const Json schema = parameter_schema();
  const Json defaults = to_json(Parameters{});
  CHECK(schema["additionalProperties"] == false);
  CHECK(schema["properties"].size() == defaults.size());
  for (const auto& [name, property] : schema["properties"].items()) {
    CAPTURE(name);
    CHECK(property["default"] == defaults[name]);
    CHECK_FALSE(property["description"].get<std::string>().empty());
  }
  CHECK(schema["properties"]["loss"]["enum"] == Json({"logistic", "squared"}));
  CHECK(schema["properties"]["learning_rate"]["exclusiveMinimum"] == 0.0);
}
