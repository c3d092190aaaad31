#include "core/stream/letter.h"

#include <doctest/doctest.h>

#include "core/base/json.h"
#include "core/base/utf8.h"

namespace rtml::stream {
namespace {

Letter some_letter() {
  Letter letter;
  letter.reason = Reason::kInvalid;
  letter.detail = "$.amount: not DOUBLE: \"many\"";
  letter.view = "card_activity";
  letter.view_identity = "abc";
  letter.source = "payments";
  letter.partition = 3;
  letter.offset = 1234;
  letter.ingest_time_us = 1'700'000'000'000'000;
  letter.recorded_us = 1'700'000'000'500'000;
  letter.bytes = "{\"amount\": \"many\"}";
  return letter;
}

}  // namespace

TEST_CASE("letter: comes back from its line as it was") {
  const Letter letter = some_letter();
  const Letter back = letter_of_line(to_line(letter)).value();
  CHECK(back.reason == letter.reason);
  CHECK(back.detail == letter.detail);
  CHECK(back.view == letter.view);
  CHECK(back.view_identity == letter.view_identity);
  CHECK(back.source == letter.source);
  CHECK(back.partition == letter.partition);
  CHECK(back.offset == letter.offset);
  CHECK(back.ingest_time_us == letter.ingest_time_us);
  CHECK(back.recorded_us == letter.recorded_us);
  CHECK_FALSE(back.event_time_us);
  CHECK(back.bytes == letter.bytes);
  CHECK_FALSE(back.is_truncated);
}

TEST_CASE("letter: bytes that are not UTF-8, or whose escapes are long, are kept in base64") {
  Letter letter = some_letter();
  letter.bytes = std::string("\xff\x00\n", 3);
  CHECK(is_utf8(to_line(letter)));
  CHECK(to_line(letter).find('\n') == std::string::npos);
  CHECK(letter_of_line(to_line(letter)).value().bytes == letter.bytes);
  letter.bytes = std::string(kLongestLetter, '\x01');
  const std::string line = to_line(letter);
  CHECK(line.size() < (std::size_t{16} << 20));
  CHECK(letter_of_line(line).value().bytes == letter.bytes);
}

TEST_CASE("letter: late events and dead letters are told apart by the reason") {
  Letter letter = some_letter();
  CHECK(to_record(letter).kind == online::RecordKind::kDeadLetter);
  CHECK(to_record(letter).offset == 1234);
  letter.reason = Reason::kLate;
  CHECK(to_record(letter).kind == online::RecordKind::kLate);
}

TEST_CASE("letter: a line that is none is refused") {
  const std::string line = to_line(some_letter());
  CHECK_FALSE(letter_of_line(line.substr(0, line.size() / 2)));
  CHECK_FALSE(letter_of_line("[]"));
  for (const char* member : {"reason", "view", "offset", "recorded_at", "message"}) {
    Json json = parse_json(line, "line").value();
    json.erase(member);
    CAPTURE(member);
    CHECK_FALSE(letter_of_line(to_json_text(json)));
  }
  for (const auto& [member, value] :
       {std::pair("truncated", Json("yes")), std::pair("partition", Json(std::int64_t{1} << 40)),
        std::pair("partition", Json(-1)), std::pair("offset", Json(1.5)),
        std::pair("offset", Json(-1)), std::pair("message", Json(7)),
        std::pair("event_time", Json(7))}) {
    Json json = parse_json(line, "line").value();
    json[member] = value;
    CAPTURE(member);
    CHECK_FALSE(letter_of_line(to_json_text(json)));
  }
}

}  // namespace rtml::stream
