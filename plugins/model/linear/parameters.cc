#include "plugins/model/linear/parameters.h"

#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/name.h"

namespace rtml::linear {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

using Member = std::variant<std::string Parameters::*, double Parameters::*,
                            std::optional<double> Parameters::*, std::int64_t Parameters::*,
                            bool Parameters::*>;

// A row of the table of parameters.
struct Row {
  std::string_view name;
  Member member;
  std::string_view meaning;
  double minimum = 0.0;  // Of numbers.
  double maximum = kNoLimit;
  bool above_minimum = false;  // The minimum itself is not allowed.
  std::span<const std::string_view> choices = {};
};

constexpr std::string_view kLosses[] = {"logistic", "squared"};
constexpr std::string_view kOptimizers[] = {"ftrl", "adagrad", "sgd"};
constexpr std::string_view kSchedules[] = {"constant", "inverse_scaling"};
constexpr std::string_view kClassWeights[] = {"none", "balanced"};

const std::array kRows = {
    Row{.name = "loss",
        .member = &Parameters::loss,
        .meaning = "logistic for labels 0 and 1, squared for numbers",
        .choices = kLosses},
    Row{.name = "optimizer",
        .member = &Parameters::optimizer,
        .meaning = "How the model learns: FTRL-Proximal, AdaGrad, or plain stochastic gradient "
                   "descent",
        .choices = kOptimizers},
    Row{.name = "learning_rate",
        .member = &Parameters::learning_rate,
        .meaning = "Size of a step; null: 0.3 for ftrl (its alpha) and adagrad, 0.01 for sgd",
        .above_minimum = true},
    Row{.name = "learning_rate_schedule",
        .member = &Parameters::learning_rate_schedule,
        .meaning = "Of sgd: constant, or divided by (number of the step) ^ learning_rate_power",
        .choices = kSchedules},
    Row{.name = "learning_rate_power",
        .member = &Parameters::learning_rate_power,
        .meaning = "Of the schedule inverse_scaling",
        .maximum = 1.0},
    Row{.name = "intercept_learning_rate",
        .member = &Parameters::intercept_learning_rate,
        .meaning = "Step of the intercept by plain gradient descent; null: learnt as a weight is",
        .above_minimum = true},
    Row{.name = "ftrl_beta",
        .member = &Parameters::ftrl_beta,
        .meaning = "Beta of ftrl: larger makes the first steps smaller"},
    Row{.name = "l1",
        .member = &Parameters::l1,
        .meaning = "Penalty on the sum of absolute weights, against the sum of losses of one pass"},
    Row{.name = "l2",
        .member = &Parameters::l2,
        .meaning = "Penalty on half the sum of squared weights, against the sum of losses of one "
                   "pass; 1/C of scikit-learn"},
    Row{.name = "epochs",
        .member = &Parameters::epochs,
        .meaning = "Passes over the training rows, at most",
        .minimum = 1,
        .maximum = 1e6},
    Row{.name = "tolerance",
        .member = &Parameters::tolerance,
        .meaning = "Learning stops when a pass improves the objective by less than this share; 0: "
                   "never"},
    Row{.name = "average",
        .member = &Parameters::average,
        .meaning = "Take the mean of the last pass's weights rather than the last ones"},
    Row{.name = "shuffle",
        .member = &Parameters::shuffle,
        .meaning = "Take the rows of each pass in an order that the seed decides"},
    Row{.name = "standardize",
        .member = &Parameters::standardize,
        .meaning = "Bring each feature to mean 0 and deviation 1, of the rows seen so far"},
    Row{.name = "class_weight",
        .member = &Parameters::class_weight,
        .meaning = "balanced: both classes weigh the same in sum",
        .choices = kClassWeights},
    Row{.name = "positive_weight",
        .member = &Parameters::positive_weight,
        .meaning = "How much more a row of label 1 weighs",
        .above_minimum = true},
    Row{.name = "null_indicator",
        .member = &Parameters::null_indicator,
        .meaning = "Give each feature a second one that is 1 where it is null, else 0"},
};

template <typename T>
constexpr bool is_member(const Member& member) {
  return std::holds_alternative<T Parameters::*>(member);
}

std::string allowed_text(const Row& row) {
  if (is_member<bool>(row.member)) return "true or false";
  if (is_member<std::string>(row.member)) {
    std::string text = "one of";
    for (const std::string_view& choice : row.choices) {
      text += std::string(&choice == row.choices.data() ? " " : ", ") + std::string(choice);
    }
    return text;
  }
  const auto number = [](double value) {
    return std::abs(value) < 1e15 && value == std::floor(value)
               ? std::to_string(static_cast<std::int64_t>(value))
               : to_json_text(Json(value));
  };
  std::string text = is_member<std::int64_t>(row.member) ? "a whole number" : "a number";
  text += (row.above_minimum ? " above " : " of at least ") + number(row.minimum);
  if (row.maximum != kNoLimit) text += " and at most " + number(row.maximum);
  if (is_member<std::optional<double>>(row.member)) text += ", or null";
  return text;
}

tl::unexpected<Error> wrong_value(const Row& row, const Json& value) {
  return fail(ErrorCode::kBadValue, "parameter " + std::string(row.name) + " must be " +
                                        allowed_text(row) + ": " + to_json_text(value));
}

bool in_range(const Row& row, double value) {
  return std::isfinite(value) && (row.above_minimum ? value > row.minimum : value >= row.minimum) &&
         value <= row.maximum;
}

bool is_choice(const Row& row, const Json& value) {
  if (!value.is_string()) return false;
  for (const std::string_view choice : row.choices) {
    if (choice == value.get_ref<const std::string&>()) return true;
  }
  return false;
}

Status read_parameter(const Row& row, const Json& value, Parameters* parameters) {
  return std::visit(
      [&](auto member) -> Status {
        using T = std::remove_reference_t<decltype(parameters->*member)>;
        if constexpr (std::is_same_v<T, std::string>) {
          if (!is_choice(row, value)) return wrong_value(row, value);
          parameters->*member = value.get<std::string>();
        } else if constexpr (std::is_same_v<T, bool>) {
          if (!value.is_boolean()) return wrong_value(row, value);
          parameters->*member = value.get<bool>();
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
          if (!value.is_number_integer() || !in_range(row, value.get<double>())) {
            return wrong_value(row, value);
          }
          parameters->*member = value.get<std::int64_t>();
        } else {
          if (std::is_same_v<T, std::optional<double>> && value.is_null()) {
            parameters->*member = T();
            return {};
          }
          if (!value.is_number() || !in_range(row, value.get<double>())) {
            return wrong_value(row, value);
          }
          parameters->*member = value.get<double>();
        }
        return {};
      },
      row.member);
}

Json value_of(const Row& row, const Parameters& parameters) {
  return std::visit(
      [&](auto member) -> Json {
        const auto& value = parameters.*member;
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::optional<double>>) {
          return value ? Json(*value) : Json(nullptr);
        } else {
          return Json(value);
        }
      },
      row.member);
}

}  // namespace

