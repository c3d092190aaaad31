// The events of a program as plain columns, one after the other, as parts and files hold them.

#pragma once

#include <cstdint>
#include <vector>

#include "core/feature/sweep.h"

namespace rtml::dataset {

// Keys, time, created and id where there are any, inputs.
std::vector<table::Column> columns_of(const feature::EventColumns& events);

// Takes the events out of such columns again; columns behind them are passed over.
feature::EventColumns events_of(const feature::Program& program,
                                const std::vector<table::Column>& columns);

// The columns of a program's events where there are none.
std::vector<table::Column> no_events(const feature::Program& program);

std::vector<table::DataType> types_of(const std::vector<table::Column>& columns);

// How many rows have a null in one of their keys.
std::int64_t rows_without_key(const std::vector<table::Column>& keys, std::int64_t rows);

}  // namespace rtml::dataset
