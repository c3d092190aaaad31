#include <array>
#include <cerrno>
#include <vector>

#include "core/table/arrow_c_interface.h"

namespace rtml::table {
namespace {

const char* format_of(Kind kind) {
  switch (kind) {
    case Kind::kBool:
      return "b";
    case Kind::kInt32:
      return "i";
    case Kind::kInt64:
      return "l";
    case Kind::kFloat:
      return "f";
    case Kind::kDouble:
      return "g";
    case Kind::kString:
      return "u";
    case Kind::kBytes:
      return "z";
    case Kind::kTimestamp:
      return "tsu:UTC";
  }
  return "";
}

// What an exported schema points into.
struct SchemaOwner {
  std::string name;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};

void release_schema(ArrowSchema* schema) {
  auto* owner = static_cast<SchemaOwner*>(schema->private_data);
  for (ArrowSchema& child : owner->children) {
    if (child.release != nullptr) child.release(&child);
  }
  delete owner;
  schema->release = nullptr;
}

void export_node(const char* format, std::string name, std::vector<ArrowSchema> children,
                 ArrowSchema* out) {
  auto owner = std::make_unique<SchemaOwner>();
  owner->name = std::move(name);
  owner->children = std::move(children);
  for (ArrowSchema& child : owner->children) owner->pointers.push_back(&child);
  *out = {};
  out->format = format;
  out->name = owner->name.c_str();
  out->flags = ARROW_FLAG_NULLABLE;
  out->n_children = static_cast<std::int64_t>(owner->children.size());
  out->children = owner->pointers.data();
  out->release = &release_schema;
  out->private_data = owner.release();
}

void export_field(const Field& field, ArrowSchema* out) {
  std::vector<ArrowSchema> items;
  if (field.type.is_list) {
    items.resize(1);
    export_node(format_of(field.type.kind), "item", {}, items.data());
  }
  export_node(field.type.is_list ? "+l" : format_of(field.type.kind), field.name, std::move(items),
              out);
}

// What an exported array points into.
struct ArrayOwner {
  std::shared_ptr<const ColumnData> data;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
  std::array<const void*, 3> buffers = {};
};

void release_array(ArrowArray* array) {
  auto* owner = static_cast<ArrayOwner*>(array->private_data);
  for (ArrowArray& child : owner->children) {
    if (child.release != nullptr) child.release(&child);
  }
  delete owner;
  array->release = nullptr;
}

void give(std::unique_ptr<ArrayOwner> owner, std::int64_t buffer_count, ArrowArray* out) {
  for (ArrowArray& child : owner->children) owner->pointers.push_back(&child);
  out->n_buffers = buffer_count;
  out->n_children = static_cast<std::int64_t>(owner->children.size());
  out->buffers = owner->buffers.data();
  out->children = owner->pointers.data();
  out->release = &release_array;
  out->private_data = owner.release();
}

void export_data(std::shared_ptr<const ColumnData> data, ArrowArray* out) {
  // An empty buffer still has an address: readers may form pointers into it.
  static constexpr std::array<std::int64_t, 2> kEmpty = {};
  auto owner = std::make_unique<ArrayOwner>();
  *out = {};
  out->length = data->length;
  out->offset = data->offset;
  out->null_count = data->null_count;
  owner->buffers[0] = data->null_count == 0 ? nullptr : data->validity;
  const void* values = data->values == nullptr ? kEmpty.data() : data->values;
  std::int64_t buffers = 2;
  if (data->type.is_list) {
    owner->buffers[1] = data->offsets;
    owner->children.resize(1);
    export_data(data->items, owner->children.data());
  } else if (data->type.kind == Kind::kString || data->type.kind == Kind::kBytes) {
    owner->buffers[1] = data->offsets;
    owner->buffers[2] = values;
    buffers = 3;
  } else {
    owner->buffers[1] = values;
  }
  owner->data = std::move(data);
  give(std::move(owner), buffers, out);
}

}  // namespace

void export_schema(const Schema& schema, ArrowSchema* out) {
  std::vector<ArrowSchema> columns(schema.size());
  for (std::size_t i = 0; i < schema.size(); ++i) export_field(schema.field(i), &columns[i]);
  export_node("+s", "", std::move(columns), out);
  out->flags = 0;
}

void export_column(const Column& column, ArrowArray* out) {
  export_data(column.data(), out);
}

void export_batch(const Batch& batch, ArrowArray* out) {
  auto owner = std::make_unique<ArrayOwner>();
  owner->children.resize(batch.columns().size());
  for (std::size_t i = 0; i < batch.columns().size(); ++i) {
    export_column(batch.column(i), &owner->children[i]);
  }
  *out = {};
  out->length = batch.rows();
  give(std::move(owner), 1, out);
}

ExportedStream::ExportedStream(BatchReader& reader) : reader_(reader) {
  stream_.get_schema = &get_schema;
  stream_.get_next = &get_next;
  stream_.get_last_error = &get_last_error;
  // The stream borrows the reader, so there is nothing to free.
  stream_.release = [](ArrowArrayStream* stream) { stream->release = nullptr; };
  stream_.private_data = this;
}

int ExportedStream::get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
  auto* self = static_cast<ExportedStream*>(stream->private_data);
  table::export_schema(*self->reader_.schema(), out);
  return 0;
}

int ExportedStream::get_next(ArrowArrayStream* stream, ArrowArray* out) {
  auto* self = static_cast<ExportedStream*>(stream->private_data);
  if (self->error_) return EIO;
  Result<std::optional<Batch>> batch = self->reader_.next();
  if (!batch) {
    self->error_ = std::move(batch).error();
    return EIO;
  }
  *out = {};
  if (*batch) export_batch(**batch, out);
  return 0;
}

const char* ExportedStream::get_last_error(ArrowArrayStream* stream) {
  const auto* self = static_cast<const ExportedStream*>(stream->private_data);
  return self->error_ ? self->error_->message().c_str() : nullptr;
}

}  // namespace rtml::table
