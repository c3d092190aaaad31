// var and std, rate, ewma: what is made of exact sums.

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/feature/accumulator_kinds.h"
#include "core/feature/exact_ratio.h"
#include "core/feature/half_life.h"
#include "core/feature/sorted_word.h"
#include "core/feature/wide_sum.h"

namespace rtml::feature {
namespace {

using table::Kind;
using table::Value;

// The number of values, their sum and the sum of their squares.
struct Moments {
  std::int64_t terms = 0;
  WideSum sum;
  WideSum squares;

  void add(double value) {
    ++terms;
    sum.add(value);
    squares.add_product(value, value);
  }
  void add(std::int64_t value) {
    ++terms;
    sum.add_integer(value);
    squares.add_integer(static_cast<Int128>(value) * value);
  }
  Value variance() const {
    if (terms < 2) return {};
    if (!sum.is_finite()) return Value::of_number(std::numeric_limits<double>::quiet_NaN());
    return Value::of_number(rounded_variance(terms, sum.number(), squares.number()));
  }
};

Value root_of(const Value& variance) {
  return variance.is_null() ? variance : Value::of_number(std::sqrt(variance.number()));
}

Value variance_of(const KeptWindow& window) {
  Moments moments;
  for (std::size_t i = window.begin; i < window.end; ++i) {
    if (!window.takes(i)) continue;
    if (window.values->holds_numbers()) {
      moments.add(window.values->numbers[i]);
    } else {
      moments.add(window.values->integers[i]);
    }
  }
  return moments.variance();
}

template <bool kIsRoot>
class Variance final : public AccumulatorOf<Variance<kIsRoot>> {
 public:
  explicit Variance(Kind kind) : is_integer_(kind != Kind::kDouble) {}

  void add(const Value& value, const EventPlace&) override {
    if (is_integer_) {
      moments_.add(value.integer());
    } else {
      moments_.add(value.number());
    }
  }
  void merge_same(const Variance& other) {
    moments_.terms += other.moments_.terms;
    moments_.sum.merge(other.moments_.sum);
    moments_.squares.merge(other.moments_.squares);
  }
  Value read(ReadMemory&) const override {
    return kIsRoot ? root_of(moments_.variance()) : moments_.variance();
  }
  void encode(ByteWriter& writer) const override {
    writer.varint(static_cast<std::uint64_t>(moments_.terms));
    if (moments_.terms == 0) return;
    moments_.sum.encode(writer);
    moments_.squares.encode(writer);
  }
  void decode(ByteReader& reader) override {
    moments_.terms = decode_count(reader);
    if (moments_.terms == 0) return;
    moments_.sum.decode(reader);
    moments_.squares.decode(reader);
    if (moments_.squares.number().is_negative) reader.refuse();
    if (is_integer_ && !(moments_.sum.is_whole() && moments_.squares.is_whole())) reader.refuse();
  }

 private:
  bool is_integer_;
  Moments moments_;
};

Value rate_of(double total, const AggregateParameters& parameters) {
  return Value::of_number(per_second(total, parameters));
}

class Rate final : public AccumulatorOf<Rate> {
 public:
  Rate(Kind kind, const AggregateParameters& parameters)
      : is_integer_(kind != Kind::kDouble), parameters_(parameters) {}

  void add(const Value& value, const EventPlace&) override {
    ++terms_;
    if (parameters_.counts_events) return;
    if (is_integer_) {
      sum_.add_integer(value.integer());
    } else {
      sum_.add(value.number());
    }
  }
  void merge_same(const Rate& other) {
    terms_ += other.terms_;
    sum_.merge(other.sum_);
  }
  Value read(ReadMemory&) const override {
    if (parameters_.counts_events) return rate_of(static_cast<double>(terms_), parameters_);
    return terms_ == 0 ? Value() : rate_of(sum_.rounded(), parameters_);
  }
  void encode(ByteWriter& writer) const override {
    writer.varint(static_cast<std::uint64_t>(terms_));
    if (terms_ > 0 && !parameters_.counts_events) sum_.encode(writer);
  }
  void decode(ByteReader& reader) override {
    terms_ = decode_count(reader);
    if (terms_ == 0 || parameters_.counts_events) return;
    sum_.decode(reader);
    if (is_integer_ && !sum_.is_whole()) reader.refuse();
  }

