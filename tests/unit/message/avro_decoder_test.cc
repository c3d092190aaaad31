#include "core/message/avro_decoder.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/file_system.h"
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

// tests/data/messages/payment.avsc, written by fastavro 1.13 from
//   payment_id "p-1", card_id -7, amount 12.5, rate 0.25, fraud true,
//   paid_at 2024-02-29T12:00:00.123456Z, seen_at 1969-12-31T23:59:59.999Z, day 1970-01-02,
//   price -1234.56, digest 000102ff, channel POS, raw 00ff, customer {Zürich, {8001}}, note null,
//   scores [1.5, null, -2.0], tags {a: b, c: d}, codes [1, 2, 3]
constexpr std::string_view kPayment =
    "06702d310d0000000000002940020000803e0180c98efbffa0890602010206fe1dc0000102ff000400ff020e5ac3"
    "bc72696368827d000602000000000000f83f000200000000000000c000040261026202630264000602040600";
// The same with payment_id "", customer null, note "é", no scores, tags and codes, price 0.05, WEB.
constexpr std::string_view kBarePayment =
    "000d0000000000002940020000803e0180c98efbffa089060201020205000102ff020400ff000204c3a9000000";

DecoderSettings payment_settings(std::vector<WantedColumn> columns) {
  DecoderSettings settings;
  settings.format = "avro";
  settings.columns = std::move(columns);
  settings.options["schema"] = "payment.avsc";
  settings.root = rtml::test::source_directory() / "tests/data/messages";
  settings.location = {.file = "sources/payments.yaml", .line = 3, .column = 9};
  return settings;
}

WantedColumn column(std::string from, DataType type) {
  return {.name = from, .from = from, .type = type};
}

// A schema of one's own in a file, and a decoder for columns of it.
class OwnSchema {
 public:
  rtml::Result<std::unique_ptr<Decoder>> make(const std::string& schema,
                                              std::vector<WantedColumn> columns) {
    REQUIRE(rtml::write_file(directory_.path() / "x.avsc", schema));
    DecoderSettings settings;
    settings.format = "avro";
    settings.columns = std::move(columns);
    settings.options["schema"] = "x.avsc";
    settings.root = directory_.path();
    settings.max_message_bytes = 4096;
    settings.location = {.file = "s.yaml", .line = 1, .column = 1};
    return rtml::message::make_decoder(settings);
  }
  // Of a record with one field x of the type `type`.
  std::unique_ptr<Decoder> one_field(const std::string& type, WantedColumn wanted) {
    auto made =
        make(R"({"type": "record", "name": "R", "fields": [{"name": "x", "type": )" + type + "}]}",
             {std::move(wanted)});
    REQUIRE_MESSAGE(made, (made ? "" : made.error().message()));
    return std::move(*made);
  }

 private:
  rtml::test::TemporaryDirectory directory_;
};

std::string reason(Decoder& decoder, std::string_view bytes) {
  Value values[4];
  TextArena texts;
  const auto decoded = decoder.decode(bytes, values, &texts);
  REQUIRE(!decoded);
  CHECK(decoded.error().code() == ErrorCode::kMessageInvalid);
  return decoded.error().message();
}

}  // namespace

