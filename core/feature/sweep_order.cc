#include "core/feature/sweep_order.h"

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_map>

#include "core/feature/integer_table.h"
#include "core/feature/order.h"
#include "core/table/value_memory.h"

namespace rtml::feature {
namespace {

using table::Column;
using table::Kind;
using table::Value;

bool is_null_key(const std::vector<Column>& keys, std::int64_t row) {
  return std::any_of(keys.begin(), keys.end(), [&](const Column& key) { return key.is_null(row); });
}

void key_bytes(const std::vector<Column>& keys, std::int64_t row, std::string& bytes) {
  bytes.clear();
  for (const Column& key : keys) append_sortable(bytes, value_at(key, row));
}

// Counting sort of rows by entity, keeping their order within one. Rows of negative entities are
// left out.
Grouped group(const std::vector<std::int32_t>& entities, std::int32_t count) {
  Grouped grouped;
  grouped.begins.assign(static_cast<std::size_t>(count) + 1, 0);
  for (const std::int32_t entity : entities) {
    if (entity >= 0) ++grouped.begins[static_cast<std::size_t>(entity) + 1];
  }
  for (std::size_t e = 1; e < grouped.begins.size(); ++e) {
    grouped.begins[e] += grouped.begins[e - 1];
  }
  grouped.rows.resize(static_cast<std::size_t>(grouped.begins.back()));
  grouped.places.resize(entities.size(), Grouped::kNowhere);
  std::vector<std::int64_t> next = grouped.begins;
  for (std::size_t row = 0; row < entities.size(); ++row) {
    if (entities[row] < 0) continue;
    const auto place = static_cast<RowNumber>(next[entities[row]]++);
    grouped.rows[place] = static_cast<RowNumber>(row);
    grouped.places[row] = place;
  }
  return grouped;
}

// Whether rows are in order already, as those of files mostly are: where their times rise, nothing
// else has to be looked at.
template <typename Less>
bool are_in_order(std::span<const RowNumber> rows, std::span<const std::int64_t> times,
                  const Less& less) {
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const std::int64_t before = times[rows[i - 1]];
    const std::int64_t after = times[rows[i]];
    if (before > after || (before == after && less(rows[i], rows[i - 1]))) return false;
  }
  return true;
}

// Sorts rows that are some stretches in order each, as those of several files are: merges
// neighbours until one is left. The order of equal rows stays.
template <typename Iterator, typename Less>
void merge_stretches(Iterator begin, Iterator end, const Less& less) {
  std::vector<Iterator> starts = {begin};
  for (Iterator row = begin; row != end && row + 1 != end; ++row) {
    if (less(*(row + 1), *row)) starts.push_back(row + 1);
  }
  // Too many of them are rows in no order.
  if (static_cast<std::ptrdiff_t>(starts.size()) * 8 > end - begin) {
    return std::stable_sort(begin, end, less);
  }
  starts.push_back(end);
  while (starts.size() > 2) {
    std::size_t kept = 1;
    for (std::size_t i = 2; i < starts.size(); i += 2) {
      std::inplace_merge(starts[i - 2], starts[i - 1], starts[i], less);
      starts[kept++] = starts[i];
    }
    // The last stretch, if it has no neighbour.
    if (starts.size() % 2 == 0) starts[kept++] = end;
    starts.resize(kept);
  }
}

template <typename Less>
void sort_groups(Grouped& grouped, std::span<const std::int64_t> times, const Less& less) {
  for (std::size_t e = 0; e + 1 < grouped.begins.size(); ++e) {
    const auto begin = grouped.rows.begin() + grouped.begins[e];
    const auto end = grouped.rows.begin() + grouped.begins[e + 1];
    if (are_in_order({begin, end}, times, less)) continue;
    merge_stretches(begin, end, less);
    for (auto row = begin; row != end; ++row) {
      grouped.places[*row] = static_cast<RowNumber>(row - grouped.rows.begin());
    }
  }
}

// The order of events, on rows of columns.
class EventOrder {
 public:
  EventOrder(const Program& program, const EventColumns& events, const std::vector<Column>& slots)
      : program_(program),
        events_(events),
        slots_(slots),
        times_(events.time.values<std::int64_t>()) {}

