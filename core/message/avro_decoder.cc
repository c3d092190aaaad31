#include "core/message/avro_decoder.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "core/base/file_system.h"
#include "core/base/utf8.h"
#include "core/message/avro_plan.h"
#include "core/message/moment.h"
#include "core/message/reason.h"

namespace rtml::message {
namespace {

static_assert(std::endian::native == std::endian::little, "Avro's numbers are read in place");

constexpr std::size_t kMaxSchemaBytes = std::size_t{4} << 20;
constexpr std::size_t kDecimalBytes = 16;
__extension__ using Int128 = __int128;
__extension__ using UnsignedInt128 = unsigned __int128;

// A number in two's complement, big-endian. Nothing if it needs more than 128 bits.
std::optional<Int128> number_of(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const bool is_negative = (static_cast<unsigned char>(bytes[0]) & 0x80U) != 0;
  const char sign = is_negative ? '\xff' : '\0';
  while (bytes.size() > kDecimalBytes && bytes[0] == sign) bytes.remove_prefix(1);
  if (bytes.size() > kDecimalBytes) return std::nullopt;
  if (((static_cast<unsigned char>(bytes[0]) & 0x80U) != 0) != is_negative) return std::nullopt;
  UnsignedInt128 number = is_negative ? ~static_cast<UnsignedInt128>(0) : 0;
  for (const char c : bytes) number = (number << 8U) | static_cast<unsigned char>(c);
  return static_cast<Int128>(number);
}

// "-12.50" for -1250 and scale 2. Nothing if there are more digits than `precision`.
std::optional<std::string> decimal_text(Int128 number, int precision, int scale) {
  const bool is_negative = number < 0;
  UnsignedInt128 rest = static_cast<UnsignedInt128>(number);
  if (is_negative) rest = ~rest + 1;
  std::string digits;
  while (rest != 0) {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  }
  if (digits.size() > static_cast<std::size_t>(precision)) return std::nullopt;
  const auto behind = static_cast<std::size_t>(scale);
  if (digits.size() <= behind) digits.insert(0, behind + 1 - digits.size(), '0');
  if (behind > 0) digits.insert(digits.size() - behind, ".");
  return is_negative ? "-" + digits : digits;
}

// Reads one message. What is wrong is said by fail(), and where by the names put before it on the
// way out.
class AvroReader {
 public:
  AvroReader(const std::vector<WantedColumn>& columns, bool nan_is_null, std::string_view bytes,
             table::Value* values, TextArena* texts, std::vector<table::Value>* items)
      : columns_(columns),
        nan_is_null_(nan_is_null),
        at_(bytes.data()),
        end_(bytes.data() + bytes.size()),
        values_(values),
        texts_(texts),
        items_(items) {}

  bool run(const AvroStep& step, int depth);
  std::size_t bytes_left() const { return static_cast<std::size_t>(end_ - at_); }
  std::string reason() const { return "$" + path_ + ": " + what_; }

 private:
  bool run_record(const AvroStep& step, int depth);
  bool skip(const AvroType& type, int depth);
  bool skip_record(const AvroType& type, int depth);
  bool skip_blocks(const AvroType& type, int depth);

  bool read_leaf(const AvroLeaf& leaf, table::Value* out);
  bool read_integer(const AvroLeaf& leaf, table::Value* out);
  bool read_moment(const AvroLeaf& leaf, table::Value* out);
  bool read_decimal(const AvroLeaf& leaf, table::Value* out);
  bool read_list(const AvroLeaf& leaf, table::Value* out);
  bool read_item(const AvroLeaf& list, table::Value* out);
  bool write_number(double number, const AvroLeaf& leaf, table::Value* out) const;

  bool read_varint(std::int64_t* value);
  bool read_branch(const AvroType& type, std::size_t* branch);
  bool read_block(std::int64_t* items, std::int64_t* bytes);
  bool read_bytes(std::size_t size, std::string_view* bytes);
  bool read_long_bytes(std::string_view* bytes);
  bool read_decimal_bytes(const AvroType& type, std::string_view* bytes);
  bool check_depth(int depth);

