#include "core/dataset/source_set.h"

#include <algorithm>

#include "core/dataset/feature_columns.h"
#include "core/plugin/host.h"
#include "core/project/project.h"

namespace rtml::dataset {

Result<const SourceTable*> SourceSet::open(const project::Source& source) {
  auto entry = entries_.find(key_of(source));
  if (entry == entries_.end()) {
    RTML_TRY_ASSIGN(SourceTable table, SourceTable::open(source, context_));
    entry = entries_.emplace(key_of(source), Entry{std::move(table), {}, std::nullopt}).first;
  }
  return &entry->second.table;
}

Result<feature::Program> SourceSet::compile(const project::FeatureView& view) {
  const project::Source& source = context_.project.source_of(view);
  RTML_TRY_ASSIGN(const SourceTable* table, open(source));
  RTML_TRY_ASSIGN(feature::Program program,
                  feature::compile(view, source, context_.project.keys_of(view), *table->schema()));
  RTML_TRY(want(source, columns_of(program)));
  return program;
}

Status SourceSet::want(const project::Source& source, std::span<const std::string> columns) {
  Entry& entry = entries_.at(key_of(source));
  for (const std::string& column : columns) {
    if (const auto found = entry.table.schema()->require(column, entry.table.label()); !found) {
      return fail(found.error());
    }
    entry.columns.insert(column);
  }
  return {};
}

Result<table::Batch> SourceSet::rows(const project::Source& source) {
  Entry& entry = entries_.at(key_of(source));
  if (!entry.rows) {
    RTML_TRY_ASSIGN(entry.rows,
                    read_rows(entry.table, {entry.columns.begin(), entry.columns.end()}, context_));
  }
  return *entry.rows;
}

Result<std::unique_ptr<table::BatchReader>> SourceSet::scan(
    const project::Source& source, const std::vector<std::string>& columns) {
  Entry& entry = entries_.at(key_of(source));
  if (!columns.empty()) return entry.table.scan(columns);
  if (!entry.rows) {
    const std::vector<std::string> wanted(entry.columns.begin(), entry.columns.end());
    return entry.table.scan(wanted);
  }
  std::vector<table::Batch> slices;
  for (std::int64_t start = 0; start < entry.rows->rows(); start += kBatchRows) {
    slices.push_back(entry.rows->slice(start, std::min(kBatchRows, entry.rows->rows() - start)));
  }
  return table::read_batches(entry.rows->shared_schema(), std::move(slices));
}

std::vector<const project::Source*> SourceSet::sources() const {
  std::vector<const project::Source*> sources;
  for (const auto& [key, entry] : entries_) sources.push_back(&entry.table.source());
  return sources;
}

}  // namespace rtml::dataset
