#include "core/message/json_decoder.h"

#include <simdjson.h>

#include <cmath>
#include <limits>
#include <unordered_map>

#include "core/base/utf8.h"
#include "core/base/wide_integers.h"
#include "core/message/moment.h"
#include "core/message/reason.h"

namespace rtml::message {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kNotWanted = static_cast<std::size_t>(-1);

// Beside the one for texts.
using message::shown;
std::string shown(dom::element value) {
  if (value.is_string()) return shown(std::string_view(value));
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  return simdjson::minify(value);
}

// Which way a value could not be read.
enum class Reading : std::uint8_t { kDone, kWrongType, kNoTime, kOutOfRange };

Reading read_integer(dom::element value, table::Kind kind, table::Value* out) {
  std::int64_t integer = 0;
  double number = 0;
  if (value.get(integer) != simdjson::SUCCESS) {
    // 3.0 is an integer that somebody's program wrote as a double.
    constexpr double kLimit = 9007199254740992.0;
    if (value.is_uint64()) return Reading::kOutOfRange;
    if (value.get(number) != simdjson::SUCCESS || number != std::trunc(number)) {
      return Reading::kWrongType;
    }
    if (std::abs(number) > kLimit) return Reading::kOutOfRange;
    integer = static_cast<std::int64_t>(number);
  }
  if (kind == table::Kind::kInt32 && (integer < std::numeric_limits<std::int32_t>::min() ||
                                      integer > std::numeric_limits<std::int32_t>::max())) {
    return Reading::kOutOfRange;
  }
  *out = table::Value::of_integer(integer);
  return Reading::kDone;
}

Reading read_number(dom::element value, const WantedColumn& column, bool nan_is_null,
                    table::Value* out) {
  double number = 0;
  std::string_view text;
  if (value.get(number) != simdjson::SUCCESS) {
    if (value.get(text) != simdjson::SUCCESS) return Reading::kWrongType;
    if (text == "NaN") {
      if (nan_is_null) return Reading::kDone;
      number = std::numeric_limits<double>::quiet_NaN();
    } else if (text == "Infinity" || text == "-Infinity") {
      number = text[0] == '-' ? -std::numeric_limits<double>::infinity()
                              : std::numeric_limits<double>::infinity();
    } else {
      return Reading::kWrongType;
    }
  }
  if (column.type.kind == table::Kind::kFloat) number = static_cast<float>(number);
  *out = table::Value::of_number(number);
  return Reading::kDone;
}

Reading read_moment(dom::element value, const WantedColumn& column, table::Value* out) {
  std::int64_t integer = 0;
  std::string_view text;
  std::optional<std::int64_t> moment_us;
  if (value.get(text) == simdjson::SUCCESS) {
    moment_us = moment_of_text(text, column.unit);
  } else if (column.unit && value.get(integer) == simdjson::SUCCESS) {
    moment_us = moment_of_integer(integer, *column.unit);
  }
  if (!moment_us) return Reading::kNoTime;
  *out = table::Value::of_integer(*moment_us);
  return Reading::kDone;
}

class JsonDecoder : public Decoder {
 public:
  explicit JsonDecoder(const DecoderSettings& settings)
      : columns_(settings.columns),
        nan_is_null_(settings.nan_is_null),
        max_message_bytes_(static_cast<std::size_t>(settings.max_message_bytes)),
        seen_(columns_.size(), 0) {
    for (std::size_t index = 0; index < columns_.size(); ++index) {
      index_of_.emplace(columns_[index].from, index);
    }
  }

  Result<bool> decode(std::string_view bytes, table::Value* values, TextArena* texts) override {
    if (bytes.empty()) return false;
    if (bytes.size() > max_message_bytes_) {
      return invalid(too_long(max_message_bytes_, bytes.size()));
    }
    dom::object object;
    RTML_TRY(parse(bytes, &object));
    for (std::size_t index = 0; index < columns_.size(); ++index) values[index] = {};
    ++message_;
    std::size_t position = 0;
    for (const auto [key, value] : object) {
      const std::size_t index = column_of(key, position++);
      if (index == kNotWanted) continue;
      if (std::exchange(seen_[index], message_) == message_) {
        return invalid("$" + step_to(key) + ": stands there twice");
      }
      RTML_TRY(read(value, columns_[index], &values[index], texts));
    }
    for (std::size_t index = 0; index < columns_.size(); ++index) {
      if (has_too_many_items(values[index])) {
        return invalid("$" + step_to(columns_[index].from) + too_many_items(values[index]));
      }
      if (columns_[index].is_required && values[index].is_null()) {
        return invalid("$" + step_to(columns_[index].from) +
                       (seen_[index] == message_ ? ": null" : ": missing"));
      }
    }
    return true;
  }

