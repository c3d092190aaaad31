// Statements with bound parameters in PostgreSQL's binary form.

#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rtml::postgres {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using QueryResult = std::unique_ptr<PGresult, ClearResult>;

inline constexpr std::uint32_t kByteaOid = 17;
inline constexpr std::uint32_t kBigintOid = 20;

// A value of an array type in binary form, built item by item.
// https://www.postgresql.org/docs/15/protocol.html; the form is that of array_recv().
class BinaryArray {
 public:
  explicit BinaryArray(std::uint32_t item_type = kByteaOid);
  void add(std::string_view item);
  // The bytes, as of now.
  const std::string& finish();
  bool empty() const { return count_ == 0; }

 private:
  std::string bytes_;
  std::uint32_t count_ = 0;
};

// 8 bytes, big-endian: bigint, and texts of bytes that are ordered as the numbers are.
std::string big_endian(std::uint64_t number);

// A statement by its text, or by the name under which a session has prepared it.
struct Statement {
  std::string text;  // Of a prepared one: its name.
  bool is_prepared = false;
  std::vector<std::string> parameters;  // In binary form.
};

// The value of a column of bytea; "" for NULL. A view of the result.
inline std::string_view bytes_at(const PGresult& result, int row, int column) {
  return {PQgetvalue(&result, row, column),
          static_cast<std::size_t>(PQgetlength(&result, row, column))};
}

}  // namespace rtml::postgres
