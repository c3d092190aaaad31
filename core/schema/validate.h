// Checks a parsed value against its shape and says everything that is wrong with it.

#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/schema/shape.h"
#include "core/yaml/node.h"

namespace rtml::schema {

// Returns every error of `node`, each at its place, in the order of the file: kUnknownKey (with the
// nearest key there is), kMissingKey, kWrongType, kBadValue. Empty if it fits.
std::vector<Error> validate(const yaml::Node& node, const Shape& shape);

// Checks five fields of cron: minutes, hours, days, months, weekdays, each `*`, a number, a range,
// a list of these, with a step. Returns false if it is not.
bool is_cron(std::string_view text);

}  // namespace rtml::schema
