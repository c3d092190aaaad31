#include "core/message/json_decoder.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "core/table/list_limit.h"

using rtml::message::Decoder;
using rtml::message::DecoderSettings;
using rtml::message::kMaxDepth;
using rtml::message::TextArena;
using rtml::message::WantedColumn;
using rtml::project::TimeUnit;
using rtml::table::DataType;
using rtml::table::Kind;
using rtml::table::Value;

namespace {

// A decoder of one column beside the time.
class OneColumn {
 public:
  explicit OneColumn(DataType type, bool nan_is_null = false) {
    DecoderSettings settings;
    settings.format = "json";
    settings.nan_is_null = nan_is_null;
    settings.max_message_bytes = 4096;
    settings.columns = {{.name = "at",
                         .from = "at",
                         .type = {Kind::kTimestamp},
                         .unit = TimeUnit::kSecond,
                         .is_required = true},
                        {.name = "x", .from = "X value", .type = type}};
    auto made = rtml::message::make_decoder(settings);
    REQUIRE(made);
    decoder_ = std::move(*made);
  }

  rtml::Result<bool> decode(std::string_view bytes) {
    return decoder_->decode(bytes, values_, &texts_);
  }
  // The column's value in a message where `text` is its JSON.
  Value read(const std::string& text) {
    const auto decoded = decode(R"({"at": 1, "X value": )" + text + "}");
    REQUIRE_MESSAGE(decoded, text);
    CHECK(*decoded);
    return values_[1];
  }
  std::string reason(const std::string& message) {
    const auto decoded = decode(message);
    REQUIRE_MESSAGE(!decoded, message);
    CHECK(decoded.error().code() == rtml::ErrorCode::kMessageInvalid);
    return decoded.error().message();
  }
  std::string value_reason(const std::string& text) {
    return reason(R"({"at": 1, "X value": )" + text + "}");
  }
  Value time() const { return values_[0]; }

 private:
  std::unique_ptr<Decoder> decoder_;
  TextArena texts_;
  Value values_[2];
};

}  // namespace

TEST_CASE("json decoder: values have the types of their columns") {
  CHECK(OneColumn({Kind::kInt64}).read("-9223372036854775808").integer() ==
        std::numeric_limits<std::int64_t>::min());
  CHECK(OneColumn({Kind::kInt64}).read("3.0").integer() == 3);
  CHECK(OneColumn({Kind::kInt32}).read("2147483647").integer() == 2147483647);
  CHECK(OneColumn({Kind::kDouble}).read("1e-3").number() == 0.001);
  CHECK(OneColumn({Kind::kDouble}).read("7").number() == 7.0);
  CHECK(OneColumn({Kind::kFloat}).read("0.1").number() == static_cast<double>(0.1F));
  CHECK(OneColumn({Kind::kBool}).read("true").boolean());
  CHECK(OneColumn({Kind::kString}).read(R"("\u00e9\n")").text() == "é\n");
  CHECK(OneColumn({Kind::kBytes}).read(R"("")").text().empty());
  CHECK(OneColumn({Kind::kTimestamp}).read(R"("1970-01-01T00:00:02Z")").integer() == 2'000'000);
  CHECK(OneColumn({Kind::kInt64}).read("null").is_null());
}

TEST_CASE("json decoder: an integer beyond 64 bits is a DOUBLE, and out of range for an integer") {
  CHECK(OneColumn({Kind::kDouble}).read("100000000000000000000").number() == 1e20);
  CHECK(OneColumn({Kind::kDouble}).read("-9223372036892960768").number() == -9223372036892960768.0);
  CHECK(OneColumn({Kind::kInt64}).value_reason("100000000000000000000").find("$") == 0);
}

TEST_CASE("json decoder: NaN and infinities are strings") {
  OneColumn column({Kind::kDouble});
  CHECK(std::isnan(column.read(R"("NaN")").number()));
  CHECK(column.read(R"("-Infinity")").number() == -std::numeric_limits<double>::infinity());
  CHECK(column.value_reason(R"("nan")") == R"($["X value"]: not DOUBLE: "nan")");
  CHECK(OneColumn({Kind::kDouble}, true).read(R"("NaN")").is_null());
}

TEST_CASE("json decoder: a wrong value is a reason with the path of the key") {
  CHECK(OneColumn({Kind::kInt64}).value_reason("1.5") == R"($["X value"]: not INT64: 1.5)");
  CHECK(OneColumn({Kind::kInt64}).value_reason("18446744073709551615") ==
        R"($["X value"]: outside INT64: 18446744073709551615)");
  CHECK(OneColumn({Kind::kInt32}).value_reason("2147483648") ==
        R"($["X value"]: outside INT32: 2147483648)");
  CHECK(OneColumn({Kind::kBool}).value_reason("1") == R"($["X value"]: not BOOL: 1)");
  CHECK(OneColumn({Kind::kString}).value_reason("{}") == R"($["X value"]: not STRING: an object)");
  CHECK(OneColumn({Kind::kTimestamp}).value_reason("12") ==
        R"($["X value"]: not a time (the source declares no unit): 12)");
}

