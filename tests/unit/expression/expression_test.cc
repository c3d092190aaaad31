#include "core/expression/expression.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <random>

#include "core/base/time.h"
#include "core/table/value_memory.h"

namespace rtml::expression {
namespace {

using table::Kind;
using table::Value;

const table::Schema& schema() {
  static const table::Schema schema({{"i", {Kind::kInt64}},
                                     {"j", {Kind::kInt32}},
                                     {"d", {Kind::kDouble}},
                                     {"f", {Kind::kFloat}},
                                     {"s", {Kind::kString}},
                                     {"b", {Kind::kBool}},
                                     {"t", {Kind::kTimestamp}},
                                     {"y", {Kind::kBytes}},
                                     {"list", {Kind::kDouble, true}},
                                     {"lf", {Kind::kFloat, true}},
                                     {"li", {Kind::kInt64, true}},
                                     {"lj", {Kind::kInt32, true}},
                                     {"ls", {Kind::kString, true}},
                                     {"lb", {Kind::kBool, true}},
                                     {"lt", {Kind::kTimestamp, true}},
                                     {"ly", {Kind::kBytes, true}}});
  return schema;
}

// A row of `schema()` that a test can change.
std::vector<Value> row() {
  return {Value::of_integer(7),
          Value::of_integer(-3),
          Value::of_number(2.5),
          Value::of_number(0.5),
          Value::of_text("Été"),
          Value::of_bool(true),
          Value::of_integer(0),
          Value::of_text("\xff"),
          Value(),
          Value(),
          Value(),
          Value(),
          Value(),
          Value(),
          Value(),
          Value()};
}

std::string show(const Value& value) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return value.boolean() ? "true" : "false";
  if (value.is_integer()) return std::to_string(value.integer());
  if (value.is_text()) return std::string(value.text());
  if (value.is_list()) {
    std::string text = "[";
    for (const Value& item : value.list()) text += show(item) + ",";
    return text + "]";
  }
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.17g", value.number());
  return buffer;
}

std::string evaluate(std::string_view text, const std::vector<Value>& values = row()) {
  const auto expression = Expression::compile({text, {}}, schema());
  if (!expression) return expression.error().message();
  Scratch scratch;
  return show(expression->evaluate(values, scratch));
}

Error error_of(std::string_view text) {
  const auto expression = Expression::compile({text, {}}, schema());
  REQUIRE(!expression);
  return expression.error();
}

}  // namespace

TEST_CASE("Expression: integers stay integers, but divide to DOUBLE") {
  CHECK(evaluate("i + j * 2") == "1");
  CHECK(evaluate("i / 2") == "3.5");
  CHECK(evaluate("i % j") == "1");
  CHECK(evaluate("-i % 3") == "-1");
  CHECK(evaluate("i + d") == "9.5");
  CHECK(evaluate("abs(j) + f") == "3.5");
  CHECK(Expression::compile({"i / i", {}}, schema())->type().kind == Kind::kDouble);
}

TEST_CASE("Expression: what has no value is null") {
  CHECK(evaluate("i / 0") == "null");
  CHECK(evaluate("d / 0") == "null");
  CHECK(evaluate("0.0 / 0.0") == "null");
  CHECK(evaluate("i % 0") == "null");
  CHECK(evaluate("d % 0.0") == "null");
  CHECK(evaluate("9223372036854775807 + i") == "null");
  CHECK(evaluate("-9223372036854775808 - 1") == "null");
  CHECK(evaluate("-(-9223372036854775808)") == "null");
  CHECK(evaluate("abs(-9223372036854775808)") == "null");
  CHECK(evaluate("9223372036854775807 * 2") == "null");
  CHECK(evaluate("-9223372036854775808 % -1") == "0");
  CHECK(evaluate("timestamp('nonsense')") == "null");
}

TEST_CASE("Expression: logic has three values") {
  std::vector<Value> values = row();
  values[5] = Value();
  CHECK(evaluate("b and false", values) == "false");
  CHECK(evaluate("b and true", values) == "null");
  CHECK(evaluate("b or true", values) == "true");
  CHECK(evaluate("b or false", values) == "null");
  CHECK(evaluate("not b", values) == "null");
  CHECK(evaluate("is_null(b)", values) == "true");
  CHECK(evaluate("if(b, 1, 2)", values) == "2");
  CHECK(evaluate("if(not is_null(b), 1, null)", values) == "null");
  CHECK(evaluate("coalesce(b, b, true)", values) == "true");
  values[0] = Value();
  CHECK(evaluate("i + 1", values) == "null");
  CHECK(evaluate("i == 1", values) == "null");
  CHECK(evaluate("coalesce(i, d)", values) == "2.5");
  CHECK(evaluate("max(i, 1)", values) == "null");
}

