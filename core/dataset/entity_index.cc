#include "core/dataset/entity_index.h"

namespace rtml::dataset {
namespace {

// Spreads nearby integers over the table: the finaliser of MurmurHash3 (Appleby, public domain).
std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 33;
  value *= 0xFF51AFD7ED558CCDULL;
  value ^= value >> 33;
  value *= 0xC4CEB9FE1A85EC53ULL;
  return value ^ (value >> 33);
}

bool any_null(std::span<const table::Column> columns, std::int64_t row) {
  for (const table::Column& column : columns) {
    if (column.is_null(row)) return true;
  }
  return false;
}

void append_integer_key(std::int64_t value, std::string* bytes) {
  // Big-endian with the sign flipped, so that bytes compare as the numbers do.
  const std::uint64_t ordered = static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes->push_back(static_cast<char>(ordered >> shift & 0xFF));
  }
}

void append_text_key(std::string_view text, std::string* bytes) {
  // A zero byte is written 00 FF and the end 00 00, so that no two rows of texts give equal bytes
  // and a prefix sorts first.
  for (const char character : text) {
    bytes->push_back(character);
    if (character == '\0') bytes->push_back('\xFF');
  }
  bytes->append(2, '\0');
}

}  // namespace

Result<KeyKind> key_kind(table::DataType type, std::string_view what) {
  if (!type.is_list) {
    switch (type.kind) {
      case table::Kind::kInt32:
      case table::Kind::kInt64:
        return KeyKind::kInteger;
      case table::Kind::kString:
        return KeyKind::kText;
      case table::Kind::kBytes:
        return KeyKind::kBytes;
      case table::Kind::kBool:
        return KeyKind::kBool;
      case table::Kind::kTimestamp:
        return KeyKind::kTimestamp;
      default:
        break;
    }
  }
  return fail(Error(ErrorCode::kDataWrongType,
                    std::string(what) + " cannot be a key of type: " + table::to_string(type))
                  .with_help("declare the column as INT64 or STRING in the source"));
}

std::string_view describe(KeyKind kind) {
  switch (kind) {
    case KeyKind::kInteger:
      return "an integer";
    case KeyKind::kText:
      return "a string";
    case KeyKind::kBytes:
      return "bytes";
    case KeyKind::kBool:
      return "a boolean";
    case KeyKind::kTimestamp:
      return "a timestamp";
  }
  return "";
}

void append_key_bytes(std::span<const table::Column> columns, std::int64_t row,
                      std::string* bytes) {
  for (const table::Column& column : columns) {
    const table::Kind kind = column.type().kind;
    if (kind == table::Kind::kString || kind == table::Kind::kBytes) {
      append_text_key(column.text_at(row), bytes);
    } else {
      append_integer_key(column.integer_at(row), bytes);
    }
  }
}

EntityIndex::EntityIndex(std::vector<KeyKind> kinds) : kinds_(std::move(kinds)) {
  if (kinds_.empty()) size_ = 1;
  if (is_single_integer()) slots_.resize(1024);
}

std::size_t EntityIndex::place_of(std::int64_t key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t place = mix(static_cast<std::uint64_t>(key)) & mask;
  while (slots_[place].number != kNone && slots_[place].key != key) place = (place + 1) & mask;
  return place;
}

void EntityIndex::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.number != kNone) slots_[place_of(slot.key)] = slot;
  }
}

std::vector<std::int32_t> EntityIndex::add(std::span<const table::Column> columns,
                                           std::int64_t rows) {
  std::vector<std::int32_t> numbers(static_cast<std::size_t>(rows), kNone);
  if (kinds_.empty()) {
    numbers.assign(numbers.size(), 0);
    return numbers;
  }
  std::string bytes;
  for (std::int64_t row = 0; row < rows; ++row) {
    if (any_null(columns, row)) continue;
    if (is_single_integer()) {
      const std::int64_t key = columns[0].integer_at(row);
      if (static_cast<std::size_t>(size_) * 2 >= slots_.size()) grow();
      Slot& slot = slots_[place_of(key)];
      if (slot.number == kNone) slot = {key, size_++};
      numbers[row] = slot.number;
    } else {
      bytes.clear();
      append_key_bytes(columns, row, &bytes);
      const auto [place, is_new] = numbers_.try_emplace(bytes, size_);
      if (is_new) ++size_;
      numbers[row] = place->second;
    }
  }
  return numbers;
}

std::vector<std::int32_t> EntityIndex::find(std::span<const table::Column> columns,
                                            std::int64_t rows) const {
  std::vector<std::int32_t> numbers(static_cast<std::size_t>(rows), kNone);
  if (kinds_.empty()) {
    numbers.assign(numbers.size(), 0);
    return numbers;
  }
  std::string bytes;
  for (std::int64_t row = 0; row < rows; ++row) {
    if (any_null(columns, row)) continue;
    if (is_single_integer()) {
      numbers[row] = slots_[place_of(columns[0].integer_at(row))].number;
    } else {
      bytes.clear();
      append_key_bytes(columns, row, &bytes);
      const auto place = numbers_.find(bytes);
      if (place != numbers_.end()) numbers[row] = place->second;
    }
  }
  return numbers;
}

}  // namespace rtml::dataset
