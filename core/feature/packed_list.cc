#include "core/feature/packed_list.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/feature/byte_codec.h"
#include "core/feature/exact_sum.h"

namespace rtml::feature {
namespace {

using table::Column;
using table::ColumnBuilder;
using table::Kind;
using table::Value;

// What the byte behind the number of items says.
constexpr std::uint8_t kHasNulls = 1;  // A bit an item follows: whether it is there.
constexpr std::uint8_t kIsFloat = 2;   // Numbers take 4 bytes, which lose nothing.

bool is_text(Kind kind) {
  return kind == Kind::kString || kind == Kind::kBytes;
}

// Whether a number is one of 32 bits. Most embeddings were made of them.
bool is_float(double number) {
  if (!std::isfinite(number)) return true;
  if (std::abs(number) > std::numeric_limits<float>::max()) return false;
  return static_cast<double>(static_cast<float>(number)) == number;
}

template <typename Word>
void append_word(std::string& bytes, Word word) {
  for (std::size_t i = 0; i < sizeof word; ++i) {
    bytes += static_cast<char>(word >> (8 * i) & 0xFF);
  }
}

template <typename Word>
Word word_at(const char* bytes) {
  Word word = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&word, bytes, sizeof word);
  } else {
    for (std::size_t i = 0; i < sizeof word; ++i) {
      word |= static_cast<Word>(static_cast<std::uint8_t>(bytes[i])) << (8 * i);
    }
  }
  return word;
}

// As expressions hold values.
Kind wide(Kind kind) {
  if (kind == Kind::kInt32) return Kind::kInt64;
  return kind == Kind::kFloat ? Kind::kDouble : kind;
}

std::uint8_t form_of(std::span<const Value> items, Kind kind) {
  std::uint8_t form = kind == Kind::kDouble ? kIsFloat : 0;
  for (const Value& item : items) {
    if (item.is_null()) {
      form |= kHasNulls;
    } else if ((form & kIsFloat) != 0 && !is_float(item.number())) {
      form &= static_cast<std::uint8_t>(~kIsFloat);
    }
  }
  return form;
}

void append_presence(std::span<const Value> items, std::string& bytes) {
  for (std::size_t i = 0; i < items.size(); i += 8) {
    std::uint8_t bits = 0;
    for (std::size_t j = i; j < std::min(i + 8, items.size()); ++j) {
      bits |= static_cast<std::uint8_t>((items[j].is_null() ? 0U : 1U) << (j - i));
    }
    bytes += static_cast<char>(bits);
  }
}

void append_numbers(std::span<const Value> items, bool is_float, std::string& bytes) {
  for (const Value& item : items) {
    if (item.is_null()) continue;
    const double number = canonical(item.number());
    if (is_float) {
      append_word(bytes, std::bit_cast<std::uint32_t>(static_cast<float>(number)));
    } else {
      append_word(bytes, std::bit_cast<std::uint64_t>(number));
    }
  }
}

// Reads the items of a list and gives each to `take`; `start` is told their number first. Returns
// whether the bytes are those of a list.
class ListReader {
 public:
  ListReader(std::string_view bytes, Kind kind) : reader_(bytes), kind_(kind) {}

  template <typename Start, typename Take>
  bool read(const Start& start, const Take& take) {
    const std::uint64_t count = reader_.varint();
    // An item that is null takes a bit, so that a wrong number cannot ask for much memory.
    if (reader_.failed() || count > 8 * reader_.left()) return false;
    const auto size = static_cast<std::size_t>(count);
    if (size > 0 && !read_form(size)) return false;
    start(size);
    const bool is_read =
        kind_ == Kind::kDouble ? read_numbers(size, take) : read_others(size, take);
    return is_read && !reader_.failed() && reader_.left() == 0;
  }

 private:
  bool read_form(std::size_t size) {
    const std::uint8_t form = reader_.byte();
    is_float_ = (form & kIsFloat) != 0;
    if (form > (kHasNulls | kIsFloat) || (is_float_ && kind_ != Kind::kDouble)) return false;
    if ((form & kHasNulls) == 0) return !reader_.failed();
    presence_ = reader_.take((size + 7) / 8);
    if (reader_.failed()) return false;
    std::size_t present = 0;
    for (const char bits : presence_) present += std::popcount(static_cast<std::uint8_t>(bits));
    const bool has_spare =
        size % 8 != 0 && static_cast<std::uint8_t>(presence_.back()) >> (size % 8) != 0;
    return present < size && !has_spare;
  }

  bool is_there(std::size_t i) const {
    return presence_.empty() || (static_cast<std::uint8_t>(presence_[i / 8]) >> (i % 8) & 1) != 0;
  }

