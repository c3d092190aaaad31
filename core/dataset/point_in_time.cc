#include "core/dataset/point_in_time.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace rtml::dataset {
namespace {

std::int64_t created_of(const EventTimes& events, std::int64_t row) {
  return events.created_us.empty() ? kNoCreation : events.created_us[row];
}

// -1, 0 or 1 by id; a null id ranks lowest.
int compare_ids(const table::Column& id, std::int64_t a, std::int64_t b) {
  if (id.is_null(a) || id.is_null(b)) {
    return static_cast<int>(id.is_null(b)) - static_cast<int>(id.is_null(a));
  }
  const table::Kind kind = id.type().kind;
  if (kind == table::Kind::kString || kind == table::Kind::kBytes) {
    const int order = id.text_at(a).compare(id.text_at(b));
    return order < 0 ? -1 : (order > 0 ? 1 : 0);
  }
  const std::int64_t left = id.integer_at(a);
  const std::int64_t right = id.integer_at(b);
  return left < right ? -1 : (left > right ? 1 : 0);
}

bool comes_before(const EventTimes& events, std::int64_t a, std::int64_t b) {
  if (events.time_us[a] != events.time_us[b]) return events.time_us[a] < events.time_us[b];
  const std::int64_t created_a = created_of(events, a);
  const std::int64_t created_b = created_of(events, b);
  if (created_a != created_b) return created_a < created_b;
  if (events.id) {
    const int order = compare_ids(*events.id, a, b);
    if (order != 0) return order < 0;
  }
  return !events.row_bytes.empty() && events.row_bytes[a] < events.row_bytes[b];
}

void append_big_endian(std::uint64_t value, std::string* bytes) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes->push_back(static_cast<char>(value >> shift & 0xFF));
  }
}

void append_value_bytes(const table::Column& column, std::int64_t row, std::string* bytes) {
  if (column.is_null(row)) return bytes->push_back('\0');
  bytes->push_back('\1');
  if (column.type().is_list) {
    const table::Column list = column.list_at(row);
    append_big_endian(static_cast<std::uint64_t>(list.length()), bytes);
    for (std::int64_t item = 0; item < list.length(); ++item) {
      append_value_bytes(list, item, bytes);
    }
    return;
  }
  switch (column.type().kind) {
    case table::Kind::kString:
    case table::Kind::kBytes: {
      const std::string_view text = column.text_at(row);
      append_big_endian(text.size(), bytes);
      bytes->append(text);
      return;
    }
    case table::Kind::kFloat:
    case table::Kind::kDouble: {
      const double value = column.number_at(row);
      return append_big_endian(
          std::bit_cast<std::uint64_t>(std::isnan(value) ? std::numeric_limits<double>::quiet_NaN()
                                                         : value),
          bytes);
    }
    default:
      return append_big_endian(static_cast<std::uint64_t>(column.integer_at(row)), bytes);
  }
}

}  // namespace

std::vector<std::int64_t> event_order(const EventTimes& events) {
  std::vector<std::int64_t> rows(events.time_us.size());
  std::iota(rows.begin(), rows.end(), 0);
  const auto before = [&](std::int64_t a, std::int64_t b) { return comes_before(events, a, b); };
  // Sources are mostly written in this order; looking is cheaper than sorting.
  if (!std::is_sorted(rows.begin(), rows.end(), before)) {
    std::sort(rows.begin(), rows.end(), before);
  }
  return rows;
}

bool has_ties(const EventTimes& events, std::span<const std::int64_t> order) {
  return std::adjacent_find(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
           return !comes_before(events, a, b);
         }) != order.end();
}

std::vector<std::string> canonical_row_bytes(const table::Batch& rows) {
  std::vector<std::size_t> columns(rows.schema().size());
  std::iota(columns.begin(), columns.end(), 0);
  std::sort(columns.begin(), columns.end(), [&](std::size_t a, std::size_t b) {
    return rows.schema().field(a).name < rows.schema().field(b).name;
  });
  std::vector<std::string> bytes(static_cast<std::size_t>(rows.rows()));
  for (const std::size_t column : columns) {
    for (std::int64_t row = 0; row < rows.rows(); ++row) {
      append_value_bytes(rows.column(column), row, &bytes[row]);
    }
  }
  return bytes;
}

EventGroups group_by_entity(std::span<const std::int64_t> order,
                            std::span<const std::int32_t> entities, std::int32_t entity_count) {
  EventGroups groups;
  groups.starts.assign(static_cast<std::size_t>(entity_count) + 1, 0);
  for (const std::int32_t entity : entities) {
    if (entity >= 0) ++groups.starts[static_cast<std::size_t>(entity) + 1];
  }
  std::partial_sum(groups.starts.begin(), groups.starts.end(), groups.starts.begin());
  groups.rows.resize(static_cast<std::size_t>(groups.starts.back()));
  std::vector<std::int64_t> next(groups.starts.begin(), groups.starts.end() - 1);
  for (const std::int64_t row : order) {
    const std::int32_t entity = entities[row];
    if (entity >= 0) groups.rows[next[entity]++] = row;
  }
  return groups;
}

std::vector<std::int64_t> point_in_time_rows(const EventTimes& events, const EventGroups& groups,
                                             std::span<const std::int32_t> request_entities,
                                             std::span<const std::int64_t> request_times_us,
                                             const JoinOptions& options) {
  std::vector<std::int64_t> seen(request_entities.size(), -1);
  for (std::size_t request = 0; request < seen.size(); ++request) {
    const std::int32_t entity = request_entities[request];
    if (entity < 0) continue;
    const std::int64_t time = request_times_us[request];
    const auto first = groups.rows.begin() + groups.starts[entity];
    const auto last = groups.rows.begin() + groups.starts[entity + 1];
    auto place = std::upper_bound(first, last, time, [&](std::int64_t moment, std::int64_t row) {
      return moment < events.time_us[row];
    });
    while (place != first) {
      --place;
      const std::int64_t event_time = events.time_us[*place];
      // Written as a difference of moments within four-digit years, which cannot overflow.
      if (options.ttl_us > 0 && time - event_time > options.ttl_us) break;
      const std::int64_t created = created_of(events, *place);
      if (options.as_of_created && (created == kNoCreation || created > time)) continue;
      seen[request] = *place;
      break;
    }
  }
  return seen;
}

}  // namespace rtml::dataset
