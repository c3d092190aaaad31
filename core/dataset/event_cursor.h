// Rows of a source, one after the other, as the kernel takes events.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/feature/kernel.h"
#include "core/feature/sweep.h"
#include "core/table/value_memory.h"

namespace rtml::dataset {

class EventCursor {
 public:
  // `columns` must outlive the cursor.
  explicit EventCursor(const feature::EventColumns& columns)
      : columns_(columns), inputs_(columns.inputs.size()), key_(columns.keys.size()) {}

  std::int64_t time_us(std::int64_t row) const { return columns_.time.values<std::int64_t>()[row]; }

  // The key of the row's entity, or nothing if a part of it is null; valid until the next call.
  std::optional<std::span<const table::Value>> key(std::int64_t row) {
    for (std::size_t index = 0; index < key_.size(); ++index) {
      key_[index] = table::value_at(columns_.keys[index], row);
      if (key_[index].is_null()) return std::nullopt;
    }
    return key_;
  }

  // Its inputs are valid until the next call.
  feature::Event event(std::int64_t row) {
    memory_.clear();
    for (std::size_t index = 0; index < inputs_.size(); ++index) {
      inputs_[index] = table::value_at(columns_.inputs[index], row, memory_);
    }
    feature::Event event{.time_us = time_us(row), .inputs = inputs_};
    if (columns_.created) event.created = table::value_at(*columns_.created, row);
    if (columns_.id) event.id = table::value_at(*columns_.id, row);
    return event;
  }

 private:
  const feature::EventColumns& columns_;
  std::vector<table::Value> inputs_;
  std::vector<table::Value> key_;
  table::ValueMemory memory_;  // Items of lists among the inputs.
};

}  // namespace rtml::dataset
