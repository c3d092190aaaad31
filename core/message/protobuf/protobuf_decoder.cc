#include "core/message/protobuf/protobuf_decoder.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>

#include "core/base/utf8.h"
#include "core/message/format_module.h"
#include "core/message/framing.h"
#include "core/message/moment.h"
#include "core/message/protobuf/plan.h"
#include "core/message/protobuf/schema.h"
#include "core/message/reason.h"

namespace rtml::message::protobuf {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr std::int64_t kNanosASecond = 1'000'000'000;

// A value as it is written, before it is known what for.
struct Raw {
  // Signed integers, bool, enum; unsigned ones by their bits.
  std::int64_t integer = 0;
  double number = 0;
  std::string_view bytes;
};

enum class Sort : std::uint8_t { kSigned, kUnsigned, kReal, kBytes };

Sort sort_of(FieldDescriptor::Type type) {
  switch (type) {
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_FIXED64:
      return Sort::kUnsigned;
    case FieldDescriptor::TYPE_FLOAT:
    case FieldDescriptor::TYPE_DOUBLE:
      return Sort::kReal;
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_MESSAGE:
    case FieldDescriptor::TYPE_GROUP:
      return Sort::kBytes;
    default:
      return Sort::kSigned;
  }
}

WireFormatLite::WireType wire_type_of(FieldDescriptor::Type type) {
  return WireFormatLite::WireTypeForFieldType(static_cast<WireFormatLite::FieldType>(type));
}

CodedInputStream stream_of(std::string_view bytes) {
  return CodedInputStream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                          static_cast<int>(bytes.size()));
}

// What several fields of a message share while it is read, and keep for the next.
struct Scratch {
  std::vector<std::uint64_t> seen;      // A step: the number of the message it was last seen in.
  std::vector<std::vector<Raw>> lists;  // The items of each repeated field.
  std::uint64_t message = 0;
};

// Reads one message. What is wrong is said by fail(), and where by the names put before it on the
// way out.
class Reader {
 public:
  Reader(const std::vector<WantedColumn>& columns, bool nan_is_null, Scratch& scratch,
         table::Value* values, TextArena* texts)
      : columns_(columns),
        nan_is_null_(nan_is_null),
        scratch_(scratch),
        values_(values),
        texts_(texts) {}

  bool read(Step& step, std::string_view bytes);
  // Writes the lists, when all of their items are there.
  bool finish(const Step& step);
  std::string reason() const { return "$" + path_ + ": " + what_; }

 private:
  bool begin(Step& step);
  void clear(const Field& field);
  bool read_field(Step& step, Field& field, std::uint32_t tag, CodedInputStream& input);
  bool read_slice(CodedInputStream& input, std::string_view* slice);
  bool read_primitive(FieldDescriptor::Type type, CodedInputStream& input, Raw* raw);
  bool read_packed(const Field& field, std::string_view bytes);
  bool read_wrapped(const Field& field, std::string_view bytes, Raw* raw);
  bool read_timestamp(std::string_view bytes, Raw* raw);
  bool take(const Field& field, const Raw& raw);

  bool write(const Field& field, const Leaf& leaf, const Raw& raw, table::Value* out);
  bool write_integer(const Field& field, const Leaf& leaf, const Raw& raw, table::Value* out);
  bool write_moment(const Field& field, const Leaf& leaf, const Raw& raw, table::Value* out);
  void write_number(const Leaf& leaf, double number, table::Value* out) const;

  bool fail(std::string what) {
    what_ = std::move(what);
    return false;
  }
  bool ends_early() { return fail("the message ends here"); }
  std::string shown_integer(const Field& field, const Raw& raw) const {
    return sort_of(field.type) == Sort::kUnsigned
               ? std::to_string(static_cast<std::uint64_t>(raw.integer))
               : std::to_string(raw.integer);
  }

  const std::vector<WantedColumn>& columns_;
  bool nan_is_null_;
  Scratch& scratch_;
  table::Value* values_;
  TextArena* texts_;
  std::string path_;
  std::string what_;
};