 private:
  Status parse(std::string_view bytes, dom::object* object) {
    // The parser reads past the end of what it is given.
    if (padded_.size() < bytes.size() + simdjson::SIMDJSON_PADDING) {
      padded_.resize(2 * bytes.size() + simdjson::SIMDJSON_PADDING);
    }
    std::memcpy(padded_.data(), bytes.data(), bytes.size());
    if (parser_.capacity() < bytes.size() || parser_.max_depth() != kMaxDepth) {
      if (parser_.allocate(2 * bytes.size() + 4096, kMaxDepth) != simdjson::SUCCESS) {
        return invalid("no memory for a message of " + std::to_string(bytes.size()) + " bytes");
      }
    }
    dom::element element;
    auto failure = parser_.parse(padded_.data(), bytes.size(), false).get(element);
    if (failure == simdjson::NUMBER_ERROR) {
      // Copies what it parses, which here is rare.
      const auto decimals = with_wide_integers_as_decimals(bytes);
      if (decimals) failure = parser_.parse(*decimals).get(element);
    }
    if (failure == simdjson::DEPTH_ERROR) {
      return invalid("$: nested deeper than " + std::to_string(kMaxDepth));
    }
    if (failure == simdjson::UTF8_ERROR) {
      return invalid("$: not UTF-8 from byte " + std::to_string(utf8_prefix(bytes)) + " on");
    }
    if (failure != simdjson::SUCCESS) {
      return invalid(std::string("$: not JSON: ") + simdjson::error_message(failure));
    }
    if (element.get(*object) != simdjson::SUCCESS) {
      return invalid("$: not a JSON object: " + shown(element));
    }
    return {};
  }

  // Messages of one producer mostly have the same keys in the same order, so what stood at this
  // position last time is tried before the table.
  std::size_t column_of(std::string_view key, std::size_t position) {
    if (position < expected_.size() && expected_[position].key == key) {
      return expected_[position].index;
    }
    const auto found = index_of_.find(std::string(key));
    const std::size_t index = found == index_of_.end() ? kNotWanted : found->second;
    constexpr std::size_t kRememberedKeys = 1024;
    if (position < kRememberedKeys) {
      if (position >= expected_.size()) expected_.resize(position + 1);
      expected_[position] = {std::string(key), index};
    }
    return index;
  }

  Status read(dom::element value, const WantedColumn& column, table::Value* out, TextArena* texts) {
    if (value.is_null()) return {};
    if (column.type.is_list) return read_list(value, column, out, texts);
    const Reading reading = read_value(value, column, out, texts);
    if (reading == Reading::kDone) return {};
    return refusal(reading, value, column, "");
  }

  Status read_list(dom::element value, const WantedColumn& column, table::Value* out,
                   TextArena* texts) const {
    dom::array items;
    if (value.get(items) != simdjson::SUCCESS) {
      return invalid("$" + step_to(column.from) + ": not " + table::to_string(column.type) + ": " +
                     shown(value));
    }
    // The array's own size() saturates, so the items are counted.
    std::size_t size = 0;
    for ([[maybe_unused]] const dom::element item : items) ++size;
    const std::span<table::Value> list = texts->make_list(size);
    std::size_t index = 0;
    for (const dom::element item : items) {
      if (!item.is_null()) {
        const Reading reading = read_value(item, column, &list[index], texts);
        if (reading != Reading::kDone) {
          return refusal(reading, item, column, "[" + std::to_string(index) + "]");
        }
      }
      ++index;
    }
    *out = table::Value::of_list(list);
    return {};
  }

  static Status refusal(Reading reading, dom::element value, const WantedColumn& column,
                        const std::string& item) {
    std::string reason = "$" + step_to(column.from) + item + ": ";
    if (reading == Reading::kNoTime) {
      reason += "not a time";
      if (!column.unit && value.is_int64()) reason += " (the source declares no unit)";
    } else {
      reason += (reading == Reading::kOutOfRange ? "outside " : "not ") +
                table::to_string({column.type.kind});
    }
    return invalid(std::move(reason) + ": " + shown(value));
  }

  Reading read_value(dom::element value, const WantedColumn& column, table::Value* out,
                     TextArena* texts) const {
    switch (column.type.kind) {
      case table::Kind::kBool: {
        bool truth = false;
        if (value.get(truth) != simdjson::SUCCESS) return Reading::kWrongType;
        *out = table::Value::of_bool(truth);
        return Reading::kDone;
      }
      case table::Kind::kInt32:
      case table::Kind::kInt64:
        return read_integer(value, column.type.kind, out);
      case table::Kind::kFloat:
      case table::Kind::kDouble:
        return read_number(value, column, nan_is_null_, out);
      case table::Kind::kTimestamp:
        return read_moment(value, column, out);
      case table::Kind::kString:
      case table::Kind::kBytes: {
        std::string_view text;
        if (value.get(text) != simdjson::SUCCESS) return Reading::kWrongType;
        *out = table::Value::of_text(texts->keep(text));
        return Reading::kDone;
      }
    }
    return Reading::kWrongType;
  }

  struct ExpectedKey {
    std::string key;
    std::size_t index = kNotWanted;
  };

  std::vector<WantedColumn> columns_;
  bool nan_is_null_;
  std::size_t max_message_bytes_;
  std::unordered_map<std::string, std::size_t> index_of_;
  std::vector<ExpectedKey> expected_;  // By position in the message.
  std::vector<std::uint64_t> seen_;    // A column: the number of the message it was last seen in.
  std::uint64_t message_ = 0;
  std::vector<char> padded_;
  dom::parser parser_;
};

}  // namespace

std::unique_ptr<Decoder> make_json_decoder(const DecoderSettings& settings) {
  return std::make_unique<JsonDecoder>(settings);
}

}  // namespace rtml::message
