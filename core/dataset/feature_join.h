// Rows that ask and the events of several views, brought together as both come in batches.
//
// First the rows, in their order: add_rows(), or add_events() of a source whose events ask for
// themselves. Then compute(), then next() to the end. What is held stays near the memory limit:
// beyond half of it rows, events and results go into temporary files. Used by one thread.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dataset/join.h"
#include "core/dataset/kept_rows.h"
#include "core/dataset/view_join.h"

namespace rtml::dataset {

// Where what memory may not hold is put aside.
std::filesystem::path spill_directory(const BuildContext& context);

class FeatureJoin {
 public:
  // `reading_source`: the source whose events ask themselves; null: rows ask. `is_masked`: not all
  // of its events do. What the references name must outlive the join.
  FeatureJoin(std::vector<project::ServiceColumn> features, const Programs& programs,
              SourceSet& sources, const BuildContext& context,
              const project::Source* reading_source, bool is_masked);

  // Rows that ask, maybe none, with columns that the result repeats. Fails as read_features() does,
  // and with kDataBadValue if a feature's name is taken.
  Status add_rows(const table::Batch& rows, std::string_view what,
                  const std::string& timestamp_column);
  // Events of the reading source. `own` are the rows that ask, with the columns to repeat; `mask`
  // has a byte an event, or is empty: all ask.
  Status add_events(const table::Batch& events, const table::Batch& own,
                    const std::vector<std::uint8_t>& mask);
  // Reads the sources of all views, but for the reading source, and computes the features.
  Status compute();

  // The rows' columns and the features, a batch of rows at a time, in their order.
  Result<std::optional<table::Batch>> next();

  std::int64_t rows() const { return rows_; }
  // What it took so far.
  JoinEffort effort() const;
  // Adds to the times what callers of add_rows() and add_events() spend.
  void add_read_time(std::int64_t duration_us) { read_us_ += duration_us; }
  void add_compute_time(std::int64_t duration_us) { compute_us_ += duration_us; }
  // The columns of what next() gives; there once a batch of rows has been added.
  const std::shared_ptr<const table::Schema>& schema() const { return schema_; }

 private:
  struct View {
    const feature::Program* program = nullptr;
    const project::Source* source = nullptr;
    std::unique_ptr<ViewJoin> join;
  };
  Status start(const table::Schema& own, std::string_view what);
  Status read_source(const project::Source& source);
  Status stay_within_limit();

  std::vector<project::ServiceColumn> features_;
  SourceSet& sources_;
  const BuildContext& context_;
  const project::Source* reading_source_;
  std::map<const project::FeatureView*, View> views_;
  KeptRows kept_;
  bool is_spilling_ = false;
  std::shared_ptr<const table::Schema> schema_;
  std::int64_t rows_ = 0;
  std::int64_t read_us_ = 0;
  std::int64_t compute_us_ = 0;
};

}  // namespace rtml::dataset
