#include "core/drift/observation.h"

#include <algorithm>
#include <cmath>

#include "core/base/number.h"

namespace rtml::drift {
Observation::Observation(const ColumnProfile& reference) : reference_(&reference) {
  if (const NumericProfile* numeric = reference.numeric()) {
    bins_.assign(numeric->bin_counts.size() + 1, 0);
    slots_.assign(2 * numeric->points.size() + 1, 0);
  } else if (const CategoricalProfile* categorical = reference.categorical()) {
    bins_.assign(categorical->categories.size() + 1, 0);
    for (std::size_t bin = 0; bin < categorical->categories.size(); ++bin) {
      category_bins_.emplace(categorical->categories[bin].first, bin);
    }
  }
}

void Observation::add(const table::Column& column) {
  rows_ += column.length();
  const bool numeric = reference_->numeric() != nullptr;
  const bool is_bool = column.type().kind == table::Kind::kBool;
  for (std::int64_t row = 0; row < column.length(); ++row) {
    if (column.is_null(row)) {
      ++nulls_;
    } else if (numeric) {
      add_number(column.number_at(row));
    } else if (is_bool) {
      add_category(column.bool_at(row) ? "true" : "false");
    } else {
      add_category(column.text_at(row));
    }
  }
}

void Observation::add_number(double value) {
  if (std::isnan(value)) {
    ++nans_;
    return;
  }
  ++present_;
  if (std::isfinite(value)) {
    ++finite_;
    const double difference = value - mean_;
    mean_ += difference / static_cast<double>(finite_);
    squares_ += difference * (value - mean_);
  }
  const NumericProfile& reference = *reference_->numeric();
  const auto& points = reference.points;
  const auto point = std::lower_bound(points.begin(), points.end(), value);
  const auto index = static_cast<std::size_t>(point - points.begin());
  ++slots_[2 * index + (point != points.end() && *point == value ? 1 : 0)];

  if (reference.bin_values.empty()) {
    const auto& edges = reference.bin_edges;
    ++bins_[std::upper_bound(edges.begin(), edges.end(), value) - edges.begin()];
    return;
  }
  const auto& values = reference.bin_values;
  const auto bin = std::lower_bound(values.begin(), values.end(), value);
  if (bin != values.end() && *bin == value) {
    ++bins_[bin - values.begin()];
    return;
  }
  add_unseen(format_number(value));
}

void Observation::add_category(std::string_view value) {
  ++present_;
  const std::string name = category_name(value);
  const auto found = category_bins_.find(name);
  if (found != category_bins_.end()) {
    ++bins_[found->second];
    return;
  }
  add_unseen(name);
}

void Observation::add_unseen(const std::string& name) {
  ++bins_.back();
  const auto unseen = unseen_.find(name);
  if (unseen != unseen_.end()) {
    ++unseen->second;
  } else if (unseen_.size() < kMaxCategories) {
    unseen_.emplace(name, 1);
  }
}

ColumnSummary Observation::summary() const {
  ColumnSummary summary{rows_, nulls_, nans_, {}, {}};
  if (finite_ > 0) {
    summary.mean = mean_;
    summary.std = finite_ < 2 ? 0 : std::sqrt(squares_ / static_cast<double>(finite_ - 1));
  }
  return summary;
}

Observation::Bins Observation::bins() const {
  Bins bins;
  std::int64_t rest = 0;
  if (const NumericProfile* numeric = reference_->numeric()) {
    bins.reference = numeric->bin_counts;
  } else if (const CategoricalProfile* categorical = reference_->categorical()) {
    for (const auto& [value, count] : categorical->categories) bins.reference.push_back(count);
    rest = categorical->rest_count;
  }
  bins.reference.push_back(rest);
  bins.current = bins_;
  if (rest == 0 && bins_.back() == 0) {
    bins.reference.pop_back();
    bins.current.pop_back();
  }
  return bins;
}

double Observation::ks_distance() const {
  const NumericProfile& reference = *reference_->numeric();
  const double reference_count = static_cast<double>(reference.count());
  const double current_count = static_cast<double>(present_);
  double distance = 0;
  std::int64_t passed = 0;
  const auto compare = [&](std::int64_t reference_passed) {
    distance =
        std::max(distance, std::fabs(static_cast<double>(reference_passed) / reference_count -
                                     static_cast<double>(passed) / current_count));
  };
  for (std::size_t i = 0; i < reference.points.size(); ++i) {
    passed += slots_[2 * i];
    compare(reference.below[i]);
    passed += slots_[2 * i + 1];
    compare(reference.at_most[i]);
  }
  return distance;
}

std::int64_t Observation::unseen_count() const {
  const CategoricalProfile* categorical = reference_->categorical();
  // Where the reference pooled values, one that it does not list may have been among them.
  if (categorical != nullptr && categorical->rest_count > 0) return 0;
  return bins_.empty() ? 0 : bins_.back();
}

std::vector<std::pair<std::string, std::int64_t>> Observation::most_frequent_unseen() const {
  if (unseen_count() == 0) return {};
  std::vector<std::pair<std::string, std::int64_t>> sorted(unseen_.begin(), unseen_.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (sorted.size() > kMaxUnseenShown) sorted.resize(kMaxUnseenShown);
  return sorted;
}

}  // namespace rtml::drift