  bool fail(std::string what) {
    what_ = std::move(what);
    return false;
  }
  bool fail_in(const std::string& name) {
    path_.insert(0, step_to(name));
    return false;
  }
  const table::DataType& type_of(const AvroLeaf& leaf) const { return columns_[leaf.column].type; }
  bool outside(const AvroLeaf& leaf, const std::string& value) {
    return fail("outside " + table::to_string({type_of(leaf).kind}) + ": " + value);
  }

  const std::vector<WantedColumn>& columns_;
  bool nan_is_null_;
  const char* at_;
  const char* end_;
  table::Value* values_;
  TextArena* texts_;
  std::vector<table::Value>* items_;
  std::string path_;
  std::string what_;
};

bool AvroReader::check_depth(int depth) {
  return depth < kMaxDepth || fail("nested deeper than " + std::to_string(kMaxDepth));
}

bool AvroReader::read_varint(std::int64_t* value) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (at_ == end_) return fail("the message ends here");
    const auto byte = static_cast<unsigned char>(*at_++);
    if (shift == 63 && byte > 1) break;
    number |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) {
      *value = static_cast<std::int64_t>((number >> 1U) ^ (~(number & 1U) + 1));
      return true;
    }
  }
  return fail("no number: longer than 64 bits");
}

bool AvroReader::read_bytes(std::size_t size, std::string_view* bytes) {
  if (size > bytes_left()) {
    return fail("the message ends here: " + std::to_string(size) + " bytes are to come, " +
                std::to_string(bytes_left()) + " are left");
  }
  *bytes = {at_, size};
  at_ += size;
  return true;
}

bool AvroReader::read_long_bytes(std::string_view* bytes) {
  std::int64_t size = 0;
  if (!read_varint(&size)) return false;
  if (size < 0) return fail("a negative length: " + std::to_string(size));
  return read_bytes(static_cast<std::size_t>(size), bytes);
}

bool AvroReader::read_branch(const AvroType& type, std::size_t* branch) {
  std::int64_t number = 0;
  if (!read_varint(&number)) return false;
  if (number < 0 || number >= std::ssize(type.parts)) {
    return fail("no branch of the union: " + std::to_string(number));
  }
  *branch = static_cast<std::size_t>(number);
  return true;
}

// The head of a block of an array or map: how many items come, and their bytes where the writer
// says them (else -1).
bool AvroReader::read_block(std::int64_t* items, std::int64_t* bytes) {
  *bytes = -1;
  if (!read_varint(items)) return false;
  if (*items >= 0) return true;
  if (*items == std::numeric_limits<std::int64_t>::min()) {
    return fail("no number of items: " + std::to_string(*items));
  }
  *items = -*items;
  if (!read_varint(bytes)) return false;
  return *bytes >= 0 || fail("a negative length: " + std::to_string(*bytes));
}

bool AvroReader::run(const AvroStep& step, int depth) {
  if (!check_depth(depth)) return false;
  if (step.type->kind == AvroKind::kRecord) return run_record(step, depth);
  if (step.type->kind == AvroKind::kUnion) {
    std::size_t branch = 0;
    if (!read_branch(*step.type, &branch)) return false;
    if (step.parts[branch]) return run(*step.parts[branch], depth + 1);
    return skip(*step.type->parts[branch], depth + 1);
  }
  // What several columns want is read once for each.
  const char* const begin = at_;
  for (const AvroLeaf& leaf : step.leaves) {
    at_ = begin;
    if (!read_leaf(leaf, &values_[leaf.column])) return false;
  }
  return true;
}

bool AvroReader::run_record(const AvroStep& step, int depth) {
  const std::vector<AvroType::Field>& fields = step.type->fields;
  // A record of a union whose branches are records may be wanted for nothing.
  if (step.parts.size() != fields.size()) return skip_record(*step.type, depth);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const AvroStep* const part = step.parts[i].get();
    const bool done = part == nullptr ? skip(*fields[i].type, depth + 1) : run(*part, depth + 1);
    if (!done) return fail_in(fields[i].name);
  }
  return true;
}