  bool operator()(std::int64_t a, std::int64_t b) const {
    if (times_[a] != times_[b]) return times_[a] < times_[b];
    if (const int created = compare_created(a, b); created != 0) return created < 0;
    return compare_ties(a, b) < 0;
  }

  // Whether `a` is the one to keep of two events with one id.
  bool is_kept_before(std::int64_t a, std::int64_t b) const {
    if (times_[a] != times_[b]) return times_[a] < times_[b];
    if (const int created = compare_created(a, b); created != 0) return created < 0;
    const std::string left = slot_bytes(a);
    const std::string right = slot_bytes(b);
    return left != right ? left < right : a < b;
  }

  int compare_ids(std::int64_t a, std::int64_t b) const {
    const Column& id = *events_.id;
    if (id.is_null(a) || id.is_null(b)) return int{id.is_null(b)} - int{id.is_null(a)};
    if (id.type().kind == Kind::kString) return id.text_at(a).compare(id.text_at(b));
    const std::int64_t left = id.integer_at(a);
    const std::int64_t right = id.integer_at(b);
    return left < right ? -1 : int{left > right};
  }

 private:
  int compare_created(std::int64_t a, std::int64_t b) const {
    if (!events_.created) return 0;
    const Column& created = *events_.created;
    if (created.is_null(a) || created.is_null(b)) {
      return int{created.is_null(b)} - int{created.is_null(a)};
    }
    const std::int64_t left = created.integer_at(a);
    const std::int64_t right = created.integer_at(b);
    return left < right ? -1 : int{left > right};
  }

  int compare_ties(std::int64_t a, std::int64_t b) const {
    if (program_.source_input != kNone) {
      const Column& source = events_.inputs[program_.source_input];
      const std::int64_t left = source.integer_at(a);
      const std::int64_t right = source.integer_at(b);
      if (left != right) return left < right ? -1 : 1;
    }
    if (events_.id) {
      const int ids = compare_ids(a, b);
      if (ids != 0 || !events_.id->is_null(a)) return ids;
    }
    return program_.is_order_needed ? row_bytes(a).compare(row_bytes(b)) : 0;
  }

  std::string row_bytes(std::int64_t row) const {
    std::string bytes;
    table::ValueMemory memory;
    for (const Column& input : events_.inputs) {
      append_sortable(bytes, value_at(input, row, memory));
    }
    return bytes;
  }
  std::string slot_bytes(std::int64_t row) const {
    std::string bytes;
    for (const Column& slot : slots_) append_sortable(bytes, value_at(slot, row));
    return bytes;
  }

