// The scratch memory of a kernel. Internal to core/feature.

#pragma once

#include <string>
#include <vector>

#include "core/expression/expression.h"
#include "core/feature/aggregate.h"
#include "core/feature/kernel.h"
#include "core/feature/read_plan.h"

namespace rtml::feature {

struct Kernel::Memory {
  explicit Memory(const Program& program)
      : packed(program.slots.size()),
        slot_scratch(program.slots.size()),
        output_scratch(program.outputs.size()),
        plan(make_plan(program)) {}

  std::vector<table::Value> inputs;       // Of the event at hand, then its time.
  table::ValueMemory lists;               // Of the inputs whose NaN are null.
  std::vector<table::Value> slot_values;  // Of the event at hand,
  std::vector<std::string> packed;        // and the lists among them as they are kept.
  std::vector<expression::Scratch> slot_scratch;
  std::vector<expression::Scratch> output_scratch;
  const ReadPlan plan;
  State overlay;  // The events of a state and a request's own among them.
  std::vector<SlotView> views;
  std::vector<table::Value> cells;  // Of the row last read.
  ReadMemory read;                  // What they point into,
  table::ValueMemory row;           // and what the row does.
};

}  // namespace rtml::feature
