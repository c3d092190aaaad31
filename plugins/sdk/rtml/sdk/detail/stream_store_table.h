// The C table of the capability "stream" over sdk::StreamStore.

#pragma once

#include "rtml/sdk/detail/object.h"
#include "rtml/sdk/storage.h"

namespace rtml::sdk::detail {

struct PartitionsOwner {
  std::vector<Partition> partitions;
  std::vector<rtml_partition> views;
};

inline void give_partitions(std::vector<Partition> partitions, rtml_partitions* out) {
  auto owner = std::make_unique<PartitionsOwner>();
  owner->partitions = std::move(partitions);
  for (const Partition& partition : owner->partitions) {
    owner->views.push_back({partition.partition, partition.is_started ? 1 : 0,
                            partition.first_offset, partition.end_offset,
                            bytes_of(partition.name)});
  }
  out->count = static_cast<std::int64_t>(owner->views.size());
  out->partitions = owner->views.data();
  give_owner(std::move(owner), out);
}

inline rtml_status stream_partitions(void* store, const char* options, const rtml_call* call,
                                     rtml_partitions* partitions, rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(auto found,
                        static_cast<StreamStore*>(store)->partitions(options, Call(call)));
    give_partitions(std::move(found), partitions);
    return {};
  });
}

inline rtml_status stream_open_reader(void* store, const char* options, const rtml_call* call,
                                      void** reader, rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(auto opened,
                        static_cast<StreamStore*>(store)->open_reader(options, Call(call)));
    *reader = opened.release();
    return {};
  });
}

inline rtml_status stream_poll(void* reader, std::int64_t limit, const rtml_call* call,
                               rtml_poll* poll, rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(const Poll polled,
                        static_cast<StreamReader*>(reader)->poll(limit, Call(call)));
    poll->count = static_cast<std::int64_t>(polled.messages.size());
    poll->messages = polled.messages.data();
    poll->ended = polled.ended ? 1 : 0;
    poll->assignment_changed = polled.assignment_changed ? 1 : 0;
    return {};
  });
}

inline rtml_status stream_assignment(void* reader, const rtml_call* call,
                                     rtml_partitions* partitions, rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(auto owned, static_cast<StreamReader*>(reader)->assignment(Call(call)));
    give_partitions(std::move(owned), partitions);
    return {};
  });
}

inline rtml_status stream_start(void* reader, std::int32_t partition, std::int64_t offset,
                                const rtml_call* call, rtml_error* error) noexcept {
  return fenced(error, [&] {
    return static_cast<StreamReader*>(reader)->start(partition, offset, Call(call));
  });
}

inline rtml_status stream_acknowledge(void* reader, std::int32_t partition,
                                      std::int64_t next_offset, const rtml_call* call,
                                      rtml_error* error) noexcept {
  return fenced(error, [&] {
    return static_cast<StreamReader*>(reader)->acknowledge(partition, next_offset, Call(call));
  });
}

template <typename Class>
inline constexpr rtml_stream_store kStreamStoreTable = {sizeof(rtml_stream_store),
                                                        &open_store<Class, StreamStore>,
                                                        &close_object<StreamStore>,
                                                        &stream_partitions,
                                                        &stream_open_reader,
                                                        &close_object<StreamReader>,
                                                        &stream_poll,
                                                        &stream_assignment,
                                                        &stream_start,
                                                        &stream_acknowledge};

}  // namespace rtml::sdk::detail
