#include "core/dataset/kept_rows.h"

#include <string>

namespace rtml::dataset {

Status KeptRows::add(const table::Batch& batch) {
  schema_ = batch.shared_schema();
  Kept kept;
  kept.rows = batch.rows();
  for (const table::Column& column : batch.columns()) {
    kept.columns.emplace_back(column);
    memory_bytes_ += kept.columns.back().memory_bytes();
  }
  rows_ += kept.rows;
  if (is_spilling_) RTML_TRY(put_aside(kept));
  batches_.push_back(std::move(kept));
  return {};
}

Status KeptRows::put_aside(Kept& kept) {
  std::string bytes;
  for (const PackedColumn& column : kept.columns) {
    column.append_bytes(bytes);
    memory_bytes_ -= column.memory_bytes();
  }
  kept.columns.clear();
  kept.bytes = static_cast<std::int64_t>(bytes.size());
  RTML_TRY_ASSIGN(kept.offset, file_->append(bytes));
  return {};
}

Status KeptRows::spill() {
  is_spilling_ = true;
  for (Kept& kept : batches_) {
    if (!kept.columns.empty()) RTML_TRY(put_aside(kept));
  }
  return {};
}

Result<std::optional<table::Batch>> KeptRows::next() {
  if (batches_.empty()) return std::nullopt;
  Kept kept = std::move(batches_.front());
  batches_.pop_front();
  if (kept.bytes > 0) {
    const auto bytes = std::make_shared<std::string>(static_cast<std::size_t>(kept.bytes), '\0');
    RTML_TRY(file_->read(kept.offset, *bytes));
    std::size_t position = 0;
    for (const table::Field& field : schema_->fields()) {
      kept.columns.push_back(PackedColumn::from_bytes(bytes, &position, field.type));
    }
  }
  std::vector<table::Column> columns;
  for (const PackedColumn& column : kept.columns) {
    if (kept.bytes == 0) memory_bytes_ -= column.memory_bytes();
    columns.push_back(column.unpack(0, kept.rows));
  }
  return table::Batch(schema_, std::move(columns), kept.rows);
}

}  // namespace rtml::dataset