// Gives every field of a message that has come the value it has when it is absent.
bool Reader::begin(Step& step) {
  if (std::exchange(scratch_.seen[step.index], scratch_.message) == scratch_.message) return true;
  for (const Field& field : step.fields) {
    if (field.is_repeated) {
      scratch_.lists[field.list].clear();
    } else if (field.is_implicit) {
      for (const Leaf& leaf : field.leaves) {
        // No text is a time.
        if (leaf.reading == Reading::kMomentText) continue;
        if (!write(field, leaf, Raw(), &values_[leaf.column])) return false;
      }
    }
  }
  return true;
}

void Reader::clear(const Field& field) {
  for (const Leaf& leaf : field.leaves) values_[leaf.column] = {};
  if (!field.message) return;
  scratch_.seen[field.message->index] = 0;
  for (const Field& inner : field.message->fields) clear(inner);
}

bool Reader::read(Step& step, std::string_view bytes) {
  if (!begin(step)) return false;
  CodedInputStream input = stream_of(bytes);
  input.SetRecursionLimit(static_cast<int>(kMaxDepth));
  while (true) {
    const std::uint32_t tag = input.ReadTag();
    if (tag == 0) return input.ConsumedEntireMessage() || fail("not Protobuf: no field's number");
    const int number = WireFormatLite::GetTagFieldNumber(tag);
    Field* const field = step.find(number);
    if (field != nullptr) {
      if (read_field(step, *field, tag, input)) continue;
      path_.insert(0, step_to(field->name));
      return false;
    }
    if (number == 0 || !WireFormatLite::SkipField(&input, tag)) {
      return fail("not Protobuf, or it ends within field " + std::to_string(number));
    }
  }
}

bool Reader::read_field(Step& step, Field& field, std::uint32_t tag, CodedInputStream& input) {
  if (field.oneof >= 0) {
    for (const Field& other : step.fields) {
      if (other.oneof == field.oneof && other.number != field.number) clear(other);
    }
  }
  const auto wire_type = WireFormatLite::GetTagWireType(tag);
  const bool is_message = field.is_timestamp || field.is_wrapped || field.message != nullptr;
  const auto expected =
      is_message ? WireFormatLite::WIRETYPE_LENGTH_DELIMITED : wire_type_of(field.type);
  std::string_view slice;
  if (wire_type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
    if (!read_slice(input, &slice)) return false;
    if (wire_type != expected && field.is_repeated) return read_packed(field, slice);
  }
  if (wire_type != expected) {
    return fail("written as another kind of value (wire type " + std::to_string(wire_type) +
                ") than the schema says");
  }
  Raw raw;
  if (field.message && !read(*field.message, slice)) return false;
  if (field.leaves.empty()) return true;
  if (field.is_timestamp) {
    if (!read_timestamp(slice, &raw)) return false;
  } else if (field.is_wrapped) {
    if (!read_wrapped(field, slice, &raw)) return false;
  } else if (expected == WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
    raw.bytes = slice;
  } else if (!read_primitive(field.type, input, &raw)) {
    return false;
  }
  return take(field, raw);
}

bool Reader::take(const Field& field, const Raw& raw) {
  if (field.is_repeated) {
    scratch_.lists[field.list].push_back(raw);
    return true;
  }
  for (const Leaf& leaf : field.leaves) {
    if (!write(field, leaf, raw, &values_[leaf.column])) return false;
  }
  return true;
}

bool Reader::read_slice(CodedInputStream& input, std::string_view* slice) {
  std::uint32_t size = 0;
  const void* data = nullptr;
  int left = 0;
  if (!input.ReadVarint32(&size)) return ends_early();
  *slice = {};
  if (size == 0) return true;
  if (!input.GetDirectBufferPointer(&data, &left) || size > static_cast<std::uint32_t>(left)) {
    return fail("the message ends here: " + std::to_string(size) + " bytes are to come, " +
                std::to_string(left) + " are left");
  }
  *slice = {static_cast<const char*>(data), size};
  return input.Skip(static_cast<int>(size)) || ends_early();
}

