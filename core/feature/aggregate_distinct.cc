// What depends on which values there were: how many different ones, and which are most frequent.

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/feature/accumulator_kinds.h"
#include "core/feature/hyperloglog.h"
#include "core/feature/sorted_word.h"

namespace rtml::feature {
namespace {

using table::Kind;
using table::Value;

// How an accumulator keeps a value: as a word, or as a text of its own.
struct WordKey {
  using Owned = std::int64_t;
  static Owned of(Kind kind, const Value& value) { return word_of(kind, value); }
  static Value value_of(Kind kind, const Owned& key) { return value_of_word(kind, key); }
};
struct TextKey {
  using Owned = std::string;
  static Owned of(Kind, const Value& value) { return std::string(value.text()); }
  static Value value_of(Kind, const Owned& key) { return Value::of_text(key); }
};

// More frequent values first, among equally frequent ones the lesser.
template <typename Key>
bool is_more_frequent(const std::pair<Key, std::int64_t>& a,
                      const std::pair<Key, std::int64_t>& b) {
  return a.second != b.second ? a.second > b.second : a.first < b.first;
}

// The first `count` of the values by frequency as a list, null if there is none.
template <typename Key, typename ToValue>
Value most_frequent(std::vector<std::pair<Key, std::int64_t>>& counts, std::int64_t count,
                    ReadMemory& memory, const ToValue& to_value) {
  if (counts.empty()) return {};
  const std::size_t size = std::min(counts.size(), static_cast<std::size_t>(count));
  std::partial_sort(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(size),
                    counts.end(), is_more_frequent<Key>);
  const std::span<Value> items = memory.values.make_list(size);
  for (std::size_t i = 0; i < size; ++i) items[i] = to_value(counts[i].first);
  return Value::of_list(items);
}

// The different values of a window with how often each is there, ascending.
template <typename Key>
std::vector<std::pair<Key, std::int64_t>> counted(std::vector<Key>& keys) {
  std::sort(keys.begin(), keys.end());
  std::vector<std::pair<Key, std::int64_t>> counts;
  for (const Key& key : keys) {
    if (counts.empty() || counts.back().first != key) counts.emplace_back(key, 0);
    ++counts.back().second;
  }
  return counts;
}

template <typename Key, typename Get>
std::vector<Key> keys_of(const KeptWindow& window, const Get& get) {
  std::vector<Key> keys;
  for (std::size_t i = window.begin; i < window.end; ++i) {
    if (window.takes(i)) keys.push_back(get(*window.values, i));
  }
  return keys;
}
std::vector<std::int64_t> words_of(const KeptWindow& window) {
  return keys_of<std::int64_t>(window, word_at);
}
std::vector<std::string_view> texts_of(const KeptWindow& window) {
  return keys_of<std::string_view>(
      window, [](const SlotView& values, std::size_t i) { return values.text_at(i); });
}

template <typename Key>
std::int64_t distinct(std::vector<Key> keys) {
  std::sort(keys.begin(), keys.end());
  return std::unique(keys.begin(), keys.end()) - keys.begin();
}

// Every value with how often it was there. One class for count_distinct and top_k; the former
// counts each once, so that its bytes do not depend on how often.
template <typename Form, bool kIsDistinct>
class Frequencies final : public AccumulatorOf<Frequencies<Form, kIsDistinct>> {
 public:
  Frequencies(Kind kind, const AggregateParameters& parameters)
      : kind_(kind), count_(parameters.count) {}

  void add(const Value& value, const EventPlace&) override { add(Form::of(kind_, value), 1); }
  void merge_same(const Frequencies& other) {
    for (const auto& [key, count] : other.counts_) add(key, count);
  }
  Value read(ReadMemory& memory) const override {
    if (kIsDistinct) return Value::of_integer(static_cast<std::int64_t>(counts_.size()));
    Entries entries(counts_.begin(), counts_.end());
    return most_frequent(entries, count_, memory, [&](const Key& key) {
      return memory.values.keep(Form::value_of(kind_, key));
    });
  }
  void encode(ByteWriter& writer) const override {
    Entries entries(counts_.begin(), counts_.end());
    std::sort(entries.begin(), entries.end());
    writer.varint(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      write_key(writer, i == 0 ? nullptr : &entries[i - 1].first, entries[i].first);
      if (!kIsDistinct) writer.varint(static_cast<std::uint64_t>(entries[i].second));
    }
  }
  void decode(ByteReader& reader) override {
    const std::size_t size = reader.count(1);
    Key last{};
    for (std::size_t i = 0; i < size; ++i) {
      Key key = read_key(reader, i == 0 ? nullptr : &last);
      const std::int64_t count = kIsDistinct ? 1 : decode_count(reader);
      if (reader.failed() || count == 0 || (i > 0 && !(last < key))) return reader.refuse();
      last = key;
      counts_.emplace(std::move(key), count);
    }
  }