bool AvroReader::skip_record(const AvroType& type, int depth) {
  for (const AvroType::Field& field : type.fields) {
    if (!skip(*field.type, depth + 1)) return fail_in(field.name);
  }
  return true;
}

bool AvroReader::skip(const AvroType& type, int depth) {
  if (type.is_empty) return true;
  if (!check_depth(depth)) return false;
  std::string_view bytes;
  std::int64_t number = 0;
  std::size_t branch = 0;
  switch (type.kind) {
    case AvroKind::kNull:
      return true;
    case AvroKind::kBoolean:
      return read_bytes(1, &bytes);
    case AvroKind::kInt:
    case AvroKind::kLong:
    case AvroKind::kEnum:
      return read_varint(&number);
    case AvroKind::kFloat:
      return read_bytes(sizeof(float), &bytes);
    case AvroKind::kDouble:
      return read_bytes(sizeof(double), &bytes);
    case AvroKind::kBytes:
    case AvroKind::kString:
      return read_long_bytes(&bytes);
    case AvroKind::kFixed:
      return read_bytes(type.size, &bytes);
    case AvroKind::kUnion:
      return read_branch(type, &branch) && skip(*type.parts[branch], depth + 1);
    case AvroKind::kRecord:
      return skip_record(type, depth);
    case AvroKind::kArray:
    case AvroKind::kMap:
      return skip_blocks(type, depth);
  }
  return false;
}

bool AvroReader::skip_blocks(const AvroType& type, int depth) {
  const AvroType& item = *type.parts.front();
  while (true) {
    std::int64_t items = 0;
    std::int64_t bytes = 0;
    if (!read_block(&items, &bytes)) return false;
    if (items == 0) return true;
    std::string_view skipped;
    if (bytes >= 0) {
      if (!read_bytes(static_cast<std::size_t>(bytes), &skipped)) return false;
      continue;
    }
    // Of items without bytes there may be any number, and nothing is to be done.
    if (item.is_empty && type.kind == AvroKind::kArray) continue;
    for (; items > 0; --items) {
      if (type.kind == AvroKind::kMap && !read_long_bytes(&skipped)) return false;
      if (!skip(item, depth + 1)) return false;
    }
  }
}

bool AvroReader::read_leaf(const AvroLeaf& leaf, table::Value* out) {
  std::string_view bytes;
  switch (leaf.reading) {
    case AvroReading::kNull:
      return true;
    case AvroReading::kBool: {
      if (!read_bytes(1, &bytes)) return false;
      const auto byte = static_cast<unsigned char>(bytes[0]);
      if (byte > 1) return fail("not BOOL: the byte " + std::to_string(byte));
      *out = table::Value::of_bool(byte == 1);
      return true;
    }
    case AvroReading::kInteger:
    case AvroReading::kIntegerAsNumber:
      return read_integer(leaf, out);
    case AvroReading::kFloat: {
      float number = 0;
      if (!read_bytes(sizeof number, &bytes)) return false;
      std::memcpy(&number, bytes.data(), sizeof number);
      return write_number(static_cast<double>(number), leaf, out);
    }
    case AvroReading::kDouble: {
      double number = 0;
      if (!read_bytes(sizeof number, &bytes)) return false;
      std::memcpy(&number, bytes.data(), sizeof number);
      return write_number(number, leaf, out);
    }
    case AvroReading::kText:
      if (!read_long_bytes(&bytes)) return false;
      if (!is_utf8(bytes)) {
        return fail("not UTF-8 from byte " + std::to_string(utf8_prefix(bytes)) +
                    " on: " + shown(bytes));
      }
      *out = table::Value::of_text(texts_->keep(bytes));
      return true;
    case AvroReading::kBytes:
      if (!read_long_bytes(&bytes)) return false;
      *out = table::Value::of_text(texts_->keep(bytes));
      return true;
    case AvroReading::kFixed:
      if (!read_bytes(leaf.type->size, &bytes)) return false;
      *out = table::Value::of_text(texts_->keep(bytes));
      return true;
    case AvroReading::kSymbol: {
      std::int64_t number = 0;
      if (!read_varint(&number)) return false;
      if (number < 0 || number >= std::ssize(leaf.type->symbols)) {
        return fail("no symbol of the enum: " + std::to_string(number));
      }
      // A decoder may end before its values.
      *out =
          table::Value::of_text(texts_->keep(leaf.type->symbols[static_cast<std::size_t>(number)]));
      return true;
    }
    case AvroReading::kMoment:
    case AvroReading::kMomentText:
      return read_moment(leaf, out);
    case AvroReading::kDecimal:
      return read_decimal(leaf, out);
    case AvroReading::kList:
      return read_list(leaf, out);
  }
  return false;
}

