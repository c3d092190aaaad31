#include "plugins/storage/postgres/statement.h"

namespace rtml::postgres {
namespace {

constexpr std::size_t kCountPlace = 12;

void put_32(std::uint32_t number, std::size_t place, std::string* out) {
  for (int i = 0; i < 4; ++i) {
    (*out)[place + static_cast<std::size_t>(i)] = static_cast<char>(number >> (24 - 8 * i));
  }
}

void append_32(std::uint32_t number, std::string* out) {
  out->append(4, '\0');
  put_32(number, out->size() - 4, out);
}

}  // namespace

// One dimension, no nulls, the type, the number of items, the first has index 1.
BinaryArray::BinaryArray(std::uint32_t item_type) {
  for (const std::uint32_t field :
       {std::uint32_t{1}, std::uint32_t{0}, item_type, std::uint32_t{0}, std::uint32_t{1}}) {
    append_32(field, &bytes_);
  }
}

void BinaryArray::add(std::string_view item) {
  append_32(static_cast<std::uint32_t>(item.size()), &bytes_);
  bytes_.append(item);
  ++count_;
}

const std::string& BinaryArray::finish() {
  put_32(count_, kCountPlace, &bytes_);
  return bytes_;
}

std::string big_endian(std::uint64_t number) {
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(number >> (56 - 8 * i));
  }
  return bytes;
}

}  // namespace rtml::postgres
