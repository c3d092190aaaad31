// Message types out of a .proto file or a descriptor set.

#pragma once

#include <google/protobuf/descriptor.h>

#include <memory>
#include <string>

#include "core/message/decoder.h"

namespace rtml::message::protobuf {

// A message type, and what keeps it alive.
class Schema {
 public:
  virtual ~Schema() = default;

  // Reads the file `path`, relative to settings.root: `.proto`, whose imports are looked for beside
  // it, then below the root; any other ending is a descriptor set as `protoc --descriptor_set_out`
  // writes it. Google's well-known types need no file. The type is the one that the stream's key
  // `message` names, with its package; without the key the file's only one.
  // Fails with kIo or kNotFound for a file that cannot be read and kBadValue for one that is wrong,
  // at its place, or at the stream's.
  static Result<std::unique_ptr<Schema>> read(const DecoderSettings& settings,
                                              const std::string& path);

  const google::protobuf::Descriptor& message() const { return *message_; }

 protected:
  const google::protobuf::Descriptor* message_ = nullptr;
};

}  // namespace rtml::message::protobuf
