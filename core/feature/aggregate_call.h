// The constants in the call of an aggregate: quantile(amount, 0.95), last_k(city, 5),
// ewma(amount, 1h). Internal to core/feature.

#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/expression/syntax.h"
#include "core/feature/aggregate.h"
#include "core/project/definitions.h"

namespace rtml::feature {

// Checks how many arguments a call has and reads its constants, which follow the value. Fails with
// kExpressionType at the argument that is wrong, naming the feature; kFeatureDefinition if the
// aggregate cannot be computed over such a window.
Result<AggregateParameters> parse_parameters(const AggregateRow& row, const expression::Node& call,
                                             const expression::Text& text,
                                             const project::Window& window,
                                             std::string_view feature);

// What SQL, pandas and others call an aggregate, as it is written here: "quantile(x, 0.5)" for
// "median"; empty for any other name. Case does not matter.
std::string foreign_name(std::string_view name);

}  // namespace rtml::feature
