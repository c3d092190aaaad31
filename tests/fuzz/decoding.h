// What every decoder of messages must hold: a message gives values or a reason, each time the same.

#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/message/decoder.h"
#include "tests/fuzz/target.h"

namespace rtml::fuzz {

inline bool is_same(const table::Value& a, const table::Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (a.is_text()) return b.is_text() && a.text() == b.text();
  if (a.is_number()) {
    return b.is_number() &&
           (a.number() == b.number() || (a.number() != a.number() && b.number() != b.number()));
  }
  if (!a.is_list()) return a.integer() == b.integer();
  if (!b.is_list() || a.list().size() != b.list().size()) return false;
  for (std::size_t i = 0; i < a.list().size(); ++i) {
    if (!is_same(a.list()[i], b.list()[i])) return false;
  }
  return true;
}

inline message::WantedColumn wanted(std::string from, table::DataType type) {
  return {.name = from, .from = from, .type = type};
}

class Decoding {
 public:
  explicit Decoding(const message::DecoderSettings& settings)
      : first_(make(settings)), second_(make(settings)), columns_(settings.columns.size()) {}

  void check(std::string_view bytes) {
    // The second decoder sees every message once, the first one twice: none remembers.
    decode(*first_, bytes);
    const std::vector<table::Value> before = values_;
    const bool was_event = is_event_;
    const std::string reason = reason_;
    message::TextArena kept;
    std::swap(kept, texts_);
    decode(*second_, bytes);
    require(is_event_ == was_event && reason_ == reason, "two decoders agree");
    for (std::size_t i = 0; is_event_ && i < columns_; ++i) {
      require(is_same(values_[i], before[i]), "two decoders give the same values");
    }
    decode(*first_, bytes);
    require(is_event_ == was_event && reason_ == reason, "a decoder agrees with itself");
  }

 private:
  static std::unique_ptr<message::Decoder> make(const message::DecoderSettings& settings) {
    auto made = message::make_decoder(settings);
    require(made.has_value(), made ? "" : made.error().message());
    return std::move(*made);
  }

  void decode(message::Decoder& decoder, std::string_view bytes) {
    texts_.clear();
    values_.assign(columns_, {});
    const auto decoded = decoder.decode(bytes, values_.data(), &texts_);
    is_event_ = decoded && *decoded;
    reason_ = decoded ? "" : decoded.error().message();
    if (decoded) return;
    require(decoded.error().code() == ErrorCode::kMessageInvalid, "the message is invalid");
    require(reason_.size() < 4096, "a reason is short");
  }

  std::unique_ptr<message::Decoder> first_;
  std::unique_ptr<message::Decoder> second_;
  std::size_t columns_;
  std::vector<table::Value> values_;
  message::TextArena texts_;
  bool is_event_ = false;
  std::string reason_;
};

// The whole of a decoder's target: `settings` gives the decoder's, asked for once.
template <typename Settings>
int check_decoder(const std::uint8_t* data, std::size_t size, const Settings& settings) {
  static Decoding decoding(settings());
  decoding.check(text_of(data, size));
  return 0;
}

inline std::string messages_directory() {
  const char* const root = std::getenv("RTML_SOURCE_DIR");
  return std::string(root == nullptr ? "." : root) + "/tests/data/messages";
}

}  // namespace rtml::fuzz
