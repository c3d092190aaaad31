#include "core/drift/profile.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "core/base/hash.h"
#include "core/statistics/quantile_sketch.h"

namespace rtml::drift {
namespace {

using statistics::QuantileSketch;
using statistics::WeightedValue;
using table::Kind;

// Mean and squared deviations in one pass (Welford 1962).
struct Moments {
  std::int64_t count = 0;
  double mean = 0;
  double squares = 0;
  double min = 0;
  double max = 0;

  void add(double value) {
    min = count == 0 ? value : std::min(min, value);
    max = count == 0 ? value : std::max(max, value);
    ++count;
    const double difference = value - mean;
    mean += difference / static_cast<double>(count);
    squares += difference * (value - mean);
  }
};

bool is_categorical(table::DataType type) {
  return !type.is_list && (type.kind == Kind::kString || type.kind == Kind::kBool);
}

void fill_bins(const std::vector<WeightedValue>& sorted, std::int64_t total,
               NumericProfile& profile) {
  if (sorted.size() <= kMaxBinnedValues) {
    for (const WeightedValue& item : sorted) {
      profile.bin_values.push_back(item.value);
      profile.bin_counts.push_back(item.weight);
    }
    return;
  }
  for (int decile = 1; decile <= 9; ++decile) {
    const double edge = weighted_quantile(sorted, total, decile / 10.0);
    if (edge <= sorted.front().value) continue;
    if (profile.bin_edges.empty() || edge > profile.bin_edges.back()) {
      profile.bin_edges.push_back(edge);
    }
  }
  profile.bin_counts.assign(profile.bin_edges.size() + 1, 0);
  std::size_t bin = 0;
  for (const WeightedValue& item : sorted) {
    while (bin < profile.bin_edges.size() && item.value >= profile.bin_edges[bin]) ++bin;
    profile.bin_counts[bin] += item.weight;
  }
}

void fill_points(const std::vector<WeightedValue>& sorted, std::int64_t total,
                 std::size_t max_points, NumericProfile& profile) {
  const bool all = sorted.size() <= max_points;
  std::int64_t passed = 0;
  std::size_t taken = 0;  // Of the evenly spaced ranks.
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const std::int64_t at_most = passed + sorted[i].weight;
    // The rank that the next point should reach: the first value, the last, and even steps between.
    const auto wanted = [&] {
      return static_cast<double>(taken) * static_cast<double>(total - 1) /
             static_cast<double>(max_points - 1);
    };
    if (all || static_cast<double>(at_most - 1) >= wanted()) {
      profile.points.push_back(sorted[i].value);
      profile.below.push_back(passed);
      profile.at_most.push_back(at_most);
      while (taken < max_points && static_cast<double>(at_most - 1) >= wanted()) ++taken;
    }
    passed = at_most;
  }
}

}  // namespace

double NumericProfile::largest_gap() const {
  std::int64_t gap = 0;
  for (std::size_t i = 1; i < points.size(); ++i) gap = std::max(gap, below[i] - at_most[i - 1]);
  return gap == 0 ? 0 : static_cast<double>(gap) / static_cast<double>(count());
}

