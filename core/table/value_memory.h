// Memory for what values point into: texts and the items of lists. For one thread.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/table/value.h"

namespace rtml::table {

class ValueMemory {
 public:
  ValueMemory() = default;
  ValueMemory(ValueMemory&&) noexcept = default;
  ValueMemory& operator=(ValueMemory&&) noexcept = default;

  // Returns room for the items of a list, all null.
  std::span<Value> make_list(std::size_t size);
  // Returns a copy that does not depend on what `value` was read from.
  Value keep(const Value& value);
  // Forgets everything; the memory itself is used again.
  void clear() { block_ = used_ = 0; }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };
  // Returns `size` bytes, aligned for a Value.
  std::byte* allocate(std::size_t size);

  std::vector<Block> blocks_;
  std::size_t block_ = 0;  // The one in use.
  std::size_t used_ = 0;   // Of it.
};

}  // namespace rtml::table
