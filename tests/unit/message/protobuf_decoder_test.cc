#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/base/file_system.h"
#include "core/message/decoder.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/test_data.h"

using rtml::ErrorCode;
using rtml::message::Decoder;
using rtml::message::DecoderSettings;
using rtml::message::TextArena;
using rtml::message::WantedColumn;
using rtml::project::TimeUnit;
using rtml::table::DataType;
using rtml::table::Kind;
using rtml::table::Value;
using rtml::test::bytes_of;

namespace {

// shop.events.Payment of tests/data/messages/payment.proto, written by Python's protobuf 7.36 from
//   payment_id "p-1", card_id -7, amount 12.5, rate 0.25, fraud true,
//   paid_at 2024-02-29T12:00:00.123456789Z, seen_ms -1, channel POS, raw 00ff,
//   customer {Zürich, {8001}}, note "", scores [1.5, -2.0], tags {a: b}, codes [1, 2, -3],
//   labels [a, é], card_number 2^64-1, terminal 2^32-1, others [{x}]
constexpr std::string_view kPayment =
    "0a03702d31100d19000000000000294022050d0000803e2801320b08c0e381af0610959aef3a38ffffffffffffff"
    "ffff0140014a0200ff520e0a075ac3bc72696368120308c13e5a006210000000000000f83f00000000000000c06a"
    "060a01611201627001700270fdffffffffffffffff017a01617a02c3a98801ffffffffffffffffff01c502ffffff"
    "ffca02030a0178";
// channel 9, iban "CH1", an empty customer and an empty paid_at.
constexpr std::string_view kBarePayment = "320040095200820103434831";

WantedColumn column(std::string from, DataType type, std::optional<TimeUnit> unit = {}) {
  return {.name = from, .from = from, .type = type, .unit = unit};
}

DecoderSettings settings_for(std::vector<WantedColumn> columns,
                             const std::string& schema = "payment.proto") {
  DecoderSettings settings;
  settings.format = "protobuf";
  settings.columns = std::move(columns);
  settings.options = {{"schema", schema}, {"message", "shop.events.Payment"}};
  settings.root = rtml::test::source_directory() / "tests/data/messages";
  settings.location = {.file = "sources/payments.yaml", .line = 3, .column = 9};
  return settings;
}

std::vector<WantedColumn> all_columns() {
  return {column("payment_id", {Kind::kString}),
          column("card_id", {Kind::kInt32}),
          column("amount", {Kind::kDouble}),
          column("rate", {Kind::kFloat}),
          column("fraud", {Kind::kBool}),
          column("paid_at", {Kind::kTimestamp}),
          column("seen_ms", {Kind::kTimestamp}, TimeUnit::kMillisecond),
          column("channel", {Kind::kString}),
          column("channel", {Kind::kInt32}),
          column("raw", {Kind::kBytes}),
          column("customer.city", {Kind::kString}),
          column("customer.address.zip", {Kind::kInt64}),
          column("customer.address.floor", {Kind::kInt64}),
          column("note", {Kind::kString}),
          column("scores", {Kind::kDouble, true}),
          column("codes", {Kind::kInt32, true}),
          column("labels", {Kind::kString, true}),
          column("iban", {Kind::kString}),
          column("card_number", {Kind::kDouble}),
          column("terminal", {Kind::kInt64})};
}

std::unique_ptr<Decoder> decoder_of(const DecoderSettings& settings) {
  auto made = rtml::message::make_decoder(settings);
  REQUIRE_MESSAGE(made, (made ? "" : made.error().message()));
  return std::move(*made);
}

std::string reason(Decoder& decoder, std::string_view bytes) {
  std::vector<Value> values(32);
  TextArena texts;
  const auto decoded = decoder.decode(bytes, values.data(), &texts);
  REQUIRE(!decoded);
  CHECK(decoded.error().code() == ErrorCode::kMessageInvalid);
  return decoded.error().message();
}

}  // namespace

