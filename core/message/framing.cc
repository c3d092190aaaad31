#include "core/message/framing.h"

#include <charconv>

#include "core/message/reason.h"

namespace rtml::message {
namespace {

constexpr std::size_t kHeadBytes = 5;

tl::unexpected<Error> wrong(const DecoderSettings& settings, std::string message,
                            std::string help) {
  return fail(Error(ErrorCode::kBadValue, std::move(message))
                  .at(settings.location)
                  .with_help(std::move(help)));
}

class FramedDecoder : public Decoder {
 public:
  explicit FramedDecoder(std::map<std::uint64_t, std::unique_ptr<Decoder>> decoders)
      : decoders_(std::move(decoders)) {}

  Result<bool> decode(std::string_view bytes, table::Value* values, TextArena* texts) override {
    if (bytes.empty()) return false;
    if (bytes.size() < kHeadBytes || bytes[0] != 0) {
      return invalid("$: no zero byte and schema number before the message");
    }
    std::uint32_t number = 0;
    for (std::size_t i = 1; i < kHeadBytes; ++i) {
      number = (number << 8U) | static_cast<unsigned char>(bytes[i]);
    }
    Decoder* const decoder = decoder_of(number);
    if (decoder == nullptr) {
      return invalid("$: the source names no schema of this number: " + std::to_string(number));
    }
    const std::string_view rest = bytes.substr(kHeadBytes);
    if (rest.empty()) return invalid("$: nothing after the schema number");
    return decoder->decode(rest, values, texts);
  }

 private:
  // Messages of one schema mostly come one after another.
  Decoder* decoder_of(std::uint32_t number) {
    if (last_ != nullptr && last_number_ == number) return last_;
    auto found = decoders_.find(number);
    if (found == decoders_.end()) found = decoders_.find(kAnySchema);
    if (found == decoders_.end()) return nullptr;
    last_number_ = number;
    last_ = found->second.get();
    return last_;
  }

  std::map<std::uint64_t, std::unique_ptr<Decoder>> decoders_;
  Decoder* last_ = nullptr;
  std::uint32_t last_number_ = 0;
};

}  // namespace

Result<SchemaChoice> read_schema_choice(const DecoderSettings& settings) {
  SchemaChoice choice;
  const Json& options = settings.options;
  if (const auto framing = options.find("framing"); framing != options.end()) {
    if (*framing != "confluent" && *framing != "none") {
      return wrong(settings, "unknown framing of messages: " + to_json_text(*framing),
                   "\"confluent\" or \"none\"");
    }
    if (*framing == "confluent") choice.framing = Framing::kConfluent;
  }
  const auto schema = options.find("schema");
  if (schema == options.end()) return choice;
  if (schema->is_string() && !schema->get<std::string>().empty()) {
    choice.path = schema->get<std::string>();
    return choice;
  }
  const std::string help =
      "a path, or with \"framing: confluent\" a mapping of schema numbers to paths";
  if (!schema->is_object() || schema->empty() || choice.framing == Framing::kNone) {
    return wrong(settings, "\"schema\" of a stream is wrong: " + to_json_text(*schema), help);
  }
  for (const auto& [key, path] : schema->items()) {
    std::uint32_t number = 0;
    const char* const end = key.data() + key.size();
    const auto parsed = std::from_chars(key.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end || !path.is_string()) {
      return wrong(settings, "no number of a schema and its path: " + key, help);
    }
    choice.paths[number] = path.get<std::string>();
  }
  return choice;
}

std::unique_ptr<Decoder> make_framed_decoder(
    std::map<std::uint64_t, std::unique_ptr<Decoder>> decoders) {
  return std::make_unique<FramedDecoder>(std::move(decoders));
}

}  // namespace rtml::message
