#include "core/table/value_memory.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace rtml::table {
namespace {

constexpr std::size_t kLeastBlock = 4'096;

}  // namespace

std::byte* ValueMemory::allocate(std::size_t size) {
  const std::size_t rounded = (size + alignof(Value) - 1) / alignof(Value) * alignof(Value);
  while (block_ < blocks_.size() && blocks_[block_].size - used_ < rounded) {
    ++block_;
    used_ = 0;
  }
  if (block_ == blocks_.size()) {
    // Each block doubles the memory, so that there are few of them.
    const std::size_t last = blocks_.empty() ? 0 : blocks_.back().size;
    Block block;
    block.size = std::max({kLeastBlock, 2 * last, rounded});
    block.bytes.reset(new std::byte[block.size]);
    blocks_.push_back(std::move(block));
    used_ = 0;
  }
  std::byte* const result = blocks_[block_].bytes.get() + used_;
  used_ += rounded;
  return result;
}

std::span<Value> ValueMemory::make_list(std::size_t size) {
  auto* const items = reinterpret_cast<Value*>(allocate(size * sizeof(Value)));
  for (std::size_t i = 0; i < size; ++i) new (items + i) Value();
  return {items, size};
}

Value ValueMemory::keep(const Value& value) {
  if (value.is_text()) {
    const std::string_view text = value.text();
    if (text.empty()) return Value::of_text({});
    auto* const bytes = reinterpret_cast<char*>(allocate(text.size()));
    std::memcpy(bytes, text.data(), text.size());
    return Value::of_text({bytes, text.size()});
  }
  if (!value.is_list()) return value;
  const std::span<Value> items = make_list(value.list().size());
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = keep(value.list()[i]);
  return Value::of_list(items);
}

}  // namespace rtml::table
