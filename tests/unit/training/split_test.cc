#include <doctest/doctest.h>

#include "core/base/time.h"
#include "core/training/training_rows.h"

using namespace rtml;
using training::resolve_split;
using training::SplitMoments;

TEST_CASE("split: durations count back from the last label row, which is tested on") {
  project::Split split;
  split.train_us = 30 * kDay;
  split.embargo_us = 7 * kDay;
  split.test_us = 7 * kDay;
  const std::int64_t last = parse_timestamp("2024-03-31T23:59:59.999999Z").value();
  const SplitMoments moments = resolve_split(split, last);
  CHECK(format_timestamp(moments.test_to_us) == "2024-04-01T00:00:00Z");
  CHECK(format_timestamp(moments.test_from_us) == "2024-03-25T00:00:00Z");
  CHECK(format_timestamp(moments.train_to_us) == "2024-03-18T00:00:00Z");
  CHECK(format_timestamp(moments.train_from_us) == "2024-02-17T00:00:00Z");
}

TEST_CASE("split: moments are taken as they are") {
  project::Split split;
  split.absolute = true;
  split.train_from_us = 1;
  split.train_to_us = 2;
  split.test_from_us = 3;
  split.test_to_us = 4;
  const SplitMoments moments = resolve_split(split, 1000);
  CHECK(moments.train_from_us == 1);
  CHECK(moments.test_to_us == 4);
}