bool AvroReader::write_number(double number, const AvroLeaf& leaf, table::Value* out) const {
  if (std::isnan(number)) {
    if (nan_is_null_) return true;
    number = std::numeric_limits<double>::quiet_NaN();
  }
  if (type_of(leaf).kind == table::Kind::kFloat) number = static_cast<float>(number);
  *out = table::Value::of_number(number);
  return true;
}

bool AvroReader::read_integer(const AvroLeaf& leaf, table::Value* out) {
  std::int64_t integer = 0;
  if (!read_varint(&integer)) return false;
  const auto fits_32 = [&] {
    return integer >= std::numeric_limits<std::int32_t>::min() &&
           integer <= std::numeric_limits<std::int32_t>::max();
  };
  if (leaf.type->kind == AvroKind::kInt && !fits_32()) {
    return fail("outside Avro's int: " + std::to_string(integer));
  }
  if (leaf.reading == AvroReading::kIntegerAsNumber) {
    return write_number(static_cast<double>(integer), leaf, out);
  }
  if (type_of(leaf).kind == table::Kind::kInt32 && !fits_32()) {
    return outside(leaf, std::to_string(integer));
  }
  *out = table::Value::of_integer(integer);
  return true;
}

bool AvroReader::read_moment(const AvroLeaf& leaf, table::Value* out) {
  std::optional<std::int64_t> moment_us;
  std::string written;
  if (leaf.reading == AvroReading::kMomentText) {
    std::string_view text;
    if (!read_long_bytes(&text)) return false;
    moment_us = moment_of_text(text, columns_[leaf.column].unit);
    if (!moment_us) written = shown(text);
  } else {
    std::int64_t count = 0;
    std::int64_t units = 0;
    if (!read_varint(&count)) return false;
    if (!__builtin_mul_overflow(count, leaf.factor, &units)) {
      moment_us = moment_of_integer(units, leaf.unit);
    }
    if (!moment_us) written = std::to_string(count);
  }
  if (!moment_us) return fail("not a time: " + written);
  *out = table::Value::of_integer(*moment_us);
  return true;
}

bool AvroReader::read_decimal(const AvroLeaf& leaf, table::Value* out) {
  const AvroType& type = *leaf.type;
  std::string_view bytes;
  if (type.kind == AvroKind::kFixed ? !read_bytes(type.size, &bytes) : !read_long_bytes(&bytes)) {
    return false;
  }
  const auto number = number_of(bytes);
  const auto text = number ? decimal_text(*number, type.precision, type.scale) : std::nullopt;
  if (!text) {
    return fail("more digits than decimal(" + std::to_string(type.precision) + ", " +
                std::to_string(type.scale) + ") has: " + std::to_string(bytes.size()) + " bytes");
  }
  switch (type_of(leaf).kind) {
    case table::Kind::kString:
      *out = table::Value::of_text(texts_->keep(*text));
      return true;
    case table::Kind::kInt32:
    case table::Kind::kInt64: {
      std::int64_t integer = 0;
      std::int32_t narrow = 0;
      const char* const end = text->data() + text->size();
      const bool fits = type_of(leaf).kind == table::Kind::kInt32
                            ? std::from_chars(text->data(), end, narrow).ec == std::errc()
                            : std::from_chars(text->data(), end, integer).ec == std::errc();
      if (!fits) return outside(leaf, *text);
      *out = table::Value::of_integer(type_of(leaf).kind == table::Kind::kInt32 ? narrow : integer);
      return true;
    }
    default: {
      double value = 0;
      std::from_chars(text->data(), text->data() + text->size(), value);
      return write_number(value, leaf, out);
    }
  }
}

