#include "core/dataset/gathered_column.h"

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
  const PackedColumn::Values* const source = values.data();
  T* const out = target.data();
  for (std::size_t i = begin; i < end; ++i) {
    out[i] = source[parts[i]].template at<T>(rows[i]);
  }
  if (!has_nulls) return;
  if (valid_.empty()) valid_.resize(count_, 1);
  for (std::size_t i = begin; i < end; ++i) {
    const std::uint8_t* const valid = source[parts[i]].valid;
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