Result<Parameters> parse_parameters(const Json& json) {
  if (!json.is_object()) {
    return fail(ErrorCode::kBadValue, "parameters must be an object: " + to_json_text(json));
  }
  Parameters parameters;
  for (const auto& [name, value] : json.items()) {
    const Row* found = nullptr;
    std::vector<std::string> names;
    for (const Row& row : kRows) {
      if (row.name == name) found = &row;
      names.emplace_back(row.name);
    }
    if (found == nullptr) {
      return fail(ErrorCode::kBadValue,
                  "unknown parameter \"" + name + "\"" + did_you_mean(name, names));
    }
    RTML_TRY(read_parameter(*found, value, &parameters));
  }
  return parameters;
}

Json to_json(const Parameters& parameters) {
  Json json = Json::object();
  for (const Row& row : kRows) json[std::string(row.name)] = value_of(row, parameters);
  return json;
}

Json parameter_schema() {
  Json properties = Json::object();
  const Parameters defaults;
  for (const Row& row : kRows) {
    Json property = Json::object();
    if (is_member<std::string>(row.member)) {
      property["enum"] = Json::array();
      for (const std::string_view choice : row.choices) property["enum"].push_back(choice);
    } else if (is_member<bool>(row.member)) {
      property["type"] = "boolean";
    } else {
      if (is_member<std::int64_t>(row.member)) {
        property["type"] = "integer";
      } else if (is_member<double>(row.member)) {
        property["type"] = "number";
      } else {
        property["type"] = {"number", "null"};
      }
      property[row.above_minimum ? "exclusiveMinimum" : "minimum"] = row.minimum;
      if (row.maximum != kNoLimit) property["maximum"] = row.maximum;
    }
    property["default"] = value_of(row, defaults);
    property["description"] = row.meaning;
    properties[std::string(row.name)] = std::move(property);
  }
  return Json{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "Parameters of the model backend linear"},
              {"type", "object"},
              {"additionalProperties", false},
              {"properties", std::move(properties)}};
}

}  // namespace rtml::linear
