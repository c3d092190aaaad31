// Messages that no producer should write, in every format: each is refused with a short reason and
// the next message is read as ever.

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "core/message/decoder.h"
#include "tests/support/test_data.h"

using rtml::ErrorCode;
using rtml::message::Decoder;
using rtml::message::DecoderSettings;
using rtml::message::TextArena;
using rtml::table::Kind;
using rtml::table::Value;

namespace {

constexpr std::size_t kTenMegabytes = 10'000'000;
constexpr int kDeep = 100'000;

DecoderSettings settings_for(const std::string& format) {
  DecoderSettings settings;
  settings.format = format;
  settings.root = rtml::test::source_directory() / "tests/data/messages";
  if (format == "avro") settings.options = {{"schema", "bench.avsc"}};
  if (format == "protobuf") settings.options = {{"schema", "bench.proto"}};
  settings.columns = {
      {.name = "payment_id", .from = "payment_id", .type = {Kind::kString}},
      {.name = "card_id", .from = "card_id", .type = {Kind::kInt64}},
      {.name = "amount", .from = "amount", .type = {Kind::kDouble}},
      {.name = "paid_at", .from = "paid_at", .type = {Kind::kTimestamp}, .is_required = true}};
  return settings;
}

// {payment_id "p", card_id 3, amount 0.5, paid_at 1970-01-01T00:00:01Z} in each format.
std::string good_message(const std::string& format) {
  if (format == "json") {
    return R"({"payment_id": "p", "card_id": 3, "amount": 0.5, "paid_at": "1970-01-01T00:00:01Z"})";
  }
  if (format == "avro") {
    return std::string("\x02p\x06\0\0\0\0\0\0\xe0\x3f\0\0\x80\x89\x7a", 16);
  }
  return std::string("\x0a\x01p\x10\x03\x19\0\0\0\0\0\0\xe0\x3f\x32\x02\x08\x01", 18);
}

class Poisoned {
 public:
  explicit Poisoned(const std::string& format, std::int64_t max_message_bytes = 0)
      : good_(good_message(format)) {
    DecoderSettings settings = settings_for(format);
    if (max_message_bytes > 0) settings.max_message_bytes = max_message_bytes;
    auto made = rtml::message::make_decoder(settings);
    REQUIRE_MESSAGE(made, (made ? "" : made.error().message()));
    decoder_ = std::move(*made);
    check_good();
  }

  const std::string& good() const { return good_; }

  // Why the message is none; "" if it is one.
  std::string reason(std::string_view message) {
    texts_.clear();
    const auto decoded = decoder_->decode(message, values_, &texts_);
    std::string reason;
    if (!decoded) {
      CHECK(decoded.error().code() == ErrorCode::kMessageInvalid);
      reason = decoded.error().message();
      CHECK(reason.size() < 500);
    }
    check_good();
    return reason;
  }

 private:
  void check_good() {
    Value values[4];
    TextArena texts;
    const auto decoded = decoder_->decode(good_, values, &texts);
    REQUIRE_MESSAGE(decoded, (decoded ? "" : decoded.error().message()));
    CHECK(values[0].text() == "p");
    CHECK(values[1].integer() == 3);
    CHECK(values[2].number() == 0.5);
    CHECK(values[3].integer() == 1'000'000);
  }

  std::string good_;
  std::unique_ptr<Decoder> decoder_;
  Value values_[4];
  TextArena texts_;
};

}  // namespace

TEST_CASE("poison: ten megabytes, whatever is in them") {
  for (const char* format : {"json", "avro", "protobuf"}) {
    CAPTURE(format);
    Poisoned within(format, 20'000'000);
    Poisoned beyond(format);
    for (const char byte : {'\0', '{', '[', '"', '\x7f', '\xff', ' '}) {
      const std::string message(kTenMegabytes, byte);
      CHECK(within.reason(message) != "");
      CHECK(beyond.reason(message) == "longer than max_message_bytes (1048576): 10000000 bytes");
    }
  }
}