  template <typename Take>
  bool read_numbers(std::size_t size, const Take& take) {
    bool is_any_wide = false;
    for (std::size_t i = 0; i < size; ++i) {
      if (!is_there(i)) {
        take(i, Value());
        continue;
      }
      const std::string_view bytes = reader_.take(is_float_ ? 4 : 8);
      if (reader_.failed()) return false;
      const double number = is_float_ ? std::bit_cast<float>(word_at<std::uint32_t>(bytes.data()))
                                      : std::bit_cast<double>(word_at<std::uint64_t>(bytes.data()));
      if (std::bit_cast<std::uint64_t>(number) != std::bit_cast<std::uint64_t>(canonical(number))) {
        return false;
      }
      is_any_wide = is_any_wide || is_float_ || !is_float(number);
      take(i, Value::of_number(number));
    }
    return is_any_wide || is_float_ || size == 0;
  }

  template <typename Take>
  bool read_others(std::size_t size, const Take& take) {
    for (std::size_t i = 0; i < size; ++i) {
      if (!is_there(i)) {
        take(i, Value());
      } else if (is_text(kind_)) {
        take(i, Value::of_text(reader_.text()));
      } else if (kind_ == Kind::kBool) {
        const std::uint8_t truth = reader_.byte();
        if (truth > 1) return false;
        take(i, Value::of_bool(truth != 0));
      } else {
        take(i, Value::of_integer(reader_.zigzag()));
      }
      if (reader_.failed()) return false;
    }
    return true;
  }

  ByteReader reader_;
  Kind kind_;
  bool is_float_ = false;
  std::string_view presence_;
};

}  // namespace

void pack_list(std::span<const Value> items, Kind kind, std::string& bytes) {
  ByteWriter writer;
  writer.varint(items.size());
  if (items.empty()) {
    bytes += writer.bytes();
    return;
  }
  const std::uint8_t form = form_of(items, kind);
  writer.byte(form);
  bytes += writer.take();
  if ((form & kHasNulls) != 0) append_presence(items, bytes);
  if (kind == Kind::kDouble) return append_numbers(items, (form & kIsFloat) != 0, bytes);
  for (const Value& item : items) {
    if (item.is_null()) continue;
    if (is_text(kind)) {
      writer.text(item.text());
    } else if (kind == Kind::kBool) {
      writer.byte(item.boolean() ? 1 : 0);
    } else {
      writer.zigzag(item.integer());
    }
  }
  bytes += writer.bytes();
}

Value unpack_list(std::string_view bytes, Kind kind, table::ValueMemory& memory) {
  std::span<Value> items;
  const bool is_list = ListReader(bytes, kind)
                           .read([&](std::size_t size) { items = memory.make_list(size); },
                                 [&](std::size_t i, const Value& item) { items[i] = item; });
  return Value::of_list(is_list ? items : std::span<Value>());
}

bool is_packed_list(std::string_view bytes, Kind kind) {
  return ListReader(bytes, kind).read([](std::size_t) {}, [](std::size_t, const Value&) {});
}

std::int64_t most_packed_bytes(const Column& lists) {
  const table::ColumnData& data = *lists.data();
  if (data.length == 0) return 0;
  const std::int32_t* const offsets = data.offsets + data.offset;
  const std::int64_t items = offsets[data.length] - offsets[0];
  std::int64_t bytes = data.length * 6;  // The number of items and the form,
  bytes += items / 8 + data.length;      // which of them are there,
  bytes += items * 10;                   // and a varint or the size of a text.
  if (is_text(data.type.kind) && items > 0) {
    const std::int32_t* const texts = data.items->offsets + data.items->offset;
    bytes += texts[offsets[data.length]] - texts[offsets[0]];
  }
  return bytes;
}

Column pack_lists(const Column& lists) {
  const Kind kind = wide(lists.type().kind);
  ColumnBuilder builder({Kind::kBytes});
  builder.reserve(lists.length());
  table::ValueMemory memory;
  std::string bytes;
  for (std::int64_t row = 0; row < lists.length(); ++row) {
    if (lists.is_null(row)) {
      builder.append_null();
      continue;
    }
    memory.clear();
    bytes.clear();
    pack_list(value_at(lists, row, memory).list(), kind, bytes);
    builder.append_text(bytes);
  }
  return builder.finish();
}

Column unpack_lists(const Column& packed, table::DataType type) {
  ColumnBuilder builder(type);
  builder.reserve(packed.length());
  for (std::int64_t row = 0; row < packed.length(); ++row) {
    if (packed.is_null(row)) {
      builder.append_null();
      continue;
    }
    builder.append_list();
    ListReader(packed.text_at(row), wide(type.kind))
        .read([](std::size_t) {},
              [&](std::size_t, const Value& item) { append_value(builder.items(), item); });
  }
  return builder.finish();
}

}  // namespace rtml::feature
