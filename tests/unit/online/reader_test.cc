// Reads merge what partitions and fills have kept, and say how fresh it is.

#include "core/online/reader.h"

#include <doctest/doctest.h>

#include <random>

#include "core/online/entity.h"
#include "core/online/json_value.h"
#include "core/online/request.h"
#include "tests/unit/feature/view_builder.h"
#include "tests/unit/online/memory_store.h"
#include "tests/unit/online/project_fixture.h"
#include "tests/unit/plugin/plugin_fixture.h"

namespace rtml::online {
namespace {

using test::MemoryStore;
using test::Payment;
using test::PaymentEvents;
using test::ServedProject;

constexpr std::int64_t kStart = 1'700'000'000 * kSecond;

constexpr const char* kFeatures =
    "  - {name: count_1d, type: INT64, aggregate: count, window: 1d}\n"
    "  - {name: spent_1d, type: DOUBLE, aggregate: sum(amount), window: 1d}\n"
    "  - {name: spent_30d, type: DOUBLE, aggregate: sum(amount), window: {size: 30d, resolution: "
    "1h}}\n";

void commit(PartWriter& writer, const PaymentEvents& events, std::int64_t watermark_us) {
  const auto outcomes = writer.apply(events.events, {});
  REQUIRE(outcomes);
  BatchEnd end;
  end.next_offset = events.events.back().offset + 1;
  end.max_event_us = watermark_us;
  end.watermark_us = watermark_us;
  end.trim_to_us = watermark_us - kDay;
  REQUIRE(writer.commit(end, {}));
}

// Puts a fill of one entity into a store, as materialize does.
void fill(ServedProject& served, plugin::OnlineStore& store, const PaymentEvents& events,
          std::int64_t card, std::int64_t cutover_us, std::uint64_t generation) {
  feature::Kernel kernel(served.program);
  const EntityCodec codec(served.program);
  Entity entity = codec.make_entity(kernel);
  for (const KeyedEvent& event : events.events) {
    if (event.event.time_us <= cutover_us) kernel.update(entity.state, event.event);
  }
  codec.trim(entity, kernel, cutover_us - kDay);
  std::vector<EntityCodec::Change> changes;
  codec.encode(entity, changes);
  const PartName part = batch_part(served.identity, generation);
  const table::Value key = table::Value::of_integer(card);
  auto transaction = store.begin("fill", generation, {});
  REQUIRE(transaction);
  for (const auto& change : changes) {
    REQUIRE(
        (*transaction)->put(entity_group(part, std::span(&key, 1)), change.member, *change.value));
  }
  const auto about = about_member("cards", served.schema);
  const auto filled = fill_member({generation, cutover_us, 1});
  REQUIRE((*transaction)->put(view_group(served.identity), about.name, about.value));
  REQUIRE((*transaction)->put(view_group(served.identity), filled.name, filled.value));
  REQUIRE((*transaction)->commit());
}

std::string read_one(Reader& reader, std::int64_t card, std::int64_t at_us) {
  const table::Value key = table::Value::of_integer(card);
  const std::span<const table::Value> keys[] = {std::span(&key, 1)};
  ReadResult result;
  const Status status = reader.read({.keys = keys, .entities = 1, .time_us = at_us}, {}, &result);
  if (!status) return std::string(status.error().message());
  std::string text;
  for (const ReadValue& value : result.values) {
    text += feature::show(value.value) + " " + std::string(to_string(value.status)) + "; ";
  }
  return text;
}

// The same from one kernel that saw every event.
std::string expected(ServedProject& served, const std::vector<Payment>& payments, std::int64_t card,
                     std::int64_t at_us) {
  feature::Kernel kernel(served.program);
  feature::State state = kernel.make_state();
  const PaymentEvents all(served.program, payments);
  bool is_known = false;
  for (std::size_t i = 0; i < payments.size(); ++i) {
    if (payments[i].card != card) continue;
    kernel.update(state, all.events[i].event);
    is_known = true;
  }
  const feature::Row row = is_known ? *kernel.read(state, at_us) : kernel.read_unknown();
  std::string text;
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    text += feature::show(row.values[i]) + " " + std::string(to_string(row.statuses[i])) + "; ";
  }
  return text;
}

std::vector<Payment> payments_of(std::mt19937_64& random, int count, std::int64_t first_id) {
  std::vector<Payment> payments;
  std::int64_t now_us = kStart;
  for (int i = 0; i < count; ++i) {
    now_us += static_cast<std::int64_t>(random() % (20 * kMinute));
    payments.push_back({static_cast<std::int64_t>(random() % 3), now_us, first_id + i,
                        static_cast<double>(random() % 10'000) / 100});
  }
  return payments;
}

}  // namespace

TEST_CASE("Reader: a fill and the parts of several partitions read as one") {
  ServedProject served(kFeatures);
  std::mt19937_64 random(5);
  for (const bool is_lmdb : {false, true}) {
    MemoryStore memory;
    std::unique_ptr<plugin::OnlineStore> lmdb;
    test::TemporaryDirectory directory;
    if (is_lmdb) {
      auto opened = test::built_host().online_store("lmdb", {{"path", directory.path().string()}});
      REQUIRE(opened);
      lmdb = std::move(*opened);
    }
    plugin::OnlineStore& store = is_lmdb ? *lmdb : memory;
    const auto first = payments_of(random, 600, 0);
    const auto second = payments_of(random, 600, 10'000);
    std::vector<Payment> all = first;
    all.insert(all.end(), second.begin(), second.end());
    const std::int64_t cutover_us = kStart + 3 * kDay;
    const PaymentEvents everything(served.program, all);
    std::vector<Payment> of_card;
    for (const Payment& payment : all) {
      if (payment.card == 1) of_card.push_back(payment);
    }
    const PaymentEvents history(served.program, of_card);
    fill(served, store, history, 1, cutover_us, 7);

    auto reader = Reader::open({served.columns, {}}, *served.project, store, {});
    REQUIRE_MESSAGE(reader.has_value(), reader.error().message());
    std::vector<Payment> filled;
    for (const Payment& payment : of_card) {
      if (payment.time_us <= cutover_us) filled.push_back(payment);
    }
    CHECK(read_one(*reader, 1, cutover_us) == expected(served, filled, 1, cutover_us));

    PartWriter zero = served.writer(store, 0);
    PartWriter one = served.writer(store, 1);
    CHECK(zero.position().cutover_us == cutover_us);
    const PaymentEvents first_events(served.program, first);
    const PaymentEvents second_events(served.program, second);
    const std::int64_t end_us = std::max(first.back().time_us, second.back().time_us);
    commit(zero, first_events, first.back().time_us);
    commit(one, second_events, second.back().time_us);
    CHECK(zero.position().counters.before_cutover > 0);
    for (const std::int64_t back_us : {0 * kHour, kHour, 11 * kHour}) {
      CHECK(read_one(*reader, 1, end_us - back_us) == expected(served, all, 1, end_us - back_us));
    }
    CHECK(read_one(*reader, 99, end_us) == expected(served, all, 99, end_us));
    CHECK(read_one(*reader, 1, end_us - 3 * kDay).starts_with("cannot read view cards as of"));

    // A later fill takes over what the streams had until then.
    const std::int64_t later_us = end_us - kHour;
    fill(served, store, history, 1, later_us, 8);
    for (const std::int64_t back_us : {0 * kHour, kHour / 2}) {
      CHECK(read_one(*reader, 1, end_us - back_us) == expected(served, all, 1, end_us - back_us));
    }
    // And the streams go on from there.
    const std::vector<Payment> more = {{1, end_us + kMinute, 50'000, 12.25}};
    const PaymentEvents more_events(served.program, more, 600);
    commit(zero, more_events, end_us + kMinute);
    CHECK(zero.position().cutover_us == later_us);
    std::vector<Payment> in_the_end = all;
    in_the_end.push_back(more.front());
    CHECK(read_one(*reader, 1, end_us + kHour) == expected(served, in_the_end, 1, end_us + kHour));
  }
}

TEST_CASE("Reader: what a stream folds after a fill adds to what the fill has folded") {
  ServedProject served(kFeatures);
  MemoryStore store;
  std::vector<Payment> all;
  for (int i = 0; i < 2'000; ++i) all.push_back({1, kStart + i * kHour, i, 0.25 * i});
  const PaymentEvents everything(served.program, all);
  fill(served, store, everything, 1, kStart + 10 * kDay, 7);
  auto reader = Reader::open({served.columns, {}}, *served.project, store, {});
  REQUIRE(reader);
  PartWriter writer = served.writer(store, 0);
  for (std::ptrdiff_t begin = 0; begin < std::ssize(all); begin += 100) {
    const std::vector<Payment> some(all.begin() + begin, all.begin() + begin + 100);
    commit(writer, PaymentEvents(served.program, some, begin), some.back().time_us);
    const std::vector<Payment> seen(all.begin(), all.begin() + begin + 100);
    // The fill is ahead of a stream that has just begun.
    if (some.back().time_us <= kStart + 10 * kDay) continue;
    CHECK(read_one(*reader, 1, some.back().time_us) ==
          expected(served, seen, 1, some.back().time_us));
  }
}

TEST_CASE("Reader: says how fresh the state is") {
  ServedProject served(kFeatures);
  MemoryStore store;
  PartWriter zero = served.writer(store, 0);
  PartWriter one = served.writer(store, 1);
  auto reader = Reader::open({served.columns, {}}, *served.project, store, {});
  REQUIRE(reader);
  const table::Value key = table::Value::of_integer(1);
  const std::span<const table::Value> keys[] = {std::span(&key, 1)};
  const ReadRequest request{.keys = keys, .entities = 1, .time_us = kStart};
  ReadResult result;
  REQUIRE(reader->read(request, {}, &result));
  CHECK(result.watermark_us == PartPosition::kNoTime);
  CHECK(!check_lag(*reader, result, kStart, kDay));
  commit(zero, PaymentEvents(served.program, {{1, kStart, 1, 1.0}}), kStart);
  commit(one, PaymentEvents(served.program, {{1, kStart - kMinute, 2, 1.0}}), kStart - kMinute);
  REQUIRE(reader->read(request, {}, &result));
  CHECK(result.watermark_us == kStart - kMinute);
  CHECK(!result.views[0].cutover_us);
  CHECK(check_lag(*reader, result, kStart, kMinute));
  const auto stale = check_lag(*reader, result, kStart + kSecond, kMinute);
  REQUIRE(!stale);
  CHECK(stale.error().code() == ErrorCode::kTooStale);
}

TEST_CASE("Reader: an event of the request is seen by that read alone") {
  ServedProject served(kFeatures);
  MemoryStore store;
  PartWriter zero = served.writer(store, 0);
  commit(zero, PaymentEvents(served.program, {{1, kStart, 1, 1.5}}), kStart);
  auto reader = Reader::open({served.columns, {}}, *served.project, store, {});
  REQUIRE(reader);
  BoundRequests bound(*reader);
  for (const char* card : {"1", "2"}) {
    EntityRequest request{.keys = {.texts = {{"card", card}}}, .time_us = kStart + kMinute};
    request.event = {{"amount", 10.25}, {"id", 77}};
    const Status added = bound.add(std::move(request));
    REQUIRE_MESSAGE(added.has_value(), added.error().message());
  }
  CHECK(bound.keys_json(1) == Json{{"card", 2}});
  ReadResult result;
  REQUIRE(reader->read(bound.request(), {}, &result));
  CHECK(result.values[0].value.integer() == 2);
  CHECK(result.values[1].value.number() == 11.75);
  CHECK(result.values[3].value.integer() == 1);
  CHECK(read_one(*reader, 1, kStart + kMinute).starts_with("1 PRESENT; 1.5 "));
  CHECK(!bound.add({.keys = {.texts = {{"cart", "1"}}}}));
  CHECK(bound.size() == 2);
}

TEST_CASE("Reader: features of a request are computed from it and from values of the same read") {
  ServedProject served(std::string(kFeatures) +
                       "---\nkind: on_demand_view\nname: checks\nrequest: {amount: DOUBLE}\n"
                       "inputs: [\"cards:spent_1d\", \"cards:count_1d\"]\nfeatures:\n"
                       "  - {name: share, type: DOUBLE, expression: amount / spent_1d}\n"
                       "  - {name: late, type: BOOL, expression: share > count_1d}\n"
                       "  - {name: cents, type: DOUBLE, expression: amount * 100}\n");
  MemoryStore store;
  PartWriter zero = served.writer(store, 0);
  commit(zero, PaymentEvents(served.program, {{1, kStart, 1, 1.5}}), kStart);
  const std::vector<std::string> wanted = {"checks", "cards:count_1d"};
  const auto selection = served.project->select_features(wanted, false);
  REQUIRE(selection);
  auto reader = Reader::open(*selection, *served.project, store, {});
  REQUIRE_MESSAGE(reader.has_value(), reader.error().message());
  REQUIRE(reader->features().size() == 4);
  CHECK(reader->features()[0].name == "count_1d");
  CHECK(reader->features()[1].is_on_demand);

  const std::int64_t at_us = kStart + kMinute;
  BoundRequests bound(*reader);
  REQUIRE(bound.add({.keys = {.texts = {{"card", "1"}}},
                     .time_us = at_us,
                     .columns = {.texts = {{"amount", "6"}}}}));
  REQUIRE(bound.add({.keys = {.json = {{"card", 2}}},
                     .time_us = at_us,
                     .columns = {.json = {{"amount", nullptr}}}}));
  store.reads = 0;
  ReadResult result;
  REQUIRE(reader->read(bound.request(), {}, &result));
  CHECK(store.reads == 1);
  REQUIRE(result.values.size() == 8);
  CHECK(result.values[0].value.integer() == 1);
  CHECK(result.values[1].value.number() == 4);
  CHECK(result.values[1].event_time_us == kStart);
  CHECK(result.values[2].value.boolean());
  CHECK(result.values[3].value.number() == 600);
  CHECK(result.values[3].event_time_us == PartPosition::kNoTime);
  CHECK(result.values[4].status == feature::Status::kNotFound);
  CHECK(result.values[5].status == feature::Status::kNullValue);
  CHECK(result.values[5].event_time_us == PartPosition::kNoTime);

  // What the request does not name is the event's, which its inputs see too.
  BoundRequests both(*reader);
  const auto with_event =
      request_of_json({{"entity", {{"card", 1}}}, {"event", {{"amount", 0.5}, {"id", 9}}}}, at_us);
  REQUIRE(with_event);
  REQUIRE(both.add(*with_event));
  REQUIRE(reader->read(both.request(), {}, &result));
  CHECK(result.values[0].value.integer() == 2);
  CHECK(result.values[1].value.number() == 0.25);
  CHECK(result.values[1].event_time_us == kStart + kMinute);

  const Status refused = both.add({.keys = {.texts = {{"card", "1"}}}, .time_us = at_us});
  REQUIRE(!refused);
  CHECK(refused.error().message() == "on-demand view checks needs a column of the request: amount");
}

TEST_CASE("Reader: entities have moments and events of their own, and fail by themselves") {
  ServedProject served(kFeatures);
  MemoryStore store;
  PartWriter zero = served.writer(store, 0);
  commit(zero, PaymentEvents(served.program, {{1, kStart, 1, 1.5}, {2, kStart + kHour, 2, 2.5}}),
         kStart + kHour);
  auto reader = Reader::open({served.columns, {}}, *served.project, store, {});
  REQUIRE(reader);
  BoundRequests bound(*reader);
  const std::vector<Json> lines = {
      {{"entity", {{"card", 1}}}, {"at", "2023-11-14T22:13:19Z"}},
      {{"entity", {{"card", 1}}}, {"at", "2023-11-14T22:13:20Z"}},
      {{"entity", {{"card", 1}}}, {"at", "2023-11-01T00:00:00Z"}},
      {{"event", {{"card", 2}, {"amount", 4}, {"id", 9}}}},
      {{"entity", {{"card", 2}}}},
  };
  for (const Json& line : lines) {
    const auto request = request_of_json(line, kStart + kHour);
    REQUIRE_MESSAGE(request.has_value(), request.error().message());
    REQUIRE(bound.add(*request));
  }
  ReadResult result;
  CHECK(reader->read(bound.request(), {}, &result).error().code() == ErrorCode::kOutsideHistory);
  ReadRequest request = bound.request();
  request.keeps_failures = true;
  store.reads = 0;
  REQUIRE(reader->read(request, {}, &result));
  CHECK(store.reads == 1);
  REQUIRE(result.failures.size() == 1);
  CHECK(result.failures[0].entity == 2);
  CHECK(result.failures[0].error.code() == ErrorCode::kOutsideHistory);
  const std::size_t features = reader->features().size();
  const auto spent = [&](std::size_t entity) { return result.values[entity * features + 1]; };
  CHECK(spent(0).value.is_null());
  CHECK(spent(1).value.number() == 1.5);
  CHECK(spent(2).value.is_null());
  CHECK(spent(3).value.number() == 6.5);
  CHECK(spent(4).value.number() == 2.5);
  CHECK(spent(4).event_time_us == kStart + kHour);

  for (const Json& wrong : {Json{{"entitty", Json::object()}}, Json{{"entity", 1}}, Json(7),
                            Json{{"at", "yesterday"}}, Json{{"event", "x"}}}) {
    CHECK(request_of_json(wrong, 0).error().code() == ErrorCode::kBadOptionValue);
  }
}

TEST_CASE("value_of_json, value_of_text: values of requests are those of columns") {
  table::ValueMemory memory;
  const table::DataType kFloat{table::Kind::kFloat};
  const table::DataType kLong{table::Kind::kInt64};
  const auto json = [&](const char* text, table::DataType type) {
    return value_of_json(*parse_json(text, "the test"), type, {}, "value", memory);
  };
  CHECK(json("0.1", kFloat)->number() == static_cast<double>(0.1F));
  CHECK(value_of_text("0.1", kFloat, "value")->number() == static_cast<double>(0.1F));
  CHECK(value_of_text("-Infinity", kFloat, "value")->number() < 0);
  for (const char* text : {"", "inf", "nan", "0x10", "1e999", " 1"}) {
    CHECK(!value_of_text(text, kFloat, "value"));
  }
  CHECK(json("9223372036854775807", kLong)->integer() == INT64_MAX);
  CHECK(!json("9223372036854775808", kLong));
  CHECK(!json("1.0", kLong));
  const auto list = json("[1, null, -3]", {table::Kind::kInt64, true});
  REQUIRE(list);
  REQUIRE(list->list().size() == 3);
  CHECK(list->list()[1].is_null());
  CHECK(list->list()[2].integer() == -3);
  CHECK(!json("[\"x\"]", {table::Kind::kInt64, true}));

  const table::DataType kBytes{table::Kind::kBytes};
  const auto bytes = json(R"({"base64": "/wBm"})", kBytes);
  REQUIRE(bytes);
  CHECK(bytes->text() == std::string_view("\xFF\0f", 3));
  CHECK(to_json_text(json_of_value(*bytes, kBytes)) == R"({"base64":"/wBm"})");
  const Json word = "f";
  const auto plain = value_of_json(word, kBytes, {}, "value", memory);
  REQUIRE(plain);
  CHECK(json_of_value(*plain, kBytes) == word);
  for (const char* text :
       {R"({"base64": "/wB"})", R"({"base64": 1})", R"({"base64": "", "x": 1})"}) {
    CHECK(!json(text, kBytes));
  }
  CHECK(!json(R"({"base64": "/wBm"})", {table::Kind::kString}));
}

TEST_CASE("Reader: a view that was never filled or streamed is not found") {
  ServedProject served(kFeatures);
  MemoryStore store;
  const auto reader = Reader::open({served.columns, {}}, *served.project, store, {});
  REQUIRE(!reader);
  CHECK(reader.error().code() == ErrorCode::kNotFound);
}

}  // namespace rtml::online
