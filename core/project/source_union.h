// The events of several sources as those of one, where a view reads them so.
//
// The union has a table of its own: a column that all of its parts have, with one type, keeps its
// name; any other is there once for each part that has it, under the part's name too, and null in
// the rows of the others. Beside them stand the columns below, which say of each row what its own
// source says in columns of its own. Their names, and what joins a column and a part, hold a
// control character, so that no column of the data has them; and they sort as the columns' own
// names do, then by part. Values; functions without state.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/project/definitions.h"
#include "core/table/types.h"
#include "core/table/value.h"

namespace rtml::project {

inline constexpr char kUnionMark = '\x1F';
inline constexpr std::string_view kUnionTime = "\x1Ftime";  // TIMESTAMP.
inline constexpr std::string_view kUnionCreated =
    "\x1F"
    "created";  // TIMESTAMP; null: not known.
// STRING: the event's id, which no event of another source has, and which sorts within a source as
// the source's ids do. Null where there is none.
inline constexpr std::string_view kUnionId = "\x1Fid";
inline constexpr std::string_view kUnionIdText = "\x1Fid_text";  // STRING: the id for people.
inline constexpr std::string_view kUnionSource = "\x1Fsource";   // INT64: the part, from 0.
inline constexpr std::string_view kUnionSourceName = "\x1Fsource_name";  // STRING.

// Under these names people see the source and the id of a union's event.
inline constexpr std::string_view kEventSource = "event_source";
inline constexpr std::string_view kEventId = "event_id";

// The source that stands for `parts`, in their order. It has a batch input where all of them have
// one, whose path names theirs, and no stream: each part has its own. REQUIRES: two or more.
Source make_union(std::span<const Source> parts);

// Where the parts' columns are `schemas`, the union's. Columns are in the order of their names.
table::Schema union_schema(const Source& source, std::span<const table::Schema> schemas);

// The columns of one part out of the union's: as the part names them, with the union's types.
table::Schema part_schema(const Source& source, std::size_t part, const table::Schema& schema);
// The columns that all parts have.
table::Schema common_schema(const table::Schema& schema);

// What the union calls a column of a part: its name, or that with the part's.
std::string union_name(const Source& source, std::size_t part, const std::string& column,
                       const table::Schema& schema);
// A union's column as its source calls it, and that source where not all have the column.
struct ColumnOrigin {
  std::string column;
  std::string part;  // Empty: all parts.
};
ColumnOrigin origin_of(std::string_view union_column);

// The place of a part by its name; nothing if there is none.
std::optional<std::size_t> find_part(const Source& source, std::string_view name);

// How a part's row fills a column of the union.
struct UnionValue {
  enum class Kind : std::uint8_t {
    kColumn,  // The part's `column`.
    kNull,
    kPart,  // Its place among the parts.
    kPartName,
    kId,      // union_id() of the part's `column`.
    kIdText,  // id_text() of it.
  };
  Kind kind = Kind::kNull;
  std::string column;
};
UnionValue value_of_part(const Source& source, std::size_t part, std::string_view union_column);

// The text of kUnionId. REQUIRES: an integer or a text.
std::string union_id(std::size_t part, const table::Value& id);
void append_union_id(std::string& text, std::size_t part, const table::Value& id);
// Such an id taken apart; nothing if it is that of a text.
struct UnionInteger {
  std::uint64_t part = 0;
  std::int64_t id = 0;
};
std::optional<UnionInteger> integer_of_union_id(std::string_view text);
std::string id_text(const table::Value& id);

}  // namespace rtml::project
