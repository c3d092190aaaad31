#include "core/drift/check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "core/base/name.h"
#include "core/base/number.h"
#include "core/drift/observation.h"
#include "core/statistics/comparison.h"
#include "core/statistics/distances.h"
#include "core/statistics/kolmogorov_smirnov.h"

namespace rtml::drift {
namespace {

bool takes(const TestInfo& test, const ColumnProfile& column) {
  return (column.numeric() != nullptr && test.numeric) ||
         (column.categorical() != nullptr && test.categorical);
}

bool lists(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A column under test: where its values are and what came of it.
struct Subject {
  const ColumnProfile* reference = nullptr;
  std::size_t index = 0;                     // In the current rows.
  std::unique_ptr<Observation> observation;  // Null where the result is already known.
  std::string type_change;                   // What to say if a value of another type comes.
  ColumnResult result;
};

class Checker {
 public:
  Checker(const Profile& reference, const CheckOptions& options)
      : reference_(reference), options_(options), tests_(options.tests) {
    if (!tests_.empty()) return;
    for (const TestInfo& test : test_table()) {
      tests_.push_back({test.kind, test.default_threshold, {}});
    }
  }

  Status choose_columns(const table::Schema& schema, std::string_view what);
  void read(const table::Batch& batch);
  CheckResult judge();

 private:
  bool is_chosen(const std::string& name) const {
    return (options_.columns.empty() || lists(options_.columns, name)) &&
           !lists(options_.exclude, name);
  }
  Status check_names() const;
  void meet(Subject& subject, const table::Schema& schema);
  void run_tests(Subject& subject);
  TestResult run_test(const TestChoice& choice, const Observation& observation) const;
  void run_ks(const Observation& observation, TestResult& result) const;
  void run_missing_rate(const Observation& observation, TestResult& result) const;
  void count_tests();
  void correct();
  void decide_tests(ColumnResult& column) const;
  void decide_column(Subject& subject) const;
  void decide_overall();
  double alpha_of_limits() const;

  const Profile& reference_;
  const CheckOptions& options_;
  std::vector<TestChoice> tests_;
  std::vector<Subject> subjects_;
  std::int64_t test_count_ = 0;  // Of all columns.
  CheckResult result_;
};

Status Checker::check_names() const {
  std::vector<std::string> known;
  for (const ColumnProfile& column : reference_.columns) known.push_back(column.name);
  std::vector<std::string> asked = options_.columns;
  asked.insert(asked.end(), options_.exclude.begin(), options_.exclude.end());
  for (const TestChoice& test : options_.tests) {
    asked.insert(asked.end(), test.columns.begin(), test.columns.end());
  }
  for (const std::string& name : asked) {
    if (lists(known, name)) continue;
    return fail(
        Error(ErrorCode::kDataMissingColumn,
              "no column \"" + name + "\" in the reference profile" + did_you_mean(name, known))
            .with_help("a profile knows the columns it was built from"));
  }
  return {};
}

// Decides what can be decided from the two schemas alone, and prepares counting for the rest.
void Checker::meet(Subject& subject, const table::Schema& schema) {
  const ColumnProfile& reference = *subject.reference;
  ColumnResult& result = subject.result;
  result.name = reference.name;
  result.type = table::to_string(reference.type);
  result.reference = {reference.rows, reference.nulls, reference.nans, {}, {}};
  if (const NumericProfile* numeric = reference.numeric(); numeric && numeric->count() > 0) {
    result.reference.mean = numeric->mean;
    result.reference.std = numeric->std;
  }
  const auto index = schema.find(reference.name);
  if (!index) {
    result.verdict = Verdict::kYes;
    result.reason = "the column is missing";
    return;
  }
  subject.index = *index;
  const table::DataType type = schema.field(*index).type;
  if (reference.numeric() == nullptr && reference.categorical() == nullptr) {
    result.verdict = Verdict::kSkipped;
    result.reason = "no test takes " + result.type;
    return;
  }
  const bool same_family =
      reference.numeric() != nullptr ? table::is_numeric(type) : type == reference.type;
  // A text file cannot say of what type a column without values is.
  if (!same_family) {
    subject.type_change = "the type changed from " + result.type + " to " + table::to_string(type);
  }
  subject.observation = std::make_unique<Observation>(reference);
}

Status Checker::choose_columns(const table::Schema& schema, std::string_view what) {
  RTML_TRY(check_names());
  for (const ColumnProfile& column : reference_.columns) {
    if (!is_chosen(column.name)) continue;
    Subject& subject = subjects_.emplace_back();
    subject.reference = &column;
    meet(subject, schema);
  }
  for (const table::Field& field : schema.fields()) {
    if (reference_.find(field.name) == nullptr) result_.new_columns.push_back(field.name);
  }
  if (subjects_.empty()) {
    return fail(ErrorCode::kCannotTell,
                "no column of the reference profile is left to check in " + std::string(what));
  }
  return {};
}

void Checker::read(const table::Batch& batch) {
  result_.current_rows += batch.rows();
  for (Subject& subject : subjects_) {
    if (!subject.observation) continue;
    const table::Column& column = batch.column(subject.index);
    if (subject.type_change.empty()) {
      subject.observation->add(column);
    } else if (column.null_count() == column.length()) {
      subject.observation->add_nulls(column.length());
    } else {
      subject.result.verdict = Verdict::kYes;
      subject.result.reason = subject.type_change;
      subject.observation.reset();
    }
  }
}

void Checker::run_ks(const Observation& observation, TestResult& result) const {
  const NumericProfile& numeric = *observation.reference().numeric();
  result.statistic = observation.ks_distance();
  result.statistic_error = numeric.largest_gap() + numeric.rank_error;
  const statistics::KsProbability probability =
      statistics::two_sample_ks(result.statistic, numeric.count(), observation.present());
  result.p = probability.p;
  result.exact_p = probability.exact;
}

void Checker::run_missing_rate(const Observation& observation, TestResult& result) const {
  const ColumnSummary current = observation.summary();
  const ColumnProfile& reference = observation.reference();
  const ColumnSummary before{reference.rows, reference.nulls, reference.nans, {}, {}};
  result.statistic = current.missing_rate() - before.missing_rate();
  const auto comparison =
      statistics::two_proportions(reference.missing(), reference.rows, current.nulls + current.nans,
                                  current.rows, options_.alpha);
  // It fails only where all values or none are missing on both sides: the same.
  result.p = comparison ? comparison->p : 1;
}

// A limit cannot be stepped down as p-values are, so it takes its equal part of alpha (Bonferroni).
double Checker::alpha_of_limits() const {
  return options_.correction == Correction::kNone
             ? options_.alpha
             : options_.alpha / static_cast<double>(std::max<std::int64_t>(1, test_count_));
}

TestResult Checker::run_test(const TestChoice& choice, const Observation& observation) const {
  TestResult result;
  result.test = choice.kind;
  result.threshold = choice.threshold;
  result.limit = choice.threshold;
  if (choice.kind == TestKind::kMissingRate) {
    run_missing_rate(observation, result);
    return result;
  }
  const std::int64_t before = observation.reference().rows - observation.reference().missing();
  const std::int64_t now = observation.present();
  if (std::min(before, now) < std::max<std::int64_t>(1, options_.min_rows)) {
    result.reason = (before < now ? "the reference has " : "") +
                    std::to_string(std::min(before, now)) + " values, " +
                    std::to_string(options_.min_rows) + " needed";
    return result;
  }
  if (choice.kind == TestKind::kKs) {
    run_ks(observation, result);
    return result;
  }
  const Observation::Bins bins = observation.bins();
  const auto count = static_cast<std::int64_t>(bins.reference.size());
  const double alpha = alpha_of_limits();
  if (choice.kind == TestKind::kPsi) {
    result.statistic = statistics::population_stability_index(bins.reference, bins.current);
    result.limit =
        std::max(choice.threshold, statistics::psi_chance_limit(count, before, now, alpha));
  } else {
    result.statistic = statistics::jensen_shannon_distance(bins.reference, bins.current);
    result.limit = std::max(choice.threshold,
                            statistics::jensen_shannon_chance_limit(count, before, now, alpha));
  }
  result.verdict = result.statistic >= result.limit ? Verdict::kYes : Verdict::kNo;
  return result;
}

void Checker::run_tests(Subject& subject) {
  const Observation& observation = *subject.observation;
  ColumnResult& result = subject.result;
  result.current = observation.summary();
  result.unseen_count = observation.unseen_count();
  result.unseen = observation.most_frequent_unseen();
  for (const TestChoice& choice : tests_) {
    if (!takes(describe(choice.kind), *subject.reference)) continue;
    if (!choice.columns.empty() && !lists(choice.columns, result.name)) continue;
    result.tests.push_back(run_test(choice, observation));
  }
}

void Checker::count_tests() {
  for (const Subject& subject : subjects_) {
    if (!subject.observation) continue;
    for (const TestChoice& choice : tests_) {
      const bool runs = takes(describe(choice.kind), *subject.reference) &&
                        (choice.columns.empty() || lists(choice.columns, subject.result.name));
      test_count_ += runs ? 1 : 0;
    }
  }
}

// Adjusts all p-values of the check together, so that alpha is the chance of any false alarm.
void Checker::correct() {
  std::vector<TestResult*> tests;
  std::vector<double> p_values;
  for (Subject& subject : subjects_) {
    for (TestResult& test : subject.result.tests) {
      if (!test.p) continue;
      tests.push_back(&test);
      p_values.push_back(*test.p);
    }
  }
  const std::vector<double> adjusted =
      options_.correction == Correction::kHolm ? statistics::holm_adjusted(p_values) : p_values;
  for (std::size_t i = 0; i < tests.size(); ++i) tests[i]->adjusted_p = adjusted[i];
}

void Checker::decide_tests(ColumnResult& column) const {
  for (TestResult& test : column.tests) {
    const std::string title(describe(test.test).title);
    if (test.adjusted_p) {
      const bool large = std::fabs(test.statistic) >= test.threshold;
      test.verdict = large && *test.adjusted_p < options_.alpha ? Verdict::kYes : Verdict::kNo;
    }
    if (test.verdict == Verdict::kCannotTell) continue;
    const bool found = test.verdict == Verdict::kYes;
    if (test.test == TestKind::kMissingRate) {
      test.reason = title + " " + format_percent(column.reference.missing_rate()) + " to " +
                    format_percent(column.current.missing_rate());
      continue;
    }
    const bool small_effect = test.statistic < test.limit;
    test.reason = title + " " + format_brief(test.statistic) + (small_effect ? " < " : " >= ") +
                  format_brief(test.limit);
    if (!found && !small_effect) test.reason += " but p = " + format_brief(*test.adjusted_p);
  }
}

void Checker::decide_column(Subject& subject) const {
  ColumnResult& column = subject.result;
  if (!subject.observation) return;
  const std::int64_t rows = std::min(column.reference.rows, column.current.rows);
  if (rows < std::max<std::int64_t>(1, options_.min_rows)) {
    column.reason =
        std::to_string(rows) +
        (column.current.rows <= column.reference.rows ? " rows, " : " reference rows, ") +
        std::to_string(options_.min_rows) + " needed";
    for (TestResult& test : column.tests) test.verdict = Verdict::kCannotTell;
    return;
  }
  if (column.tests.empty()) {
    column.verdict = Verdict::kSkipped;
    column.reason = "no test chosen for it";
    return;
  }
  const bool all_missing = subject.observation->present() == 0 &&
                           column.reference.nulls + column.reference.nans == column.reference.rows;
  std::string found;
  std::string undecided;
  for (const TestResult& test : column.tests) {
    if (test.verdict == Verdict::kYes) found += (found.empty() ? "" : "; ") + test.reason;
    if (test.verdict == Verdict::kCannotTell && undecided.empty()) undecided = test.reason;
  }
  if (!found.empty()) {
    column.verdict = Verdict::kYes;
    column.reason = found;
  } else if (all_missing) {
    column.verdict = Verdict::kNo;
    column.reason = "every value is missing on both sides";
  } else if (!undecided.empty()) {
    column.verdict = Verdict::kCannotTell;
    column.reason = undecided;
  } else {
    column.verdict = Verdict::kNo;
  }
}

void Checker::decide_overall() {
  for (const Subject& subject : subjects_) {
    const Verdict verdict = subject.result.verdict;
    result_.checked += verdict != Verdict::kSkipped ? 1 : 0;
    result_.drifted += verdict == Verdict::kYes ? 1 : 0;
    result_.undecided += verdict == Verdict::kCannotTell ? 1 : 0;
  }
  const auto exceeds = [&](std::int64_t columns) {
    return static_cast<double>(columns) >
           options_.max_drifted_share * static_cast<double>(result_.checked);
  };
  const std::string of_checked = " of " + std::to_string(result_.checked) + " columns";
  if (result_.checked == 0) {
    result_.reason = "no column could be checked";
  } else if (result_.drifted > 0 && exceeds(result_.drifted)) {
    result_.verdict = Verdict::kYes;
    result_.reason = std::to_string(result_.drifted) + of_checked + " drifted";
  } else if (result_.undecided > 0 && exceeds(result_.drifted + result_.undecided)) {
    result_.reason = std::to_string(result_.undecided) + of_checked + " had too little to decide";
  } else {
    result_.verdict = Verdict::kNo;
    result_.reason = result_.drifted == 0
                         ? "none" + of_checked + " drifted"
                         : std::to_string(result_.drifted) + of_checked + " drifted, up to " +
                               format_percent(options_.max_drifted_share) + " allowed";
  }
}

CheckResult Checker::judge() {
  result_.reference_rows = reference_.rows;
  count_tests();
  for (Subject& subject : subjects_) {
    if (subject.observation) {
      run_tests(subject);
    } else {
      subject.result.current.rows = result_.current_rows;
    }
  }
  correct();
  for (Subject& subject : subjects_) {
    decide_tests(subject.result);
    decide_column(subject);
  }
  decide_overall();
  for (Subject& subject : subjects_) result_.columns.push_back(std::move(subject.result));
  return std::move(result_);
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  constexpr std::array<std::string_view, 4> kNames = {"no", "yes", "cannot_tell", "skipped"};
  return kNames[static_cast<std::size_t>(verdict)];
}

std::string_view to_string(Correction correction) {
  return correction == Correction::kNone ? "none" : "holm";
}

const std::vector<TestInfo>& test_table() {
  static const std::vector<TestInfo> table = {
      {TestKind::kPsi, "psi", "PSI", 0.2, true, true},
      {TestKind::kKs, "ks", "KS", 0.1, true, false},
      {TestKind::kJensenShannon, "jensen_shannon", "JS", 0.1, true, true},
      {TestKind::kMissingRate, "missing_rate", "missing", 0.05, true, true},
  };
  return table;
}

const TestInfo& describe(TestKind kind) {
  return test_table()[static_cast<std::size_t>(kind)];
}

Result<TestKind> find_test(std::string_view name) {
  std::vector<std::string> known;
  for (const TestInfo& test : test_table()) {
    if (test.name == name) return test.kind;
    known.emplace_back(test.name);
  }
  return fail(Error(ErrorCode::kBadValue, "no drift test is called \"" + std::string(name) + "\"" +
                                              did_you_mean(name, known))
                  .with_help("the tests are psi, ks, jensen_shannon, missing_rate"));
}

Result<CheckResult> check_drift(const Profile& reference, table::BatchReader& current,
                                const CheckOptions& options, std::string_view what) {
  Checker checker(reference, options);
  RTML_TRY(checker.choose_columns(*current.schema(), what));
  while (true) {
    RTML_TRY_ASSIGN(const std::optional<table::Batch> batch, current.next());
    if (!batch) return checker.judge();
    checker.read(*batch);
  }
}

}  // namespace rtml::drift
