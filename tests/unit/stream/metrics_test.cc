#include "core/stream/metrics.h"

#include <doctest/doctest.h>

#include "core/base/time.h"

namespace rtml::stream {

TEST_CASE("metrics_text: is what Prometheus reads, labels escaped, what is not known left out") {
  PartSnapshot part{.view = "card\"s", .view_identity = "", .source = "pay\\ments", .partition = 2};
  part.position.next_offset = 40;
  part.position.counters.applied = 1'234'567'890;
  part.facts.end_offset = 100;
  part.position.watermark_us = 5 * kSecond;
  const std::string text = metrics_text({&part, 1}, 7 * kSecond);
  const std::string labels = R"({view="card\"s",source="pay\\ments",partition="2"})";
  CHECK(text.find("# TYPE rtml_stream_events_total counter\nrtml_stream_events_total" + labels +
                  " 1234567890\n") != std::string::npos);
  CHECK(text.find("rtml_stream_lag" + labels + " 60\n") != std::string::npos);
  CHECK(text.find("rtml_stream_watermark_delay_seconds" + labels + " 2\n") != std::string::npos);
  part.facts.end_offset = -1;
  part.position.watermark_us = online::PartPosition::kNoTime;
  const std::string unknown = metrics_text({&part, 1}, 7 * kSecond);
  CHECK(unknown.find("rtml_stream_lag{") == std::string::npos);
  CHECK(unknown.find("rtml_stream_watermark_delay_seconds{") == std::string::npos);
}

TEST_CASE("run facts: come back from their bytes") {
  RunFacts facts;
  facts.committed_us = 12;
  facts.end_offset = 99;
  facts.partition_name = "a/\"b\".jsonl";
  const RunFacts back = decode_run_facts(encode(facts)).value();
  CHECK(back.committed_us == 12);
  CHECK(back.end_offset == 99);
  CHECK(back.partition_name == facts.partition_name);
  CHECK_FALSE(decode_run_facts("[]"));
}

}  // namespace rtml::stream
