#include "core/dataset/event_watch.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "core/project/source_union.h"

namespace rtml::dataset {
namespace {

// What ticking off may take of memory: so much, and so much a row. Marks take eight bytes a row.
constexpr std::int64_t kFreeBytes = std::int64_t{16} << 20;
constexpr std::int64_t kBytesPerRow = 2;
constexpr std::int64_t kPageBytes = 8'192;

bool is_text(table::DataType type) {
  return !type.is_list && (type.kind == table::Kind::kString || type.kind == table::Kind::kBytes);
}

}  // namespace

Status EventWatch::add(const table::Batch& rows) {
  RTML_TRY_ASSIGN(const std::size_t time, rows.schema().require(source_.timestamp.column, what_));
  const table::Column& times = rows.column(time);
  for (std::int64_t row = 0; times.null_count() > 0 && row < rows.rows(); ++row) {
    if (!times.is_null(row)) continue;
    return fail(Error(ErrorCode::kDataBadTimestamp, what_ + ": column " + source_.timestamp.column +
                                                        " has no time in row " +
                                                        std::to_string(rows_ + row + 1))
                    .with_help("every event needs a time; leave such rows out of the source"));
  }
  if (!source_.id.empty()) {
    RTML_TRY_ASSIGN(const std::size_t id, rows.schema().require(source_.id, what_));
    const table::DataType type = rows.column(id).type();
    if (!is_text(type) && !table::is_integer(type)) {
      return fail(Error(ErrorCode::kDataWrongType, what_ + ": the id column " + source_.id +
                                                       " cannot have type " +
                                                       table::to_string(type))
                      .with_help("declare the column as INT64 or STRING in the source"));
    }
    if (is_text(type)) {
      add_texts(rows.column(id));
    } else {
      add_integers(rows.column(id));
    }
  }
  rows_ += rows.rows();
  return {};
}

void EventWatch::add_integers(const table::Column& id) {
  const bool is_wide = id.type().kind == table::Kind::kInt64;
  const std::int64_t* const wide = is_wide ? id.values<std::int64_t>().data() : nullptr;
  for (std::int64_t row = 0; row < id.length() && !may_repeat_; ++row) {
    if (id.is_null(row)) continue;
    add_integer(0, wide != nullptr ? wide[row] : id.integer_at(row));
  }
}

void EventWatch::add_texts(const table::Column& id) {
  for (std::int64_t row = 0; row < id.length() && !may_repeat_; ++row) {
    if (id.is_null(row)) continue;
    const std::string_view text = id.text_at(row);
    // The ids of a union that are integers in their source.
    const auto integer = source_.is_union() ? project::integer_of_union_id(text) : std::nullopt;
    if (integer) {
      add_integer(integer->part, integer->id);
    } else {
      marks_.add(text);
    }
  }
}

void EventWatch::add_integer(std::uint64_t part, std::int64_t id) {
  if (is_marking_) return marks_.add(part, id);
  const std::uint64_t number = part << 48 | static_cast<std::uint64_t>(id) >> 16;
  Recent& recent = recent_[static_cast<std::size_t>(number) % recent_.size()];
  if (recent.page == nullptr || recent.number != number) {
    recent = {number, &pages_[number]};
    const std::int64_t bytes = std::ssize(pages_) * kPageBytes;
    if (bytes > kFreeBytes + rows_ * kBytesPerRow) {
      mark_pages();
      return marks_.add(part, id);
    }
  }
  std::uint64_t& word = recent.page->bits[static_cast<std::size_t>(id >> 6) & 1023];
  const std::uint64_t bit = std::uint64_t{1} << (id & 63);
  may_repeat_ = may_repeat_ || (word & bit) != 0;
  word |= bit;
}

void EventWatch::mark_pages() {
  is_marking_ = true;
  for (const auto& [number, page] : pages_) {
    for (std::uint64_t place = 0; place < 65'536; ++place) {
      if ((page.bits[place >> 6] >> (place & 63) & 1) == 0) continue;
      marks_.add(number >> 48, static_cast<std::int64_t>(number << 16 | place));
    }
  }
  pages_.clear();
  recent_.clear();
}

bool EventWatch::may_repeat() {
  may_repeat_ = may_repeat_ || marks_.take_equal();
  return may_repeat_;
}

}  // namespace rtml::dataset
