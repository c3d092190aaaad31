#include "cli/parser/value.h"

#include <doctest/doctest.h>

#include "core/base/time.h"

namespace rtml::cli {
namespace {

Result<Arguments::Value> parse(OptionType type, const std::vector<std::string>& texts) {
  return parse_value({.name = "--x", .type = type}, texts);
}

template <typename T>
T value(OptionType type, const std::string& text) {
  const auto parsed = parse(type, {text});
  REQUIRE(parsed.has_value());
  return std::get<T>(*parsed);
}

TEST_CASE("value: numbers, durations and times") {
  CHECK(value<std::int64_t>(OptionType::kInteger, "-42") == -42);
  CHECK(value<std::int64_t>(OptionType::kInteger, "+7") == 7);
  CHECK(value<double>(OptionType::kNumber, "2.5e-3") == 0.0025);
  CHECK(value<std::int64_t>(OptionType::kDuration, "1h30m") == 90 * kMinute);
  CHECK(value<std::int64_t>(OptionType::kTimestamp, "1970-01-02") == kDay);
}

TEST_CASE("value: what is no value of the type is refused") {
  for (const auto& [type, text] : std::vector<std::pair<OptionType, std::string>>{
           {OptionType::kInteger, ""},
           {OptionType::kInteger, "1.5"},
           {OptionType::kInteger, "0x10"},
           {OptionType::kInteger, "9223372036854775808"},
           {OptionType::kInteger, "+-1"},
           {OptionType::kNumber, "nan"},
           {OptionType::kNumber, "inf"},
           {OptionType::kNumber, "1e999"},
           {OptionType::kNumber, "1,5"},
           {OptionType::kDuration, "7"},
           {OptionType::kDuration, "7 days"},
           {OptionType::kTimestamp, "yesterday"},
           {OptionType::kPath, ""},
           {OptionType::kTextList, ""},
           {OptionType::kTextList, "a,,b"},
       }) {
    CAPTURE(text);
    const auto parsed = parse(type, {text});
    REQUIRE(!parsed);
    CHECK(parsed.error().code() == ErrorCode::kBadOptionValue);
    CHECK(parsed.error().help().starts_with("--x takes "));
  }
}

TEST_CASE("value: lists are split at commas and joined over repetitions") {
  const auto parsed = parse(OptionType::kTextList, {"a,b", "c"});
  REQUIRE(parsed.has_value());
  CHECK(std::get<std::vector<std::string>>(*parsed) == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("value: choices are checked, the nearest is named") {
  static constexpr std::string_view kChoices[] = {"parquet", "csv"};
  const OptionSpec option{.name = "--format", .choices = kChoices};
  CHECK(parse_value(option, {"csv"}).has_value());
  const auto wrong = parse_value(option, {"parqet"});
  REQUIRE(!wrong);
  CHECK(wrong.error().message() ==
        "bad value for --format: \"parqet\" (did you mean \"parquet\"?)");
  CHECK(wrong.error().help() == "--format takes parquet or csv");
}

TEST_CASE("value: an option that holds one value is given once") {
  CHECK(parse(OptionType::kText, {"a", "b"}).error().code() == ErrorCode::kUsage);
}

}  // namespace
}  // namespace rtml::cli
