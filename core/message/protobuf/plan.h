// What a decoder does with each field of a Protobuf message: which column takes it, and how.
//
// A plan needs no descriptors once it is made.

#pragma once

#include <google/protobuf/descriptor.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/message/decoder.h"

namespace rtml::message::protobuf {

// How a field's value becomes the value of a column.
enum class Reading : std::uint8_t {
  kBool,
  kInteger,
  kNumber,  // From integers and floating point numbers.
  kText,    // Must be UTF-8.
  kBytes,
  kSymbol,      // The name of an enum's value.
  kMoment,      // A count of units.
  kMomentText,  // RFC 3339.
  kTimestamp,   // google.protobuf.Timestamp.
};

struct Leaf {
  std::size_t column = 0;
  Reading reading = Reading::kBool;
};

struct Step;

// A field that somebody wants.
struct Field {
  int number = 0;
  std::string name;
  google::protobuf::FieldDescriptor::Type type = {};
  bool is_repeated = false;
  // The field is a message that stands for the value in its own field 1, of type `type`.
  bool is_wrapped = false;
  bool is_timestamp = false;
  // Absent it has its type's default; other fields are null then.
  bool is_implicit = false;
  int oneof = -1;        // Index among those of the message; the last member of one wins.
  std::size_t list = 0;  // Of a repeated field: its number among the plan's.
  std::vector<Leaf> leaves;
  std::map<int, std::string> symbols;  // Of an enum, by number.
  std::unique_ptr<Step> message;       // Of a message whose fields are wanted.
};

// A message type at one path.
struct Step {
  std::vector<Field> fields;  // By number.
  std::size_t index = 0;      // Among the plan's.

  // Most messages number their fields from 1 on.
  Field* find(int number);
};

struct Plan {
  std::unique_ptr<Step> root;
  std::size_t steps = 0;
  std::size_t lists = 0;
  // Where the type stands in its file, by indexes from the outermost message on, as the serializers
  // of a schema registry write it.
  std::vector<std::int64_t> indexes;
};

// Fails as make_protobuf_decoder() says.
Result<Plan> make_plan(const google::protobuf::Descriptor& message,
                       const DecoderSettings& settings);

}  // namespace rtml::message::protobuf
