// Bytes of one message of a stream -> the values of one event, or the reason why it is none.
//
// There is one Decoder per format. It knows the columns that are wanted and reads nothing else. A
// Decoder keeps scratch memory: one per thread.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/message/text_arena.h"
#include "core/project/definitions.h"
#include "core/table/types.h"
#include "core/table/value.h"

namespace rtml::message {

inline constexpr std::int64_t kMaxMessageBytes = 1'048'576;
// How deep lists and objects of a message may be nested.
inline constexpr std::int64_t kMaxDepth = 64;

// A column that an event brings.
struct WantedColumn {
  std::string name;  // As features call it.
  std::string from;  // As the message calls it.
  table::DataType type;
  std::optional<project::TimeUnit> unit;  // TIMESTAMP: what integers count.
  bool is_required = false;               // A message without it, or with null there, is invalid.
  SourceLocation location = {};           // Where the source declares it, if it does.
};

struct DecoderSettings {
  std::string format;  // "json", "avro", "protobuf".
  std::vector<WantedColumn> columns;
  bool nan_is_null = false;  // NaN of a FLOAT or DOUBLE column is read as null.
  std::int64_t max_message_bytes = kMaxMessageBytes;
  // The stream's further keys, such as a schema file, and the directory their paths start from.
  Json options = Json::object();
  std::filesystem::path root;
  SourceLocation location = {};  // Of the stream.

  // Where a fault of a column's declaration is reported.
  const SourceLocation& place_of(const WantedColumn& column) const {
    return column.location.file.empty() ? location : column.location;
  }
};

class Decoder {
 public:
  virtual ~Decoder() = default;

  // Writes one value a wanted column to `values`, in their order. Texts stay valid as long as
  // `texts` is not cleared; `bytes` need not live on. Returns false for a message that says nothing
  // (a tombstone: no bytes). Fails with kMessageInvalid: the message belongs to the dead letters,
  // and the error's message is the reason, "$.amount: not DOUBLE: \"many\"". Nothing is fatal.
  // REQUIRES: `values` has room for every wanted column.
  virtual Result<bool> decode(std::string_view bytes, table::Value* values, TextArena* texts) = 0;
};

// The keys of a stream that say how messages are read. What is left is the medium's.
inline constexpr std::string_view kDecoderKeys[] = {"schema", "message", "framing"};

// Makes the decoder of a format. Fails with kUnsupported for a format that rtml does not read, with
// kBadValue for a key that makes no sense, and as the decoder of the format does where a schema and
// the wanted columns do not fit together; each at its place.
Result<std::unique_ptr<Decoder>> make_decoder(const DecoderSettings& settings);

// The settings of a source's stream for columns of `wanted`, whose names and types are those after
// renaming and conversion. The timestamp is required. REQUIRES: source.stream.
DecoderSettings decoder_settings(const project::Source& source, const table::Schema& wanted,
                                 const std::filesystem::path& root);

}  // namespace rtml::message
