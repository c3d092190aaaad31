// One factory of accumulators an aggregate, for the table, and what accumulators share. Internal to
// core/feature.

#pragma once

#include <cstdint>
#include <memory>

#include "core/feature/accumulator.h"
#include "core/feature/aggregate.h"
#include "core/table/types.h"

namespace rtml::feature {

using MakeAccumulator = std::unique_ptr<Accumulator>(table::Kind, const AggregateParameters&);
MakeAccumulator accumulate_count;
MakeAccumulator accumulate_sum;
MakeAccumulator accumulate_mean;
MakeAccumulator accumulate_min;
MakeAccumulator accumulate_max;
MakeAccumulator accumulate_first;
MakeAccumulator accumulate_last;
MakeAccumulator accumulate_var;
MakeAccumulator accumulate_std;
MakeAccumulator accumulate_rate;
MakeAccumulator accumulate_ewma;
MakeAccumulator accumulate_quantile;
MakeAccumulator accumulate_approx_quantile;
MakeAccumulator accumulate_count_distinct;
MakeAccumulator accumulate_approx_count_distinct;
MakeAccumulator accumulate_top_k;
MakeAccumulator accumulate_last_k;

// What merge() and clone() of all accumulators `Self` have in common.
template <typename Self>
class AccumulatorOf : public Accumulator {
 public:
  void merge(const Accumulator& other) final {
    static_cast<Self*>(this)->merge_same(static_cast<const Self&>(other));
  }
  std::unique_ptr<Accumulator> clone() const final {
    return std::make_unique<Self>(static_cast<const Self&>(*this));
  }
};

// A number of events. Refuses more than any state has seen.
std::int64_t decode_count(ByteReader& reader);

// A value alone, without a tag: `kind` says what it is. Texts point into the bytes read.
void encode_value(ByteWriter& writer, table::Kind kind, const table::Value& value);
table::Value decode_value(ByteReader& reader, table::Kind kind);

// The place's text points into the bytes read.
void encode_place(ByteWriter& writer, const EventPlace& place);
EventPlace decode_place(ByteReader& reader);

}  // namespace rtml::feature
