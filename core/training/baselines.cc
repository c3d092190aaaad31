#include "core/training/baselines.h"

#include <algorithm>
#include <numeric>

namespace rtml::training {
namespace {

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

gate::Baseline majority(std::span<const double> train_labels, std::size_t test_rows) {
  return {"majority", std::vector<double>(test_rows, mean(train_labels)), ""};
}

gate::Baseline no_change(std::span<const std::int64_t> test_times_us,
                         const std::vector<std::pair<std::int64_t, double>>& history,
                         std::int64_t maturity_us, std::span<const double> train_labels) {
  gate::Baseline baseline{"no-change", {}, ""};
  if (test_times_us.empty() || history.empty()) {
    baseline.missing = "the rows have no event_timestamp";
    return baseline;
  }
  // A label that is known at once is still not known before its own event.
  const std::int64_t age_us = std::max<std::int64_t>(maturity_us, 1);
  const double unknown = mean(train_labels);
  for (const std::int64_t time_us : test_times_us) {
    const auto after = std::upper_bound(
        history.begin(), history.end(), time_us - age_us,
        [](std::int64_t known_us, const auto& event) { return known_us < event.first; });
    baseline.predictions.push_back(after == history.begin() ? unknown : std::prev(after)->second);
  }
  return baseline;
}

}  // namespace rtml::training
