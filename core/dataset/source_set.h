// The tables of several sources, each opened once and read once with the columns that all users
// want.
//
// open() and want() come before the first rows(). Used by one thread.

#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "core/dataset/source_table.h"
#include "core/feature/program.h"

namespace rtml::dataset {

class SourceSet {
 public:
  explicit SourceSet(const BuildContext& context) : context_(context) {}

  // Opens a source unless it is open. The pointer lives as long as the set.
  Result<const SourceTable*> open(const project::Source& source);
  // Compiles a view against its source and wants the columns of its program.
  Result<feature::Program> compile(const project::FeatureView& view);
  // Adds columns to what rows() reads. Fails with kDataMissingColumn. REQUIRES: open(source).
  Status want(const project::Source& source, std::span<const std::string> columns);
  // Every row of the source with the columns that are wanted, in the order of the source.
  // REQUIRES: open(source).
  Result<table::Batch> rows(const project::Source& source);

  // The same rows as they are read; those that rows() has read are not read again. `columns`
  // instead of those wanted, if not empty.
  Result<std::unique_ptr<table::BatchReader>> scan(const project::Source& source,
                                                   const std::vector<std::string>& columns = {});

  // Sources that were opened, by name.
  std::vector<const project::Source*> sources() const;

 private:
  struct Entry {
    SourceTable table;
    std::set<std::string> columns;
    std::optional<table::Batch> rows;
  };
  // A source and one of its versions have one name.
  using Key = std::pair<std::string, const project::Source*>;
  static Key key_of(const project::Source& source) { return {source.name, &source}; }

  const BuildContext& context_;
  std::map<Key, Entry> entries_;
};

}  // namespace rtml::dataset