TEST_CASE("avro decoder: reads what another implementation wrote") {
  const std::vector<WantedColumn> columns = {column("payment_id", {Kind::kString}),
                                             column("card_id", {Kind::kInt32}),
                                             column("amount", {Kind::kDouble}),
                                             column("rate", {Kind::kFloat}),
                                             column("fraud", {Kind::kBool}),
                                             column("paid_at", {Kind::kTimestamp}),
                                             column("seen_at", {Kind::kTimestamp}),
                                             column("day", {Kind::kTimestamp}),
                                             column("price", {Kind::kDouble}),
                                             column("price", {Kind::kString}),
                                             column("digest", {Kind::kBytes}),
                                             column("channel", {Kind::kString}),
                                             column("raw", {Kind::kBytes}),
                                             column("customer.city", {Kind::kString}),
                                             column("customer.address.zip", {Kind::kInt64}),
                                             column("note", {Kind::kString}),
                                             column("scores", {Kind::kDouble, true}),
                                             column("codes", {Kind::kInt64, true}),
                                             column("paid_at", {Kind::kInt64})};
  const auto decoder = rtml::message::make_decoder(payment_settings(columns)).value();
  std::vector<Value> values(columns.size());
  TextArena texts;
  REQUIRE(decoder->decode(bytes_of(kPayment), values.data(), &texts).value());
  CHECK(values[0].text() == "p-1");
  CHECK(values[1].integer() == -7);
  CHECK(values[2].number() == 12.5);
  CHECK(values[3].number() == 0.25);
  CHECK(values[4].boolean());
  CHECK(values[5].integer() == 1'709'208'000'123'456);
  CHECK(values[6].integer() == -1'000);
  CHECK(values[7].integer() == 86'400'000'000);
  CHECK(values[8].number() == -1234.56);
  CHECK(values[9].text() == "-1234.56");
  CHECK(values[10].text() == std::string("\0\1\2\xff", 4));
  CHECK(values[11].text() == "POS");
  CHECK(values[12].text() == std::string("\0\xff", 2));
  CHECK(values[13].text() == "Zürich");
  CHECK(values[14].integer() == 8001);
  CHECK(values[15].is_null());
  REQUIRE(values[16].list().size() == 3);
  CHECK(values[16].list()[0].number() == 1.5);
  CHECK(values[16].list()[1].is_null());
  CHECK(values[16].list()[2].number() == -2.0);
  REQUIRE(values[17].list().size() == 3);
  CHECK(values[17].list()[2].integer() == 3);
  CHECK(values[18].integer() == 1'709'208'000'123'456);

  REQUIRE(decoder->decode(bytes_of(kBarePayment), values.data(), &texts).value());
  CHECK(values[0].text().empty());
  CHECK(values[8].number() == 0.05);
  CHECK(values[9].text() == "0.05");
  CHECK(values[11].text() == "WEB");
  CHECK(values[13].is_null());
  CHECK(values[14].is_null());
  CHECK(values[15].text() == "é");
  CHECK(values[16].list().empty());
  CHECK_FALSE(values[16].is_null());
}

TEST_CASE("avro decoder: a message that ends anywhere is invalid, and says where") {
  const auto decoder =
      rtml::message::make_decoder(payment_settings({column("codes", {Kind::kInt64, true}),
                                                    column("note", {Kind::kString})}))
          .value();
  const std::string whole = bytes_of(kPayment);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    CHECK(reason(*decoder, whole.substr(0, size)).find("the message ends here") !=
          std::string::npos);
  }
  CHECK(reason(*decoder, whole.substr(0, 3)).starts_with("$.payment_id: the message ends here"));
  CHECK(reason(*decoder, whole.substr(0, whole.size() - 3)).starts_with("$.codes[1]: "));
  CHECK(reason(*decoder, whole + "x") ==
        "$: 1 bytes after the record's end: was it written by another schema?");
}

TEST_CASE("avro decoder: any change of a byte gives a value or a reason") {
  const auto decoder =
      rtml::message::make_decoder(payment_settings({column("payment_id", {Kind::kString}),
                                                    column("customer.city", {Kind::kString}),
                                                    column("scores", {Kind::kDouble, true}),
                                                    column("price", {Kind::kDouble})}))
          .value();
  const std::string whole = bytes_of(kPayment);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = whole;
      changed[at] = static_cast<char>(byte);
      Value values[4];
      TextArena texts;
      const auto decoded = decoder->decode(changed, values, &texts);
      if (!decoded) CHECK(decoded.error().code() == ErrorCode::kMessageInvalid);
    }
  }
}

TEST_CASE("avro decoder: lengths and counts that the message cannot hold are refused") {
  OwnSchema schema;
  const std::string huge("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);  // 2^63 - 1
  const auto text = schema.one_field(R"("string")", column("x", {Kind::kString}));
  CHECK(reason(*text, huge + "a").starts_with("$.x: the message ends here: 9223372036854775807"));
  CHECK(reason(*text, "\x01") == "$.x: a negative length: -1");
  CHECK(reason(*text, std::string(11, '\xff')) == "$.x: no number: longer than 64 bits");
  CHECK(reason(*text, "\x02\xff") == "$.x: not UTF-8 from byte 0 on: \"…\"");
  const auto list = schema.one_field(R"({"type": "array", "items": ["null", "int"]})",
                                     column("x", {Kind::kInt32, true}));
  CHECK(reason(*list, huge + std::string("\0\0", 2)) == "$.x[2]: the message ends here");
  const std::string least("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);  // -2^63
  CHECK(reason(*list, least).starts_with("$.x: no number of items: -9223372036854775808"));
  // 2^63 - 1 items of no bytes are passed over at once.
  const auto empty = schema.make(
      R"({"type": "record", "name": "R", "fields": [
          {"name": "n", "type": {"type": "array", "items": "null"}}, {"name": "x", "type": "int"}]})",
      {column("x", {Kind::kInt32})});
  REQUIRE(empty);
  Value value;
  TextArena texts;
  CHECK((*empty)->decode(huge + std::string("\0\x02", 2), &value, &texts).value());
  CHECK(value.integer() == 1);
}

