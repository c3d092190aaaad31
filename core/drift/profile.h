// What a table looked like, small enough to keep: the reference of a drift check.
//
// A profile is portable: a check needs it and the current rows, never the rows it was built from.
// docs/formats/profile.md describes its JSON. Building takes one pass and bounded memory (about
// 50 MB a numeric column at a thousand million rows). Values, freely copied; a builder is for one
// thread.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/table/batch.h"

namespace rtml::drift {

// Of a numeric column; INT64 beyond 2^53 is rounded to double. NaN is missing, infinities are
// values.
struct NumericProfile {
  // Over the finite values; std is the sample's (n - 1), 0 for one value.
  double mean = 0;
  double std = 0;
  double min = 0;
  double max = 0;
  std::int64_t infinite = 0;

  // At most kMaxBinnedValues distinct values: each is a bin of its own, in `bin_values`. More:
  // `bin_edges` are the deciles .1 to .9 (linear interpolation, as numpy) without repetitions and
  // without one at the minimum; bin i holds bin_edges[i-1] <= x < bin_edges[i].
  std::vector<double> bin_values;
  std::vector<double> bin_edges;
  std::vector<std::int64_t> bin_counts;

  // The empirical distribution: how many values are below each point and how many are at most it.
  // Every distinct value is a point if there are few enough; if not, evenly spaced ranks are.
  std::vector<double> points;
  std::vector<std::int64_t> below;
  std::vector<std::int64_t> at_most;
  // The largest error of a rank as a share of the values: 0 up to QuantileSketch::kExactCount.
  double rank_error = 0;

  std::int64_t count() const { return at_most.empty() ? 0 : at_most.back(); }
  // The largest share of values that lies strictly between two neighbouring points; 0: the
  // distribution is known everywhere.
  double largest_gap() const;
};

// Of a STRING or BOOL column ("true", "false").
struct CategoricalProfile {
  // The most frequent values, most frequent first, ties by value. A value longer than
  // kMaxCategoryBytes is named by its sha256.
  std::vector<std::pair<std::string, std::int64_t>> categories;
  // Values pooled because there were too many different ones.
  std::int64_t rest_count = 0;
};

struct ColumnProfile {
  std::string name;
  table::DataType type;
  std::int64_t rows = 0;
  std::int64_t nulls = 0;
  std::int64_t nans = 0;
  // Neither for columns that no test takes: TIMESTAMP, BYTES, lists.
  std::variant<std::monostate, NumericProfile, CategoricalProfile> values;

  std::int64_t missing() const { return nulls + nans; }
  const NumericProfile* numeric() const { return std::get_if<NumericProfile>(&values); }
  const CategoricalProfile* categorical() const { return std::get_if<CategoricalProfile>(&values); }
};

struct Profile {
  std::int64_t rows = 0;
  std::vector<ColumnProfile> columns;

  const ColumnProfile* find(std::string_view name) const;
};

inline constexpr std::int64_t kProfileVersion = 1;
inline constexpr std::size_t kMaxBinnedValues = 10;
inline constexpr std::size_t kMaxPoints = 2'048;
inline constexpr std::size_t kMaxCategories = 1'000;
inline constexpr std::size_t kMaxTrackedCategories = 65'536;
inline constexpr std::size_t kMaxCategoryBytes = 256;

struct ProfileOptions {
  // Points of the empirical distribution. A profile that is used at once and not stored may have
  // as many as there are values.
  std::size_t max_points = kMaxPoints;
};

// Collects a profile batch by batch. The profile does not depend on how rows are cut into batches.
class ProfileBuilder {
 public:
  // `columns` are the names to profile, in their order; empty: all. Names that the schema does not
  // have are refused by build_profile(); here they are a precondition.
  ProfileBuilder(const table::Schema& schema, const std::vector<std::string>& columns,
                 const ProfileOptions& options = {});
  ~ProfileBuilder();

  // REQUIRES: the schema given to the constructor.
  void add(const table::Batch& batch);
  // Leaves the builder empty.
  Profile finish();

 private:
  struct ColumnState;
  ProfileOptions options_;
  std::int64_t rows_ = 0;
  std::vector<std::unique_ptr<ColumnState>> columns_;
};

// Profiles the rows of `reader` to its end. Fails with kDataMissingColumn if one of `columns` is
// not there; `what` says whose columns they are: "data/reference.parquet".
Result<Profile> build_profile(table::BatchReader& reader, const std::vector<std::string>& columns,
                              std::string_view what, const ProfileOptions& options = {});

Json to_json(const Profile& profile);

// Reads what to_json() wrote, checking that counts and orders fit together. Fails with
// kProfileInvalid, naming `what`.
Result<Profile> profile_from_json(const Json& json, std::string_view what);

// The name a category is counted under.
std::string category_name(std::string_view value);

}  // namespace rtml::drift