const ColumnProfile* Profile::find(std::string_view name) const {
  for (const ColumnProfile& column : columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

std::string category_name(std::string_view value) {
  return value.size() <= kMaxCategoryBytes ? std::string(value) : "sha256:" + sha256_hex(value);
}

struct ProfileBuilder::ColumnState {
  std::size_t index = 0;  // In the schema.
  ColumnProfile profile;
  Moments moments;
  QuantileSketch sketch;
  std::unordered_map<std::string, std::int64_t> categories;
  std::int64_t untracked = 0;

  void add_number(double value) {
    if (std::isnan(value)) {
      ++profile.nans;
      return;
    }
    if (std::isinf(value)) {
      ++std::get<NumericProfile>(profile.values).infinite;
    } else {
      moments.add(value);
    }
    sketch.add(value == 0 ? 0.0 : value);  // -0 and +0 are one value.
  }

  void add_category(std::string_view value) {
    const std::string name = category_name(value);
    const auto found = categories.find(name);
    if (found != categories.end()) {
      ++found->second;
    } else if (categories.size() < kMaxTrackedCategories) {
      categories.emplace(name, 1);
    } else {
      ++untracked;
    }
  }

  void add(const table::Column& column) {
    profile.rows += column.length();
    for (std::int64_t row = 0; row < column.length(); ++row) {
      if (column.is_null(row)) {
        ++profile.nulls;
      } else if (profile.numeric() != nullptr) {
        add_number(column.number_at(row));
      } else if (profile.categorical() == nullptr) {
        continue;
      } else if (profile.type.kind == Kind::kBool) {
        add_category(column.bool_at(row) ? "true" : "false");
      } else {
        add_category(column.text_at(row));
      }
    }
  }

  void finish_numeric(NumericProfile& numeric, std::size_t max_points) {
    numeric.mean = moments.mean;
    numeric.std =
        moments.count < 2 ? 0 : std::sqrt(moments.squares / static_cast<double>(moments.count - 1));
    numeric.min = moments.min;
    numeric.max = moments.max;
    numeric.rank_error = sketch.rank_error();
    const std::int64_t total = sketch.count();
    const std::vector<WeightedValue> sorted = sketch.take_sorted();
    if (sorted.empty()) return;
    fill_bins(sorted, total, numeric);
    fill_points(sorted, total, max_points, numeric);
  }

  void finish_categorical(CategoricalProfile& categorical) {
    auto& sorted = categorical.categories;
    sorted.assign(categories.begin(), categories.end());
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    categorical.rest_count = untracked;
    while (sorted.size() > kMaxCategories) {
      categorical.rest_count += sorted.back().second;
      sorted.pop_back();
    }
  }
};

ProfileBuilder::ProfileBuilder(const table::Schema& schema, const std::vector<std::string>& columns,
                               const ProfileOptions& options)
    : options_(options) {
  for (const std::string& name : columns.empty() ? schema.names() : columns) {
    auto state = std::make_unique<ColumnState>();
    state->index = *schema.find(name);
    state->profile.name = name;
    state->profile.type = schema.field(state->index).type;
    if (table::is_numeric(state->profile.type)) {
      state->profile.values = NumericProfile{};
    } else if (is_categorical(state->profile.type)) {
      state->profile.values = CategoricalProfile{};
    }
    columns_.push_back(std::move(state));
  }
}

ProfileBuilder::~ProfileBuilder() = default;

void ProfileBuilder::add(const table::Batch& batch) {
  rows_ += batch.rows();
  for (const auto& state : columns_) state->add(batch.column(state->index));
}

Profile ProfileBuilder::finish() {
  Profile profile;
  profile.rows = rows_;
  for (const auto& state : columns_) {
    if (auto* numeric = std::get_if<NumericProfile>(&state->profile.values)) {
      state->finish_numeric(*numeric, options_.max_points);
    } else if (auto* categorical = std::get_if<CategoricalProfile>(&state->profile.values)) {
      state->finish_categorical(*categorical);
    }
    profile.columns.push_back(std::move(state->profile));
  }
  columns_.clear();
  rows_ = 0;
  return profile;
}

Result<Profile> build_profile(table::BatchReader& reader, const std::vector<std::string>& columns,
                              std::string_view what, const ProfileOptions& options) {
  for (const std::string& name : columns) RTML_TRY(reader.schema()->require(name, what));
  ProfileBuilder builder(*reader.schema(), columns, options);
  while (true) {
    RTML_TRY_ASSIGN(const std::optional<table::Batch> batch, reader.next());
    if (!batch) return builder.finish();
    builder.add(*batch);
  }
}

}  // namespace rtml::drift