 private:
  bool is_integer_;
  AggregateParameters parameters_;
  std::int64_t terms_ = 0;
  WideSum sum_;
};

// The exponentially weighted mean Σ x w / Σ w with w = 2^(t / half-life), evaluated exactly and
// rounded once.
struct WeightedSum {
  WideSum values;
  WideSum weights;

  void add(double value, double weight, int exponent) {
    values.add_product(value, weight, exponent);
    weights.add_product(weight, 1, exponent);
  }
  // An INT64 is two doubles, so that it counts exactly.
  void add(std::int64_t value, double weight, int exponent) {
    const std::int64_t low = value & 0xFFFF'FFFF;
    values.add_product(static_cast<double>(value - low), weight, exponent);
    values.add_product(static_cast<double>(low), weight, exponent);
    weights.add_product(weight, 1, exponent);
  }
  Value mean() const {
    const WideNumber weight = weights.number();
    if (weight.is_zero()) return {};
    // What is special does not depend on the weight, and the rest does not matter then.
    if (!values.is_finite()) return Value::of_number(values.special());
    return Value::of_number(rounded_ratio(values.number(), weight));
  }
};

class Ewma final : public AccumulatorOf<Ewma> {
 public:
  Ewma(Kind kind, const AggregateParameters& parameters)
      : kind_(kind), half_life_us_(parameters.half_life_us) {}

  void add(const Value& value, const EventPlace& place) override {
    WeightedSum* const sum = sum_of(period_of(place.time_us, half_life_us_));
    if (sum == nullptr) return;
    const double weight = weight_of(place.time_us, half_life_us_);
    if (kind_ == Kind::kDouble) {
      sum->add(value.number(), weight, 0);
    } else {
      sum->add(value.integer(), weight, 0);
    }
  }
  void merge_same(const Ewma& other) {
    for (const Period& period : other.periods_) {
      WeightedSum* const sum = sum_of(period.index);
      if (sum == nullptr) continue;
      sum->values.merge(period.sum.values);
      sum->weights.merge(period.sum.weights);
    }
  }
  Value read(ReadMemory&) const override {
    WeightedSum total;
    for (const Period& period : periods_) {
      const auto exponent = static_cast<int>(period.index - periods_.back().index);
      total.values.merge(period.sum.values, exponent);
      total.weights.merge(period.sum.weights, exponent);
    }
    return total.mean();
  }
  void encode(ByteWriter& writer) const override {
    writer.varint(periods_.size());
    for (const Period& period : periods_) {
      writer.zigzag(period.index);
      period.sum.values.encode(writer);
      period.sum.weights.encode(writer);
    }
  }
  void decode(ByteReader& reader) override {
    const std::size_t size = reader.count(5);
    for (std::size_t i = 0; i < size && !reader.failed(); ++i) {
      Period period;
      period.index = reader.zigzag();
      period.sum.values.decode(reader);
      period.sum.weights.decode(reader);
      const WideNumber weight = period.sum.weights.number();
      const bool is_first = periods_.empty();
      if (!period.sum.weights.is_finite() || weight.is_zero() || weight.is_negative ||
          !is_moment(period.index) || (!is_first && period.index <= periods_.back().index) ||
          (!is_first && period.index - periods_.front().index >= kForgottenHalfLives)) {
        return reader.refuse();
      }
      periods_.push_back(std::move(period));
    }
  }

 private:
  // The events of one half-life.
  struct Period {
    std::int64_t index = 0;
    WeightedSum sum;
  };

