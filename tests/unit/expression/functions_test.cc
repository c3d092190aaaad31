#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "core/expression/expression.h"

namespace rtml::expression {
namespace {

using table::Kind;
using table::Value;

// An expression over nothing, with its value, whose text may live in either.
class Evaluated {
 public:
  explicit Evaluated(const std::string& text) : expression_(compile(text)) {
    static const std::vector<Value> row = {Value()};
    value_ = expression_.evaluate(row, scratch_);
  }
  const Value& value() const { return value_; }

 private:
  static Expression compile(const std::string& text) {
    static const table::Schema schema({{"s", {Kind::kString}}});
    auto expression = Expression::compile({text, {}}, schema);
    if (!expression) FAIL(expression.error().message() << ": " << text);
    return std::move(*expression);
  }

  Expression expression_;
  Scratch scratch_;
  Value value_;
};

std::string text_of(const std::string& text) {
  const Evaluated evaluated(text);
  return evaluated.value().is_null() ? "null" : std::string(evaluated.value().text());
}

std::string integer_of(const std::string& text) {
  const Evaluated evaluated(text);
  return evaluated.value().is_null() ? "null" : std::to_string(evaluated.value().integer());
}

double number_of(const std::string& text) {
  const Evaluated evaluated(text);
  REQUIRE(!evaluated.value().is_null());
  return evaluated.value().number();
}

bool is_null(const std::string& text) {
  return Evaluated(text).value().is_null();
}

bool is_true(const std::string& text) {
  return Evaluated(text).value().boolean();
}

}  // namespace

TEST_CASE("substring: counts code points from 0, from the end if negative") {
  CHECK(text_of("substring('événement', 0, 2)") == "év");
  CHECK(text_of("substring('événement', 8, 5)") == "t");
  CHECK(text_of("substring('événement', 9)") == "");
  CHECK(text_of("substring('événement', 99, 1)") == "");
  CHECK(text_of("substring('événement', -3, 2)") == "en");
  CHECK(text_of("substring('日本語', -99, 1)") == "日");
  CHECK(text_of("substring('abc', 1, 0)") == "");
  CHECK(text_of("substring('abc', 1, -1)") == "null");
  CHECK(text_of("substring('abc', 1, 9223372036854775807)") == "bc");
  CHECK(text_of("substring('abc', -9223372036854775808)") == "abc");
}

TEST_CASE("split_part: takes a part from either end and nothing beyond them") {
  CHECK(text_of("split_part('a,b,,c', ',', 0)") == "a");
  CHECK(text_of("split_part('a,b,,c', ',', 2)") == "");
  CHECK(text_of("split_part('a,b,,c', ',', 4)") == "null");
  CHECK(text_of("split_part('a,b,,c', ',', -1)") == "c");
  CHECK(text_of("split_part('a,b,,c', ',', -4)") == "a");
  CHECK(text_of("split_part('a,b,,c', ',', -5)") == "null");
  CHECK(text_of("split_part('a', ',', 0)") == "a");
  CHECK(text_of("split_part('', ',', 0)") == "");
  CHECK(text_of("split_part('a', '', 0)") == "null");
  CHECK(text_of("split_part('a::b:c', '::', 1)") == "b:c");
}

TEST_CASE("replace, trim, concat, index_of: by hand") {
  CHECK(text_of("replace('aaa', 'aa', 'b')") == "ba");
  CHECK(text_of("replace('abc', '', 'x')") == "abc");
  CHECK(text_of("replace('abc', 'b', '')") == "ac");
  CHECK(text_of("trim(' \t a b \n')") == "a b");
  CHECK(text_of("trim_start('  a ')") == "a ");
  CHECK(text_of("trim_end('  a ')") == "  a");
  CHECK(text_of("trim('   ')") == "");
  CHECK(text_of("concat('a', 'b', 'c')") == "abc");
  CHECK(text_of("concat('a', s, 'c')") == "null");
  CHECK(integer_of("index_of('été', 'é')") == "0");
  CHECK(integer_of("index_of('été', 't')") == "1");
  CHECK(integer_of("index_of('été', 'x')") == "null");
  CHECK(integer_of("length(bytes('é'))") == "2");
}

TEST_CASE("replace: a text that would outgrow its limit is null") {
  std::string text = "'aaaaaaaaaaaaaaaa'";
  for (int i = 0; i < 5; ++i) text = "replace(" + text + ", 'a', 'aaaaaaaaaaaaaaaa')";
  CHECK(is_null(text));  // 16^6 bytes
  std::string joined = "'aaaaaaaaaaaaaaaa'";
  for (int i = 0; i < 4; ++i) joined = "replace(" + joined + ", 'a', 'aaaaaaaaaaaaaaaa')";
  CHECK(integer_of("length(" + joined + ")") == "1048576");
  CHECK(is_null("concat(" + joined + ", 'a')"));
}

namespace {

// The definition of LIKE, without escapes.
bool is_like(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%') {
    return is_like(text, pattern.substr(1)) || (!text.empty() && is_like(text.substr(1), pattern));
  }
  return !text.empty() && (pattern[0] == '_' || pattern[0] == text[0]) &&
         is_like(text.substr(1), pattern.substr(1));
}

}  // namespace

