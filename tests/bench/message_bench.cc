// How many small events a second each decoder reads on one core: the same payment of six fields in
// JSON, Avro and Protobuf. tests/unit/message holds the decoders to what others wrote.
//
// Needs RTML_SOURCE_DIR, or the working directory at the root of the repository.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "core/message/decoder.h"

namespace rtml::message {
namespace {

using table::Kind;

// A batch of so many is committed at once, and its texts are given back.
constexpr int kBatch = 4'096;

DecoderSettings settings_for(const std::string& format, const char* schema) {
  const char* const root = std::getenv("RTML_SOURCE_DIR");
  DecoderSettings settings;
  settings.format = format;
  settings.root = std::filesystem::path(root == nullptr ? "." : root) / "tests/data/messages";
  if (schema != nullptr) settings.options["schema"] = schema;
  if (format == "protobuf") settings.options["message"] = "bench.Payment";
  settings.columns = {
      {.name = "payment_id", .from = "payment_id", .type = {Kind::kString}},
      {.name = "card_id", .from = "card_id", .type = {Kind::kInt64}},
      {.name = "amount", .from = "amount", .type = {Kind::kDouble}},
      {.name = "fraud", .from = "fraud", .type = {Kind::kBool}},
      {.name = "channel", .from = "channel", .type = {Kind::kString}},
      {.name = "paid_at", .from = "paid_at", .type = {Kind::kTimestamp}, .is_required = true}};
  return settings;
}

void append_varint(std::string& bytes, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) bytes += static_cast<char>(value | 0x80U);
  bytes += static_cast<char>(value);
}

void append_text(std::string& bytes, const std::string& text, unsigned shift) {
  append_varint(bytes, text.size() << shift);
  bytes += text;
}

void append_double(std::string& bytes, double value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

constexpr std::int64_t kPaidAtUs = 1'709'208'000'000'000;

std::string json_message(int i) {
  return R"({"payment_id": "p-)" + std::to_string(i) + R"(", "card_id": )" +
         std::to_string(i % 1000) + R"(, "amount": )" + std::to_string(i % 977) +
         R"(.25, "fraud": false, "channel": "web", "paid_at": "2024-02-29T12:00:00Z"})";
}

std::string avro_message(int i) {
  std::string bytes;
  append_text(bytes, "p-" + std::to_string(i), 1);
  append_varint(bytes, static_cast<std::uint64_t>(i % 1000) << 1U);
  append_double(bytes, i % 977 + 0.25);
  bytes += '\0';
  append_text(bytes, "web", 1);
  append_varint(bytes, static_cast<std::uint64_t>(kPaidAtUs) << 1U);
  return bytes;
}

std::string protobuf_message(int i) {
  std::string bytes = "\x0a";
  append_text(bytes, "p-" + std::to_string(i), 0);
  bytes += '\x10';
  append_varint(bytes, static_cast<std::uint64_t>(i % 1000));
  bytes += '\x19';
  append_double(bytes, i % 977 + 0.25);
  bytes += '\x2a';
  append_text(bytes, "web", 0);
  std::string at = "\x08";
  append_varint(at, static_cast<std::uint64_t>(kPaidAtUs / 1'000'000));
  bytes += '\x32';
  append_text(bytes, at, 0);
  return bytes;
}

void decode(benchmark::State& state, const DecoderSettings& settings, std::string (*message)(int)) {
  auto decoder = make_decoder(settings);
  if (!decoder) {
    state.SkipWithError(decoder.error().message().c_str());
    return;
  }
  std::vector<std::string> messages;
  std::size_t bytes = 0;
  for (int i = 0; i < kBatch; ++i) {
    messages.push_back(message(i));
    bytes += messages.back().size();
  }
  std::vector<table::Value> values(settings.columns.size());
  TextArena texts;
  for (auto _ : state) {
    texts.clear();
    for (const std::string& one : messages) {
      const auto decoded = (*decoder)->decode(one, values.data(), &texts);
      if (!decoded) {
        state.SkipWithError(decoded.error().message().c_str());
        return;
      }
      benchmark::DoNotOptimize(values.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void json(benchmark::State& state) {
  decode(state, settings_for("json", nullptr), json_message);
}
void avro(benchmark::State& state) {
  decode(state, settings_for("avro", "bench.avsc"), avro_message);
}
void protobuf(benchmark::State& state) {
  decode(state, settings_for("protobuf", "bench.proto"), protobuf_message);
}

BENCHMARK(json);
BENCHMARK(avro);
BENCHMARK(protobuf);

}  // namespace
}  // namespace rtml::message

BENCHMARK_MAIN();
