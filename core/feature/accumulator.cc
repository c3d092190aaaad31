// The accumulators of counts, sums, extremes and ends.

#include <bit>
#include <cmath>
#include <string>

#include "core/feature/accumulator_kinds.h"
#include "core/feature/exact_sum.h"
#include "core/feature/wide_sum.h"

namespace rtml::feature {
namespace {

using table::Kind;
using table::Value;

bool is_text(Kind kind) {
  return kind == Kind::kString || kind == Kind::kBytes;
}

class Count final : public AccumulatorOf<Count> {
 public:
  void add(const Value&, const EventPlace&) override { ++count_; }
  void merge_same(const Count& other) { count_ += other.count_; }
  Value read(ReadMemory&) const override { return Value::of_integer(count_); }
  void encode(ByteWriter& writer) const override {
    writer.varint(static_cast<std::uint64_t>(count_));
  }
  void decode(ByteReader& reader) override { count_ = decode_count(reader); }

 private:
  std::int64_t count_ = 0;
};

// The sum of what was added, or its mean.
template <bool kIsMean>
class Sum final : public AccumulatorOf<Sum<kIsMean>> {
 public:
  explicit Sum(Kind kind) : is_integer_(kind != Kind::kDouble) {}

  void add(const Value& value, const EventPlace&) override {
    ++terms_;
    if (is_integer_) {
      sum_.add_integer(value.integer());
    } else {
      sum_.add(value.number());
    }
  }
  void merge_same(const Sum& other) {
    terms_ += other.terms_;
    sum_.merge(other.sum_);
  }
  Value read(ReadMemory& memory) const override {
    if (terms_ == 0) return {};
    if (kIsMean) {
      return Value::of_number(canonical(sum_.rounded() / static_cast<double>(terms_)));
    }
    if (!is_integer_) return Value::of_number(sum_.rounded());
    if (const auto sum = sum_.integer()) return Value::of_integer(*sum);
    ++memory.overflows;
    return {};
  }
  void encode(ByteWriter& writer) const override {
    writer.varint(static_cast<std::uint64_t>(terms_));
    if (terms_ > 0) sum_.encode(writer);
  }
  void decode(ByteReader& reader) override {
    terms_ = decode_count(reader);
    if (terms_ > 0) sum_.decode(reader);
    if (is_integer_ && !sum_.is_whole()) reader.refuse();
  }

 private:
  bool is_integer_;
  std::int64_t terms_ = 0;
  WideSum sum_;
};

// A value that outlives what it was read from.
class KeptValue {
 public:
  void keep(Kind kind, const Value& value) {
    if (is_text(kind)) {
      text_ = value.text();
    } else {
      value_ = value;
    }
  }
  Value get(Kind kind) const { return is_text(kind) ? Value::of_text(text_) : value_; }

 private:
  Value value_;
  std::string text_;
};

// Whether `a` comes before `b` as a least (or greatest) value. NaN comes before all.
template <bool kGreatest>
bool precedes(Kind kind, const Value& a, const Value& b) {
  if (kind == Kind::kDouble) {
    const double x = a.number();
    const double y = b.number();
    if (std::isnan(x) || std::isnan(y)) return std::isnan(x) && !std::isnan(y);
    return kGreatest ? y < x : x < y;
  }
  if (is_text(kind)) return kGreatest ? b.text() < a.text() : a.text() < b.text();
  return kGreatest ? b.integer() < a.integer() : a.integer() < b.integer();
}

template <bool kGreatest>
class Extreme final : public AccumulatorOf<Extreme<kGreatest>> {
 public:
  explicit Extreme(Kind kind) : kind_(kind) {}

  void add(const Value& value, const EventPlace&) override {
    if (has_value_ && !precedes<kGreatest>(kind_, value, value_.get(kind_))) return;
    has_value_ = true;
    value_.keep(kind_, value);
  }
  void merge_same(const Extreme& other) {
    if (other.has_value_) add(other.value_.get(kind_), {});
  }
  Value read(ReadMemory& memory) const override {
    return has_value_ ? memory.values.keep(value_.get(kind_)) : Value();
  }
  void encode(ByteWriter& writer) const override {
    writer.byte(has_value_ ? 1 : 0);
    if (has_value_) encode_value(writer, kind_, value_.get(kind_));
  }
  void decode(ByteReader& reader) override {
    const std::uint8_t flag = reader.byte();
    if (flag > 1) reader.refuse();
    if (flag == 1) add(decode_value(reader, kind_), {});
  }

 private:
  Kind kind_;
  bool has_value_ = false;
  KeptValue value_;
};

// The value at the first place, or at the last one.
template <bool kIsLast>
class End final : public AccumulatorOf<End<kIsLast>> {
 public:
  explicit End(Kind kind) : kind_(kind) {}

