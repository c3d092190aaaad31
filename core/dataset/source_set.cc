#include "core/dataset/source_set.h"

#include <algorithm>

#include "core/dataset/feature_columns.h"
#include "core/expression/syntax.h"
#include "core/plugin/host.h"
#include "core/project/project.h"

namespace rtml::dataset {
namespace {

// The columns that a text names; none where it cannot be parsed.
std::vector<std::string> names_in(const project::LocatedText& text) {
  const auto node = expression::parse({text.text, text.location});
  return node ? expression::column_names(*node) : std::vector<std::string>();
}

// Says which columns of a view that does not compile are there and cannot be read.
Status check_readable(const project::FeatureView& view, const SourceTable& table) {
  std::vector<Error> errors;
  std::set<std::string> asked;
  const auto check = [&](const std::string& column, const SourceLocation& place) {
    if (table.schema()->find(column) || !asked.insert(column).second) return;
    const Status readable = table.check_readable(column);
    if (!readable) errors.push_back(Error(readable.error()).at(place));
  };
  for (const project::Feature& feature : view.features) {
    if (!feature.column.empty()) check(feature.column, feature.location);
    for (const project::LocatedText* text :
         {&feature.aggregate, &feature.filter, &feature.expression}) {
      for (const std::string& column : names_in(*text)) check(column, text->location);
    }
  }
  if (errors.empty()) return {};
  return fail(Error::many(std::move(errors)));
}

}  // namespace

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
  Result<feature::Program> compiled =
      feature::compile(view, source, context_.project.keys_of(view), *table->schema());
  if (!compiled) {
    RTML_TRY(check_readable(view, *table));
    return fail(std::move(compiled).error());
  }
  feature::Program program = std::move(*compiled);
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
