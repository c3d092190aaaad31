// Opening and closing the objects behind the handles of the C tables.

#pragma once

#include "rtml/sdk/call.h"
#include "rtml/sdk/detail/fence.h"

namespace rtml::sdk::detail {

// Opens `Class` as its base, which is what the other functions are given.
template <typename Class, typename Base>
rtml_status open_store(const char* options, const rtml_call* call, void** store,
                       rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(std::unique_ptr<Class> opened, Class::open(options, Call(call)));
    *store = static_cast<Base*>(opened.release());
    return {};
  });
}

template <typename Base>
void close_object(void* object) noexcept {
  delete static_cast<Base*>(object);
}

}  // namespace rtml::sdk::detail