 private:
  using Key = typename Form::Owned;
  using Entries = std::vector<std::pair<Key, std::int64_t>>;

  void add(const Key& key, std::int64_t count) {
    std::int64_t& known = counts_[key];
    known = kIsDistinct ? 1 : known + count;
  }
  // Words by their distance from the one before.
  static void write_key(ByteWriter& writer, const std::int64_t* last, std::int64_t word) {
    if (last == nullptr) return writer.zigzag(word);
    writer.varint(static_cast<std::uint64_t>(word) - static_cast<std::uint64_t>(*last));
  }
  static void write_key(ByteWriter& writer, const std::string*, const std::string& text) {
    writer.text(text);
  }
  std::int64_t read_key(ByteReader& reader, const std::int64_t* last) const {
    const std::int64_t word =
        last == nullptr
            ? reader.zigzag()
            : static_cast<std::int64_t>(static_cast<std::uint64_t>(*last) + reader.varint());
    if (!is_word(kind_, word)) reader.refuse();
    return word;
  }
  std::string read_key(ByteReader& reader, const std::string*) const {
    return std::string(reader.text());
  }

  Kind kind_;
  std::int64_t count_;
  std::unordered_map<Key, std::int64_t> counts_;
};

class ApproximateDistinct final : public AccumulatorOf<ApproximateDistinct> {
 public:
  explicit ApproximateDistinct(Kind kind) : kind_(kind) {}

  void add(const Value& value, const EventPlace&) override {
    sketch_.add(HyperLogLog::hash_of(kind_, value));
  }
  void merge_same(const ApproximateDistinct& other) { sketch_.merge(other.sketch_); }
  Value read(ReadMemory&) const override { return Value::of_integer(sketch_.estimate()); }
  void encode(ByteWriter& writer) const override { sketch_.encode(writer); }
  void decode(ByteReader& reader) override { sketch_.decode(reader); }

 private:
  Kind kind_;
  HyperLogLog sketch_;
};

template <bool kIsDistinct>
std::unique_ptr<Accumulator> frequencies(Kind kind, const AggregateParameters& parameters) {
  if (is_text_kind(kind)) {
    return std::make_unique<Frequencies<TextKey, kIsDistinct>>(kind, parameters);
  }
  return std::make_unique<Frequencies<WordKey, kIsDistinct>>(kind, parameters);
}

}  // namespace

Value read_count_distinct(const KeptWindow& window, ReadMemory&) {
  return Value::of_integer(is_text_kind(window.values->kind) ? distinct(texts_of(window))
                                                             : distinct(words_of(window)));
}

Value read_approx_count_distinct(const KeptWindow& window, ReadMemory&) {
  HyperLogLog sketch;
  for (std::size_t i = window.begin; i < window.end; ++i) {
    if (!window.takes(i)) continue;
    sketch.add(HyperLogLog::hash_of(window.values->kind, window.values->at(i)));
  }
  return Value::of_integer(sketch.estimate());
}

Value read_top_k(const KeptWindow& window, ReadMemory& memory) {
  const std::int64_t count = window.parameters->count;
  if (is_text_kind(window.values->kind)) {
    std::vector<std::string_view> texts = texts_of(window);
    auto counts = counted(texts);
    return most_frequent(counts, count, memory,
                         [](std::string_view text) { return Value::of_text(text); });
  }
  std::vector<std::int64_t> words = words_of(window);
  auto counts = counted(words);
  return most_frequent(counts, count, memory,
                       [&](std::int64_t word) { return value_of_word(window.values->kind, word); });
}

std::unique_ptr<Accumulator> accumulate_count_distinct(Kind kind,
                                                       const AggregateParameters& parameters) {
  return frequencies<true>(kind, parameters);
}
std::unique_ptr<Accumulator> accumulate_approx_count_distinct(Kind kind,
                                                              const AggregateParameters&) {
  return std::make_unique<ApproximateDistinct>(kind);
}
std::unique_ptr<Accumulator> accumulate_top_k(Kind kind, const AggregateParameters& parameters) {
  return frequencies<false>(kind, parameters);
}

}  // namespace rtml::feature