bool Reader::read_primitive(FieldDescriptor::Type type, CodedInputStream& input, Raw* raw) {
  std::uint64_t bits = 0;
  std::uint32_t narrow = 0;
  switch (wire_type_of(type)) {
    case WireFormatLite::WIRETYPE_VARINT:
      if (!input.ReadVarint64(&bits)) return ends_early();
      break;
    case WireFormatLite::WIRETYPE_FIXED32:
      if (!input.ReadLittleEndian32(&narrow)) return ends_early();
      bits = narrow;
      break;
    default:
      if (!input.ReadLittleEndian64(&bits)) return ends_early();
      break;
  }
  switch (type) {
    case FieldDescriptor::TYPE_FLOAT:
      raw->number = static_cast<double>(std::bit_cast<float>(narrow));
      break;
    case FieldDescriptor::TYPE_DOUBLE:
      raw->number = std::bit_cast<double>(bits);
      break;
    case FieldDescriptor::TYPE_SINT32:
      raw->integer = WireFormatLite::ZigZagDecode32(static_cast<std::uint32_t>(bits));
      break;
    case FieldDescriptor::TYPE_SINT64:
      raw->integer = WireFormatLite::ZigZagDecode64(bits);
      break;
    case FieldDescriptor::TYPE_BOOL:
      raw->integer = bits != 0 ? 1 : 0;
      break;
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_ENUM:
    case FieldDescriptor::TYPE_SFIXED32:
      raw->integer = static_cast<std::int32_t>(static_cast<std::uint32_t>(bits));
      break;
    case FieldDescriptor::TYPE_UINT32:
      raw->integer = static_cast<std::uint32_t>(bits);
      break;
    default:
      raw->integer = static_cast<std::int64_t>(bits);
      break;
  }
  return true;
}

bool Reader::read_packed(const Field& field, std::string_view bytes) {
  CodedInputStream input = stream_of(bytes);
  while (input.CurrentPosition() < static_cast<int>(bytes.size())) {
    Raw raw;
    if (!read_primitive(field.type, input, &raw) || !take(field, raw)) return false;
  }
  return true;
}

bool Reader::read_wrapped(const Field& field, std::string_view bytes, Raw* raw) {
  CodedInputStream input = stream_of(bytes);
  while (const std::uint32_t tag = input.ReadTag()) {
    if (tag != WireFormatLite::MakeTag(1, wire_type_of(field.type))) {
      if (!WireFormatLite::SkipField(&input, tag)) return ends_early();
    } else if (sort_of(field.type) == Sort::kBytes) {
      if (!read_slice(input, &raw->bytes)) return false;
    } else if (!read_primitive(field.type, input, raw)) {
      return false;
    }
  }
  return input.ConsumedEntireMessage() || ends_early();
}

bool Reader::read_timestamp(std::string_view bytes, Raw* raw) {
  Raw seconds;
  Raw nanos;
  CodedInputStream input = stream_of(bytes);
  while (const std::uint32_t tag = input.ReadTag()) {
    bool is_read = true;
    if (tag == WireFormatLite::MakeTag(1, WireFormatLite::WIRETYPE_VARINT)) {
      is_read = read_primitive(FieldDescriptor::TYPE_INT64, input, &seconds);
    } else if (tag == WireFormatLite::MakeTag(2, WireFormatLite::WIRETYPE_VARINT)) {
      is_read = read_primitive(FieldDescriptor::TYPE_INT32, input, &nanos);
    } else {
      is_read = WireFormatLite::SkipField(&input, tag);
    }
    if (!is_read) return ends_early();
  }
  if (!input.ConsumedEntireMessage()) return ends_early();
  const auto whole_us = moment_of_integer(seconds.integer, project::TimeUnit::kSecond);
  if (!whole_us || nanos.integer < 0 || nanos.integer >= kNanosASecond) {
    return fail("not a time: " + std::to_string(seconds.integer) + " s and " +
                std::to_string(nanos.integer) + " ns");
  }
  raw->integer = *whole_us + nanos.integer / 1'000;
  return true;
}

