#include "core/gate/gate.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/base/random.h"

namespace rtml::gate {
namespace {

using metric::Metric;
using metric::ScoredRows;
using metric::Task;

// Six digits are enough to read; the evidence has them all.
std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

Json number_or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// The difference of two values of a metric, above 0 where the first is better.
double improvement(const Metric& metric, double candidate, double other) {
  return metric.higher_is_better ? candidate - other : other - candidate;
}

// How often each row is drawn when as many rows as there are are drawn with replacement.
std::vector<double> draw_rows(Random* random, std::size_t rows) {
  std::vector<double> drawn(rows, 0.0);
  for (std::size_t draw = 0; draw < rows; ++draw) drawn[random->below(rows)] += 1.0;
  return drawn;
}

// The q-th quantile of sorted values, linear between neighbours (Hyndman and Fan, type 7).
double quantile(const std::vector<double>& sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - std::floor(place)) * (sorted[above] - sorted[below]);
}

// A contender whose predictions can be scored.
struct Scored {
  ScoredRows rows;
  std::size_t comparison;           // Its place in the verdict.
  std::vector<double> differences;  // One a replicate.
};

void add_intervals(const Rule& rule, const Metric& metric, const ScoredRows& candidate,
                   std::vector<Scored>* contenders, Verdict* verdict) {
  Random random(rule.seed);
  for (std::int64_t replicate = 0; replicate < rule.replicates; ++replicate) {
    const std::vector<double> drawn =
        draw_rows(&random, static_cast<std::size_t>(candidate.rows()));
    const Result<double> value = candidate.value(metric, drawn);
    if (!value) continue;  // Such a draw has one class only, or nothing above the threshold.
    for (Scored& contender : *contenders) {
      const Result<double> other = contender.rows.value(metric, drawn);
      if (other) contender.differences.push_back(improvement(metric, *value, *other));
    }
  }
  const double tail = (1.0 - rule.confidence) / 2.0;
  for (Scored& contender : *contenders) {
    // An interval of the few draws that happened to be defined would mislead.
    if (static_cast<std::int64_t>(contender.differences.size()) * 2 < rule.replicates) continue;
    if (contender.differences.empty()) continue;
    std::sort(contender.differences.begin(), contender.differences.end());
    Comparison& comparison = verdict->comparisons[contender.comparison];
    comparison.low = quantile(contender.differences, tail);
    comparison.high = quantile(contender.differences, 1.0 - tail);
  }
}

void decide(const Rule& rule, const Metric& metric, double candidate, Comparison* comparison) {
  comparison->difference = improvement(metric, candidate, *comparison->value);
  const bool baseline = comparison->role == Role::kBaseline;
  const bool enough = *comparison->difference >= rule.min_delta;
  const bool beaten = !baseline || *comparison->difference > 0.0;
  comparison->outcome = enough && beaten ? Outcome::kPass : Outcome::kFail;
  comparison->reason = std::string(metric.name) + " " + number_text(candidate) + " against " +
                       number_text(*comparison->value);
  if (comparison->outcome == Outcome::kPass) return;
  if (*comparison->difference < 0.0) {
    comparison->reason += ", worse by " + number_text(-*comparison->difference);
  } else if (!beaten) {
    comparison->reason += ", no better than a baseline that learns nothing";
  } else {
    comparison->reason += ", better by " + number_text(*comparison->difference) +
                          ", min_delta is " + number_text(rule.min_delta);
  }
}

// Puts the verdict together from its comparisons.
void conclude(Verdict* verdict) {
  for (const Outcome worst : {Outcome::kFail, Outcome::kCannotTell}) {
    for (const Comparison& comparison : verdict->comparisons) {
      if (comparison.outcome != worst) continue;
      verdict->outcome = worst;
      verdict->reason = comparison.name + ": " + comparison.reason;
      return;
    }
  }
  if (verdict->comparisons.empty()) {
    verdict->reason = "there is nothing to compare the candidate with";
    return;
  }
  verdict->outcome = Outcome::kPass;
  verdict->reason = "better than everything it was compared with";
}

// Why rows are too few to decide on; empty if they suffice.
std::string too_few(const Rule& rule, const ScoredRows& rows) {
  const std::string least = ", at least " + std::to_string(rule.min_rows_per_class) + " are needed";
  if (rows.task() == Task::kRegression) {
    if (rows.rows() >= rule.min_rows_per_class) return "";
    return "too few test rows: " + std::to_string(rows.rows()) + least;
  }
  const std::int64_t negatives = rows.rows() - rows.positives();
  for (const auto& [label, count] : {std::pair{1, rows.positives()}, std::pair{0, negatives}}) {
    if (count >= rule.min_rows_per_class) continue;
    return "too few test rows with label " + std::to_string(label) + ": " + std::to_string(count) +
           least;
  }
  return "";
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPass:
      return "pass";
    case Outcome::kFail:
      return "fail";
    case Outcome::kCannotTell:
      break;
  }
  return "cannot-tell";
}

