// How commands show model versions and aliases: the JSON and the words are the same everywhere.

#pragma once

#include <string>
#include <vector>

#include "cli/report.h"
#include "core/registry/records.h"

namespace rtml::cli {

// Every member of the version; times as RFC 3339.
Json version_object(const registry::ModelVersion& version);

// "roc_auc 0.9123, log_loss 0.2001", numbers with six significant digits; "" for none.
std::string metrics_text(const Json& metrics);
// A number with six significant digits, or the text of another JSON value.
std::string value_text(const Json& value);

// The first 12 digits of a hash, as people compare them.
std::string short_hash(const std::string& hash);

// "champion, challenger": the aliases that point to version `number`.
std::string aliases_of(const std::vector<registry::Alias>& aliases, std::int64_t number);

}  // namespace rtml::cli