  // Whether a period has any moment, so that differences of periods do not overflow either.
  bool is_moment(std::int64_t index) const {
    return index >= period_of(std::numeric_limits<std::int64_t>::min(), half_life_us_) &&
           index <= period_of(std::numeric_limits<std::int64_t>::max(), half_life_us_);
  }

  // The sum of a period, or null if it is forgotten already. Forgets others.
  WeightedSum* sum_of(std::int64_t index) {
    // Unsigned, because periods may lie further apart than INT64 can say.
    const auto distance = [](std::int64_t later, std::int64_t earlier) {
      return static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier);
    };
    if (!periods_.empty() && index < periods_.back().index &&
        distance(periods_.back().index, index) >= kForgottenHalfLives) {
      return nullptr;
    }
    const auto place = std::lower_bound(
        periods_.begin(), periods_.end(), index,
        [](const Period& period, std::int64_t wanted) { return period.index < wanted; });
    if (place != periods_.end() && place->index == index) return &place->sum;
    const auto inserted = periods_.insert(place, Period{index, {}});
    if (inserted + 1 != periods_.end()) return &inserted->sum;
    const auto kept = std::find_if(periods_.begin(), periods_.end(), [&](const Period& period) {
      return distance(index, period.index) < kForgottenHalfLives;
    });
    periods_.erase(periods_.begin(), kept);
    return &periods_.back().sum;
  }

  Kind kind_;
  std::int64_t half_life_us_;
  std::vector<Period> periods_;  // Ascending; the last is that of the latest event.
};

}  // namespace

Value read_var(const KeptWindow& window, ReadMemory&) {
  return variance_of(window);
}

Value read_std(const KeptWindow& window, ReadMemory&) {
  return root_of(variance_of(window));
}

Value read_rate(const KeptWindow& window, ReadMemory& memory) {
  if (window.values == nullptr) {
    return rate_of(static_cast<double>(read_count(window, memory).integer()), *window.parameters);
  }
  Rate rate(window.values->kind, *window.parameters);
  for (std::size_t i = window.begin; i < window.end; ++i) {
    if (window.takes(i)) rate.add(window.values->at(i), {});
  }
  return rate.read(memory);
}

Value read_ewma(const KeptWindow& window, ReadMemory&) {
  const std::int64_t half_life_us = window.parameters->half_life_us;
  WeightedSum total;
  bool is_latest = true;
  std::int64_t latest = 0;
  for (std::size_t i = window.end; i > window.begin; --i) {
    if (!window.takes(i - 1)) continue;
    const std::int64_t time_us = window.times_us[i - 1];
    const std::int64_t period = period_of(time_us, half_life_us);
    if (is_latest) latest = period;
    is_latest = false;
    const std::uint64_t age =
        static_cast<std::uint64_t>(latest) - static_cast<std::uint64_t>(period);
    if (age >= kForgottenHalfLives) break;
    const double weight = weight_of(time_us, half_life_us);
    if (window.values->holds_numbers()) {
      total.add(window.values->numbers[i - 1], weight, -static_cast<int>(age));
    } else {
      total.add(window.values->integers[i - 1], weight, -static_cast<int>(age));
    }
  }
  return total.mean();
}

std::unique_ptr<Accumulator> accumulate_var(Kind kind, const AggregateParameters&) {
  return std::make_unique<Variance<false>>(kind);
}
std::unique_ptr<Accumulator> accumulate_std(Kind kind, const AggregateParameters&) {
  return std::make_unique<Variance<true>>(kind);
}
std::unique_ptr<Accumulator> accumulate_rate(Kind kind, const AggregateParameters& parameters) {
  return std::make_unique<Rate>(kind, parameters);
}
std::unique_ptr<Accumulator> accumulate_ewma(Kind kind, const AggregateParameters& parameters) {
  return std::make_unique<Ewma>(kind, parameters);
}

}  // namespace rtml::feature