TEST_CASE("json decoder: poison has a reason and the next message is read as ever") {
  OneColumn column({Kind::kString});
  CHECK(column.reason("{\"at\": 1, \"X value\": \"\xff\"}") == "$: not UTF-8 from byte 22 on");
  CHECK(column.reason(R"({"at": 1)").starts_with("$: not JSON: "));
  CHECK(column.reason("[1]") == "$: not a JSON object: a list");
  CHECK(column.reason("   ").starts_with("$: not JSON: "));
  CHECK(column.reason(R"({"at": 1, "unwanted": tru})").starts_with("$: not JSON: "));
  CHECK(column.reason(R"({"X value": "a"})") == "$.at: missing");
  CHECK(column.reason(R"({"at": null})") == "$.at: null");
  CHECK(column.reason(R"({"at": 1, "at": 2})") == "$.at: stands there twice");
  CHECK(column.reason(R"({"at": 1, "deep": )" + std::string(200, '[') + std::string(200, ']') +
                      "}") == "$: nested deeper than 64");
  CHECK(column.reason(std::string(4097, ' ')) ==
        "longer than max_message_bytes (4096): 4097 bytes");
  CHECK(column.read(R"("fine")").text() == "fine");
  CHECK(column.time().integer() == 1'000'000);
}

TEST_CASE("json decoder: keys come in any order, unknown ones are skipped, no bytes say nothing") {
  OneColumn column({Kind::kInt64});
  CHECK(column.decode(R"({"b": [1, {"X value": 9}], "X value": 5, "at": 3})").value());
  CHECK(column.time().integer() == 3'000'000);
  CHECK(column.decode(R"({"at": 4, "c": "é"})").value());
  CHECK(column.time().integer() == 4'000'000);
  CHECK_FALSE(column.decode("").value());
}

TEST_CASE("json decoder: texts stay valid until the arena is cleared") {
  DecoderSettings settings;
  settings.format = "json";
  settings.columns = {{.name = "x", .from = "x", .type = {Kind::kString}}};
  const auto decoder = rtml::message::make_decoder(settings).value();
  TextArena texts;
  std::vector<Value> values(20'000);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string bytes = R"({"x": "value )" + std::to_string(i) + "\"}";
    REQUIRE(decoder->decode(bytes, &values[i], &texts).value());
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    REQUIRE(values[i].text() == "value " + std::to_string(i));
  }
}

TEST_CASE("json decoder: an array is a list, whose items may be null") {
  OneColumn column({Kind::kInt64, true});
  const Value list = column.read("[3, null, -1]");
  REQUIRE(list.list().size() == 3);
  CHECK(list.list()[0].integer() == 3);
  CHECK(list.list()[1].is_null());
  CHECK(list.list()[2].integer() == -1);
  CHECK(column.read("[]").list().empty());
  CHECK(column.read("null").is_null());
  CHECK(column.value_reason("[1, 2.5]") == R"($["X value"][1]: not INT64: 2.5)");
  CHECK(column.value_reason("7") == R"($["X value"]: not LIST<INT64>: 7)");
  CHECK(column.value_reason("[[1]]") == R"($["X value"][0]: not INT64: a list)");
  OneColumn texts({Kind::kString, true});
  const Value words = texts.read(R"(["a", "é"])");
  CHECK(words.list()[1].text() == "é");
}

TEST_CASE("json decoder: a list has so many items at most") {
  DecoderSettings settings;
  settings.format = "json";
  settings.columns = {{.name = "x", .from = "x", .type = {Kind::kInt64, true}}};
  const auto decoder = rtml::message::make_decoder(settings);
  REQUIRE(decoder);
  TextArena texts;
  Value list;
  std::string items = "0";
  for (std::int64_t i = 1; i < rtml::table::kMostListItems; ++i) items += ",0";
  REQUIRE((*decoder)->decode(R"({"x": [)" + items + "]}", &list, &texts));
  CHECK(std::ssize(list.list()) == rtml::table::kMostListItems);
  const auto longer = (*decoder)->decode(R"({"x": [)" + items + ",0]}", &list, &texts);
  REQUIRE(!longer);
  CHECK(longer.error().message() == "$.x: 65537 items, more than the 65536 of a list");
}

TEST_CASE("json decoder: unknown formats are refused before anything is read") {
  DecoderSettings settings;
  settings.columns = {{.name = "x", .from = "x", .type = {Kind::kInt64}}};
  settings.format = "xml";
  CHECK(rtml::message::make_decoder(settings).error().code() == rtml::ErrorCode::kUnsupported);
}
