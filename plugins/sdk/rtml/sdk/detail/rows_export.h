// The bodies of rows.h that hand memory over to the host.

#pragma once

#include <array>
#include <utility>

#include "rtml/sdk/rows.h"

namespace rtml::sdk {
namespace detail {

// What an exported schema points into.
struct SchemaOwner {
  std::string name;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};

inline void release_schema(ArrowSchema* schema) {
  auto* owner = static_cast<SchemaOwner*>(schema->private_data);
  for (ArrowSchema& child : owner->children) {
    if (child.release != nullptr) child.release(&child);
  }
  delete owner;
  schema->release = nullptr;
}

inline void export_field(const char* format, std::string name, std::vector<ArrowSchema> children,
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
  out->children = owner->pointers.empty() ? nullptr : owner->pointers.data();
  out->release = &release_schema;
  out->private_data = owner.release();
}

// What an exported array points into.
struct ArrayOwner {
  std::vector<std::uint8_t> validity;
  std::vector<std::uint8_t> bits;
  std::vector<std::int32_t> offsets;
  std::vector<double> doubles;
  std::string bytes;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
  std::array<const void*, 3> buffers = {};
};

inline void release_array(ArrowArray* array) {
  auto* owner = static_cast<ArrayOwner*>(array->private_data);
  for (ArrowArray& child : owner->children) {
    if (child.release != nullptr) child.release(&child);
  }
  delete owner;
  array->release = nullptr;
}

inline void export_array(std::unique_ptr<ArrayOwner> owner, std::int64_t length,
                         std::int64_t null_count, std::int64_t buffer_count, ArrowArray* out) {
  for (ArrowArray& child : owner->children) owner->pointers.push_back(&child);
  owner->buffers[0] = owner->validity.empty() ? nullptr : owner->validity.data();
  *out = {};
  out->length = length;
  out->null_count = null_count;
  out->n_buffers = buffer_count;
  out->n_children = static_cast<std::int64_t>(owner->children.size());
  out->buffers = owner->buffers.data();
  out->children = owner->pointers.empty() ? nullptr : owner->pointers.data();
  out->release = &release_array;
  out->private_data = owner.release();
}

inline std::vector<std::uint8_t> pack_bits(const std::vector<bool>& values) {
  std::vector<std::uint8_t> bits((values.size() + 7) / 8);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i]) bits[i >> 3] |= static_cast<std::uint8_t>(1U << (i & 7));
  }
  return bits;
}

}  // namespace detail

inline void export_schema(const std::vector<Field>& fields, ArrowSchema* out) {
  std::vector<ArrowSchema> columns(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    std::vector<ArrowSchema> items;
    if (fields[i].type == Type::kList) {
      items.resize(1);
      detail::export_field(format_of(fields[i].items), "item", {}, items.data());
    }
    detail::export_field(format_of(fields[i].type), fields[i].name, std::move(items), &columns[i]);
  }
  detail::export_field("+s", "", std::move(columns), out);
  out->flags = 0;
}

inline void ColumnBuilder::finish(ArrowArray* out) {
  auto owner = std::make_unique<detail::ArrayOwner>();
  if (null_count_ > 0) owner->validity = detail::pack_bits(valid_);
  owner->offsets = std::move(offsets_);
  owner->bytes = std::move(bytes_);
  std::int64_t buffers = 2;
  switch (type_) {
    case Type::kBool:
      owner->bits = detail::pack_bits(bools_);
      owner->buffers[1] = owner->bits.data();
      break;
    case Type::kString:
    case Type::kBytes:
      owner->buffers[1] = owner->offsets.data();
      owner->buffers[2] = owner->bytes.data();
      buffers = 3;
      break;
    case Type::kList:
      owner->buffers[1] = owner->offsets.data();
      owner->children.resize(1);
      items_->finish(owner->children.data());
      break;
    default:
      owner->buffers[1] = owner->bytes.data();
  }
  detail::export_array(std::move(owner), length_, null_count_, buffers, out);
}

inline void RowsBuilder::finish(ArrowArray* out) {
  auto owner = std::make_unique<detail::ArrayOwner>();
  const std::int64_t count = rows();
  owner->children.resize(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].finish(&owner->children[i]);
  start();
  detail::export_array(std::move(owner), count, 0, 1, out);
}

inline void export_doubles(std::vector<double> values, ArrowArray* out) {
  auto owner = std::make_unique<detail::ArrayOwner>();
  owner->doubles = std::move(values);
  owner->buffers[1] = owner->doubles.data();
  const auto length = static_cast<std::int64_t>(owner->doubles.size());
  detail::export_array(std::move(owner), length, 0, 2, out);
}

}  // namespace rtml::sdk
