// The two sides of a call into a plugin: what the host passes in beside the arguments, and what a
// failure becomes.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/plugin/backends.h"
#include "core/plugin/host.h"
#include "rtml/rtml_plugin.h"

namespace rtml::plugin {

// A CallOptions as the plugin sees it. Stays where it is: the plugin keeps its address.
class CallContext {
 public:
  explicit CallContext(const CallOptions& options);
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;
  const rtml_call* get() const { return &call_; }

 private:
  rtml_call call_ = {};
};

// A plugin that is loaded: what it says it is and its tables. Shared by all that was made from it.
struct LoadedPlugin {
  PluginInfo info;
  const rtml_plugin* descriptor = nullptr;
};
using SharedPlugin = std::shared_ptr<const LoadedPlugin>;

// Receives what a plugin's function failed with.
class ErrorSlot {
 public:
  ErrorSlot() { error_.struct_size = sizeof error_; }
  ErrorSlot(const ErrorSlot&) = delete;
  ErrorSlot& operator=(const ErrorSlot&) = delete;
  ~ErrorSlot() {
    if (error_.release != nullptr) error_.release(&error_);
  }
  rtml_error* get() { return &error_; }

  // The Status that `status` and the error mean; the plugin's name stands before the message.
  Status check(const LoadedPlugin& plugin, rtml_status status) const;

 private:
  rtml_error error_ = {};
};

// An Error for a plugin that broke the ABI's contract in `call`: "scan".
Error broken_contract(const LoadedPlugin& plugin, std::string_view call, const std::string& what);

// Puts the plugin and the call before an error of core/table's import.
Error in_call(const LoadedPlugin& plugin, std::string_view call, Error error);

inline std::string_view view(const rtml_bytes& bytes) {
  return {static_cast<const char*>(bytes.data), bytes.size};
}
inline rtml_bytes bytes_of(std::string_view text) {
  return {text.data(), text.size()};
}

// Bytes that a plugin returned; released when it goes out of scope.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    if (buffer_.release != nullptr) buffer_.release(&buffer_);
  }
  rtml_buffer* get() { return &buffer_; }
  // Fails with kPluginContract if the plugin left the buffer out.
  Result<std::string> text(const LoadedPlugin& plugin, std::string_view call) const;

 private:
  rtml_buffer buffer_ = {};
};

// A structure with `count` and `release` that a plugin returned: rtml_values and its like.
template <typename Structure>
class Returned {
 public:
  Returned() = default;
  Returned(const Returned&) = delete;
  Returned& operator=(const Returned&) = delete;
  ~Returned() {
    if (value_.release != nullptr) value_.release(&value_);
  }
  Structure* get() { return &value_; }
  const Structure* operator->() const { return &value_; }

 private:
  Structure value_ = {};
};

}  // namespace rtml::plugin
