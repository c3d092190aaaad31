#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <map>

#include "core/base/clock.h"
#include "tests/unit/plugin/plugin_fixture.h"

namespace rtml {
namespace {

using plugin::CallOptions;
using plugin::kBeginning;
using plugin::StreamReader;

CallOptions within(std::int64_t timeout_us) {
  CallOptions call;
  call.deadline_us = system_clock().monotonic_us() + timeout_us;
  return call;
}

std::unique_ptr<plugin::StreamStore> stream_store() {
  auto host = test::built_host();
  auto store = host.stream_store("file");
  REQUIRE(store);
  return std::move(*store);
}

// Starts what is not started, by the name of the file; other files at their beginning.
void start_all(StreamReader& reader, const std::map<std::string, std::int64_t>& offsets = {}) {
  const auto partitions = reader.assignment({});
  REQUIRE(partitions);
  for (const auto& partition : *partitions) {
    if (partition.is_started) continue;
    const auto offset = offsets.find(partition.name);
    REQUIRE(reader.start(partition.partition, offset == offsets.end() ? kBeginning : offset->second,
                         {}));
  }
}

std::string name_of(StreamReader& reader, std::int32_t number) {
  const auto partitions = reader.assignment({});
  REQUIRE(partitions);
  for (const auto& partition : *partitions) {
    if (partition.partition == number) return partition.name;
  }
  return "?";
}

// Everything up to the end, as "name@offset bytes" lines; an error as its text.
std::string read_all(const Json& options, const std::map<std::string, std::int64_t>& offsets = {},
                     std::int64_t limit = 1) {
  const auto store = stream_store();
  auto reader = store->open(options, {});
  if (!reader) return reader.error().message();
  std::string text;
  while (true) {
    const auto poll = (*reader)->poll(limit, within(1'000'000));
    if (!poll) return text + poll.error().message();
    std::vector<std::pair<std::int32_t, std::string>> lines;
    for (const auto& message : poll->messages) {
      lines.emplace_back(message.partition, "@" + std::to_string(message.offset) + " " +
                                                std::string(message.bytes) + "\n");
    }
    for (const auto& [number, line] : lines) text += name_of(**reader, number) + line;
    if (poll->assignment_changed) start_all(**reader, offsets);
    if (poll->ended) return text;
  }
}

// The next message that comes within a second; empty if none does.
std::string next_message(StreamReader& reader) {
  for (int i = 0; i < 3; ++i) {
    const auto poll = reader.poll(1, within(1'500'000));
    if (!poll) return poll.error().message();
    if (!poll->messages.empty()) return std::string(poll->messages[0].bytes);
    if (poll->assignment_changed) start_all(reader);
  }
  return "";
}

void append(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::app) << text;
}

TEST_CASE("file stream: gives lines with their byte offsets and goes on from any of them") {
  const test::TemporaryDirectory directory;
  REQUIRE(write_file(directory / "a.jsonl", "{\"x\":1}\n\n{\"x\":2}\n"));
  REQUIRE(write_file(directory / "b.jsonl", "{\"y\":1}\r\n{\"y\":2}"));
  const Json options = {{"path", (directory / "*.jsonl").string()}};
  for (const std::int64_t limit : {1, 2, 100}) {
    CHECK(read_all(options, {}, limit) ==
          "a.jsonl@0 {\"x\":1}\na.jsonl@9 {\"x\":2}\nb.jsonl@0 {\"y\":1}\nb.jsonl@9 {\"y\":2}\n");
  }
  CHECK(read_all(options, {{"a.jsonl", 1}, {"b.jsonl", 9}}) ==
        "a.jsonl@9 {\"x\":2}\nb.jsonl@9 {\"y\":2}\n");
  CHECK(read_all(options, {{"a.jsonl", 10}, {"b.jsonl", 10}}).empty());
}

TEST_CASE("file stream: a last line that is still being written waits for its end") {
  const test::TemporaryDirectory directory;
  const auto a = directory / "a.jsonl";
  const Json options = {{"path", a.string()}};
  const std::string at = a.string();
  for (const std::string begin :
       {"{", "{\"x\"", "{\"x\": {\"y\": 1}", "{\"x\": \"}", "{\"x\": \"\\\"}"}) {
    CAPTURE(begin);
    REQUIRE(write_file(a, "{\"x\":1}\n" + begin));
    CHECK(read_all(options) == at + "@0 {\"x\":1}\n");
    CHECK(read_all(options, {{at, 1}}).empty());
    append(a, "…\"}\n{}");
    CHECK(read_all(options, {{at, 1}}) ==
          at + "@8 " + begin + "…\"}\n" + at + "@" + std::to_string(14 + begin.size()) + " {}\n");
  }
  REQUIRE(write_file(a, "{\"x\": \"}{\\\"\"} "));
  CHECK(read_all(options) == at + "@0 {\"x\": \"}{\\\"\"} \n");
}

TEST_CASE("file stream: a file keeps its number when others come") {
  const test::TemporaryDirectory directory;
  const auto store = stream_store();
  const Json options = {{"path", (directory / "*.jsonl").string()}};
  REQUIRE(write_file(directory / "b.jsonl", "{}\n"));
  const auto alone = store->partitions(options, {});
  REQUIRE(alone);
  REQUIRE(alone->size() == 1);
  CHECK(alone->front().name == "b.jsonl");
  CHECK(alone->front().first_offset == 0);
  CHECK(alone->front().end_offset == 1);  // One more than where the last line starts.
  REQUIRE(write_file(directory / "a.jsonl", "{}\n"));
  const auto both = store->partitions(options, {});
  REQUIRE(both);
  REQUIRE(both->size() == 2);
  for (const auto& partition : *both) {
    if (partition.name == "b.jsonl") CHECK(partition.partition == alone->front().partition);
  }
  const auto one = store->partitions({{"path", (directory / "b.jsonl").string()}}, {});
  REQUIRE(one);
  CHECK(one->front().partition == 0);
}

TEST_CASE("file stream: follows lines and files as they appear") {
  const test::TemporaryDirectory directory;
  const auto a = directory / "a.jsonl";
  REQUIRE(write_file(a, "1\n2"));
  const auto store = stream_store();
  auto reader = store->open({{"path", (directory / "*.jsonl").string()}, {"follow", true}}, {});
  REQUIRE(reader);
  CHECK(next_message(**reader) == "1");
  const auto nothing = (*reader)->poll(1, within(5'000));
  REQUIRE(nothing);
  CHECK(nothing->messages.empty());  // The second line is not complete.
  CHECK_FALSE(nothing->ended);
  append(a, "3\n");
  CHECK(next_message(**reader) == "23");
  append(directory / "b.jsonl", "new\n");
  CHECK(next_message(**reader) == "new");
  append(a, "4\n");
  CHECK(next_message(**reader) == "4");
}

TEST_CASE("file stream: offsets that are gone are an error") {
  const test::TemporaryDirectory directory;
  const auto a = directory / "a.jsonl";
  REQUIRE(write_file(a, "1\n2\n"));
  const Json options = {{"path", a.string()}};
  CHECK(read_all(options, {{a.string(), 4}}).empty());
  const auto store = stream_store();
  auto reader = store->open(options, {});
  REQUIRE(reader);
  const auto beyond = (*reader)->start(0, 5, {});
  REQUIRE_FALSE(beyond);
  CHECK(beyond.error().code() == ErrorCode::kNotFound);

  auto follower = store->open({{"path", a.string()}, {"follow", true}}, {});
  REQUIRE(follower);
  CHECK(next_message(**follower) == "1");
  CHECK(next_message(**follower) == "2");
  SUBCASE("shorter") {
    REQUIRE(::truncate(a.c_str(), 1) == 0);
    CHECK(next_message(**follower).find("file became shorter") != std::string::npos);
  }
  SUBCASE("replaced") {
    append(directory / "other", "3\n4\n5\n");
    std::filesystem::rename(directory / "other", a);
    CHECK(next_message(**follower).find("another file has taken") != std::string::npos);
  }
}

TEST_CASE("file stream: a pipe goes on where it is told and ends with its writer") {
  const test::TemporaryDirectory directory;
  const std::string fifo = (directory / "events").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const pid_t writer = ::fork();
  if (writer == 0) {
    ::alarm(10);  // Should nobody come to read, it does not wait for ever.
    std::ofstream(fifo) << "first\nlast";
    ::_exit(0);
  }
  CHECK(read_all({{"path", fifo}}, {{fifo, 100}}) == fifo + "@100 first\n" + fifo + "@106 last\n");
  int status = 0;
  CHECK(::waitpid(writer, &status, 0) == writer);
}

TEST_CASE("file stream: a line longer than the window is one message") {
  const test::TemporaryDirectory directory;
  const std::string poison(3'000'000, 'x');
  REQUIRE(write_file(directory / "a.jsonl", "1\n" + poison + "\n2\n"));
  const auto a = (directory / "a.jsonl").string();
  CHECK(read_all({{"path", a}}, {}, 100) ==
        a + "@0 1\n" + a + "@2 " + poison + "\n" + a + "@3000003 2\n");
}

}  // namespace
}  // namespace rtml
