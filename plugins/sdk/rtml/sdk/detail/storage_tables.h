// The C tables of the storage capabilities over the classes of storage.h.

#pragma once

#include <cerrno>

#include "rtml/sdk/detail/fence.h"
#include "rtml/sdk/storage.h"

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

// ---- table ----

inline ScanRequest read_request(const rtml_scan_request* request) {
  ScanRequest read;
  read.path = request->path;
  read.format = request->format;
  if (request->column_count >= 0) {
    read.columns.emplace(request->columns, request->columns + request->column_count);
  }
  for (std::int64_t i = 0; i < request->hint_count; ++i) {
    const rtml_column_hint& hint = request->hints[i];
    read.hints.push_back({hint.column, hint.type == nullptr ? "" : hint.type,
                          hint.time_unit == nullptr ? "" : hint.time_unit});
  }
  read.batch_rows = request->batch_rows;
  read.options = request->options;
  return read;
}

// A RowReader as a C stream, which keeps the error for stream_error().
struct ReaderStream {
  std::unique_ptr<RowReader> reader;
  Error error;

  template <typename Function>
  int run(Function&& function) noexcept {
    try {
      Status status = function();
      if (status) return 0;
      error = std::move(status.error());
    } catch (const std::exception& exception) {
      error = fail(RTML_STATUS_FAILED, exception.what());
    } catch (...) {
      error = fail(RTML_STATUS_FAILED, "an unknown exception");
    }
    return EIO;
  }

  static ReaderStream& of(ArrowArrayStream* stream) {
    return *static_cast<ReaderStream*>(stream->private_data);
  }
  static int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
    ReaderStream& self = of(stream);
    return self.run([&] { return self.reader->schema(out); });
  }
  static int get_next(ArrowArrayStream* stream, ArrowArray* out) {
    ReaderStream& self = of(stream);
    return self.run([&]() -> Status {
      RTML_SDK_TRY_ASSIGN(const bool more, self.reader->next(out));
      if (!more) *out = {};
      return {};
    });
  }
  static const char* get_last_error(ArrowArrayStream* stream) {
    return of(stream).error.message.c_str();
  }
  static void release(ArrowArrayStream* stream) {
    delete static_cast<ReaderStream*>(stream->private_data);
    stream->release = nullptr;
  }
};

inline void give_stream(std::unique_ptr<RowReader> reader, ArrowArrayStream* out) {
  auto stream = std::make_unique<ReaderStream>();
  stream->reader = std::move(reader);
  *out = {};
  out->get_schema = &ReaderStream::get_schema;
  out->get_next = &ReaderStream::get_next;
  out->get_last_error = &ReaderStream::get_last_error;
  out->release = &ReaderStream::release;
  out->private_data = stream.release();
}

inline rtml_status table_schema(void* store, const rtml_scan_request* request,
                                const rtml_call* call, ArrowSchema* schema,
                                rtml_error* error) noexcept {
  return fenced(error, [&] {
    return static_cast<TableStore*>(store)->schema(read_request(request), Call(call), schema);
  });
}

inline rtml_status table_scan(void* store, const rtml_scan_request* request, const rtml_call* call,
                              ArrowArrayStream* rows, rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(auto reader,
                        static_cast<TableStore*>(store)->scan(read_request(request), Call(call)));
    give_stream(std::move(reader), rows);
    return {};
  });
}

inline rtml_status table_stream_error(void* /*store*/, ArrowArrayStream* rows,
                                      rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status { return std::move(ReaderStream::of(rows).error); });
}

inline rtml_status table_write(void* store, const rtml_write_request* request,
                               ArrowArrayStream* rows, const rtml_call* call,
                               std::int64_t* row_count, rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RowSource source(rows);
    RTML_SDK_TRY_ASSIGN(
        *row_count, static_cast<TableStore*>(store)->write(
                        {request->path, request->format, request->options}, source, Call(call)));
    return {};
  });
}

template <typename Class>
inline constexpr rtml_table_store kTableStoreTable = {sizeof(rtml_table_store),
                                                      &open_store<Class, TableStore>,
                                                      &close_object<TableStore>,
                                                      &table_schema,
                                                      &table_scan,
                                                      &table_stream_error,
                                                      &table_write};

