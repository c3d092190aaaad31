#include "core/dataset/gathered_column.h"

#include <cstring>

namespace rtml::dataset {

using table::Kind;

GatheredColumn::GatheredColumn(table::DataType type, std::int64_t count)
    : type_(type), count_(static_cast<std::size_t>(count)), builder_(type) {
  if (!PackedColumn::is_packed(type)) {
    builder_.reserve(count);
  } else if (type.kind == Kind::kInt32) {
    int32_.resize(count_);
  } else if (type.kind == Kind::kFloat) {
    float32_.resize(count_);
  } else if (type.kind == Kind::kDouble) {
    float64_.resize(count_);
  } else {
    int64_.resize(count_);
  }
}

namespace {

// Rows of the parts come in order, so that what is read is as many streams as there are parts, too
// many for the processor to foresee; this is how far ahead it is told.
constexpr std::size_t kBytesAhead = 128;

// Takes values that all sources have stored as `Stored`: one loop that decides nothing a value.
template <typename Stored, typename T>
void take_stored(T* out, const std::vector<PackedColumn::Values>& values, const Part* parts,
                 const std::uint32_t* rows, std::size_t begin, std::size_t end) {
  struct Stream {
    const std::uint8_t* bytes;
    std::uint64_t least;
    std::uint64_t unit;
  };
  std::vector<Stream> streams;
  for (const PackedColumn::Values& source : values) {
    streams.push_back({source.bytes, source.least, source.unit});
  }
  const Stream* const first = streams.data();
  for (std::size_t i = begin; i < end; ++i) {
    const Stream& stream = first[parts[i]];
    const std::uint8_t* const place = stream.bytes + rows[i] * sizeof(Stored);
    __builtin_prefetch(place + kBytesAhead);
    Stored stored;
    std::memcpy(&stored, place, sizeof(Stored));
    if constexpr (sizeof(Stored) < sizeof(T)) {
      out[i] = static_cast<T>(stored * stream.unit + stream.least);
    } else {
      std::memcpy(out + i, &stored, sizeof(Stored));
    }
  }
}

// The width of all sources; 0 if they differ.
int common_width(const std::vector<const PackedColumn*>& sources,
                 const std::vector<PackedColumn::Values>& values) {
  int width = -1;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (sources[i] == nullptr) continue;
    if (width >= 0 && width != values[i].width) return 0;
    width = values[i].width;
  }
  return width;
}

}  // namespace

template <typename T>
void GatheredColumn::add_values(RawVector<T>& target,
                                const std::vector<const PackedColumn*>& sources,
                                const std::vector<Part>& parts,
                                const std::vector<std::uint32_t>& rows, std::size_t begin,
                                std::size_t end) {
  std::vector<PackedColumn::Values> values(sources.size());
  bool has_nulls = false;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (sources[i] == nullptr) continue;
    values[i] = sources[i]->values();
    has_nulls = has_nulls || values[i].valid != nullptr;
  }
  const auto take = [&]<typename Stored>(Stored) {
    take_stored<Stored>(target.data(), values, parts.data(), rows.data(), begin, end);
  };
  const int width = common_width(sources, values);
  if (width == sizeof(T)) {
    take(T{});
  } else if (width == 2) {
    take(std::uint16_t{});
  } else if (width == 4) {
    take(std::uint32_t{});
  } else {
    for (std::size_t i = begin; i < end; ++i) {
      target[i] = values[parts[i]].template at<T>(rows[i]);
    }
  }
  if (!has_nulls) return;
  if (valid_.empty()) valid_.resize(count_, 1);
  for (std::size_t i = begin; i < end; ++i) {
    const std::uint8_t* const valid = values[parts[i]].valid;
    valid_[i] = valid == nullptr ? 1 : valid[rows[i]];
  }
}

void GatheredColumn::add(const std::vector<const PackedColumn*>& sources,
                         const std::vector<Part>& parts, const std::vector<std::uint32_t>& rows,
                         std::size_t begin, std::size_t end) {
  if (!PackedColumn::is_packed(type_)) {
    for (std::size_t i = begin; i < end; ++i) {
      builder_.append_from(sources[parts[i]]->plain(), rows[i]);
    }
  } else if (type_.kind == Kind::kInt32) {
    add_values(int32_, sources, parts, rows, begin, end);
  } else if (type_.kind == Kind::kFloat) {
    add_values(float32_, sources, parts, rows, begin, end);
  } else if (type_.kind == Kind::kDouble) {
    add_values(float64_, sources, parts, rows, begin, end);
  } else {
    add_values(int64_, sources, parts, rows, begin, end);
  }
}

table::Column GatheredColumn::finish() {
  if (!PackedColumn::is_packed(type_)) return builder_.finish();
  if (type_.kind == Kind::kInt32) return make_column(type_, std::move(int32_), valid_);
  if (type_.kind == Kind::kFloat) return make_column(type_, std::move(float32_), valid_);
  if (type_.kind == Kind::kDouble) return make_column(type_, std::move(float64_), valid_);
  return make_column(type_, std::move(int64_), valid_);
}

}  // namespace rtml::dataset