  void add(const Value& value, const EventPlace& place) override {
    if (has_value_ && !is_nearer(place)) return;
    has_value_ = true;
    time_us_ = place.time_us;
    created_us_ = place.created_us;
    tie_break_ = place.tie_break;
    value_.keep(kind_, value);
  }
  void merge_same(const End& other) {
    if (other.has_value_) add(other.value_.get(kind_), other.place());
  }
  Value read(ReadMemory& memory) const override {
    return has_value_ ? memory.values.keep(value_.get(kind_)) : Value();
  }
  void encode(ByteWriter& writer) const override {
    writer.byte(has_value_ ? 1 : 0);
    if (!has_value_) return;
    encode_place(writer, place());
    encode_value(writer, kind_, value_.get(kind_));
  }
  void decode(ByteReader& reader) override {
    const std::uint8_t flag = reader.byte();
    if (flag > 1) reader.refuse();
    if (flag != 1) return;
    const EventPlace place = decode_place(reader);
    add(decode_value(reader, kind_), place);
  }

 private:
  EventPlace place() const { return {time_us_, created_us_, tie_break_}; }
  bool is_nearer(const EventPlace& other) const {
    return kIsLast ? place() < other : other < place();
  }

  Kind kind_;
  bool has_value_ = false;
  std::int64_t time_us_ = 0;
  std::int64_t created_us_ = 0;
  std::string tie_break_;
  KeptValue value_;
};

}  // namespace

std::int64_t decode_count(ByteReader& reader) {
  const std::uint64_t count = reader.varint();
  // A state counts no more events than that, and sums of counts stay in INT64.
  if (count > std::uint64_t{1} << 56) reader.refuse();
  return reader.failed() ? 0 : static_cast<std::int64_t>(count);
}

void encode_value(ByteWriter& writer, Kind kind, const Value& value) {
  if (kind == Kind::kDouble) {
    writer.fixed(std::bit_cast<std::uint64_t>(value.number()));
  } else if (is_text(kind)) {
    writer.text(value.text());
  } else {
    writer.zigzag(value.integer());
  }
}

Value decode_value(ByteReader& reader, Kind kind) {
  if (is_text(kind)) return Value::of_text(reader.text());
  if (kind == Kind::kDouble) {
    const auto number = std::bit_cast<double>(reader.fixed());
    if (std::bit_cast<std::uint64_t>(number) != std::bit_cast<std::uint64_t>(canonical(number))) {
      reader.refuse();
    }
    return Value::of_number(canonical(number));
  }
  const std::int64_t integer = reader.zigzag();
  if (kind != Kind::kBool) return Value::of_integer(integer);
  if (integer != 0 && integer != 1) reader.refuse();
  return Value::of_bool(integer != 0);
}

void encode_place(ByteWriter& writer, const EventPlace& place) {
  writer.zigzag(place.time_us);
  writer.byte(place.created_us == State::kNoCreated ? 0 : 1);
  if (place.created_us != State::kNoCreated) writer.zigzag(place.created_us);
  writer.text(place.tie_break);
}

EventPlace decode_place(ByteReader& reader) {
  EventPlace place;
  place.time_us = reader.zigzag();
  const std::uint8_t has_created = reader.byte();
  if (has_created > 1) reader.refuse();
  if (has_created == 1) {
    place.created_us = reader.zigzag();
    if (place.created_us == State::kNoCreated) reader.refuse();
  }
  place.tie_break = reader.text();
  return place;
}

std::unique_ptr<Accumulator> accumulate_count(Kind, const AggregateParameters&) {
  return std::make_unique<Count>();
}
std::unique_ptr<Accumulator> accumulate_sum(Kind kind, const AggregateParameters&) {
  return std::make_unique<Sum<false>>(kind);
}
std::unique_ptr<Accumulator> accumulate_mean(Kind kind, const AggregateParameters&) {
  return std::make_unique<Sum<true>>(kind);
}
std::unique_ptr<Accumulator> accumulate_min(Kind kind, const AggregateParameters&) {
  return std::make_unique<Extreme<false>>(kind);
}
std::unique_ptr<Accumulator> accumulate_max(Kind kind, const AggregateParameters&) {
  return std::make_unique<Extreme<true>>(kind);
}
std::unique_ptr<Accumulator> accumulate_first(Kind kind, const AggregateParameters&) {
  return std::make_unique<End<false>>(kind);
}
std::unique_ptr<Accumulator> accumulate_last(Kind kind, const AggregateParameters&) {
  return std::make_unique<End<true>>(kind);
}

}  // namespace rtml::feature
