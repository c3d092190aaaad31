// Where C++ ends: exceptions become errors, strings become buffers.

#pragma once

#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "rtml/sdk/result.h"

namespace rtml::sdk::detail {

// Keeps the texts that an rtml_error points to.
inline rtml_status report(Error&& source, rtml_error* error) {
  const rtml_status status = source.status == RTML_STATUS_OK ? RTML_STATUS_FAILED : source.status;
  auto owned = std::make_unique<Error>(std::move(source));
  error->message = owned->message.c_str();
  error->help = owned->help.empty() ? nullptr : owned->help.c_str();
  error->file = owned->file.empty() ? nullptr : owned->file.c_str();
  error->line = owned->line;
  error->column = owned->column;
  error->retryable = owned->retryable ? 1 : 0;
  error->private_data = owned.release();
  error->release = [](rtml_error* released) {
    delete static_cast<Error*>(released->private_data);
    released->release = nullptr;
  };
  return status;
}

inline rtml_status report_out_of_memory(rtml_error* error) noexcept {
  error->message = "out of memory";  // Constant: there may be no memory for a copy.
  return RTML_STATUS_FAILED;
}

// Runs `function`, which returns a Status, and turns its error or exception into `error`.
template <typename Function>
rtml_status fenced(rtml_error* error, Function&& function) noexcept {
  try {
    try {
      Status status = function();
      if (status) return RTML_STATUS_OK;
      return report(std::move(status.error()), error);
    } catch (const std::bad_alloc&) {
      return report_out_of_memory(error);
    } catch (const std::exception& exception) {
      return report(fail(RTML_STATUS_FAILED, exception.what()), error);
    } catch (...) {
      return report(fail(RTML_STATUS_FAILED, "an unknown exception"), error);
    }
  } catch (...) {
    return report_out_of_memory(error);
  }
}

// Moves `bytes` into a buffer that the host releases.
inline void give_buffer(std::string bytes, rtml_buffer* out) {
  auto owned = std::make_unique<std::string>(std::move(bytes));
  out->data = owned->data();
  out->size = owned->size();
  out->private_data = owned.release();
  out->release = [](rtml_buffer* released) {
    delete static_cast<std::string*>(released->private_data);
    released->release = nullptr;
  };
}

// Moves `owner` into the `private_data` of a structure whose release() deletes it.
template <typename Owner, typename Released>
void give_owner(std::unique_ptr<Owner> owner, Released* out) {
  out->private_data = owner.release();
  out->release = [](Released* released) {
    delete static_cast<Owner*>(released->private_data);
    released->release = nullptr;
  };
}

inline std::string_view view(rtml_bytes bytes) {
  return {static_cast<const char*>(bytes.data), bytes.size};
}

inline rtml_bytes bytes_of(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace rtml::sdk::detail
