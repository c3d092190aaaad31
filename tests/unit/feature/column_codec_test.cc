// Columns of integers come back as they were, and are refused where they are written another way.

#include "core/feature/column_codec.h"

#include <doctest/doctest.h>

#include <random>

namespace rtml::feature {
namespace {

std::string written(const std::vector<std::int64_t>& values) {
  ByteWriter writer;
  write_integers(writer, values);
  return writer.take();
}

// Whether a column reads back as `values`, with nothing left and nothing after it touched.
bool reads_back(const std::vector<std::int64_t>& values, const std::string& bytes,
                const std::string& after) {
  const std::string all = bytes + after;
  ByteReader reader(all);
  std::vector<std::int64_t> found;
  read_integers(reader, values.size(), found);
  return !reader.failed() && found == values && reader.left() == after.size();
}

bool is_refused(std::size_t count, const std::string& bytes) {
  ByteReader reader(bytes);
  std::vector<std::int64_t> found;
  read_integers(reader, count, found);
  return reader.failed();
}

}  // namespace

TEST_CASE("read_integers: values of every width, at the end of the bytes and before others") {
  std::mt19937_64 random(3);
  for (int round = 0; round < 2'000; ++round) {
    const std::size_t count = random() % 40;
    const int widest = static_cast<int>(random() % 64);
    std::vector<std::int64_t> values(count);
    for (std::int64_t& value : values) {
      value = static_cast<std::int64_t>(random() >> (random() % 4 == 0 ? random() % 64 : widest));
      if (random() % 8 == 0) value = -value;
    }
    const std::string bytes = written(values);
    REQUIRE(reads_back(values, bytes, ""));
    REQUIRE(reads_back(values, bytes, std::string(random() % 12, '\x81')));
    if (!bytes.empty()) REQUIRE(is_refused(count, bytes.substr(0, bytes.size() - 1)));
  }
}

TEST_CASE("read_integers: one writing for each value") {
  // Above the least, which is 0: the second value is 1 in two bytes where one would do.
  const std::string head("\x01\x00", 2);
  const std::string padding(16, '\x01');
  CHECK(!is_refused(2, head + "\x05\x01"));
  CHECK(is_refused(2, head + "\x05\x81" + std::string(1, '\0')));
  CHECK(is_refused(2, head + "\x05\x81" + std::string(1, '\0') + padding));
  // Nothing beyond 64 bits.
  CHECK(is_refused(2, head + "\x05" + std::string(9, '\xFF') + "\x02" + padding));
  CHECK(!is_refused(2, head + "\x05" + std::string(9, '\xFF') + "\x01" + padding));
}

}  // namespace rtml::feature