Json Verdict::evidence() const {
  Json compared = Json::array();
  for (const Comparison& comparison : comparisons) {
    Json entry{{"role", comparison.role == Role::kChampion ? "champion" : "baseline"},
               {"name", comparison.name},
               {"outcome", to_string(comparison.outcome)},
               {"reason", comparison.reason},
               {"value", number_or_null(comparison.value)},
               {"difference", number_or_null(comparison.difference)}};
    if (comparison.low && comparison.high) {
      entry["interval"] = {
          {"low", *comparison.low}, {"high", *comparison.high}, {"confidence", confidence}};
    }
    compared.push_back(std::move(entry));
  }
  return Json{{"outcome", to_string(outcome)},
              {"reason", reason},
              {"metric", metric},
              {"min_delta", min_delta},
              {"rows", rows},
              {"positives", positives},
              {"candidate", number_or_null(candidate)},
              {"comparisons", std::move(compared)}};
}

Status Verdict::status() const {
  if (outcome == Outcome::kPass) return {};
  return fail(
      outcome == Outcome::kFail ? ErrorCode::kGateFailed : ErrorCode::kCannotTell,
      std::string(outcome == Outcome::kFail ? "the gate failed: " : "the gate cannot tell: ") +
          reason);
}

Result<Verdict> judge(const Rule& rule, std::span<const double> labels,
                      std::span<const double> candidate, std::span<const Contender> contenders) {
  RTML_TRY_ASSIGN(const Metric* metric, metric::find_metric(rule.metric));
  Verdict verdict;
  verdict.metric = rule.metric;
  verdict.min_delta = rule.min_delta;
  verdict.confidence = rule.confidence;
  verdict.rows = static_cast<std::int64_t>(labels.size());
  if (labels.empty()) {
    verdict.reason = "there are no test rows";
    return verdict;
  }
  RTML_TRY_ASSIGN(const ScoredRows candidate_rows,
                  ScoredRows::create(metric->task, labels, candidate, rule.threshold));
  verdict.positives = candidate_rows.positives();
  verdict.reason = too_few(rule, candidate_rows);
  if (!verdict.reason.empty()) return verdict;
  const Result<double> candidate_value = candidate_rows.value(*metric);
  if (!candidate_value) {
    if (candidate_value.error().code() != ErrorCode::kCannotTell) {
      return fail(candidate_value.error());
    }
    verdict.reason = "the candidate: " + candidate_value.error().message();
    return verdict;
  }
  verdict.candidate = *candidate_value;

  std::vector<Scored> scored;
  for (const Contender& contender : contenders) {
    Comparison comparison{.role = contender.role, .name = contender.name};
    comparison.reason = contender.missing;
    if (contender.missing.empty()) {
      auto rows = ScoredRows::create(metric->task, labels, contender.predictions, rule.threshold);
      const Result<double> value = rows ? rows->value(*metric) : fail(rows.error());
      if (value) {
        comparison.value = *value;
        decide(rule, *metric, *candidate_value, &comparison);
        scored.push_back({std::move(*rows), verdict.comparisons.size(), {}});
      } else {
        comparison.reason = value.error().message();
      }
    }
    verdict.comparisons.push_back(std::move(comparison));
  }
  add_intervals(rule, *metric, candidate_rows, &scored, &verdict);
  conclude(&verdict);
  return verdict;
}

}  // namespace rtml::gate