TEST_CASE("like: agrees with its definition on random texts and patterns") {
  std::mt19937_64 random(7);
  const auto word = [&](std::string_view letters, std::size_t most) {
    std::string text;
    for (std::size_t i = random() % (most + 1); i > 0; --i)
      text += letters[random() % letters.size()];
    return text;
  };
  for (int i = 0; i < 3'000; ++i) {
    const std::string text = word("ab", 8);
    const std::string pattern = word("ab%_", 6);
    CAPTURE(text);
    CAPTURE(pattern);
    CHECK(is_true("like('" + text + "', '" + pattern + "')") == is_like(text, pattern));
  }
}

TEST_CASE("like: _ is a code point, a backslash takes the next character as it is") {
  CHECK(is_true("like('été', '_t_')"));
  CHECK(is_true("like('100%', '100\\%')"));
  CHECK(!is_true("like('1000', '100\\%')"));
  CHECK(is_true("like('a_b', 'a\\_b')"));
  CHECK(!is_true("like('acb', 'a\\_b')"));
  CHECK(is_true("like('a\\b', 'a\\\\b')"));
}

// The examples of the article "ISO week date" of Wikipedia, each with its week and its year.
TEST_CASE("week_of_year, year_of_week: the published examples") {
  const std::vector<std::array<std::string, 3>> examples = {
      {"2005-01-01", "53", "2004"}, {"2005-01-02", "53", "2004"}, {"2005-12-31", "52", "2005"},
      {"2006-01-01", "52", "2005"}, {"2006-01-02", "1", "2006"},  {"2006-12-31", "52", "2006"},
      {"2007-01-01", "1", "2007"},  {"2007-12-30", "52", "2007"}, {"2007-12-31", "1", "2008"},
      {"2008-12-28", "52", "2008"}, {"2008-12-29", "1", "2009"},  {"2009-12-31", "53", "2009"},
      {"2010-01-03", "53", "2009"}};
  for (const auto& [date, week, year] : examples) {
    CAPTURE(date);
    CHECK(integer_of("week_of_year(timestamp('" + date + "'))") == week);
    CHECK(integer_of("year_of_week(timestamp('" + date + "'))") == year);
  }
}

TEST_CASE("start_of_*, floor_time: before and after 1970") {
  const auto start = [](const std::string& call) { return text_of("string(" + call + ")"); };
  CHECK(start("start_of_week(timestamp('2024-03-03T23:59:59Z'))") == "2024-02-26T00:00:00Z");
  CHECK(start("start_of_week(timestamp('1969-12-31'))") == "1969-12-29T00:00:00Z");
  CHECK(start("start_of_quarter(timestamp('2024-12-31T12:00:00Z'))") == "2024-10-01T00:00:00Z");
  CHECK(start("start_of_year(timestamp('1969-07-20'))") == "1969-01-01T00:00:00Z");
  CHECK(start("floor_time(timestamp('1969-12-31T23:59:59Z'), 1h)") == "1969-12-31T23:00:00Z");
  CHECK(start("floor_time(timestamp('2024-02-29T12:34:56Z'), 5m)") == "2024-02-29T12:30:00Z");
  CHECK(is_null("floor_time(timestamp('2024-02-29'), 0s)"));
  CHECK(integer_of("quarter(timestamp('2024-04-01'))") == "2");
  CHECK(integer_of("day_of_year(timestamp('2024-12-31'))") == "366");
  CHECK(integer_of("second_of_day(timestamp('1969-12-31T23:59:59.5Z'))") == "86399");
  CHECK(
      number_of("seconds_between(timestamp('2024-01-01T00:00:01.5Z'), timestamp('2024-01-01'))") ==
      -1.5);
}