TEST_CASE("protobuf decoder: reads what another implementation wrote, by either schema") {
  for (const char* schema : {"payment.proto", "payment.pb"}) {
    const auto decoder = decoder_of(settings_for(all_columns(), schema));
    std::vector<Value> values(20);
    TextArena texts;
    REQUIRE(decoder->decode(bytes_of(kPayment), values.data(), &texts).value());
    CHECK(values[0].text() == "p-1");
    CHECK(values[1].integer() == -7);
    CHECK(values[2].number() == 12.5);
    CHECK(values[3].number() == 0.25);
    CHECK(values[4].boolean());
    CHECK(values[5].integer() == 1'709'208'000'123'456);
    CHECK(values[6].integer() == -1'000);
    CHECK(values[7].text() == "POS");
    CHECK(values[8].integer() == 1);
    CHECK(values[9].text() == std::string("\0\xff", 2));
    CHECK(values[10].text() == "Zürich");
    CHECK(values[11].integer() == 8001);
    CHECK(values[12].is_null());
    CHECK(values[13].text().empty());
    CHECK_FALSE(values[13].is_null());
    REQUIRE(values[14].list().size() == 2);
    CHECK(values[14].list()[1].number() == -2.0);
    REQUIRE(values[15].list().size() == 3);
    CHECK(values[15].list()[2].integer() == -3);
    CHECK(values[16].list()[1].text() == "é");
    CHECK(values[17].is_null());
    CHECK(values[18].number() == 18446744073709551615.0);
    CHECK(values[19].integer() == 4294967295);
  }
}

TEST_CASE("protobuf decoder: what is absent is null where that can be told, else its default") {
  const auto decoder = decoder_of(settings_for(all_columns()));
  std::vector<Value> values(20);
  TextArena texts;
  // What the message before had is gone.
  REQUIRE(decoder->decode(bytes_of(kPayment), values.data(), &texts).value());
  REQUIRE(decoder->decode(bytes_of(kBarePayment), values.data(), &texts).value());
  CHECK(values[0].text().empty());
  CHECK_FALSE(values[0].is_null());
  CHECK(values[1].integer() == 0);
  CHECK(values[3].is_null());        // A wrapper.
  CHECK(values[5].integer() == 0);   // An empty Timestamp.
  CHECK(values[7].text() == "9");    // An enum's value without a name.
  CHECK(values[10].text().empty());  // Of a message that is there, and empty,
  CHECK(values[11].is_null());       // and of one that is not.
  CHECK(values[13].is_null());       // `optional`.
  CHECK(values[14].list().empty());
  CHECK_FALSE(values[14].is_null());
  CHECK(values[17].text() == "CH1");
  CHECK(values[18].is_null());  // The other member of the oneof.
}

TEST_CASE("protobuf decoder: the last of a oneof and of a single field wins, messages merge") {
  const auto decoder = decoder_of(settings_for(all_columns()));
  std::vector<Value> values(20);
  TextArena texts;
  // iban "A", then card_number 5; card_id 1 then 2; customer {city "a"} then {address {zip 7}};
  // scores packed [1.0] and alone 2.0.
  const std::string bytes = bytes_of(
      "82010141"
      "880105"
      "1002"
      "1004"
      "52030a0161"
      "520412020807"
      "6208000000000000f03f"
      "610000000000000040");
  REQUIRE(decoder->decode(bytes, values.data(), &texts).value());
  CHECK(values[17].is_null());
  CHECK(values[18].number() == 5);
  CHECK(values[1].integer() == 2);
  CHECK(values[10].text() == "a");
  CHECK(values[11].integer() == 7);
  REQUIRE(values[14].list().size() == 2);
  CHECK(values[14].list()[1].number() == 2.0);
}

TEST_CASE(
    "protobuf decoder: a message that ends anywhere, or is changed, gives values or a reason") {
  const auto decoder = decoder_of(settings_for(all_columns()));
  const std::string whole = bytes_of(kPayment);
  std::vector<Value> values(20);
  TextArena texts;
  std::size_t refused = 0;
  for (std::size_t size = 1; size < whole.size(); ++size) {
    refused += decoder->decode(whole.substr(0, size), values.data(), &texts) ? 0 : 1;
  }
  // Between two fields a message may end.
  CHECK(refused > whole.size() / 2);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = whole;
      changed[at] = static_cast<char>(byte);
      texts.clear();
      const auto decoded = decoder->decode(changed, values.data(), &texts);
      if (!decoded) CHECK(decoded.error().code() == ErrorCode::kMessageInvalid);
    }
  }
}

