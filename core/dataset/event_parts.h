// The events of one view, dealt into parts by entity (core/dataset/entity_parts.h) and kept, in
// memory or in a file, until part after part is worked on.
//
// add() and spill() are for one thread, load() after finish() for any number of them.

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/dataset/entity_parts.h"
#include "core/dataset/spill_file.h"
#include "core/dataset/view_join.h"
#include "core/feature/sweep.h"

namespace rtml::dataset {

class EventParts {
 public:
  // The program must outlive the parts.
  EventParts(const feature::Program& program, const JoinLimits& limits);

  Status add(const feature::EventColumns& events);
  // Deals what waits. No add() may follow.
  Status finish();

  // REQUIRES: finish(). Views whose keys are called alike and that were given the same events and
  // were spilled alike have the same parts.
  std::size_t size() const { return part_count_; }
  Result<feature::EventColumns> load(std::size_t part) const;

  std::int64_t memory_bytes() const;
  Status spill();
  std::int64_t spilled_bytes() const { return file_.size(); }
  std::int64_t rows() const { return rows_; }
  std::int64_t events_without_key() const { return events_without_key_; }

 private:
  Status deal();

  const feature::Program& program_;
  JoinLimits limits_;
  std::vector<feature::EventColumns> waiting_;
  std::int64_t waiting_rows_ = 0;
  std::int64_t rows_ = 0;
  std::int64_t events_without_key_ = 0;
  std::size_t part_count_ = 0;  // 0: not chosen yet.
  std::unique_ptr<EntityParts> parts_;
  SpillFile file_;
  bool is_spilling_ = false;
};

}  // namespace rtml::dataset
