// Events written in Avro's binary encoding, one record each.
//
// A message is the bare record of the schema (no container file); the framing of a schema registry
// is taken off before (core/message/framing.h).

#pragma once

#include <memory>
#include <string>

#include "core/message/decoder.h"

namespace rtml::message {

// Makes the decoder of the schema in the file `schema_path`, relative to settings.root. A column's
// `from` is the name of a field, or names with dots between them for fields of nested records.
//
//   BOOL                 boolean
//   INT32, INT64         int, long (outside INT32: the message is invalid); decimal of scale 0
//   FLOAT, DOUBLE        int, long, float, double; decimal, the nearest number
//   STRING               string, enum; decimal, as digits
//   BYTES                bytes, fixed, string, enum
//   TIMESTAMP            date, timestamp-*, local-timestamp-* (as UTC); int and long where the
//                        source declares a unit; string, as RFC 3339
//   LIST<T>              array of what T takes
//
// and a union of such types, where null is null. Columns of a record that is null are null. Fields
// that nobody wants are skipped. A message must be used up by its record. An array or a text takes
// no more memory than the message has bytes for.
//
// Fails as reading the file and AvroSchema::parse() do, and, at the column's place, with
// kDataMissingColumn for a field that the record lacks and kDataWrongType for one that the column's
// type cannot take; a map is no column.
Result<std::unique_ptr<Decoder>> make_avro_decoder(const DecoderSettings& settings,
                                                   const std::string& schema_path);

}  // namespace rtml::message
