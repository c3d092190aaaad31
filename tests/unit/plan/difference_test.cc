#include "core/plan/difference.h"

#include <doctest/doctest.h>

namespace rtml::plan {
namespace {

Json view(const std::string& members, const std::string& features,
          const std::string& source = "s1") {
  const auto json =
      parse_json(R"({"semantics":1,"definition":{"kind":"feature_view","name":"v")" + members +
                     R"(,"features":)" + features + R"(},"source":")" + source + R"("})",
                 "test");
  REQUIRE(json);
  return *json;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("differences: of a view are told by feature") {
  const Json before = view(
      "", R"([{"name":"a","type":"INT64","window":{"size":"7d"}},{"name":"b","type":"BOOL"}])");
  CHECK(differences(before, before).empty());
  CHECK(differences(before, view(R"(,"ttl":"1d")",
                                 R"([{"name":"a","type":"DOUBLE","window":{"size":"14d"}},
                                     {"name":"c","type":"BOOL"}])",
                                 "s2")) ==
        Texts{"ttl: default -> 1d", "feature a: type: INT64 -> DOUBLE",
              "feature a: window.size: 7d -> 14d", "feature b: removed", "feature c: added",
              "source changed"});
}

TEST_CASE("differences: the order of an object's members does not count") {
  CHECK(differences(view("", R"([{"name":"a","window":{"size":"7d","delay":"1d"}}])"),
                    view("", R"([{"window":{"delay":"1d","size":"7d"},"name":"a"}])"))
            .empty());
}

TEST_CASE("differences: the order of features counts") {
  CHECK(differences(view("", R"([{"name":"a","type":"BOOL"},{"name":"b","type":"BOOL"}])"),
                    view("", R"([{"name":"b","type":"BOOL"},{"name":"a","type":"BOOL"}])")) ==
        Texts{"features: another order"});
}

}  // namespace rtml::plan