// ---- online ----

inline std::vector<std::string_view> views(const rtml_bytes* texts, std::int64_t count) {
  std::vector<std::string_view> result;
  result.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) result.push_back(view(texts[i]));
  return result;
}

inline void give_groups(Groups groups, rtml_groups* out) {
  auto owner = std::make_unique<Groups>(std::move(groups));
  const std::vector<rtml_group>& finished = owner->finish();
  out->count = static_cast<std::int64_t>(finished.size());
  out->groups = finished.data();
  give_owner(std::move(owner), out);
}

inline std::int32_t online_commits_atomically(void* store) noexcept {
  return static_cast<OnlineStore*>(store)->commits_atomically() ? 1 : 0;
}

inline rtml_status online_get_groups(void* store, const rtml_bytes* groups,
                                     std::int64_t group_count, const rtml_call* call,
                                     rtml_groups* found, rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(Groups got, static_cast<OnlineStore*>(store)->get_groups(
                                        views(groups, group_count), Call(call)));
    give_groups(std::move(got), found);
    return {};
  });
}

inline rtml_status online_scan(void* store, rtml_bytes prefix, rtml_bytes after, std::int64_t limit,
                               std::int32_t with_members, const rtml_call* call, rtml_groups* found,
                               rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(Groups got,
                        static_cast<OnlineStore*>(store)->scan(view(prefix), view(after), limit,
                                                               with_members != 0, Call(call)));
    give_groups(std::move(got), found);
    return {};
  });
}

inline rtml_status online_begin(void* store, rtml_bytes scope, std::uint64_t epoch,
                                const rtml_call* call, void** transaction,
                                rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(auto begun,
                        static_cast<OnlineStore*>(store)->begin(view(scope), epoch, Call(call)));
    *transaction = begun.release();
    return {};
  });
}

inline rtml_status online_get(void* transaction, const rtml_bytes* groups, std::int64_t group_count,
                              rtml_groups* found, rtml_error* error) noexcept {
  return fenced(error, [&]() -> Status {
    RTML_SDK_TRY_ASSIGN(
        Groups got, static_cast<OnlineTransaction*>(transaction)->get(views(groups, group_count)));
    give_groups(std::move(got), found);
    return {};
  });
}

inline rtml_status online_put(void* transaction, rtml_bytes group, rtml_bytes member,
                              rtml_bytes value, rtml_error* error) noexcept {
  return fenced(error, [&] {
    return static_cast<OnlineTransaction*>(transaction)
        ->put(view(group), view(member), view(value));
  });
}

inline rtml_status online_remove(void* transaction, rtml_bytes group, rtml_bytes member,
                                 rtml_error* error) noexcept {
  return fenced(error, [&] {
    return static_cast<OnlineTransaction*>(transaction)->remove(view(group), view(member));
  });
}

inline rtml_status online_remove_group(void* transaction, rtml_bytes group,
                                       rtml_error* error) noexcept {
  return fenced(error, [&] {
    return static_cast<OnlineTransaction*>(transaction)->remove_group(view(group));
  });
}

inline rtml_status online_expire(void* transaction, rtml_bytes group, std::int64_t at_us,
                                 rtml_error* error) noexcept {
  return fenced(error, [&] {
    return static_cast<OnlineTransaction*>(transaction)->expire(view(group), at_us);
  });
}

inline rtml_status online_commit(void* transaction, rtml_error* error) noexcept {
  return fenced(error, [&] { return static_cast<OnlineTransaction*>(transaction)->commit(); });
}

template <typename Class>
inline constexpr rtml_online_store kOnlineStoreTable = {sizeof(rtml_online_store),
                                                        &open_store<Class, OnlineStore>,
                                                        &close_object<OnlineStore>,
                                                        &online_commits_atomically,
                                                        &online_get_groups,
                                                        &online_scan,
                                                        &online_begin,
                                                        &online_get,
                                                        &online_put,
                                                        &online_remove,
                                                        &online_remove_group,
                                                        &online_expire,
                                                        &online_commit,
                                                        &close_object<OnlineTransaction>};

// ---- stream ----

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

// ---- blob ----

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
