// Puts the events and reads of a sweep in order: by entity, then by the order of events. Internal
// to core/feature.

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/result.h"
#include "core/feature/integer_table.h"
#include "core/feature/sweep.h"

namespace rtml::feature {

// The number of a row; there are never more of them.
using RowNumber = std::uint32_t;

// Rows grouped by entity: those of entity e are rows[begins[e]] to rows[begins[e + 1] - 1].
struct Grouped {
  static constexpr RowNumber kNowhere = static_cast<RowNumber>(-1);

  std::vector<RowNumber> rows;
  std::vector<RowNumber> places;  // Where each row stands in `rows`; kNowhere: in no group.
  std::vector<std::int64_t> begins;
};

struct OrderedEvents {
  Grouped grouped;                       // In the order of events within an entity.
  std::vector<std::int64_t> duplicates;  // Rows that were left out, ascending.
  std::int64_t without_key = 0;
};

struct OrderedReads {
  Grouped grouped;  // By time within an entity; the last entity is all that have no events.
  std::vector<std::int64_t> without_key;  // Rows whose key is null, ascending.
  bool are_events = false;                // They are the events, in their order.
};

// The entities of a sweep and what stands where. `slots` are the program's slots over the events.
// REQUIRES: the columns have been checked against the program.
OrderedEvents order_events(const Program& program, const EventColumns& events,
                           const std::vector<table::Column>& slots, class EntityIndex& index);
// Where the reads are the very columns of the events, their order is taken over.
OrderedReads order_reads(const EventColumns& events, const OrderedEvents& ordered_events,
                         const ReadColumns& reads, const EntityIndex& index);

// Numbers the entities from 0 in the order in which their keys are first seen.
class EntityIndex {
 public:
  explicit EntityIndex(const Program& program);
  ~EntityIndex();

  // Returns the number of the entity of each row; kNullKey where a key is null. Unknown keys get a
  // number with add(), and kUnknown with find().
  std::vector<std::int32_t> add(const std::vector<table::Column>& keys, std::int64_t rows);
  std::vector<std::int32_t> find(const std::vector<table::Column>& keys, std::int64_t rows) const;
  std::int32_t size() const;

  static constexpr std::int32_t kNullKey = -1;
  static constexpr std::int32_t kUnknown = IntegerTable::kUnknown;

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

}  // namespace rtml::feature