TEST_CASE("avro decoder: blocks may say their bytes, and come in any number") {
  OwnSchema schema;
  const auto list =
      schema.one_field(R"({"type": "array", "items": "int"})", column("x", {Kind::kInt32, true}));
  Value value;
  TextArena texts;
  // -2 items in 2 bytes: 1, 2; then 1 item: 3; then the end.
  CHECK(list->decode(std::string("\x03\x04\x02\x04\x02\x06\x00", 7), &value, &texts).value());
  REQUIRE(value.list().size() == 3);
  CHECK(value.list()[0].integer() == 1);
  CHECK(value.list()[2].integer() == 3);
}

TEST_CASE("avro decoder: records that contain themselves end at the depth of 64") {
  OwnSchema schema;
  const auto made = schema.make(
      R"({"type": "record", "name": "Node", "fields": [
          {"name": "x", "type": "int"}, {"name": "next", "type": ["null", "Node"]}]})",
      {column("x", {Kind::kInt32})});
  REQUIRE(made);
  std::string deep;
  for (int i = 0; i < 2000; ++i) deep += "\x02\x02";
  deep += std::string("\x02\x00", 2);
  CHECK(reason(**made, deep).ends_with("nested deeper than 64"));
  Value value;
  TextArena texts;
  CHECK((*made)->decode(std::string("\x04\x02\x02\x00", 4), &value, &texts).value());
  CHECK(value.integer() == 2);
}

TEST_CASE("avro decoder: values outside their column are reasons") {
  OwnSchema schema;
  Value value;
  TextArena texts;
  const auto narrow = schema.one_field(R"("long")", column("x", {Kind::kInt32}));
  CHECK(reason(*narrow, std::string("\x80\x80\x80\x80\x10", 5)) ==
        "$.x: outside INT32: 2147483648");
  const auto small = schema.one_field(R"("int")", column("x", {Kind::kInt64}));
  CHECK(reason(*small, std::string("\x80\x80\x80\x80\x10", 5)) ==
        "$.x: outside Avro's int: 2147483648");
  const auto truth = schema.one_field(R"("boolean")", column("x", {Kind::kBool}));
  CHECK(reason(*truth, "\x02") == "$.x: not BOOL: the byte 2");
  const auto sum = schema.one_field(R"(["int", "double", "null"])", column("x", {Kind::kDouble}));
  CHECK(sum->decode("\x02" + std::string("\0\0\0\0\0\0\xf8\x7f", 8), &value, &texts).value());
  CHECK(std::isnan(value.number()));
  CHECK(reason(*sum, "\x06") == "$.x: no branch of the union: 3");
  WantedColumn seconds = column("x", {Kind::kTimestamp});
  seconds.unit = TimeUnit::kSecond;
  seconds.is_required = true;
  const auto time = schema.one_field(R"(["null", "long"])", seconds);
  CHECK(reason(*time, std::string("\0", 1)) == "$.x: null");
  CHECK(reason(*time, "\x02\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01") ==
        "$.x: not a time: 9223372036854775807");
  CHECK(time->decode("\x02\x04", &value, &texts).value());
  CHECK(value.integer() == 2'000'000);
  const auto price =
      schema.one_field(R"({"type": "bytes", "logicalType": "decimal", "precision": 3, "scale": 0})",
                       column("x", {Kind::kInt64}));
  CHECK(price->decode("\x04\x03\xe7", &value, &texts).value());
  CHECK(value.integer() == 999);
  CHECK(reason(*price, "\x04\x03\xe8") == "$.x: more digits than decimal(3, 0) has: 2 bytes");
  CHECK(reason(*price, "\x40" + std::string(32, '\x11')) ==
        "$.x: more digits than decimal(3, 0) has: 32 bytes");
}

TEST_CASE("avro decoder: what does not fit is refused before anything is read, at its place") {
  OwnSchema schema;
  const std::string record =
      "{\"type\": \"record\", \"name\": \"R\",\n \"fields\": [\n"
      "  {\"name\": \"amount\", \"type\": \"double\"},\n"
      "  {\"name\": \"tags\", \"type\": {\"type\": \"map\", \"values\": \"int\"}},\n"
      "  {\"name\": \"at\", \"type\": \"long\"}]}";
  const auto failure = [&](WantedColumn wanted) {
    wanted.location = {.file = "s.yaml", .line = 7, .column = 3};
    const auto made = schema.make(record, {wanted});
    REQUIRE(!made);
    CHECK(made.error().location()->line == 7);
    return made.error().message() + " | " + made.error().help();
  };
  CHECK(failure(column("amout", {Kind::kDouble})) ==
        "column amout: record R has no such field: amout (did you mean \"amount\"?) | ");
  CHECK(failure(column("amount", {Kind::kInt64})) ==
        "column amount: INT64 cannot be read from Avro's double | the field's type stands at "
        "x.avsc:3:30");
  CHECK(failure(column("tags", {Kind::kString})).starts_with("column tags: maps are not read: "));
  CHECK(failure(column("amount.cents", {Kind::kInt64})) ==
        "column amount.cents: there is no \"cents\" in a value of type double: amount.cents | ");
  CHECK(failure(column("at", {Kind::kTimestamp})).find("give it a logicalType") !=
        std::string::npos);
}

