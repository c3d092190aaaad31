// Quantiles, exact and by a sketch.

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/feature/accumulator_kinds.h"
#include "core/feature/ddsketch.h"
#include "core/feature/quantile.h"
#include "core/feature/sorted_word.h"

namespace rtml::feature {
namespace {

using table::Kind;
using table::Value;

// The quantile of values in any order, which it reorders. NaN if there is a NaN.
Value quantile_of(std::vector<double>& values, double probability) {
  if (values.empty()) return {};
  if (std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); })) {
    return Value::of_number(std::numeric_limits<double>::quiet_NaN());
  }
  const QuantilePlace place = quantile_place(values.size(), probability);
  const auto lower = values.begin() + static_cast<std::ptrdiff_t>(place.index);
  std::nth_element(values.begin(), lower, values.end());
  if (lower + 1 == values.end()) return Value::of_number(canonical(*lower));
  const double upper = *std::min_element(lower + 1, values.end());
  return Value::of_number(canonical(between(*lower, upper, place.share)));
}

// Keeps every value, as the word of a double.
class Quantile final : public AccumulatorOf<Quantile> {
 public:
  Quantile(Kind kind, const AggregateParameters& parameters)
      : kind_(kind), probability_(parameters.probability) {}

  void add(const Value& value, const EventPlace&) override {
    words_.push_back(word_of_number(number_of(kind_, value)));
  }
  void merge_same(const Quantile& other) {
    words_.insert(words_.end(), other.words_.begin(), other.words_.end());
  }
  Value read(ReadMemory& memory) const override {
    memory.numbers.clear();
    for (const std::int64_t word : words_) memory.numbers.push_back(number_of_word(word));
    return quantile_of(memory.numbers, probability_);
  }
  void encode(ByteWriter& writer) const override {
    std::vector<std::int64_t> sorted = words_;
    std::sort(sorted.begin(), sorted.end());
    writer.varint(sorted.size());
    // The least by its distance from zero, the others from the one before.
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      if (i == 0) {
        writer.zigzag(sorted[0]);
      } else {
        writer.varint(static_cast<std::uint64_t>(sorted[i]) -
                      static_cast<std::uint64_t>(sorted[i - 1]));
      }
    }
  }
  void decode(ByteReader& reader) override {
    const std::size_t size = reader.count(1);
    for (std::size_t i = 0; i < size; ++i) {
      std::int64_t word = 0;
      if (i == 0) {
        word = reader.zigzag();
      } else {
        word =
            static_cast<std::int64_t>(static_cast<std::uint64_t>(words_.back()) + reader.varint());
      }
      // A step past the greatest word comes round to the least.
      const bool is_round = i > 0 && word < words_.back();
      if (reader.failed() || is_round || !is_word(Kind::kDouble, word)) return reader.refuse();
      words_.push_back(word);
    }
  }

 private:
  Kind kind_;
  double probability_;
  std::vector<std::int64_t> words_;
};

class ApproximateQuantile final : public AccumulatorOf<ApproximateQuantile> {
 public:
  ApproximateQuantile(Kind kind, const AggregateParameters& parameters)
      : kind_(kind), probability_(parameters.probability), sketch_(parameters.accuracy) {}

  void add(const Value& value, const EventPlace&) override { sketch_.add(number_of(kind_, value)); }
  void merge_same(const ApproximateQuantile& other) { sketch_.merge(other.sketch_); }
  Value read(ReadMemory&) const override {
    const auto quantile = sketch_.quantile(probability_);
    return quantile ? Value::of_number(canonical(*quantile)) : Value();
  }
  void encode(ByteWriter& writer) const override { sketch_.encode(writer); }
  void decode(ByteReader& reader) override { sketch_.decode(reader); }

 private:
  Kind kind_;
  double probability_;
  DdSketch sketch_;
};

}  // namespace

Value read_quantile(const KeptWindow& window, ReadMemory& memory) {
  memory.numbers.clear();
  for (std::size_t i = window.begin; i < window.end; ++i) {
    if (window.takes(i)) memory.numbers.push_back(number_at(*window.values, i));
  }
  return quantile_of(memory.numbers, window.parameters->probability);
}

Value read_approx_quantile(const KeptWindow& window, ReadMemory&) {
  DdSketch sketch(window.parameters->accuracy);
  for (std::size_t i = window.begin; i < window.end; ++i) {
    if (window.takes(i)) sketch.add(number_at(*window.values, i));
  }
  const auto quantile = sketch.quantile(window.parameters->probability);
  return quantile ? Value::of_number(canonical(*quantile)) : Value();
}

std::unique_ptr<Accumulator> accumulate_quantile(Kind kind, const AggregateParameters& parameters) {
  return std::make_unique<Quantile>(kind, parameters);
}
std::unique_ptr<Accumulator> accumulate_approx_quantile(Kind kind,
                                                        const AggregateParameters& parameters) {
  return std::make_unique<ApproximateQuantile>(kind, parameters);
}

}  // namespace rtml::feature