TEST_CASE("Expression: NaN compares as in IEEE 754 and wins min and max") {
  std::vector<Value> values = row();
  values[2] = Value::of_number(-std::nan(""));
  CHECK(evaluate("d == d", values) == "false");
  CHECK(evaluate("d != d", values) == "true");
  CHECK(evaluate("d < 1 or d >= 1", values) == "false");
  CHECK(evaluate("is_nan(min(d, 1))", values) == "true");
  CHECK(evaluate("is_nan(max(1.0, d))", values) == "true");
  CHECK(evaluate("is_nan(clip(d, 0, 1))", values) == "true");
  CHECK(evaluate("d + 1", values) == "nan");  // Never "-nan".
}

TEST_CASE("Expression: functions on numbers") {
  CHECK(evaluate("round(-2.5)") == "-3");
  CHECK(evaluate("floor(-2.5)") == "-3");
  CHECK(evaluate("ceil(-2.5)") == "-2");
  CHECK(evaluate("floor(i)") == "7");
  CHECK(evaluate("clip(i, 0, 5)") == "5");
  CHECK(evaluate("clip(d, 3, 5)") == "3");
  CHECK(evaluate("min(i, 3, j, 4)") == "-3");
  CHECK(evaluate("sqrt(4) + pow(2, 10) + exp(0) + log(1)") == "1027");
  CHECK(evaluate("log(0)") == "-inf");
  CHECK(evaluate("is_nan(sqrt(-1))") == "true");
  CHECK(evaluate("log10(1000) + log1p(0)") == "3");
  CHECK(evaluate("double(i) / 2") == "3.5");
}

TEST_CASE("Expression: texts compare by bytes and count characters") {
  CHECK(evaluate("length(s)") == "3");
  CHECK(evaluate("lower(s)") == "Été");
  CHECK(evaluate("upper('abc') == 'ABC'") == "true");
  CHECK(evaluate("starts_with(s, 'É') and ends_with(s, 'é') and contains(s, 't')") == "true");
  CHECK(evaluate("s == ''") == "false");
  CHECK(evaluate("'' == ''") == "true");
  CHECK(evaluate("'a' < 'b'") == "true");
  CHECK(evaluate("y == y") == "true");
}

TEST_CASE("Expression: the calendar is UTC and Monday is day 0") {
  // 2024-02-29 was a Thursday, 1969-12-28 a Sunday.
  const char* at = "timestamp('2024-02-29T23:59:59.999999Z')";
  const auto call = [&](const std::string& name) { return evaluate(name + "(" + at + ")"); };
  CHECK(call("hour_of_day") == "23");
  CHECK(call("minute_of_hour") == "59");
  CHECK(call("day_of_week") == "3");
  CHECK(call("day_of_month") == "29");
  CHECK(call("month") == "2");
  CHECK(call("year") == "2024");
  CHECK(call("is_weekend") == "false");
  CHECK(evaluate("day_of_week(timestamp('1969-12-28'))") == "6");
  CHECK(evaluate("is_weekend(timestamp('1969-12-28T12:00:00Z'))") == "true");
  CHECK(evaluate("hour_of_day(t - 1us)") == "23");
  CHECK(evaluate("(t + 7d) - t") == "604800000000");
  CHECK(evaluate("t < timestamp('1970-01-02')") == "true");
}

TEST_CASE("Expression: errors name the place, the nearest word and what would do") {
  CHECK(error_of("i + amont").message() == "cannot use the expression: unknown column \"amont\"");
  CHECK(error_of("ii + 1").message() ==
        "cannot use the expression: unknown column \"ii\" (did you mean \"i\"?)");
  CHECK(error_of("1 + lenght(s)").message() ==
        "cannot use the expression: unknown function \"lenght\" (did you mean \"length\"?)");
  CHECK(error_of("1 + lenght(s)").location()->column == 5);
  CHECK(error_of("s + 1").message() ==
        "cannot use the expression: \"+\" does not take (STRING, INT64)");
  CHECK(error_of("length(s, s)").help() ==
        "it takes length(STRING) -> INT64; length(BYTES) -> INT64; length(LIST<INT64>) -> INT64; "
        "length(LIST<DOUBLE>) -> INT64; length(LIST<TIMESTAMP>) -> INT64; "
        "length(LIST<STRING>) -> INT64; length(LIST<BYTES>) -> INT64; "
        "length(LIST<BOOL>) -> INT64");
  CHECK(error_of("not i").code() == ErrorCode::kExpressionType);
  CHECK(error_of("i == null").help() == "write is_null(x) or not is_null(x)");
  CHECK(error_of("null").message() == "cannot use the expression: null alone has no type");
  CHECK(error_of("if(b, null, null)").message() ==
        "cannot use the expression: null alone has no type");
  CHECK(error_of("list + 1").message() ==
        "cannot use the expression: \"+\" does not take (LIST<DOUBLE>, INT64)");
  CHECK(error_of("length").help() == "length is a function: write length(...)");
  CHECK(!compile_condition({"i", {}}, schema()));
  CHECK(compile_condition({"i > 1", {}}, schema()));
}