TEST_CASE("haversine_km: published distances") {
  // The example of the Python package haversine, Lyon to Paris, with the same radius.
  CHECK(number_of("haversine_km(45.7597, 4.8422, 48.8567, 2.3508)") ==
        doctest::Approx(392.2172595594006).epsilon(1e-12));
  // Rosetta Code, Nashville to Los Angeles: 2887.2599506 km with a radius of 6372.8 km.
  CHECK(number_of("haversine_km(36.12, -86.67, 33.94, -118.40)") ==
        doctest::Approx(2887.2599506 * 6371.0088 / 6372.8).epsilon(1e-10));
  CHECK(number_of("haversine_km(0, 0, 0, 180)") ==
        doctest::Approx(std::numbers::pi * 6371.0088).epsilon(1e-15));
  CHECK(number_of("haversine_km(0, 179.5, 0, -179.5)") ==
        doctest::Approx(std::numbers::pi * 6371.0088 / 180).epsilon(1e-12));
  CHECK(number_of("haversine_km(90, 7, 90, -130)") < 1e-9);
  CHECK(number_of("haversine_km(12, 34, 12, 34)") == 0);
  CHECK(is_null("haversine_km(90.1, 0, 0, 0)"));
}

TEST_CASE("conversions: null where there is no such value") {
  CHECK(integer_of("int('-9223372036854775808')") == "-9223372036854775808");
  CHECK(integer_of("int('9223372036854775808')") == "null");
  CHECK(integer_of("int('+7')") == "7");
  for (const char* text : {"", " 7", "7 ", "0x7", "7.0", "+-7", "seven"}) {
    CHECK(integer_of("int('" + std::string(text) + "')") == "null");
  }
  CHECK(integer_of("int(-2.9)") == "-2");
  CHECK(integer_of("int(9223372036854775807.0)") == "null");
  CHECK(integer_of("int(-9223372036854775808.0)") == "-9223372036854775808");
  CHECK(integer_of("int(sqrt(-1))") == "null");
  CHECK(number_of("double('1e-3')") == 0.001);
  CHECK(std::isinf(number_of("double('-inf')")));
  CHECK(is_null("double('1e999')"));
  CHECK(is_null("double('1,5')"));
  CHECK(text_of("string(-0.0)") == "-0");
  CHECK(text_of("string(1e300)") == "1e+300");
  CHECK(text_of("string(true)") == "true");
  CHECK(text_of("string(bytes('é'))") == "é");
  CHECK(text_of("string(timestamp(1500000))") == "1970-01-01T00:00:01.500Z");
  CHECK(is_null("timestamp(9223372036854775807)"));
  CHECK(is_true("bool(2) and bool('true') and not bool('false') and not bool(0.0)"));
  CHECK(is_null("bool(sqrt(-1))"));
  CHECK(is_null("bool('TRUE')"));
}

TEST_CASE("hash: XXH64 of the value's bytes") {
  // The published vector of "asdf", 0x415872f599cea71e.
  CHECK(integer_of("hash('asdf')") == std::to_string(0x415872f599cea71e));
  CHECK(integer_of("hash('')") == std::to_string(static_cast<std::int64_t>(0xef46db3751d8e999U)));
  CHECK(integer_of("hash(1) - hash(timestamp('1970-01-01') + 1)") == "0");
  CHECK(is_true("hash(0.0) == hash(-0.0) and hash(0.0) == hash(0)"));
  CHECK(is_true("hash(sqrt(-1)) == hash(-sqrt(-1))"));
  CHECK(integer_of("hash_bucket('', 10)") == std::to_string(0xef46db3751d8e999U % 10));
  CHECK(is_null("hash_bucket('a', 0)"));
}

TEST_CASE("bucket, ordinal: edges belong to the bucket above") {
  CHECK(integer_of("bucket(-1, [0, 10])") == "0");
  CHECK(integer_of("bucket(0, [0, 10])") == "1");
  CHECK(integer_of("bucket(9.99, [0, 10])") == "1");
  CHECK(integer_of("bucket(10, [0.0, 10.0])") == "2");
  CHECK(is_null("bucket(sqrt(-1), [0, 1])"));
  CHECK(integer_of("ordinal(2.0, [1, 2, 3])") == "1");
  CHECK(integer_of("ordinal('c', ['a', null, 'c'])") == "2");
  CHECK(is_null("ordinal('d', ['a', null, 'c'])"));
}

