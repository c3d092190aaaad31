// last_k: the newest values of a window.

#include <algorithm>
#include <string>
#include <utility>

#include "core/feature/accumulator_kinds.h"
#include "core/feature/sorted_word.h"

namespace rtml::feature {
namespace {

using table::Kind;
using table::Value;

class LastK final : public AccumulatorOf<LastK> {
 public:
  LastK(Kind kind, const AggregateParameters& parameters)
      : kind_(kind), count_(static_cast<std::size_t>(parameters.count)) {}

  void add(const Value& value, const EventPlace& place) override {
    if (entries_.size() == count_ && place < entries_.front().place()) return;
    const auto after = std::upper_bound(
        entries_.begin(), entries_.end(), place,
        [](const EventPlace& wanted, const Entry& entry) { return wanted < entry.place(); });
    Entry entry;
    entry.time_us = place.time_us;
    entry.created_us = place.created_us;
    entry.tie_break = place.tie_break;
    if (is_text_kind(kind_)) {
      entry.text = value.text();
    } else {
      entry.word = word_of(kind_, value);
    }
    entries_.insert(after, std::move(entry));
    if (entries_.size() > count_) entries_.erase(entries_.begin());
  }
  void merge_same(const LastK& other) {
    for (const Entry& entry : other.entries_) add(value_of(entry), entry.place());
  }
  Value read(ReadMemory& memory) const override {
    if (entries_.empty()) return {};
    const std::span<Value> items = memory.values.make_list(entries_.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      items[i] = memory.values.keep(value_of(entries_[entries_.size() - 1 - i]));
    }
    return Value::of_list(items);
  }
  void encode(ByteWriter& writer) const override {
    writer.varint(entries_.size());
    for (const Entry& entry : entries_) {
      encode_place(writer, entry.place());
      encode_value(writer, kind_, value_of(entry));
    }
  }
  void decode(ByteReader& reader) override {
    const std::size_t size = reader.count(4);
    if (size > count_) return reader.refuse();
    for (std::size_t i = 0; i < size; ++i) {
      const EventPlace place = decode_place(reader);
      const Value value = decode_value(reader, kind_);
      if (reader.failed() || (i > 0 && place < entries_.back().place())) return reader.refuse();
      add(value, place);
    }
  }

 private:
  struct Entry {
    std::int64_t time_us = 0;
    std::int64_t created_us = 0;
    std::string tie_break;
    std::int64_t word = 0;
    std::string text;

    EventPlace place() const { return {time_us, created_us, tie_break}; }
  };
  Value value_of(const Entry& entry) const {
    return is_text_kind(kind_) ? Value::of_text(entry.text) : value_of_word(kind_, entry.word);
  }

  Kind kind_;
  std::size_t count_;
  std::vector<Entry> entries_;  // In their order, the newest last.
};

}  // namespace

Value read_last_k(const KeptWindow& window, ReadMemory& memory) {
  const auto count = static_cast<std::size_t>(window.parameters->count);
  memory.integers.clear();  // Where they stand, the newest first.
  for (std::size_t i = window.end; i > window.begin && memory.integers.size() < count; --i) {
    if (window.takes(i - 1)) memory.integers.push_back(static_cast<std::int64_t>(i - 1));
  }
  if (memory.integers.empty()) return {};
  const std::span<Value> items = memory.values.make_list(memory.integers.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i] = window.values->at(static_cast<std::size_t>(memory.integers[i]));
  }
  return Value::of_list(items);
}

std::unique_ptr<Accumulator> accumulate_last_k(Kind kind, const AggregateParameters& parameters) {
  return std::make_unique<LastK>(kind, parameters);
}

}  // namespace rtml::feature