TEST_CASE("Expression: every function of the table can be called and has one meaning") {
  std::string last;
  for (const FunctionInfo& info : function_table()) {
    CAPTURE(info.name);
    CHECK(last < info.name);
    last = info.name;
    CHECK(!info.signatures.empty());
  }
}

namespace {

// Random columns with nulls, NaN, infinities and both zeros; more rows than one block.
struct RandomTable {
  std::vector<table::Column> columns;
  std::int64_t rows = 1'500;
};

RandomTable random_table(std::mt19937_64& random) {
  RandomTable result;
  const std::vector<double> numbers = {0.0,    -0.0,     1.5,       -2.5, 1e308, -1e308,
                                       5e-324, INFINITY, -INFINITY, NAN,  3.0,   0.1};
  const std::vector<std::int64_t> integers = {0,
                                              1,
                                              -1,
                                              7,
                                              std::numeric_limits<std::int64_t>::min(),
                                              std::numeric_limits<std::int64_t>::max(),
                                              1000};
  const std::vector<std::string> texts = {"", "a", "A", "ab", "été"};
  const std::function<void(table::ColumnBuilder&)> append = [&](table::ColumnBuilder& builder) {
    const std::uint64_t pick = random();
    const Kind kind = builder.type().kind;
    if (pick % 5 == 0) {
      builder.append_null();
    } else if (builder.type().is_list) {
      builder.append_list();
      for (std::uint64_t i = pick / 8 % 4; i > 0; --i) append(builder.items());
    } else if (kind == Kind::kBool) {
      builder.append_bool(pick % 2 == 0);
    } else if (kind == Kind::kDouble || kind == Kind::kFloat) {
      builder.append_number(numbers[pick % numbers.size()]);
    } else if (kind == Kind::kString || kind == Kind::kBytes) {
      builder.append_text(texts[pick % texts.size()]);
    } else {
      builder.append_integer(integers[pick % integers.size()]);
    }
  };
  for (const table::Field& field : schema().fields()) {
    table::ColumnBuilder builder(field.type);
    for (std::int64_t i = 0; i < result.rows; ++i) append(builder);
    result.columns.push_back(builder.finish());
  }
  return result;
}

bool same_bits(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (a.is_list()) {
    return std::equal(a.list().begin(), a.list().end(), b.list().begin(), b.list().end(),
                      same_bits);
  }
  if (!a.is_number()) return show(a) == show(b);
  const double x = a.number();
  const double y = b.number();
  return std::memcmp(&x, &y, sizeof x) == 0;
}

}  // namespace

namespace {

// Whether a row at a time and a column at a time give the same bits.
void check_agreement(const std::string& text, const RandomTable& data) {
  CAPTURE(text);
  const auto expression = Expression::compile({text, {}}, schema());
  if (!expression) FAIL(expression.error().message());
  const table::Column column = expression->evaluate(data.columns, data.rows);
  REQUIRE(column.length() == data.rows);
  CHECK(column.type() == expression->type());
  Scratch scratch;
  table::ValueMemory memory;
  bool all_same = true;
  for (std::int64_t r = 0; r < data.rows; ++r) {
    memory.clear();
    std::vector<Value> values;
    for (const table::Column& input : data.columns) {
      values.push_back(value_at(input, r, memory));
    }
    all_same =
        all_same && same_bits(expression->evaluate(values, scratch), value_at(column, r, memory));
  }
  CHECK(all_same);
}

}  // namespace