// Items are gathered as they come, so that a list is never longer than what the message holds.
bool AvroReader::read_list(const AvroLeaf& leaf, table::Value* out) {
  items_->clear();
  while (true) {
    std::int64_t items = 0;
    std::int64_t bytes = 0;
    if (!read_block(&items, &bytes)) return false;
    if (items == 0) break;
    for (; items > 0; --items) {
      table::Value& item = items_->emplace_back();
      if (read_item(leaf, &item)) continue;
      path_.insert(0, "[" + std::to_string(items_->size() - 1) + "]");
      return false;
    }
  }
  const std::span<table::Value> list = texts_->make_list(items_->size());
  std::copy(items_->begin(), items_->end(), list.begin());
  *out = table::Value::of_list(list);
  return true;
}

bool AvroReader::read_item(const AvroLeaf& list, table::Value* out) {
  const AvroType& item = *list.type->parts.front();
  std::size_t branch = 0;
  if (item.kind == AvroKind::kUnion && !read_branch(item, &branch)) return false;
  return read_leaf(list.items[branch], out);
}

class AvroDecoder : public Decoder {
 public:
  AvroDecoder(const DecoderSettings& settings, AvroSchema schema, std::unique_ptr<AvroStep> plan)
      : columns_(settings.columns),
        nan_is_null_(settings.nan_is_null),
        max_message_bytes_(static_cast<std::size_t>(settings.max_message_bytes)),
        schema_(std::move(schema)),
        plan_(std::move(plan)) {}

  Result<bool> decode(std::string_view bytes, table::Value* values, TextArena* texts) override {
    if (bytes.empty()) return false;
    if (bytes.size() > max_message_bytes_) {
      return invalid(too_long(max_message_bytes_, bytes.size()));
    }
    for (std::size_t index = 0; index < columns_.size(); ++index) values[index] = {};
    AvroReader reader(columns_, nan_is_null_, bytes, values, texts, &items_);
    if (!reader.run(*plan_, 0)) return invalid(reader.reason());
    if (reader.bytes_left() != 0) {
      return invalid("$: " + std::to_string(reader.bytes_left()) +
                     " bytes after the record's end: was it written by another schema?");
    }
    for (std::size_t index = 0; index < columns_.size(); ++index) {
      if (has_too_many_items(values[index])) {
        return invalid("$" + step_to(columns_[index].from) + too_many_items(values[index]));
      }
      if (columns_[index].is_required && values[index].is_null()) {
        return invalid("$" + step_to(columns_[index].from) + ": null");
      }
    }
    return true;
  }

 private:
  std::vector<WantedColumn> columns_;
  bool nan_is_null_;
  std::size_t max_message_bytes_;
  AvroSchema schema_;
  std::unique_ptr<AvroStep> plan_;
  std::vector<table::Value> items_;
};

}  // namespace

Result<std::unique_ptr<Decoder>> make_avro_decoder(const DecoderSettings& settings,
                                                   const std::string& schema_path) {
  auto text = read_file(settings.root / schema_path, kMaxSchemaBytes);
  if (!text) return fail(Error(std::move(text).error()).at(settings.location));
  RTML_TRY_ASSIGN(AvroSchema schema, AvroSchema::parse(*text, schema_path));
  if (schema.root().kind != AvroKind::kRecord) {
    return fail(Error(ErrorCode::kBadValue, "an event is a record; the schema is of type " +
                                                to_string(schema.root()) + ": " + schema_path)
                    .at(schema.root().place));
  }
  RTML_TRY_ASSIGN(auto plan, make_avro_plan(schema, settings));
  return std::make_unique<AvroDecoder>(settings, std::move(schema), std::move(plan));
}

}  // namespace rtml::message
