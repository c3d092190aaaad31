// The written form of a profile, docs/formats/profile.md.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "core/drift/profile.h"

namespace rtml::drift {
namespace {

// Bounds of what is read, so that sums of counts stay within int64.
constexpr std::size_t kMaxItems = std::size_t{1} << 14;
constexpr std::int64_t kMaxCount = std::int64_t{1} << 48;

// JSON has no infinities; to_json_text() writes them as these names.
Json number_json(double value) {
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

Json numbers_json(const std::vector<double>& values) {
  Json array = Json::array();
  for (const double value : values) array.push_back(number_json(value));
  return array;
}

Json numeric_json(const NumericProfile& numeric) {
  Json json = Json::object();
  json["mean"] = numeric.mean;
  json["std"] = numeric.std;
  json["min"] = numeric.min;
  json["max"] = numeric.max;
  json["infinite"] = numeric.infinite;
  json["bin_values"] = numbers_json(numeric.bin_values);
  json["bin_edges"] = numbers_json(numeric.bin_edges);
  json["bin_counts"] = numeric.bin_counts;
  json["points"] = numbers_json(numeric.points);
  json["below"] = numeric.below;
  json["at_most"] = numeric.at_most;
  json["rank_error"] = numeric.rank_error;
  return json;
}

Json categorical_json(const CategoricalProfile& categorical) {
  Json json = Json::object();
  Json& categories = json["categories"] = Json::array();
  for (const auto& [value, count] : categorical.categories) {
    categories.push_back(Json{{"value", value}, {"count", count}});
  }
  json["rest_count"] = categorical.rest_count;
  return json;
}

// Reads members and remembers the first that is wrong, so that parsing needs no branch a member.
class Members {
 public:
  Members(const Json& json, std::string path) : json_(json), path_(std::move(path)) {
    if (!json.is_object()) complain("", "is not an object");
  }

  const Json* find(const char* key) {
    if (!json_.is_object()) return nullptr;
    const auto found = json_.find(key);
    if (found == json_.end()) {
      complain(key, "is missing");
      return nullptr;
    }
    return &*found;
  }

  std::int64_t count(const char* key) {
    const Json* value = find(key);
    return value == nullptr ? 0 : to_count(*value, key);
  }
  double number(const char* key) {
    const Json* value = find(key);
    return value == nullptr ? 0 : to_number(*value, key);
  }
  std::string text(const char* key) {
    const Json* value = find(key);
    if (value == nullptr) return {};
    if (!value->is_string()) {
      complain(key, "is not a text");
      return {};
    }
    return value->get<std::string>();
  }
  std::vector<double> numbers(const char* key) {
    std::vector<double> values;
    for (const Json& item : array(key)) values.push_back(to_number(item, key));
    return values;
  }
  std::vector<std::int64_t> counts(const char* key) {
    std::vector<std::int64_t> values;
    for (const Json& item : array(key)) values.push_back(to_count(item, key));
    return values;
  }
  const Json& array(const char* key) {
    static const Json empty = Json::array();
    const Json* value = find(key);
    if (value == nullptr) return empty;
    if (value->is_array() && value->size() <= kMaxItems) return *value;
    complain(key, value->is_array() ? "is too long" : "is not an array");
    return empty;
  }

  void require(bool condition, const char* key, const char* complaint) {
    if (!condition) complain(key, complaint);
  }
  void complain(const std::string& key, const std::string& complaint) {
    if (!problem_.empty()) return;
    const std::string separator = path_.empty() || key.empty() ? "" : ".";
    problem_ = path_ + separator + key + " " + complaint;
  }
  // Takes over what is wrong with a part of this value.
  void adopt(const Members& part) {
    if (problem_.empty()) problem_ = part.problem_;
  }
  const std::string& path() const { return path_; }
  const std::string& problem() const { return problem_; }

 private:
  std::int64_t to_count(const Json& value, const char* key) {
    if (value.is_number_integer() && value >= 0 && value <= kMaxCount) {
      return value.get<std::int64_t>();
    }
    complain(key, "is not a count");
    return 0;
  }
  double to_number(const Json& value, const char* key) {
    if (value.is_number()) return value.get<double>();
    if (value == "Infinity") return std::numeric_limits<double>::infinity();
    if (value == "-Infinity") return -std::numeric_limits<double>::infinity();
    complain(key, "is not a number");
    return 0;
  }

  const Json& json_;
  std::string path_;
  std::string problem_;
};

bool strictly_ascending(const std::vector<double>& values) {
  return std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) == values.end();
}

NumericProfile read_numeric(Members& members, std::int64_t present) {
  NumericProfile numeric;
  numeric.mean = members.number("mean");
  numeric.std = members.number("std");
  numeric.min = members.number("min");
  numeric.max = members.number("max");
  numeric.infinite = members.count("infinite");
  numeric.bin_values = members.numbers("bin_values");
  numeric.bin_edges = members.numbers("bin_edges");
  numeric.bin_counts = members.counts("bin_counts");
  numeric.points = members.numbers("points");
  numeric.below = members.counts("below");
  numeric.at_most = members.counts("at_most");
  numeric.rank_error = members.number("rank_error");

  const std::size_t bins = !numeric.bin_values.empty() ? numeric.bin_values.size()
                           : present == 0              ? 0
                                                       : numeric.bin_edges.size() + 1;
  members.require(numeric.bin_values.empty() || numeric.bin_edges.empty(), "bin_edges",
                  "stands beside bin_values");
  members.require(strictly_ascending(numeric.bin_values), "bin_values", "is not ascending");
  members.require(strictly_ascending(numeric.bin_edges), "bin_edges", "is not ascending");
  members.require(strictly_ascending(numeric.points), "points", "is not ascending");
  members.require(numeric.bin_counts.size() == bins, "bin_counts", "has another length than bins");
  members.require(std::accumulate(numeric.bin_counts.begin(), numeric.bin_counts.end(),
                                  std::int64_t{0}) == present,
                  "bin_counts", "does not add up to the values present");
  members.require(numeric.below.size() == numeric.points.size() &&
                      numeric.at_most.size() == numeric.points.size(),
                  "below", "or at_most has another length than points");
  if (!members.problem().empty()) return numeric;
  std::int64_t passed = 0;
  bool ordered = true;
  for (std::size_t i = 0; i < numeric.points.size(); ++i) {
    ordered = ordered && numeric.below[i] >= passed && numeric.at_most[i] > numeric.below[i];
    passed = numeric.at_most[i];
  }
  members.require(ordered && passed == present, "at_most", "is no cumulative count");
  return numeric;
}

CategoricalProfile read_categorical(Members& members, std::int64_t present) {
  CategoricalProfile categorical;
  categorical.rest_count = members.count("rest_count");
  std::int64_t total = categorical.rest_count;
  for (const Json& item : members.array("categories")) {
    Members category(item, members.path() + ".categories");
    std::string value = category.text("value");
    const std::int64_t count = category.count("count");
    total += count;
    categorical.categories.emplace_back(std::move(value), count);
    members.adopt(category);
  }
  members.require(total == present, "categories", "do not add up to the values present");
  return categorical;
}

Result<ColumnProfile> read_column(const Json& json, std::int64_t rows, const std::string& path) {
  Members members(json, path);
  ColumnProfile column;
  column.name = members.text("name");
  column.rows = rows;
  column.nulls = members.count("nulls");
  column.nans = members.count("nans");
  const std::string type_name = members.text("type");
  const std::optional<table::DataType> type = table::parse_type(type_name);
  members.require(type.has_value(), "type", "is no type of a column");
  if (type) column.type = *type;
  const std::int64_t present = rows - column.missing();
  members.require(present >= 0, "nulls", "exceeds the rows");
  if (json.contains("numeric")) {
    Members numeric(json["numeric"], path + ".numeric");
    column.values = read_numeric(numeric, present);
    members.adopt(numeric);
  } else if (json.contains("categorical")) {
    Members categorical(json["categorical"], path + ".categorical");
    column.values = read_categorical(categorical, present);
    members.adopt(categorical);
  }
  if (!members.problem().empty()) return fail(ErrorCode::kProfileInvalid, members.problem());
  return column;
}

}  // namespace

Json to_json(const Profile& profile) {
  Json json = Json::object();
  json["format"] = "rtml-profile";
  json["version"] = kProfileVersion;
  json["rows"] = profile.rows;
  Json& columns = json["columns"] = Json::array();
  for (const ColumnProfile& column : profile.columns) {
    Json entry = Json::object();
    entry["name"] = column.name;
    entry["type"] = table::to_string(column.type);
    entry["nulls"] = column.nulls;
    entry["nans"] = column.nans;
    if (const NumericProfile* numeric = column.numeric()) {
      entry["numeric"] = numeric_json(*numeric);
    } else if (const CategoricalProfile* categorical = column.categorical()) {
      entry["categorical"] = categorical_json(*categorical);
    }
    columns.push_back(std::move(entry));
  }
  return json;
}

Result<Profile> profile_from_json(const Json& json, std::string_view what) {
  const auto invalid = [&](const std::string& problem) {
    return fail(Error(ErrorCode::kProfileInvalid,
                      "cannot use reference profile " + std::string(what) + ": " + problem)
                    .with_help("write one with \"rtml drift profile FILE -o PROFILE\""));
  };
  if (!json.is_object() || json.value("format", Json()) != "rtml-profile") {
    return invalid("it is no profile (\"format\" is not \"rtml-profile\")");
  }
  Members members(json, "");
  const std::int64_t version = members.count("version");
  if (members.problem().empty() && version != kProfileVersion) {
    return invalid("version " + std::to_string(version) + " is not known to this rtml");
  }
  Profile profile;
  profile.rows = members.count("rows");
  const Json& columns = members.array("columns");
  if (!members.problem().empty()) return invalid(members.problem());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    auto column = read_column(columns[i], profile.rows, "columns[" + std::to_string(i) + "]");
    if (!column) return invalid(column.error().message());
    if (profile.find(column->name) != nullptr) {
      return invalid("column " + column->name + " is there twice");
    }
    profile.columns.push_back(std::move(*column));
  }
  return profile;
}

}  // namespace rtml::drift