TEST_CASE("protobuf decoder: poison has a reason") {
  const auto decoder = decoder_of(settings_for(all_columns()));
  CHECK(reason(*decoder, bytes_of("0a05702d31")) ==
        "$.payment_id: the message ends here: 5 bytes are to come, 3 are left");
  CHECK(reason(*decoder, bytes_of("0a01ff")) == "$.payment_id: not UTF-8 from byte 0 on: \"…\"");
  CHECK(reason(*decoder, bytes_of("0affffffff07"))
            .starts_with("$.payment_id: the message ends here: 2147483647 bytes"));
  CHECK(reason(*decoder, bytes_of("1205")).starts_with("$.card_id: "));
  CHECK(reason(*decoder, bytes_of("108080808010")) == "$.card_id: outside INT32: 2147483648");
  CHECK(reason(*decoder, bytes_of("1901")) == "$.amount: the message ends here");
  CHECK(reason(*decoder, bytes_of("0000")).starts_with("$: not Protobuf"));
  CHECK(reason(*decoder, bytes_of("07")).starts_with("$: not Protobuf"));
  CHECK(reason(*decoder, bytes_of("320a08ffffffffffffffff7f")).starts_with("$.paid_at: "));
  CHECK(reason(*decoder, bytes_of("3206108094ebdc03")) ==
        "$.paid_at: not a time: 0 s and 1000000000 ns");
  CHECK(reason(*decoder, bytes_of("52040a02c328")).starts_with("$.customer.city: not UTF-8"));
  CHECK(reason(*decoder, bytes_of("7a017a7a01ff")).starts_with("$.labels[1]: not UTF-8"));
  CHECK(reason(*decoder, bytes_of("6e")).starts_with("$: not Protobuf"));
  // Groups within groups, which nobody wants, 100,000 deep.
  CHECK(reason(*decoder, std::string(100'000, '\x7b')).starts_with("$.labels"));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "\x93\x03";
  CHECK(reason(*decoder, deep).starts_with("$: not Protobuf, or it ends within field 50"));
}

TEST_CASE("protobuf decoder: what does not fit is refused at its place") {
  const auto failure = [&](WantedColumn wanted) {
    wanted.location = {.file = "s.yaml", .line = 7, .column = 3};
    const auto made = rtml::message::make_decoder(settings_for({wanted}));
    REQUIRE(!made);
    CHECK(made.error().location()->line == 7);
    return made.error().message();
  };
  CHECK(failure(column("amout", {Kind::kDouble})) ==
        "column amout: message shop.events.Payment has no such field: amout (did you mean "
        "\"amount\"?)");
  CHECK(failure(column("tags", {Kind::kString})) ==
        "column tags: STRING cannot be read from Protobuf's map");
  CHECK(failure(column("others", {Kind::kString, true})) ==
        "column others: LIST<STRING> cannot be read from Protobuf's repeated message "
        "shop.events.Customer");
  CHECK(failure(column("others.city", {Kind::kString})) ==
        "column others.city: no fields are read within repeated message shop.events.Customer: "
        "others.city");
  CHECK(failure(column("scores", {Kind::kDouble})) ==
        "column scores: DOUBLE cannot be read from Protobuf's repeated double");
  CHECK(failure(column("seen_ms", {Kind::kTimestamp})) ==
        "column seen_ms: TIMESTAMP cannot be read from Protobuf's int64");
}

TEST_CASE("protobuf schema: faults have a place") {
  rtml::test::TemporaryDirectory directory;
  DecoderSettings settings = settings_for({});
  settings.root = directory.path();
  settings.options = {{"schema", "events/e.proto"}};
  const auto failure = [&](const std::string& text) {
    REQUIRE(rtml::write_file(directory.path() / "events/e.proto", text));
    const auto made = rtml::message::make_decoder(settings);
    REQUIRE(!made);
    REQUIRE(made.error().location());
    return made.error().location()->file + ":" + std::to_string(made.error().location()->line) +
           " " + made.error().message();
  };
  CHECK(failure("syntax = \"proto3\";\nmessage E {\n  it64 id = 1;\n}\n") ==
        "events/e.proto:3 Protobuf schema: \"it64\" is not defined.");
  CHECK(failure("syntax = \"proto3\";\nmessage {").starts_with("events/e.proto:2 "));
  CHECK(failure("syntax = \"proto3\"; message A {} message B {}") ==
        "sources/payments.yaml:3 the schema has several message types, or none: A, B");
  REQUIRE(rtml::write_file(directory.path() / "events/x.pb", "nonsense"));
  settings.options = {{"schema", "events/x.pb"}};
  CHECK(rtml::message::make_decoder(settings).error().message() ==
        "no descriptor set: events/x.pb");
  settings.options = {{"schema", "gone.proto"}};
  CHECK(rtml::message::make_decoder(settings).error().location()->line == 3);
  DecoderSettings named = settings_for({});
  named.options["message"] = "shop.events.Paymen";
  CHECK(rtml::message::make_decoder(named).error().message() ==
        "the schema has no such message type: shop.events.Paymen (did you mean "
        "\"shop.events.Payment\"?)");
}

TEST_CASE("protobuf schema: imports are looked for beside the file and below the root") {
  rtml::test::TemporaryDirectory directory;
  REQUIRE(rtml::write_file(directory.path() / "common/money.proto",
                           "syntax = \"proto2\"; message Money { optional int64 cents = 1 "
                           "[default = 5]; }"));
  REQUIRE(rtml::write_file(directory.path() / "events/e.proto",
                           "syntax = \"proto2\"; import \"common/money.proto\";\n"
                           "message E { required Money price = 1; }"));
  DecoderSettings settings = settings_for({column("price.cents", {Kind::kInt64})});
  settings.root = directory.path();
  settings.options = {{"schema", "events/e.proto"}};
  const auto decoder = decoder_of(settings);
  Value value;
  TextArena texts;
  CHECK(decoder->decode(bytes_of("0a020807"), &value, &texts).value());
  CHECK(value.integer() == 7);
  // An absent field of proto2 is null, whatever default it has.
  CHECK(decoder->decode(bytes_of("0a00"), &value, &texts).value());
  CHECK(value.is_null());
}

TEST_CASE("protobuf decoder: a schema registry's head names the message type") {
  DecoderSettings settings = settings_for({column("card_id", {Kind::kInt64})});
  settings.options["framing"] = "confluent";
  const auto decoder = decoder_of(settings);
  Value value;
  TextArena texts;
  // Payment is the second message of its file: one index, 1.
  CHECK(decoder
            ->decode(bytes_of("0000000007"
                              "0202"
                              "100d"),
                     &value, &texts)
            .value());
  CHECK(value.integer() == -7);
  CHECK(reason(*decoder, bytes_of("0000000007"
                                  "00"
                                  "100d")) == "$: of another message type of the schema");
  CHECK(reason(*decoder, bytes_of("0000000007"
                                  "ffffff")) == "$: of another message type of the schema");
  CHECK(reason(*decoder, bytes_of("0000000007"
                                  "fe")) == "$: of another message type of the schema");
}
