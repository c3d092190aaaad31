// Events written as Protobuf messages.

#pragma once

#include <memory>
#include <string>

#include "core/message/decoder.h"

namespace rtml::message::protobuf {

// Makes the decoder of the message type that Schema::read() finds. A column's `from` is the name of
// a field, or names with dots between them for fields of messages within.
//
//   BOOL                 bool
//   INT32, INT64         the integer types (outside: the message is invalid); enum, its number
//   FLOAT, DOUBLE        the integer types, float, double
//   STRING               string; enum, the name of its value, or the number of one without a name
//   BYTES                bytes, string; enum
//   TIMESTAMP            google.protobuf.Timestamp; integers where the source declares a unit;
//                        string, as RFC 3339
//   LIST<T>              repeated T, also packed
//
// and Google's wrappers (DoubleValue, …) of these. A field that is absent is null if its presence
// can be told: `optional`, members of a oneof, messages and all of proto2. Otherwise it has its
// type's default, since its writer leaves out what is zero. An absent list is empty. What is
// within a message that is absent is null. Fields that nobody wants are skipped unread. Maps,
// groups and fields within repeated messages are no columns.
//
// A wanted field that is written as another kind of value than the schema says makes the message
// invalid.
//
// Fails as Schema::read() does, and, at the column's place, with kDataMissingColumn for a field
// that the message lacks and kDataWrongType for one that the column's type cannot take.
Result<std::unique_ptr<Decoder>> make_protobuf_decoder(const DecoderSettings& settings,
                                                       const std::string& schema_path);

}  // namespace rtml::message::protobuf