TEST_CASE("Expression: a column at a time gives the bits of a row at a time") {
  std::mt19937_64 random(20240229);
  const RandomTable data = random_table(random);
  const std::vector<std::string> texts = {"i",
                                          "j",
                                          "d",
                                          "f",
                                          "s",
                                          "b",
                                          "t",
                                          "y",
                                          "1",
                                          "'x'",
                                          "true",
                                          "i + j",
                                          "i * j - 1",
                                          "i / j",
                                          "d / f",
                                          "d % f",
                                          "-d",
                                          "i % j",
                                          "d - d",
                                          "d * 0",
                                          "abs(i)",
                                          "abs(d)",
                                          "min(d, f)",
                                          "max(d, f, 1)",
                                          "clip(d, f, 2)",
                                          "round(d) + floor(f)",
                                          "log(d)",
                                          "sqrt(d)",
                                          "exp(f)",
                                          "pow(d, f)",
                                          "b and i > j",
                                          "b or d < f",
                                          "not b",
                                          "if(b, d, f)",
                                          "if(b, i, null)",
                                          "coalesce(d, f)",
                                          "is_null(s)",
                                          "lower(s)",
                                          "upper(lower(s)) == upper(s)",
                                          "length(s)",
                                          "starts_with(s, 'a')",
                                          "coalesce(s, 'none')",
                                          "contains(s, 't')",
                                          "hour_of_day(t) + day_of_week(t)",
                                          "t + i",
                                          "t - t",
                                          "is_weekend(t)",
                                          "min(s, 'b')",
                                          "y != y",
                                          "if(s == 'a', y, y)"};
  for (const std::string& text : texts) check_agreement(text, data);
}

namespace {

// A random expression of a type: a column, a literal, or a call of a random overload.
class Generator {
 public:
  explicit Generator(std::mt19937_64& random) : random_(random) {
    for (const FunctionInfo& info : function_table()) {
      for (const std::string& text : info.signatures) signatures_.push_back(read(info.name, text));
    }
  }

  struct Signature {
    std::string name;
    std::vector<std::string> parameters;
    std::string result;
  };
  const std::vector<Signature>& signatures() const { return signatures_; }

  std::string call(const Signature& signature, int depth) {
    std::string text = signature.name + "(";
    for (std::size_t i = 0; i < signature.parameters.size(); ++i) {
      text += (i == 0 ? "" : ", ") + make(signature.parameters[i], depth - 1);
    }
    return text + ")";
  }

  std::string make(const std::string& type, int depth) {
    std::vector<const Signature*> fitting;
    for (const Signature& signature : signatures_) {
      if (signature.result == type) fitting.push_back(&signature);
    }
    if (depth <= 0 || fitting.empty() || random_() % 4 == 0) return leaf(type);
    return call(*fitting[random_() % fitting.size()], depth);
  }

 private:
  // "clip(INT64, INT64, INT64) -> INT64"
  static Signature read(const std::string& name, const std::string& text) {
    Signature signature{name, {}, text.substr(text.find("-> ") + 3)};
    std::string list = text.substr(name.size() + 1, text.find(") ->") - name.size() - 1);
    while (!list.empty()) {
      const std::size_t comma = list.find(", ");
      signature.parameters.push_back(list.substr(0, comma));
      list = comma == std::string::npos ? "" : list.substr(comma + 2);
    }
    return signature;
  }

  std::string leaf(const std::string& type) {
    const std::map<std::string, std::vector<std::string>> leaves = {
        {"INT64", {"i", "j", "0", "2", "-1"}},
        {"DOUBLE", {"d", "f", "0.5", "-1e300"}},
        {"STRING", {"s", "'a'", "'é%'", "''"}},
        {"BYTES", {"y", "bytes(s)"}},
        {"BOOL", {"b", "true", "d < f"}},
        {"TIMESTAMP", {"t", "timestamp('2024-02-29')"}},
        {"LIST<INT64>", {"li", "lj", "[1, 7]"}},
        {"LIST<DOUBLE>", {"list", "lf", "[0, 0.5, 3]"}},
        {"LIST<STRING>", {"ls", "['a', 'b']"}},
        {"LIST<BOOL>", {"lb", "[true, null]"}},
        {"LIST<TIMESTAMP>", {"lt"}},
        {"LIST<BYTES>", {"ly"}}};
    const std::vector<std::string>& choices = leaves.at(type);
    return choices[random_() % choices.size()];
  }

  std::mt19937_64& random_;
  std::vector<Signature> signatures_;
};

}  // namespace

TEST_CASE("Expression: every overload, nested at random, gives the same bits both ways") {
  std::mt19937_64 random(20241231);
  const RandomTable data = random_table(random);
  Generator generator(random);
  REQUIRE(generator.signatures().size() > 100);
  for (const Generator::Signature& signature : generator.signatures()) {
    for (const int depth : {1, 3}) check_agreement(generator.call(signature, depth), data);
  }
  for (const char* membership :
       {"i in (1, 7, null)", "d not in (f, 1)", "s in ls", "i between j and 7",
        "if(b, d, i > 0, f, j)", "if(b, li, [1])", "coalesce(ls, ['x'])"}) {
    check_agreement(membership, data);
  }
}

}  // namespace rtml::expression
