// What a decoder does with each value of an Avro record: which column takes it, and how.
//
// Immutable after make(); holds pointers into its schema.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/message/avro_schema.h"
#include "core/message/decoder.h"

namespace rtml::message {

// How the bytes of a value become the value of a column.
enum class AvroReading : std::uint8_t {
  kNull,
  kBool,
  kInteger,          // int, long.
  kIntegerAsNumber,  // int, long.
  kFloat,
  kDouble,
  kText,   // string; must be UTF-8.
  kBytes,  // bytes; string where the column is BYTES.
  kFixed,
  kSymbol,      // enum.
  kMoment,      // int, long: a count of units.
  kMomentText,  // string: RFC 3339.
  kDecimal,     // bytes, fixed.
  kList,
};

// A column that takes a value.
struct AvroLeaf {
  std::size_t column = 0;
  AvroReading reading = AvroReading::kNull;
  project::TimeUnit unit = project::TimeUnit::kMicrosecond;  // Of kMoment.
  std::int64_t factor = 1;                                   // Of kMoment: units a count.
  const AvroType* type = nullptr;
  // Of kList: what is done with an item, one a branch where the items are of a union.
  std::vector<AvroLeaf> items;
};

// What is done with a value of one type. A value that nobody wants has no step and is skipped.
struct AvroStep {
  const AvroType* type = nullptr;
  // Of a record one a field, of a union one a branch; none for what is skipped.
  std::vector<std::unique_ptr<AvroStep>> parts;
  std::vector<AvroLeaf> leaves;  // Of any other type.
};

// Returns the step of the schema's root. Fails as make_avro_decoder() says; a column without a
// place of its own is reported at that of the settings.
Result<std::unique_ptr<AvroStep>> make_avro_plan(const AvroSchema& schema,
                                                 const DecoderSettings& settings);

}  // namespace rtml::message
