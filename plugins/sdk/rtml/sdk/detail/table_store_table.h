// The C table of the capability "table" over sdk::TableStore.

#pragma once

#include <cerrno>

#include "rtml/sdk/detail/object.h"
#include "rtml/sdk/storage.h"

namespace rtml::sdk::detail {

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

}  // namespace rtml::sdk::detail
