#include <doctest/doctest.h>

#include "core/base/hash.h"
#include "tests/unit/linear/rows.h"

using namespace rtml;
using namespace rtml::linear;
using namespace rtml::linear::test;

namespace {

constexpr std::size_t kDigestSize = 64;

std::string saved_model() {
  const Rows rows = make_rows(100, true);
  Learner learner = make_learner(R"({"null_indicator": true, "l1": 0.5})", 3, 9);
  REQUIRE(learner.fit(rows.examples(), never_stop));
  return learner.save();
}

ErrorCode refusal(std::string_view bytes) {
  const Result<Learner> learner = Learner::load(bytes);
  REQUIRE_FALSE(learner);
  return learner.error().code();
}

// Gives changed bytes the digest that belongs to them.
std::string sign(std::string bytes) {
  bytes.resize(bytes.size() - kDigestSize);
  return bytes + sha256_hex(bytes);
}

}  // namespace

TEST_CASE("linear artifact: what is saved loads as the same model") {
  const std::string bytes = saved_model();
  const Learner learner = Learner::load(bytes).value();
  CHECK(learner.save() == bytes);
  CHECK(learner.settings().seed == 9);
  CHECK(learner.settings().feature_names == std::vector<std::string>{"x0", "x1", "x2"});
  CHECK(learner.settings().parameters.null_indicator);
}

TEST_CASE("linear artifact: any cut and any changed byte is refused") {
  const std::string bytes = saved_model();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(refusal(std::string_view(bytes).substr(0, size)) == ErrorCode::kModelArtifact);
  }
  CHECK(refusal(bytes + "x") == ErrorCode::kModelArtifact);
  for (std::size_t place = 0; place < bytes.size(); ++place) {
    std::string changed = bytes;
    changed[place] = static_cast<char>(changed[place] ^ 0x20);
    CHECK(refusal(changed) == ErrorCode::kModelArtifact);
  }
}

TEST_CASE("linear artifact: wrong content under a right digest does no harm") {
  const std::string bytes = saved_model();
  Random random(6);
  int refused = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    std::string changed = bytes;
    for (std::uint64_t change = 0; change < 1 + random.below(3); ++change) {
      const std::size_t place = 20 + random.below(changed.size() - kDigestSize - 20);
      changed[place] = random.below(3) == 0 ? '\xff' : static_cast<char>(random.next());
    }
    const Result<Learner> learner = Learner::load(sign(changed));
    if (learner) {
      CHECK(learner->predict({3, {1.0, 2.0, 3.0}}).size() == 1);
    } else {
      CHECK(learner.error().code() == ErrorCode::kModelArtifact);
      ++refused;
    }
  }
  CHECK(refused > 1000);
  CHECK(refused < 20'000);
}

TEST_CASE("linear artifact: a newer format is named") {
  std::string bytes = saved_model();
  bytes[8] = 2;
  const Result<Learner> learner = Learner::load(bytes);
  REQUIRE_FALSE(learner);
  CHECK(learner.error().message() ==
        "the bytes are no linear model: format version 2, this plugin reads 1");
}