TEST_CASE("avro schema: faults have a place in the file") {
  OwnSchema schema;
  const auto failure = [&](const std::string& text) {
    const auto made = schema.make(text, {column("x", {Kind::kInt64})});
    REQUIRE(!made);
    REQUIRE(made.error().location());
    return std::to_string(made.error().location()->line) + ":" +
           std::to_string(made.error().location()->column) + " " + made.error().message();
  };
  CHECK(failure("{\"type\": \"record\", \"name\": \"R\", \"fields\": [\n"
                "\t{\"name\": \"x\", \"type\": \"lnog\"}]}") ==
        "2:24 Avro schema: unknown type: lnog");
  CHECK(failure(R"({"type": "enum", "name": "E", "symbols": []})") ==
        "1:42 Avro schema: an enum needs a list of \"symbols\"");
  CHECK(failure(R"("long")").find("an event is a record") != std::string::npos);
  CHECK(failure(R"({"type": "record", "name": "R", "fields": [
      {"name": "x", "type": "long", "logicalType": "timestamp-millis"}]})")
            .find("belongs into the type of the field") != std::string::npos);
  CHECK(failure(R"({"type": "record", "name": "R", "fields": [
      {"name": "x", "type": "int"}, {"name": "x", "type": "int"}]})")
            .find("a second field of this name: x") != std::string::npos);
  const auto broken = schema.make("{", {});
  CHECK(broken.error().code() == ErrorCode::kDataCorrupt);
  CHECK(schema
            .make(R"({"type": "record", "name": "a.R", "fields": [
      {"name": "x", "type": {"type": "fixed", "name": "F", "size": 2}},
      {"name": "y", "type": ["null", "a.F", "F2"]}]})",
                  {})
            .error()
            .message() == "Avro schema: unknown type: F2");
}

TEST_CASE("decoder: the framing of a schema registry chooses the schema") {
  OwnSchema schema;
  rtml::test::TemporaryDirectory directory;
  REQUIRE(rtml::write_file(directory.path() / "1.avsc",
                           R"({"type":"record","name":"R","fields":[{"name":"x","type":"int"}]})"));
  REQUIRE(rtml::write_file(
      directory.path() / "2.avsc",
      R"({"type":"record","name":"R","fields":[{"name":"new","type":"string"},{"name":"x","type":"int"}]})"));
  DecoderSettings settings;
  settings.format = "avro";
  settings.columns = {column("x", {Kind::kInt64})};
  settings.root = directory.path();
  settings.options = {{"framing", "confluent"}, {"schema", {{"1", "1.avsc"}, {"258", "2.avsc"}}}};
  const auto decoder = rtml::message::make_decoder(settings).value();
  Value value;
  TextArena texts;
  CHECK(decoder->decode(std::string("\0\0\0\0\1\x02", 6), &value, &texts).value());
  CHECK(value.integer() == 1);
  CHECK(decoder->decode(std::string("\0\0\0\1\2\x02z\x04", 8), &value, &texts).value());
  CHECK(value.integer() == 2);
  CHECK(reason(*decoder, std::string("\0\0\0\0\3\x02", 6)) ==
        "$: the source names no schema of this number: 3");
  CHECK(reason(*decoder, std::string("\0\0\0\0\1", 5)) == "$: nothing after the schema number");
  CHECK(reason(*decoder, "\x02") == "$: no zero byte and schema number before the message");
  CHECK_FALSE(decoder->decode("", &value, &texts).value());

  settings.options["schema"] = "1.avsc";
  CHECK(rtml::message::make_decoder(settings)
            .value()
            ->decode(std::string("\0\0\0\0\x09\x06", 6), &value, &texts)
            .value());
  CHECK(value.integer() == 3);
  settings.options["framing"] = "confluence";
  CHECK(rtml::message::make_decoder(settings).error().code() == ErrorCode::kBadValue);
  settings.options = {{"schema", "1.avsc"}, {"message", "R"}};
  CHECK(rtml::message::make_decoder(settings).error().message() ==
        "only a Protobuf schema has message types to choose from, not: avro");
  settings.options = rtml::Json::object();
  CHECK(rtml::message::make_decoder(settings).error().message() ==
        "messages of this format need a schema file: avro");
}
