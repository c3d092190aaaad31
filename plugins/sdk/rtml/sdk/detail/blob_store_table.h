// The C table of the capability "blob" over sdk::BlobStore.

#pragma once

#include "rtml/sdk/detail/object.h"
#include "rtml/sdk/storage.h"

namespace rtml::sdk::detail {

inline rtml_status blob_get(void* store, const char* name, const rtml_call* call,
                            rtml_buffer* bytes, rtml_buffer* revision, std::int32_t* found,
                            rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(auto blob, static_cast<BlobStore*>(store)->get(name, Call(call)));
    *found = blob ? 1 : 0;
    if (!blob) return {};
    give_buffer(std::move(blob->bytes), bytes);
    give_buffer(std::move(blob->revision), revision);
    return {};
  });
}

inline rtml_status blob_put(void* store, const char* name, rtml_bytes bytes, const rtml_call* call,
                            rtml_buffer* revision, rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(auto made,
                        static_cast<BlobStore*>(store)->put(name, view(bytes), Call(call)));
    give_buffer(std::move(made), revision);
    return {};
  });
}

inline rtml_status blob_put_if_unchanged(void* store, const char* name, rtml_bytes bytes,
                                         const char* expected, const rtml_call* call,
                                         rtml_buffer* revision, rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    std::optional<std::string> revision_expected;
    if (expected != nullptr) revision_expected = expected;
    RTML_SDK_TRY_ASSIGN(auto made, static_cast<BlobStore*>(store)->put_if_unchanged(
                                       name, view(bytes), revision_expected, Call(call)));
    give_buffer(std::move(made), revision);
    return {};
  });
}

template <typename Class>
inline constexpr rtml_blob_store kBlobStoreTable = {sizeof(rtml_blob_store),
                                                    &open_store<Class, BlobStore>,
                                                    &close_object<BlobStore>,
                                                    &blob_get,
                                                    &blob_put,
                                                    &blob_put_if_unchanged};

}  // namespace rtml::sdk::detail
