#include "core/table/types.h"

#include <algorithm>
#include <array>

#include "core/base/name.h"
#include "core/base/text_list.h"

namespace rtml::table {
namespace {

constexpr std::array<std::string_view, 8> kKindNames = {"BOOL",   "INT32",  "INT64", "FLOAT",
                                                        "DOUBLE", "STRING", "BYTES", "TIMESTAMP"};

std::string to_upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

}  // namespace

std::string to_string(DataType type) {
  const std::string name(kKindNames[static_cast<std::size_t>(type.kind)]);
  return type.is_list ? "LIST<" + name + ">" : name;
}

std::optional<DataType> parse_type(std::string_view name) {
  std::string upper = to_upper(name);
  DataType type;
  if (upper.starts_with("LIST<") && upper.ends_with(">")) {
    type.is_list = true;
    upper = upper.substr(5, upper.size() - 6);
  }
  const auto found = std::find(kKindNames.begin(), kKindNames.end(), upper);
  if (found == kKindNames.end()) return std::nullopt;
  type.kind = static_cast<Kind>(found - kKindNames.begin());
  return type;
}

const std::vector<std::string>& type_names() {
  static const std::vector<std::string> names(kKindNames.begin(), kKindNames.end());
  return names;
}

bool is_integer(DataType type) {
  return !type.is_list && (type.kind == Kind::kInt32 || type.kind == Kind::kInt64);
}

bool is_numeric(DataType type) {
  return is_integer(type) ||
         (!type.is_list && (type.kind == Kind::kFloat || type.kind == Kind::kDouble));
}

bool is_convertible(DataType from, DataType to) {
  if (from == to) return true;
  if (from.is_list != to.is_list) return false;
  switch (from.kind) {
    case Kind::kInt32:
      return to.kind == Kind::kInt64 || (to.kind == Kind::kDouble && !to.is_list);
    case Kind::kInt64:
      return to.kind == Kind::kDouble && !to.is_list;
    case Kind::kFloat:
      return to.kind == Kind::kDouble;
    default:
      return false;
  }
}

std::optional<std::size_t> Schema::find(std::string_view name) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const Field& field) { return field.name == name; });
  if (found == fields_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - fields_.begin());
}

Result<std::size_t> Schema::require(std::string_view name, std::string_view what) const {
  if (const auto index = find(name)) return *index;
  const std::vector<std::string> known = names();
  return fail(Error(ErrorCode::kDataMissingColumn, "no column \"" + std::string(name) + "\" in " +
                                                       std::string(what) +
                                                       did_you_mean(name, known))
                  .with_help("its columns are: " + short_list(known)));
}

std::vector<std::string> Schema::names() const {
  std::vector<std::string> names;
  names.reserve(fields_.size());
  for (const Field& field : fields_) names.push_back(field.name);
  return names;
}

}  // namespace rtml::table