  const Program& program_;
  const EventColumns& events_;
  const std::vector<Column>& slots_;
  std::span<const std::int64_t> times_;
};

// Whether ids rise from row to row, as they do where a database gave them: then none is there
// twice.
bool are_rising(const Column& id, std::span<const RowNumber> rows) {
  if (id.null_count() > 0) return false;
  const auto rise = [&](const auto& id_at) {
    for (std::size_t i = 1; i < rows.size(); ++i) {
      if (!(id_at(rows[i - 1]) < id_at(rows[i]))) return false;
    }
    return true;
  };
  if (id.type().kind == Kind::kString || id.type().kind == Kind::kBytes) {
    return rise([&](std::int64_t row) { return id.text_at(row); });
  }
  if (id.type().kind == Kind::kInt64) {
    return rise([values = id.values<std::int64_t>()](std::int64_t row) { return values[row]; });
  }
  return rise([&](std::int64_t row) { return id.integer_at(row); });
}

// Whether all rows are in the order of events and no id is there twice, as in most files: then
// this holds for the rows of each entity, and nobody has to look at them one by one.
bool are_all_in_order(const Program& program, const EventColumns& events) {
  if (events.created || (!events.id && program.is_order_needed)) return false;
  const auto times = events.time.values<std::int64_t>();
  if (!std::is_sorted(times.begin(), times.end())) return false;
  if (!events.id) return true;
  if (events.id->null_count() > 0 || events.id->type().kind != Kind::kInt64) return false;
  const auto ids = events.id->values<std::int64_t>();
  return std::adjacent_find(ids.begin(), ids.end(), std::greater_equal<>()) == ids.end();
}

// Finds the rows of each entity whose id another row has that is to be kept.
std::vector<std::int64_t> find_duplicates(const Grouped& grouped, const Column& id,
                                          const EventOrder& order) {
  std::vector<std::int64_t> duplicates;
  std::vector<RowNumber> rows;
  for (std::size_t e = 0; e + 1 < grouped.begins.size(); ++e) {
    const auto begin = grouped.rows.begin() + grouped.begins[e];
    const auto end = grouped.rows.begin() + grouped.begins[e + 1];
    if (are_rising(id, {begin, end})) continue;
    rows.assign(begin, end);
    const auto by_id = [&](std::int64_t a, std::int64_t b) { return order.compare_ids(a, b) < 0; };
    std::sort(rows.begin(), rows.end(), by_id);
    std::size_t kept = 0;
    for (std::size_t i = 1; i < rows.size(); ++i) {
      if (id.is_null(rows[i]) || order.compare_ids(rows[kept], rows[i]) != 0) {
        kept = i;
      } else if (order.is_kept_before(rows[kept], rows[i])) {
        duplicates.push_back(rows[i]);
      } else {
        duplicates.push_back(rows[kept]);
        kept = i;
      }
    }
  }
  std::sort(duplicates.begin(), duplicates.end());
  return duplicates;
}

}  // namespace

struct EntityIndex::Tables {
  enum class Form { kSingle, kInteger, kBytes };
  Form form = Form::kSingle;
  IntegerTable integers;
  std::unordered_map<std::string, std::int32_t> bytes;
};

EntityIndex::EntityIndex(const Program& program) : tables_(std::make_unique<Tables>()) {
  if (program.keys.size() == 1 && table::is_integer(program.keys[0].type)) {
    tables_->form = Tables::Form::kInteger;
  } else if (!program.keys.empty()) {
    tables_->form = Tables::Form::kBytes;
  }
}

EntityIndex::~EntityIndex() = default;

std::int32_t EntityIndex::size() const {
  switch (tables_->form) {
    case Tables::Form::kInteger:
      return tables_->integers.size();
    case Tables::Form::kBytes:
      return static_cast<std::int32_t>(tables_->bytes.size());
    case Tables::Form::kSingle:
      break;
  }
  return 1;
}

namespace {

// Calls one of the functions for the key of each row, by the form of the keys, and collects what
// they return.
template <typename OfInteger, typename OfBytes>
std::vector<std::int32_t> number_rows(const std::vector<Column>& keys, std::int64_t rows,
                                      bool are_integers, const OfInteger& of_integer,
                                      const OfBytes& of_bytes) {
  std::vector<std::int32_t> entities(static_cast<std::size_t>(rows), 0);
  if (keys.empty()) return entities;
  if (are_integers && keys[0].null_count() == 0 && keys[0].type().kind == Kind::kInt64) {
    const auto values = keys[0].values<std::int64_t>();
    for (std::size_t row = 0; row < entities.size(); ++row) entities[row] = of_integer(values[row]);
    return entities;
  }
  std::string bytes;
  for (std::int64_t row = 0; row < rows; ++row) {
    std::int32_t& entity = entities[static_cast<std::size_t>(row)];
    if (is_null_key(keys, row)) {
      entity = EntityIndex::kNullKey;
    } else if (are_integers) {
      entity = of_integer(keys[0].integer_at(row));
    } else {
      key_bytes(keys, row, bytes);
      entity = of_bytes(bytes);
    }
  }
  return entities;
}

}  // namespace