TEST_CASE("sum, mean, min, max of a list: exact, nulls skipped") {
  CHECK(number_of("sum([1e100, 1, null, -1e100])") == 1);
  CHECK(number_of("mean([1e308, 1e308, -1e308, -1e308, 4])") == 0.8);
  CHECK(integer_of("sum([9223372036854775807, 1, -1])") == "9223372036854775807");
  CHECK(is_null("sum([9223372036854775807, 1])"));
  CHECK(number_of("mean([9223372036854775807, 9223372036854775807])") == 9223372036854775808.0);
  CHECK(integer_of("min([3, null, -2])") == "-2");
}

TEST_CASE("in, between: three-valued, as SQL has them") {
  CHECK(is_true("1 in (1, null)"));
  CHECK(is_null("2 in (1, null)"));
  CHECK(!is_true("2 in (1, 3)"));
  CHECK(is_true("2 in (1 + 1, 5)"));
  CHECK(is_true("2 in [1.5, 2]"));
  CHECK(is_true("2.5 not in [1, 2] and 'a' in ('a')"));
  CHECK(is_true("2 between 1 and 2 and 3 not between 1 and 2"));
  CHECK(is_true("1 + 1 in (2) and not 1 in (2)"));
  CHECK(is_null("s in ('a')"));
}

TEST_CASE("Expression: errors of lists and memberships name their place") {
  const table::Schema schema({{"i", {Kind::kInt64}}, {"s", {Kind::kString}}});
  const auto error_of = [&](std::string_view text) {
    const auto expression = Expression::compile({text, {}}, schema);
    REQUIRE(!expression);
    return std::to_string(expression.error().location()->column) + " " +
           expression.error().message() + "; " + expression.error().help();
  };
  CHECK(error_of("i in (1, 'a')") ==
        "10 cannot use the expression: a list of INT64 cannot hold a STRING; ");
  CHECK(error_of("bucket(i, [1, i])") ==
        "15 cannot use the expression: a list holds literals only: numbers, texts, true, false, "
        "null; ");
  CHECK(error_of("bucket(i, [1, 5, 3])") ==
        "18 cannot use the expression: the bounds do not ascend; ");
  CHECK(error_of("i in []") == "6 cannot use the expression: a list without a value has no type; ");
  CHECK(error_of("if(i > 1, 1, i > 2, 2)") ==
        "1 cannot use the expression: \"if\" takes pairs of condition and value and one value "
        "more, not 4 arguments; write if(condition, value, condition, value, otherwise)");
  CHECK(error_of("i is null") ==
        "3 cannot read the expression: expected an operator or the end, found \"is\"; write "
        "\"is_null(x)\" or \"not is_null(x)\"");
  CHECK(error_of("s + s") ==
        "3 cannot use the expression: \"+\" does not take (STRING, STRING); write concat(a, b) to "
        "join texts");
  CHECK(error_of("i between 1 or 2") ==
        "13 cannot read the expression: expected \"and\", found \"or\"; ");
  CHECK(error_of("i not 3") ==
        "7 cannot read the expression: expected \"in\" or \"between\", found \"3\"; ");
  CHECK(error_of("null in (1, 2)")
            .starts_with("6 cannot use the expression: a comparison with null is always null"));
}

TEST_CASE("dot, norm, euclidean, cosine: vectors by hand") {
  CHECK(number_of("dot([1, -2, 0.5], [4, 1, 2])") == 3);
  CHECK(number_of("norm([2, 3, 6])") == 7);
  CHECK(number_of("euclidean([1, 2, 3], [3, 5, 9])") == 7);
  CHECK(number_of("cosine([1, 1], [1, 0])") == doctest::Approx(std::numbers::sqrt2 / 2));
  CHECK(number_of("cosine([3, 4], [-3, -4])") == -1);
  CHECK(number_of("cosine([1, 1, 1], [1, 1, 1])") <= 1);
  for (const std::string call :
       {"dot([1, 2], [1])", "dot([1, null], [1, 2])", "norm([null, 1])", "euclidean([1], [1, 2])",
        "cosine([0, 0], [1, 2])", "cosine([1, 2], [1, null])", "element([1, 2], 2)"}) {
    CAPTURE(call);
    CHECK(is_null(call));
  }
}

}  // namespace rtml::expression
