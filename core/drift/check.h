// Whether current rows still look like a reference profile: tests per column and one verdict.
//
// A test finds drift where its statistic is large (an effect that matters) and larger than chance
// would make it (a sample-aware limit or a p-value corrected for the number of tests). A column or
// a check that had too little to decide says so: kCannotTell is never a pass. docs/drift.md
// explains every figure. One pass over the current rows, memory bounded by the profile.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/drift/profile.h"
#include "core/table/batch.h"

namespace rtml::drift {

enum class Verdict : std::uint8_t {
  kNo,
  kYes,
  kCannotTell,
  kSkipped,  // Of a column that no test takes; it counts neither way.
};
std::string_view to_string(Verdict verdict);  // "no", "yes", "cannot_tell", "skipped".

enum class TestKind : std::uint8_t { kPsi, kKs, kJensenShannon, kMissingRate };

// A row of the table of tests.
struct TestInfo {
  TestKind kind;
  std::string_view name;     // "psi", as drift/*.yaml and --tests write it.
  std::string_view title;    // "PSI".
  double default_threshold;  // The least effect that counts.
  bool numeric;              // Suits numeric columns,
  bool categorical;          // and categorical ones.
};
const std::vector<TestInfo>& test_table();
const TestInfo& describe(TestKind kind);
// Fails with kBadValue, naming the nearest test.
Result<TestKind> find_test(std::string_view name);

// A test with its threshold and the columns it is for (empty: every column it suits).
struct TestChoice {
  TestKind kind;
  double threshold;
  std::vector<std::string> columns;
};

enum class Correction : std::uint8_t { kNone, kHolm };
std::string_view to_string(Correction correction);  // "none", "holm".

struct CheckOptions {
  std::vector<std::string> columns;  // Empty: all of the profile.
  std::vector<std::string> exclude;
  std::vector<TestChoice> tests;  // Empty: every test with its default threshold.
  double alpha = 0.05;  // The chance of a false alarm, for all columns together with kHolm.
  Correction correction = Correction::kHolm;
  std::int64_t min_rows = 100;  // With fewer rows, or values of a column, there is no verdict.
  double max_drifted_share =
      0.0;  // The check finds drift if more of its columns than this drifted.
};

struct TestResult {
  TestKind test;
  Verdict verdict = Verdict::kCannotTell;
  double statistic = 0;  // PSI, D, distance, or current minus reference rate.
  double threshold = 0;  // The least effect that counts.
  double limit = 0;      // What the statistic was held against: the threshold or what chance makes.
  std::optional<double> p;           // Where the test has one,
  std::optional<double> adjusted_p;  // and after the correction.
  bool exact_p = false;              // Of ks: the exact law rather than the asymptotic one.
  double statistic_error = 0;        // Of ks: the most that the profile's points can hide.
  std::string reason;                // One line: "PSI 1.096 >= 0.2", "4 values, 100 needed".
};

struct ColumnSummary {
  std::int64_t rows = 0;
  std::int64_t nulls = 0;
  std::int64_t nans = 0;
  std::optional<double> mean;  // Of numeric columns with values.
  std::optional<double> std;
  double missing_rate() const {
    return rows == 0 ? 0 : static_cast<double>(nulls + nans) / static_cast<double>(rows);
  }
};

struct ColumnResult {
  std::string name;
  std::string type;  // Of the reference.
  Verdict verdict = Verdict::kCannotTell;
  std::string reason;  // Why, in one line.
  ColumnSummary reference;
  ColumnSummary current;
  std::vector<TestResult> tests;
  // Values that the reference never had, most frequent first, with their counts; of categories at
  // most kMaxUnseenShown.
  std::int64_t unseen_count = 0;
  std::vector<std::pair<std::string, std::int64_t>> unseen;
};

inline constexpr std::size_t kMaxUnseenShown = 5;

struct CheckResult {
  Verdict verdict = Verdict::kCannotTell;
  std::string reason;
  std::int64_t reference_rows = 0;
  std::int64_t current_rows = 0;
  std::int64_t checked = 0;  // Columns with a verdict, cannot-tell included.
  std::int64_t drifted = 0;
  std::int64_t undecided = 0;
  std::vector<ColumnResult> columns;     // In the order of the profile.
  std::vector<std::string> new_columns;  // Of the current rows, unknown to the profile.
};

// Reads `current` to its end and compares it. `what` names the current rows in errors. Fails with
// kDataMissingColumn if `options` names a column that the profile lacks. A profile's column that
// the current rows lack, or have with another type, is drift.
Result<CheckResult> check_drift(const Profile& reference, table::BatchReader& current,
                                const CheckOptions& options, std::string_view what);

// The result as `rtml drift check --output json` prints it.
Json to_json(const CheckResult& result, const CheckOptions& options);

}  // namespace rtml::drift
