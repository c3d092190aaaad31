// Counts current rows into the bins and points of a reference column, in one pass.
//
// Inside core/drift; check.cc turns the counts into tests. For one thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/drift/check.h"
#include "core/drift/profile.h"

namespace rtml::drift {

class Observation {
 public:
  // `reference` must outlive the object.
  explicit Observation(const ColumnProfile& reference);

  // REQUIRES: numeric for a numeric reference; STRING or BOOL for a categorical one.
  void add(const table::Column& column);
  // The same for rows without a value.
  void add_nulls(std::int64_t rows) {
    rows_ += rows;
    nulls_ += rows;
  }

  const ColumnProfile& reference() const { return *reference_; }
  ColumnSummary summary() const;
  std::int64_t present() const { return present_; }

  // Reference and current counts over the same bins. A bin for values of neither side is left out.
  struct Bins {
    std::vector<std::int64_t> reference;
    std::vector<std::int64_t> current;
  };
  Bins bins() const;

  // The largest difference between the two empirical distributions at the reference's points. The
  // true one is larger by at most NumericProfile::largest_gap() + rank_error. REQUIRES: numeric,
  // values on both sides.
  double ks_distance() const;

  // Values that are no bin of the reference: categories never seen, or numbers where the reference
  // has few distinct ones.
  std::int64_t unseen_count() const;
  std::vector<std::pair<std::string, std::int64_t>> most_frequent_unseen() const;

 private:
  void add_number(double value);
  void add_category(std::string_view value);
  void add_unseen(const std::string& name);

  const ColumnProfile* reference_;
  std::int64_t rows_ = 0;
  std::int64_t nulls_ = 0;
  std::int64_t nans_ = 0;
  std::int64_t present_ = 0;
  std::int64_t finite_ = 0;
  double mean_ = 0;
  double squares_ = 0;

  std::vector<std::int64_t> bins_;  // As in the reference, then one for all other values.
  // Slot 2i + 1 counts values equal to point i, slot 2i those between points i - 1 and i.
  std::vector<std::int64_t> slots_;
  std::unordered_map<std::string, std::size_t> category_bins_;
  std::unordered_map<std::string, std::int64_t> unseen_;  // At most kMaxCategories names.
};

}  // namespace rtml::drift