bool Reader::finish(const Step& step) {
  if (scratch_.seen[step.index] != scratch_.message) return true;
  for (const Field& field : step.fields) {
    bool is_done = true;
    if (field.message) is_done = finish(*field.message);
    if (is_done && field.is_repeated) {
      const std::vector<Raw>& items = scratch_.lists[field.list];
      for (const Leaf& leaf : field.leaves) {
        const std::span<table::Value> list = texts_->make_list(items.size());
        for (std::size_t i = 0; i < items.size() && is_done; ++i) {
          is_done = write(field, leaf, items[i], &list[i]);
          if (!is_done) path_ = "[" + std::to_string(i) + "]";
        }
        values_[leaf.column] = table::Value::of_list(list);
      }
    }
    if (is_done) continue;
    path_.insert(0, step_to(field.name));
    return false;
  }
  return true;
}

bool Reader::write(const Field& field, const Leaf& leaf, const Raw& raw, table::Value* out) {
  switch (leaf.reading) {
    case Reading::kBool:
      *out = table::Value::of_bool(raw.integer != 0);
      return true;
    case Reading::kInteger:
      return write_integer(field, leaf, raw, out);
    case Reading::kNumber: {
      const Sort sort = sort_of(field.type);
      write_number(leaf,
                   sort == Sort::kReal ? raw.number
                   : sort == Sort::kUnsigned
                       ? static_cast<double>(static_cast<std::uint64_t>(raw.integer))
                       : static_cast<double>(raw.integer),
                   out);
      return true;
    }
    case Reading::kText:
      if (!is_utf8(raw.bytes)) {
        return fail("not UTF-8 from byte " + std::to_string(utf8_prefix(raw.bytes)) +
                    " on: " + shown(raw.bytes));
      }
      *out = table::Value::of_text(texts_->keep(raw.bytes));
      return true;
    case Reading::kBytes:
      *out = table::Value::of_text(texts_->keep(raw.bytes));
      return true;
    case Reading::kSymbol: {
      const auto found = field.symbols.find(static_cast<int>(raw.integer));
      *out = table::Value::of_text(
          texts_->keep(found == field.symbols.end() ? std::to_string(raw.integer) : found->second));
      return true;
    }
    case Reading::kMoment:
    case Reading::kMomentText:
      return write_moment(field, leaf, raw, out);
    case Reading::kTimestamp:
      *out = table::Value::of_integer(raw.integer);
      return true;
  }
  return false;
}

void Reader::write_number(const Leaf& leaf, double number, table::Value* out) const {
  *out = {};
  if (std::isnan(number)) {
    if (nan_is_null_) return;
    number = std::numeric_limits<double>::quiet_NaN();
  }
  if (columns_[leaf.column].type.kind == table::Kind::kFloat) number = static_cast<float>(number);
  *out = table::Value::of_number(number);
}

bool Reader::write_integer(const Field& field, const Leaf& leaf, const Raw& raw,
                           table::Value* out) {
  const table::Kind kind = columns_[leaf.column].type.kind;
  const bool is_beyond_64 = sort_of(field.type) == Sort::kUnsigned && raw.integer < 0;
  const bool is_beyond_32 = raw.integer < std::numeric_limits<std::int32_t>::min() ||
                            raw.integer > std::numeric_limits<std::int32_t>::max();
  if (is_beyond_64 || (kind == table::Kind::kInt32 && is_beyond_32)) {
    return fail("outside " + table::to_string({kind}) + ": " + shown_integer(field, raw));
  }
  *out = table::Value::of_integer(raw.integer);
  return true;
}

bool Reader::write_moment(const Field& field, const Leaf& leaf, const Raw& raw, table::Value* out) {
  const WantedColumn& column = columns_[leaf.column];
  std::optional<std::int64_t> moment_us;
  if (leaf.reading == Reading::kMomentText) {
    moment_us = moment_of_text(raw.bytes, column.unit);
  } else if (sort_of(field.type) != Sort::kUnsigned || raw.integer >= 0) {
    moment_us = moment_of_integer(raw.integer, *column.unit);
  }
  if (!moment_us) {
    return fail("not a time: " + (leaf.reading == Reading::kMomentText
                                      ? shown(raw.bytes)
                                      : shown_integer(field, raw)));
  }
  *out = table::Value::of_integer(*moment_us);
  return true;
}