std::vector<std::int32_t> EntityIndex::add(const std::vector<Column>& keys, std::int64_t rows) {
  return number_rows(
      keys, rows, tables_->form == Tables::Form::kInteger,
      [&](std::int64_t key) { return tables_->integers.add(key); },
      [&](const std::string& key) {
        return tables_->bytes.try_emplace(key, static_cast<std::int32_t>(tables_->bytes.size()))
            .first->second;
      });
}

std::vector<std::int32_t> EntityIndex::find(const std::vector<Column>& keys,
                                            std::int64_t rows) const {
  return number_rows(
      keys, rows, tables_->form == Tables::Form::kInteger,
      [&](std::int64_t key) { return tables_->integers.find(key); },
      [&](const std::string& key) {
        const auto found = tables_->bytes.find(key);
        return found == tables_->bytes.end() ? kUnknown : found->second;
      });
}

OrderedEvents order_events(const Program& program, const EventColumns& events,
                           const std::vector<Column>& slots, EntityIndex& index) {
  OrderedEvents ordered;
  std::vector<std::int32_t> entities = index.add(events.keys, events.rows);
  ordered.without_key = std::count(entities.begin(), entities.end(), EntityIndex::kNullKey);
  const EventOrder order(program, events, slots);
  ordered.grouped = group(entities, index.size());
  if (are_all_in_order(program, events)) return ordered;
  if (events.id) {
    ordered.duplicates = find_duplicates(ordered.grouped, *events.id, order);
    if (!ordered.duplicates.empty()) {
      for (const std::int64_t row : ordered.duplicates) {
        entities[static_cast<std::size_t>(row)] = EntityIndex::kNullKey;
      }
      ordered.grouped = group(entities, index.size());
    }
  }
  sort_groups(ordered.grouped, events.time.values<std::int64_t>(), order);
  return ordered;
}

namespace {

// Whether the reads are the events themselves, one by one.
bool are_same(const EventColumns& events, const ReadColumns& reads) {
  const auto is_same = [](const Column& a, const Column& b) { return a.data() == b.data(); };
  return events.rows == reads.rows && is_same(events.time, reads.time) &&
         std::equal(events.keys.begin(), events.keys.end(), reads.keys.begin(), reads.keys.end(),
                    is_same);
}

}  // namespace

OrderedReads order_reads(const EventColumns& events, const OrderedEvents& ordered_events,
                         const ReadColumns& reads, const EntityIndex& index) {
  if (are_same(events, reads) && ordered_events.duplicates.empty()) {
    // Events of one moment may stand in another order, but reads of one moment are alike.
    OrderedReads same{.grouped = ordered_events.grouped, .without_key = {}, .are_events = true};
    same.grouped.begins.push_back(same.grouped.begins.back());
    for (std::int64_t row = 0; ordered_events.without_key > 0 && row < reads.rows; ++row) {
      if (is_null_key(reads.keys, row)) same.without_key.push_back(row);
    }
    return same;
  }
  OrderedReads ordered;
  std::vector<std::int32_t> entities = index.find(reads.keys, reads.rows);
  for (std::size_t row = 0; row < entities.size(); ++row) {
    if (entities[row] == EntityIndex::kUnknown) entities[row] = index.size();
    if (entities[row] == EntityIndex::kNullKey) {
      ordered.without_key.push_back(static_cast<std::int64_t>(row));
    }
  }
  ordered.grouped = group(entities, index.size() + 1);
  const std::span<const std::int64_t> times = reads.time.values<std::int64_t>();
  sort_groups(ordered.grouped, times,
              [&](std::int64_t a, std::int64_t b) { return times[a] < times[b]; });
  return ordered;
}

}  // namespace rtml::feature
