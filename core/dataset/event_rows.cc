#include "core/dataset/event_rows.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <unordered_set>

namespace rtml::dataset {
namespace {

struct OrderColumns {
  table::Column time;
  std::optional<table::Column> created;
  std::optional<table::Column> id;
};

bool is_text(const table::Column& id) {
  return id.type().kind == table::Kind::kString || id.type().kind == table::Kind::kBytes;
}

Result<OrderColumns> order_columns(const project::Source& source, const table::Batch& rows,
                                   std::string_view what) {
  OrderColumns columns;
  RTML_TRY_ASSIGN(const std::size_t time, rows.schema().require(source.timestamp.column, what));
  columns.time = rows.column(time);
  for (std::int64_t row = 0; columns.time.null_count() > 0 && row < rows.rows(); ++row) {
    if (!columns.time.is_null(row)) continue;
    return fail(Error(ErrorCode::kDataBadTimestamp,
                      std::string(what) + ": column " + source.timestamp.column +
                          " has no time in row " + std::to_string(row + 1))
                    .with_help("every event needs a time; leave such rows out of the source"));
  }
  if (source.created) {
    RTML_TRY_ASSIGN(const std::size_t created, rows.schema().require(source.created->column, what));
    columns.created = rows.column(created);
  }
  if (!source.id.empty()) {
    RTML_TRY_ASSIGN(const std::size_t id, rows.schema().require(source.id, what));
    columns.id = rows.column(id);
    const table::DataType type = columns.id->type();
    if (type.is_list || (!table::is_integer(type) && !is_text(*columns.id))) {
      return fail(Error(ErrorCode::kDataWrongType, std::string(what) + ": the id column " +
                                                       source.id + " cannot have type " +
                                                       table::to_string(type))
                      .with_help("declare the column as INT64 or STRING in the source"));
    }
  }
  return columns;
}

bool comes_before(const OrderColumns& columns, std::int64_t a, std::int64_t b) {
  const auto times = columns.time.values<std::int64_t>();
  if (times[a] != times[b]) return times[a] < times[b];
  if (columns.created) {
    const auto created = [&](std::int64_t row) {
      return columns.created->is_null(row) ? std::numeric_limits<std::int64_t>::min()
                                           : columns.created->values<std::int64_t>()[row];
    };
    if (created(a) != created(b)) return created(a) < created(b);
  }
  if (columns.id && !columns.id->is_null(a) && !columns.id->is_null(b)) {
    if (is_text(*columns.id)) {
      const int order = columns.id->text_at(a).compare(columns.id->text_at(b));
      if (order != 0) return order < 0;
    } else if (columns.id->integer_at(a) != columns.id->integer_at(b)) {
      return columns.id->integer_at(a) < columns.id->integer_at(b);
    }
  } else if (columns.id && columns.id->is_null(a) != columns.id->is_null(b)) {
    return columns.id->is_null(a);
  }
  return a < b;
}

// True if the ids ascend without a null, as most sources are written: then none is there twice.
bool ascends(const table::Column& id) {
  if (id.null_count() > 0 || is_text(id)) return false;
  for (std::int64_t row = 1; row < id.length(); ++row) {
    if (id.integer_at(row - 1) >= id.integer_at(row)) return false;
  }
  return true;
}

template <typename Key, typename KeyOf>
void drop_repeated(std::vector<std::int64_t>* order, const table::Column& id, const KeyOf& key_of) {
  std::unordered_set<Key> seen;
  seen.reserve(order->size());
  std::erase_if(*order, [&](std::int64_t row) {
    return !id.is_null(row) && !seen.insert(key_of(row)).second;
  });
}

}  // namespace

Result<std::vector<std::int64_t>> event_rows(const project::Source& source,
                                             const table::Batch& rows, std::string_view what) {
  RTML_TRY_ASSIGN(const OrderColumns columns, order_columns(source, rows, what));
  std::vector<std::int64_t> order(static_cast<std::size_t>(rows.rows()));
  std::iota(order.begin(), order.end(), 0);
  const auto before = [&](std::int64_t a, std::int64_t b) { return comes_before(columns, a, b); };
  // Looking is cheaper than sorting, and sources are mostly written in this order.
  if (!std::is_sorted(order.begin(), order.end(), before)) {
    std::sort(order.begin(), order.end(), before);
  }
  if (columns.id && !ascends(*columns.id)) {
    const table::Column& id = *columns.id;
    if (is_text(id)) {
      drop_repeated<std::string_view>(&order, id,
                                      [&](std::int64_t row) { return id.text_at(row); });
    } else {
      drop_repeated<std::int64_t>(&order, id, [&](std::int64_t row) { return id.integer_at(row); });
    }
  }
  return order;
}

}  // namespace rtml::dataset
