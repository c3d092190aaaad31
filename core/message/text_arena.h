// Memory for the texts and lists of many events, given back all at once.
//
// Owned and used by one thread at a time.

#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <vector>

#include "core/table/value.h"

namespace rtml::message {

class TextArena {
 public:
  // Copies a text; the copy stays where it is until clear().
  std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    if (text.size() > capacity_ - used_) grow(text.size());
    char* place = blocks_[block_].bytes.get() + used_;
    std::memcpy(place, text.data(), text.size());
    used_ += text.size();
    return {place, text.size()};
  }

  // Returns room for the items of a list, all null. It stays where it is until clear().
  std::span<table::Value> make_list(std::size_t size) {
    if (size == 0) return {};
    const std::size_t bytes = size * sizeof(table::Value);
    // Blocks are aligned for anything; texts before the list are of any length.
    used_ = (used_ + alignof(table::Value) - 1) / alignof(table::Value) * alignof(table::Value);
    if (used_ > capacity_ || bytes > capacity_ - used_) grow(bytes);
    auto* const items = reinterpret_cast<table::Value*>(blocks_[block_].bytes.get() + used_);
    for (std::size_t i = 0; i < size; ++i) new (items + i) table::Value();
    used_ += bytes;
    return {items, size};
  }

  // What it takes of memory, used or not.
  std::size_t memory_bytes() const {
    std::size_t bytes = 0;
    for (const Block& block : blocks_) bytes += block.size;
    return bytes;
  }

  // Forgets everything. Some blocks stay for what comes next, but for what was unusually long.
  void clear() {
    std::erase_if(blocks_, [](const Block& block) { return block.size > kBlockBytes; });
    if (blocks_.size() > kKeptBlocks) blocks_.resize(kKeptBlocks);
    block_ = 0;
    used_ = 0;
    capacity_ = blocks_.empty() ? 0 : blocks_[0].size;
  }

 private:
  static constexpr std::size_t kBlockBytes = 65'536;
  static constexpr std::size_t kKeptBlocks = 64;

  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };

  void grow(std::size_t bytes) {
    const std::size_t next = blocks_.empty() ? 0 : block_ + 1;
    if (next == blocks_.size()) blocks_.emplace_back();
    Block& block = blocks_[next];
    if (block.size < bytes || block.size == 0) {
      const std::size_t size = bytes > kBlockBytes ? bytes : kBlockBytes;
      block = {std::make_unique_for_overwrite<char[]>(size), size};
    }
    block_ = next;
    used_ = 0;
    capacity_ = block.size;
  }

  std::vector<Block> blocks_;
  std::size_t block_ = 0;
  std::size_t used_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace rtml::message
