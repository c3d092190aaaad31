// Entities by number: equal keys get equal numbers, whatever integer width they came in.
//
// For one thread.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "core/table/column.h"

namespace rtml::dataset {

// What a key column can hold; integers of any width are one kind.
enum class KeyKind : std::uint8_t { kInteger, kText, kBytes, kBool, kTimestamp };

// The kind of a key column of this type. Fails with kDataWrongType for numbers with a fraction and
// lists, naming `what`.
Result<KeyKind> key_kind(table::DataType type, std::string_view what);

// A word for messages: "an integer", "a string".
std::string_view describe(KeyKind kind);

// Appends the key of one row to `bytes`: injective over rows of the same kinds and ordered as the
// keys are (integers numerically, texts by bytes), so that it serves as a key of the online store
// too (docs/formats/online.md). REQUIRES: none of the columns is null at `row`.
void append_key_bytes(std::span<const table::Column> columns, std::int64_t row, std::string* bytes);

class EntityIndex {
 public:
  static constexpr std::int32_t kNone = -1;

  // Keys of a view without entities have no columns: its one entity has number 0.
  explicit EntityIndex(std::vector<KeyKind> kinds);

  // Numbers the entity of each row, giving new numbers to new entities; kNone where a key is null.
  // REQUIRES: columns of one length and of the kinds given to the constructor.
  std::vector<std::int32_t> add(std::span<const table::Column> columns, std::int64_t rows);
  // The same without new numbers: kNone for entities that were never added.
  std::vector<std::int32_t> find(std::span<const table::Column> columns, std::int64_t rows) const;

  // How many entities were added.
  std::int32_t size() const { return size_; }
  const std::vector<KeyKind>& kinds() const { return kinds_; }

 private:
  struct Slot {
    std::int64_t key = 0;
    std::int32_t number = kNone;
  };
  bool is_single_integer() const { return kinds_.size() == 1 && kinds_[0] == KeyKind::kInteger; }
  // Where `key` is in slots_, or the empty slot where it belongs.
  std::size_t place_of(std::int64_t key) const;
  void grow();

  std::vector<KeyKind> kinds_;
  std::int32_t size_ = 0;
  // One integer key, by far the most usual: open addressing, a power of two of slots.
  std::vector<Slot> slots_;
  // Every other shape of key, by its bytes.
  std::unordered_map<std::string, std::int32_t> numbers_;
};

}  // namespace rtml::dataset
