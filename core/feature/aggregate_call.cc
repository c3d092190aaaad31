#include "core/feature/aggregate_call.h"

#include <string>
#include <utility>

namespace rtml::feature {
namespace {

using expression::Node;
using expression::NodeKind;
using Meaning = ParameterRow::Meaning;

// A list longer than this is a mistake; each is kept and sent whole.
constexpr std::int64_t kMaximumCount = 1'000;
// Finer than this a sketch has more buckets than most windows have values; coarser says nothing.
constexpr double kLeastAccuracy = 0.0001;
constexpr double kMaximumAccuracy = 0.5;
constexpr double kDefaultAccuracy = 0.01;

bool is_number(const Node& node) {
  return node.kind == NodeKind::kInteger || node.kind == NodeKind::kNumber;
}
double number_of(const Node& node) {
  return node.kind == NodeKind::kInteger ? static_cast<double>(node.integer) : node.number;
}

// "quantile(x, probability)"
std::string usage_of(const AggregateRow& row) {
  std::string usage = std::string(row.name) + "(x";
  for (const ParameterRow& parameter : row.parameters) {
    usage += (parameter.is_optional ? "[, " : ", ") + std::string(parameter.name) +
             (parameter.is_optional ? "]" : "");
  }
  return usage + ")";
}

class Parameters {
 public:
  Parameters(const AggregateRow& row, const expression::Text& text, std::string_view feature)
      : row_(row), text_(text), feature_(feature) {}

  Result<AggregateParameters> parse(const Node& call) {
    result_.accuracy = kDefaultAccuracy;
    std::size_t least = row_.needs_value ? 1 : 0;
    for (const ParameterRow& parameter : row_.parameters) least += parameter.is_optional ? 0 : 1;
    const std::size_t most = 1 + row_.parameters.size();
    const std::size_t given = call.arguments.size();
    if (given < least || given > most) {
      const std::string expected = most == 1 ? "one value" : usage_of(row_);
      return refuse(call,
                    call.text + " takes " + expected + ", not " + std::to_string(given) +
                        (most == 1    ? ""
                         : given == 1 ? " argument"
                                      : " arguments"),
                    most == 1 ? "write " + call.text + "(column)" : "");
    }
    for (std::size_t i = 1; i < given; ++i) {
      const std::string wanted = take(row_.parameters[i - 1], call.arguments[i]);
      if (wanted.empty()) continue;
      return refuse(call.arguments[i],
                    std::string(row_.parameters[i - 1].name) + " of " + std::string(row_.name) +
                        " must be " + wanted,
                    "write it as a constant: " + usage_of(row_));
    }
    return result_;
  }

  tl::unexpected<Error> refuse(const Node& node, const std::string& message,
                               const std::string& help,
                               ErrorCode code = ErrorCode::kExpressionType) const {
    return fail(Error(code, "feature " + std::string(feature_) + ": " + message)
                    .with_help(help)
                    .at(expression::locate(text_, node.offset, node.length)));
  }

 private:
  // Takes a constant, or says what it must be.
  std::string take(const ParameterRow& parameter, const Node& node) {
    switch (parameter.meaning) {
      case Meaning::kProbability:
        if (!is_number(node) || !(number_of(node) >= 0 && number_of(node) <= 1)) {
          return "a number from 0 to 1";
        }
        result_.probability = number_of(node);
        break;
      case Meaning::kAccuracy:
        if (!is_number(node) || number_of(node) < kLeastAccuracy ||
            number_of(node) > kMaximumAccuracy) {
          return "a relative error from 0.0001 to 0.5";
        }
        result_.accuracy = number_of(node);
        break;
      case Meaning::kCount:
        if (node.kind != NodeKind::kInteger || is_duration(node) || node.integer < 1 ||
            node.integer > kMaximumCount) {
          return "a whole number from 1 to " + std::to_string(kMaximumCount);
        }
        result_.count = node.integer;
        break;
      case Meaning::kHalfLife:
        if (node.kind != NodeKind::kInteger || !is_duration(node) || node.integer < 1) {
          return "a duration above 0, such as 1h";
        }
        result_.half_life_us = node.integer;
        break;
    }
    return "";
  }

  // Durations are integers to the language; here `5` for microseconds would be a mistake.
  bool is_duration(const Node& node) const {
    const std::string_view written = text_.text.substr(node.offset, node.length);
    return written.find_first_not_of("0123456789") != std::string_view::npos;
  }

  const AggregateRow& row_;
  const expression::Text& text_;
  std::string_view feature_;
  AggregateParameters result_;
};

}  // namespace

Result<AggregateParameters> parse_parameters(const AggregateRow& row, const Node& call,
                                             const expression::Text& text,
                                             const project::Window& window,
                                             std::string_view feature) {
  Parameters parameters(row, text, feature);
  RTML_TRY_ASSIGN(AggregateParameters result, parameters.parse(call));
  result.counts_events = call.arguments.empty();
  const bool is_sliding = window.kind == project::WindowKind::kSliding;
  if (row.is_sketch && is_sliding && window.resolution_us == 0) {
    return parameters.refuse(call,
                             std::string(row.name) + " over a sliding window needs `resolution`",
                             "write `window: {size: 7d, resolution: 1h}`, or use " +
                                 std::string(row.name.substr(row.name.find('_') + 1)),
                             ErrorCode::kFeatureDefinition);
  }
  if (row.is_per_second) {
    if (!is_sliding && window.kind != project::WindowKind::kTumbling) {
      return parameters.refuse(call, "a rate is per second of a sliding or a tumbling window", "",
                               ErrorCode::kFeatureDefinition);
    }
    result.window_us = window.size_us;
  }
  return result;
}

std::string foreign_name(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"approx_distinct", "approx_count_distinct"},
      {"average", "mean"},
      {"avg", "mean"},
      {"earliest", "first"},
      {"ema", "ewma(x, half_life)"},
      {"ewm", "ewma(x, half_life)"},
      {"latest", "last"},
      {"maximum", "max"},
      {"median", "quantile(x, 0.5)"},
      {"minimum", "min"},
      {"mode", "top_k(x, 1)"},
      {"nunique", "count_distinct"},
      {"percentile", "quantile(x, q)"},
      {"size", "count"},
      {"stddev", "std"},
      {"stddev_samp", "std"},
      {"stdev", "std"},
      {"total", "sum"},
      {"var_samp", "var"},
      {"variance", "var"},
  };
  std::string lower(name);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  for (const AggregateRow& row : aggregate_table()) {
    if (row.name == lower) return lower;
  }
  for (const auto& [foreign, own] : kNames) {
    if (foreign == lower) return std::string(own);
  }
  return "";
}

}  // namespace rtml::feature