TEST_CASE("poison: a message that is cut at any byte") {
  for (const char* format : {"json", "avro"}) {
    CAPTURE(format);
    Poisoned poisoned(format);
    for (std::size_t size = 1; size < poisoned.good().size(); ++size) {
      CHECK(poisoned.reason(poisoned.good().substr(0, size)) != "");
    }
  }
  // Protobuf may end after any field; without its time the message is none.
  Poisoned poisoned("protobuf");
  for (std::size_t size = 1; size < poisoned.good().size(); ++size) {
    CHECK(poisoned.reason(poisoned.good().substr(0, size)) != "");
  }
}

TEST_CASE("poison: nested 100,000 deep") {
  Poisoned json("json");
  const std::string arrays = std::string(kDeep, '[') + std::string(kDeep, ']');
  std::string objects;
  for (int i = 0; i < kDeep; ++i) objects += "{\"a\":";
  CHECK(json.reason(arrays) == "$: nested deeper than 64");
  CHECK(json.reason("{\"x\":" + arrays + "}") == "$: nested deeper than 64");
  CHECK(json.reason(objects) != "");
  std::string groups;
  for (int i = 0; i < kDeep; ++i) groups += "\x3b";
  CHECK(Poisoned("protobuf").reason(groups).starts_with("$: not Protobuf"));
}

TEST_CASE("poison: bytes that are no text, and NUL") {
  Poisoned json("json");
  CHECK(json.reason("{\"payment_id\": \"\xc3\x28\", \"paid_at\": \"1970-01-01T00:00:01Z\"}") ==
        "$: not UTF-8 from byte 16 on");
  CHECK(json.reason(std::string("{\"paid_at\": \"1970\0\"}", 20)).starts_with("$: not JSON: "));
  CHECK(json.reason(std::string(20, '\0')).starts_with("$: not JSON: "));
  CHECK(json.reason("\xef\xbb\xbf{}") != "");
  // Surrogates, overlong forms, beyond U+10FFFF.
  for (const char* text : {"\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80"}) {
    CHECK(json.reason("{\"payment_id\": \"" + std::string(text) + "\"}") != "");
    std::string avro = good_message("avro");
    avro.replace(0, 2, static_cast<char>(2 * std::string_view(text).size()) + std::string(text));
    CHECK(Poisoned("avro").reason(avro).starts_with("$.payment_id: not UTF-8"));
    std::string protobuf = good_message("protobuf");
    protobuf.replace(1, 2, static_cast<char>(std::string_view(text).size()) + std::string(text));
    CHECK(Poisoned("protobuf").reason(protobuf).starts_with("$.payment_id: not UTF-8"));
  }
  // A NUL within a text is a character as any other.
  CHECK(json.reason(R"({"payment_id": "a\u0000b", "paid_at": "1970-01-01T00:00:01Z"})") == "");
}

TEST_CASE("poison: numbers beyond their types, keys that come twice, no key, the wrong type") {
  Poisoned json("json");
  const auto with = [&](const std::string& members) {
    return json.reason(R"({"paid_at": "1970-01-01T00:00:01Z", )" + members + "}");
  };
  CHECK(with(R"("card_id": 9223372036854775808)").starts_with("$.card_id: outside INT64"));
  CHECK(with(R"("card_id": 1)" + std::string(400, '0')) != "");
  CHECK(with(R"("card_id": 1e300)").starts_with("$.card_id: outside INT64"));
  CHECK(with(R"("amount": 1e999)") != "");
  CHECK(with(R"("card_id": 1, "card_id": 1)") == "$.card_id: stands there twice");
  CHECK(with(R"("card_id": "1")") == "$.card_id: not INT64: \"1\"");
  CHECK(with(R"("card_id": [1])") == "$.card_id: not INT64: a list");
  CHECK(json.reason("{}") == "$.paid_at: missing");
  CHECK(
      json.reason(R"({"paid_at": "99999-01-01T00:00:00Z"})").starts_with("$.paid_at: not a time"));
  // The year 292,277,026,596 in Avro and Protobuf.
  CHECK(Poisoned("avro")
            .reason(good_message("avro").substr(0, 13) + "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01")
            .starts_with("$.paid_at: not a time: 9223372036854775807"));
  CHECK(Poisoned("protobuf")
            .reason(std::string("\x32\x0a\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 12))
            .starts_with("$.paid_at: not a time: 9223372036854775807 s"));
  CHECK(Poisoned("protobuf").reason(std::string("\x10\x03", 2)) == "$.paid_at: missing");
}
