// An Avro schema as a file (.avsc) declares it, by the specification of Avro 1.11: names resolved,
// logical types known, every type with its place in the file.
//
// Immutable after parse(). A type lives as long as its schema; types of records that contain
// themselves form cycles.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace rtml::message {

enum class AvroKind : std::uint8_t {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kFixed,
  kEnum,
  kRecord,
  kArray,
  kMap,
  kUnion,
};

// What a logical type makes of the kind below it. Those that only annotate (uuid, time-millis) and
// unknown ones are kNone, as the specification asks of readers.
enum class AvroLogical : std::uint8_t {
  kNone,
  kDate,             // int: days since 1970-01-01.
  kTimestampMillis,  // long; also local-timestamp-millis, which rtml reads as UTC.
  kTimestampMicros,  // long; also local-timestamp-micros.
  kTimestampNanos,   // long; also local-timestamp-nanos.
  kDecimal,          // bytes or fixed: a big-endian two's complement number, times 10^-scale.
};

struct AvroType {
  struct Field {
    std::string name;
    const AvroType* type = nullptr;
  };

  AvroKind kind = AvroKind::kNull;
  AvroLogical logical = AvroLogical::kNone;
  std::string name;                    // Full name of a record, enum or fixed.
  std::size_t size = 0;                // Bytes of a fixed.
  int precision = 0;                   // Decimal digits of kDecimal,
  int scale = 0;                       // and those behind the point.
  std::vector<std::string> symbols;    // Of an enum.
  std::vector<Field> fields;           // Of a record, as they are written.
  std::vector<const AvroType*> parts;  // Branches of a union; the one type within an array or map.
  bool is_empty = false;               // No value of it takes a byte.
  SourceLocation place;
};

// What a person calls the type: "long", "array", "record shop.Payment".
std::string to_string(const AvroType& type);

class AvroSchema {
 public:
  // Reads the text of a file. `file` is the name that places carry. Fails with kDataCorrupt if it
  // is no JSON and kBadValue, at its place, if it is no schema.
  static Result<AvroSchema> parse(std::string_view text, const std::string& file);

  const AvroType& root() const { return *root_; }

 private:
  friend class AvroSchemaReader;  // Of avro_schema.cc.

  std::vector<std::unique_ptr<AvroType>> types_;
  const AvroType* root_ = nullptr;
};

}  // namespace rtml::message
