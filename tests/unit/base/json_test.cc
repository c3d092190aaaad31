#include "core/base/json.h"

#include <doctest/doctest.h>

#include <limits>

namespace rtml {

// The number and sorting vectors are those printed in RFC 8785, sections 3.2.2.3 and 3.2.3.
TEST_CASE("to_canonical_json: the vectors of RFC 8785") {
  const Json numbers =
      parse_json("[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001]", "vector")
          .value();
  CHECK(to_canonical_json(numbers) == "[333333333.3333333,1e+30,4.5,0.002,1e-27]");
  const Json keys =
      parse_json(R"({"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew","1":"One",)"
                 R"("\ud83d\ude00":"Emoji","\u0080":"Control","\u00f6":"o umlaut"})",
                 "vector")
          .value();
  CHECK(to_canonical_json(keys) ==
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"\u00f6\":\"o umlaut\","
        "\"\u20ac\":\"Euro Sign\",\"\U0001F600\":\"Emoji\",\"\ufb33\":\"Hebrew\"}");
}

TEST_CASE("to_canonical_json: ECMAScript number forms of RFC 8785 appendix B") {
  CHECK(to_canonical_json(5e-324) == "5e-324");
  CHECK(to_canonical_json(1.7976931348623157e308) == "1.7976931348623157e+308");
  CHECK(to_canonical_json(9007199254740992.0) == "9007199254740992");
  CHECK(to_canonical_json(295147905179352830000.0) == "295147905179352830000");
  CHECK(to_canonical_json(9.999999999999997e22) == "9.999999999999997e+22");
  CHECK(to_canonical_json(999999999999999700000.0) == "999999999999999700000");
  CHECK(to_canonical_json(0.000001) == "0.000001");
  CHECK(to_canonical_json(1e-7) == "1e-7");
  CHECK(to_canonical_json(-0.0) == "0");
}

TEST_CASE("to_json_text: numbers JSON cannot write become strings") {
  Json value = Json::object();
  value["x"] = std::numeric_limits<double>::infinity();
  value["y"] = Json::array({std::numeric_limits<double>::quiet_NaN()});
  CHECK(to_json_text(value) == R"({"x":"Infinity","y":["NaN"]})");
}

TEST_CASE("parse_json: says where a text goes wrong") {
  const auto result = parse_json("{\"a\": }", "state.json");
  REQUIRE_FALSE(result);
  CHECK(result.error().code() == ErrorCode::kDataCorrupt);
  CHECK(result.error().message().find("state.json") != std::string::npos);
}

}  // namespace rtml