class ProtobufDecoder : public Decoder {
 public:
  ProtobufDecoder(const DecoderSettings& settings, Framing framing, Plan plan)
      : columns_(settings.columns),
        nan_is_null_(settings.nan_is_null),
        // The library counts in 32 bits.
        max_message_bytes_(static_cast<std::size_t>(std::min<std::int64_t>(
            settings.max_message_bytes, std::numeric_limits<std::int32_t>::max()))),
        framing_(framing),
        plan_(std::move(plan)) {
    scratch_.seen.resize(plan_.steps);
    scratch_.lists.resize(plan_.lists);
  }

  Result<bool> decode(std::string_view bytes, table::Value* values, TextArena* texts) override {
    if (bytes.empty()) return false;
    if (bytes.size() > max_message_bytes_) {
      return invalid(too_long(max_message_bytes_, bytes.size()));
    }
    if (framing_ == Framing::kConfluent) RTML_TRY(take_indexes(&bytes));
    for (std::size_t index = 0; index < columns_.size(); ++index) values[index] = {};
    ++scratch_.message;
    Reader reader(columns_, nan_is_null_, scratch_, values, texts);
    if (!reader.read(*plan_.root, bytes) || !reader.finish(*plan_.root)) {
      return invalid(reader.reason());
    }
    for (std::size_t index = 0; index < columns_.size(); ++index) {
      if (has_too_many_items(values[index])) {
        return invalid("$" + step_to(columns_[index].from) + too_many_items(values[index]));
      }
      if (columns_[index].is_required && values[index].is_null()) {
        return invalid("$" + step_to(columns_[index].from) + ": missing");
      }
    }
    return true;
  }

 private:
  // A count and so many indexes, in zigzag; a count of 0 stands for the one index 0.
  Status take_indexes(std::string_view* bytes) const {
    CodedInputStream input = stream_of(*bytes);
    const auto next = [&]() -> std::optional<std::int64_t> {
      std::uint64_t bits = 0;
      if (!input.ReadVarint64(&bits)) return std::nullopt;
      return WireFormatLite::ZigZagDecode64(bits);
    };
    const auto count = next();
    bool is_ours = count && (*count == 0 ? plan_.indexes == std::vector<std::int64_t>{0}
                                         : *count == std::ssize(plan_.indexes));
    for (std::int64_t i = 0; is_ours && i < *count; ++i) {
      is_ours = next() == plan_.indexes[static_cast<std::size_t>(i)];
    }
    if (!is_ours) return invalid("$: of another message type of the schema");
    bytes->remove_prefix(static_cast<std::size_t>(input.CurrentPosition()));
    return {};
  }

  std::vector<WantedColumn> columns_;
  bool nan_is_null_;
  std::size_t max_message_bytes_;
  Framing framing_;
  Plan plan_;
  Scratch scratch_;
};

}  // namespace

Result<std::unique_ptr<Decoder>> make_protobuf_decoder(const DecoderSettings& settings,
                                                       const std::string& schema_path) {
  RTML_TRY_ASSIGN(const SchemaChoice choice, read_schema_choice(settings));
  RTML_TRY_ASSIGN(const auto schema, Schema::read(settings, schema_path));
  RTML_TRY_ASSIGN(Plan plan, make_plan(schema->message(), settings));
  return std::make_unique<ProtobufDecoder>(settings, choice.framing, std::move(plan));
}

}  // namespace rtml::message::protobuf

extern "C" __attribute__((visibility("default")))
const rtml::message::FormatModule rtml_format_module;
const rtml::message::FormatModule rtml_format_module = {
    .layout = {}, .make = rtml::message::protobuf::make_protobuf_decoder};
