#include "core/table/batch.h"

namespace rtml::table {
namespace {

class GeneratedReader : public BatchReader {
 public:
  GeneratedReader(std::shared_ptr<const Schema> schema,
                  std::function<Result<std::optional<Batch>>()> next)
      : schema_(std::move(schema)), next_(std::move(next)) {}
  const std::shared_ptr<const Schema>& schema() const override { return schema_; }
  Result<std::optional<Batch>> next() override { return next_(); }

 private:
  std::shared_ptr<const Schema> schema_;
  std::function<Result<std::optional<Batch>>()> next_;
};

}  // namespace

Batch Batch::slice(std::int64_t start, std::int64_t count) const {
  std::vector<Column> columns;
  columns.reserve(columns_.size());
  for (const Column& column : columns_) columns.push_back(column.slice(start, count));
  return {schema_, std::move(columns), count};
}

Batch Batch::take(std::span<const std::int64_t> rows) const {
  std::vector<Column> columns;
  columns.reserve(columns_.size());
  for (const Column& column : columns_) columns.push_back(column.take(rows));
  return {schema_, std::move(columns), static_cast<std::int64_t>(rows.size())};
}

std::unique_ptr<BatchReader> read_batches(std::shared_ptr<const Schema> schema,
                                          std::vector<Batch> batches) {
  return read_generated(std::move(schema),
                        [batches = std::move(batches),
                         index = std::size_t{0}]() mutable -> Result<std::optional<Batch>> {
                          if (index == batches.size()) return std::nullopt;
                          return batches[index++];
                        });
}

std::unique_ptr<BatchReader> read_generated(std::shared_ptr<const Schema> schema,
                                            std::function<Result<std::optional<Batch>>()> next) {
  return std::make_unique<GeneratedReader>(std::move(schema), std::move(next));
}

Result<std::vector<Batch>> read_all(BatchReader& reader) {
  std::vector<Batch> batches;
  while (true) {
    RTML_TRY_ASSIGN(std::optional<Batch> batch, reader.next());
    if (!batch) return batches;
    batches.push_back(std::move(*batch));
  }
}

Batch concatenate(const std::shared_ptr<const Schema>& schema, std::span<const Batch> batches) {
  if (batches.size() == 1) return batches.front();
  std::vector<Column> columns;
  std::int64_t rows = 0;
  for (const Batch& batch : batches) rows += batch.rows();
  for (std::size_t index = 0; index < schema->size(); ++index) {
    ColumnBuilder builder(schema->field(index).type);
    builder.reserve(rows);
    for (const Batch& batch : batches) builder.append_column(batch.column(index));
    columns.push_back(builder.finish());
  }
  return {schema, std::move(columns), rows};
}

}  // namespace rtml::table
