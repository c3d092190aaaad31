// Bytes as the kept state of an entity: refused as corrupt, or a state whose bytes are those very
// ones, and that can be read and written on.

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/feature/kernel.h"
#include "core/project/project.h"
#include "tests/fuzz/target.h"

namespace {

using rtml::feature::Event;
using rtml::feature::Kernel;
using rtml::feature::Program;
using rtml::table::Kind;
using rtml::table::Value;

constexpr std::int64_t kHourUs = 3'600'000'000;
constexpr std::int64_t kStartUs = 400'000 * kHourUs;

constexpr const char* kProject = R"yaml(
kind: source
name: payments
stream: {type: stdin}
timestamp: {column: at}
id: id
columns: {at: TIMESTAMP, id: STRING, card: INT64, amount: DOUBLE, n: INT64, shop: STRING}
---
kind: entity
name: card
key: {card: INT64}
---
kind: feature_view
name: all_kinds
entities: [card]
source: payments
features:
  - {name: c, type: INT64, aggregate: count, window: 6h}
  - {name: s, type: DOUBLE, aggregate: sum(amount), window: {size: 1d, resolution: 1h}}
  - {name: si, type: INT64, aggregate: sum(n), window: {size: 1d, resolution: 1h}}
  - {name: v, type: DOUBLE, aggregate: var(amount), window: {type: lifetime}}
  - {name: mi, type: DOUBLE, aggregate: min(amount), window: {size: 1d, resolution: 1h}}
  - {name: mx, type: STRING, aggregate: max(shop), window: 1d}
  - {name: fi, type: STRING, aggregate: first(shop), window: {type: lifetime}}
  - {name: la, type: DOUBLE, aggregate: last(amount), window: {size: 1d, resolution: 1h}}
  - {name: q, type: DOUBLE, aggregate: "quantile(amount, 0.95)", window: 6h}
)yaml";

std::string reason(const rtml::Error& error) {
  return error.parts().empty() ? error.message() : error.parts().front().message();
}

struct Fixture {
  Fixture() : project(load()), program(compile()), kernel(*program) {}

  static rtml::project::Project load() {
    const auto directory =
        std::filesystem::temp_directory_path() / ("rtml-fuzz-state-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory / "features");
    std::ofstream(directory / "rtml.yaml") << "format: 1\nname: fuzz\n";
    std::ofstream(directory / "features/all.yaml") << kProject;
    auto loaded = rtml::project::Project::load(directory, rtml::Environment());
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
    rtml::fuzz::require(loaded.has_value(), loaded ? "" : reason(loaded.error()));
    return std::move(*loaded);
  }
  std::unique_ptr<Program> compile() const {
    const rtml::table::Schema schema({{"at", {Kind::kTimestamp}},
                                      {"id", {Kind::kString}},
                                      {"card", {Kind::kInt64}},
                                      {"amount", {Kind::kDouble}},
                                      {"n", {Kind::kInt64}},
                                      {"shop", {Kind::kString}}});
    const rtml::project::FeatureView& view = project.views().front();
    auto compiled =
        rtml::feature::compile(view, project.source_of(view), project.keys_of(view), schema);
    rtml::fuzz::require(compiled.has_value(), compiled ? "" : reason(compiled.error()));
    return std::make_unique<Program>(std::move(*compiled));
  }
  // An event for whatever order the program has its inputs in.
  void update(rtml::feature::State& state, int number) {
    const std::string id = "p" + std::to_string(number);
    std::vector<Value> inputs;
    for (const rtml::table::Field& field : program->inputs) {
      if (field.name == "amount") inputs.push_back(Value::of_number(number * 1.25 - 3));
      if (field.name == "n") inputs.push_back(Value::of_integer(number - 4));
      if (field.name == "shop") inputs.push_back(Value::of_text(number % 2 == 0 ? "a" : "bc"));
    }
    Event event;
    event.time_us = kStartUs + number * kHourUs / 2;
    event.id = Value::of_text(id);
    event.inputs = inputs;
    (void)kernel.update(state, event);
  }

  rtml::project::Project project;
  std::unique_ptr<Program> program;
  Kernel kernel;
};

Fixture& fixture() {
  static Fixture made;
  return made;
}

}  // namespace

// States of some and of many events, also trimmed ones.
std::vector<std::string> rtml::fuzz::more_seeds() {
  std::vector<std::string> seeds;
  for (const int events : {0, 1, 5, 100}) {
    auto state = fixture().kernel.make_state();
    for (int i = 0; i < events; ++i) fixture().update(state, i);
    seeds.push_back(fixture().kernel.encode(state));
    fixture().kernel.trim(state, kStartUs + 40 * kHourUs);
    seeds.push_back(fixture().kernel.encode(state));
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = rtml::fuzz::text_of(data, size);
  Kernel& kernel = fixture().kernel;
  auto state = kernel.decode(bytes);
  if (!state) {
    rtml::fuzz::require(state.error().code() == rtml::ErrorCode::kDataCorrupt, "it is corrupt");
    return 0;
  }
  rtml::fuzz::require(kernel.encode(*state) == bytes, "a state has one form");
  (void)kernel.read(*state, kStartUs + 60 * kHourUs);
  fixture().update(*state, 7);
  const std::string written = kernel.encode(*state);
  rtml::fuzz::require(kernel.decode(written).has_value(), "what is written can be read");
  return 0;
}
