#include "core/message/avro_plan.h"

#include <optional>

#include "core/base/name.h"

namespace rtml::message {
namespace {

using table::Kind;

// More digits do not fit the 128 bits that a decimal is computed in.
constexpr int kMaxDecimalDigits = 38;
constexpr std::int64_t kDaySeconds = 86'400;

std::vector<std::string> names_of(const AvroType& record) {
  std::vector<std::string> names;
  for (const AvroType::Field& field : record.fields) names.push_back(field.name);
  return names;
}

class Planner {
 public:
  explicit Planner(const DecoderSettings& settings) : settings_(settings) {}

  // Leads column `index` to the value at `path` within `step`.
  Status add(AvroStep& step, std::string_view path, std::size_t index);

 private:
  Status add_to_union(AvroStep& step, std::string_view path, std::size_t index);
  Status add_to_record(AvroStep& step, std::string_view path, std::size_t index);
  Result<AvroLeaf> leaf_of(const AvroType& type, std::size_t index, bool is_item) const;
  Result<AvroLeaf> list_of(const AvroType& type, std::size_t index) const;
  bool read_moment(const AvroType& type, const WantedColumn& column, AvroLeaf* leaf) const;
  bool read_scalar(const AvroType& type, const WantedColumn& column, AvroLeaf* leaf) const;
  tl::unexpected<Error> misfit(const AvroType& type, std::size_t index) const;

  static AvroStep& part(AvroStep& step, std::size_t index, const AvroType& type) {
    if (!step.parts[index]) {
      step.parts[index] = std::make_unique<AvroStep>();
      step.parts[index]->type = &type;
    }
    return *step.parts[index];
  }

  const DecoderSettings& settings_;
};

Status Planner::add(AvroStep& step, std::string_view path, std::size_t index) {
  if (step.type->kind == AvroKind::kUnion) return add_to_union(step, path, index);
  if (!path.empty()) return add_to_record(step, path, index);
  RTML_TRY_ASSIGN(AvroLeaf leaf, leaf_of(*step.type, index, false));
  step.leaves.push_back(std::move(leaf));
  return {};
}

// Every branch must fit; a record that lacks the field gives null if another one has it.
Status Planner::add_to_union(AvroStep& step, std::string_view path, std::size_t index) {
  const std::vector<const AvroType*>& branches = step.type->parts;
  step.parts.resize(branches.size());
  std::optional<Error> missing;
  bool is_found = false;
  for (std::size_t i = 0; i < branches.size(); ++i) {
    if (branches[i]->kind == AvroKind::kNull) continue;
    const Status added = add(part(step, i, *branches[i]), path, index);
    if (added) {
      is_found = true;
    } else if (added.error().code() == ErrorCode::kDataMissingColumn) {
      missing = added.error();
    } else {
      return added;
    }
  }
  if (is_found) return {};
  return missing ? fail(*missing) : misfit(*step.type, index);
}

Status Planner::add_to_record(AvroStep& step, std::string_view path, std::size_t index) {
  const AvroType& type = *step.type;
  const WantedColumn& column = settings_.columns[index];
  const std::size_t dot = path.find('.');
  const std::string_view name = path.substr(0, dot);
  const std::string_view rest =
      dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  if (type.kind != AvroKind::kRecord) {
    return fail(Error(ErrorCode::kDataWrongType, "column " + column.name + ": there is no \"" +
                                                     std::string(name) + "\" in a value of type " +
                                                     to_string(type) + ": " + column.from)
                    .at(settings_.place_of(column)));
  }
  step.parts.resize(type.fields.size());
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    if (type.fields[i].name != name) continue;
    return add(part(step, i, *type.fields[i].type), rest, index);
  }
  return fail(Error(ErrorCode::kDataMissingColumn,
                    "column " + column.name + ": " + to_string(type) + " has no such field: " +
                        std::string(name) + did_you_mean(name, names_of(type)))
                  .at(settings_.place_of(column)));
}

tl::unexpected<Error> Planner::misfit(const AvroType& type, std::size_t index) const {
  const WantedColumn& column = settings_.columns[index];
  std::string help = "the field's type stands at " + type.place.file + ":" +
                     std::to_string(type.place.line) + ":" + std::to_string(type.place.column);
  const bool is_integer = type.kind == AvroKind::kInt || type.kind == AvroKind::kLong;
  if (column.type.kind == Kind::kTimestamp && is_integer) {
    help +=
        "; give it a logicalType, or declare the column with \"unit: s|ms|us|ns\" under "
        "\"timestamp\" or \"created\"";
  }
  std::string message = "column " + column.name + ": " + table::to_string(column.type) +
                        " cannot be read from Avro's ";
  if (type.kind == AvroKind::kMap) message = "column " + column.name + ": maps are not read: ";
  return fail(Error(ErrorCode::kDataWrongType, message + to_string(type))
                  .at(settings_.place_of(column))
                  .with_help(std::move(help)));
}

Result<AvroLeaf> Planner::leaf_of(const AvroType& type, std::size_t index, bool is_item) const {
  const WantedColumn& column = settings_.columns[index];
  if (column.type.is_list && !is_item) return list_of(type, index);
  AvroLeaf leaf{.column = index, .type = &type, .items = {}};
  const bool fits = column.type.kind == Kind::kTimestamp ? read_moment(type, column, &leaf)
                                                         : read_scalar(type, column, &leaf);
  if (!fits) return misfit(type, index);
  return leaf;
}

Result<AvroLeaf> Planner::list_of(const AvroType& type, std::size_t index) const {
  if (type.kind != AvroKind::kArray) return misfit(type, index);
  AvroLeaf list{.column = index, .reading = AvroReading::kList, .type = &type, .items = {}};
  const AvroType& item = *type.parts.front();
  // Items of no bytes would make a list of any length out of none.
  if (item.is_empty) return misfit(item, index);
  if (item.kind != AvroKind::kUnion) {
    RTML_TRY_ASSIGN(AvroLeaf leaf, leaf_of(item, index, true));
    list.items.push_back(std::move(leaf));
    return list;
  }
  for (const AvroType* branch : item.parts) {
    AvroLeaf leaf{.column = index, .type = branch, .items = {}};
    if (branch->kind != AvroKind::kNull) {
      RTML_TRY_ASSIGN(leaf, leaf_of(*branch, index, true));
    }
    list.items.push_back(std::move(leaf));
  }
  return list;
}

bool Planner::read_moment(const AvroType& type, const WantedColumn& column, AvroLeaf* leaf) const {
  leaf->reading = AvroReading::kMoment;
  switch (type.logical) {
    case AvroLogical::kDate:
      leaf->unit = project::TimeUnit::kSecond;
      leaf->factor = kDaySeconds;
      return true;
    case AvroLogical::kTimestampMillis:
      leaf->unit = project::TimeUnit::kMillisecond;
      return true;
    case AvroLogical::kTimestampMicros:
      leaf->unit = project::TimeUnit::kMicrosecond;
      return true;
    case AvroLogical::kTimestampNanos:
      leaf->unit = project::TimeUnit::kNanosecond;
      return true;
    case AvroLogical::kDecimal:
      return false;
    case AvroLogical::kNone:
      break;
  }
  if (type.kind == AvroKind::kString) {
    leaf->reading = AvroReading::kMomentText;
    if (column.unit) leaf->unit = *column.unit;
    return true;
  }
  if (!column.unit) return false;
  leaf->unit = *column.unit;
  return type.kind == AvroKind::kInt || type.kind == AvroKind::kLong;
}

bool Planner::read_scalar(const AvroType& type, const WantedColumn& column, AvroLeaf* leaf) const {
  const Kind kind = column.type.kind;
  const bool is_integer = kind == Kind::kInt32 || kind == Kind::kInt64;
  const bool is_number = kind == Kind::kFloat || kind == Kind::kDouble;
  const bool is_text = kind == Kind::kString || kind == Kind::kBytes;
  if (type.logical == AvroLogical::kDecimal && kind != Kind::kBytes) {
    leaf->reading = AvroReading::kDecimal;
    return type.precision <= kMaxDecimalDigits &&
           (is_number || kind == Kind::kString || (is_integer && type.scale == 0));
  }
  switch (type.kind) {
    case AvroKind::kBoolean:
      leaf->reading = AvroReading::kBool;
      return kind == Kind::kBool;
    case AvroKind::kInt:
    case AvroKind::kLong:
      leaf->reading = is_number ? AvroReading::kIntegerAsNumber : AvroReading::kInteger;
      return is_integer || is_number;
    case AvroKind::kFloat:
      leaf->reading = AvroReading::kFloat;
      return is_number;
    case AvroKind::kDouble:
      leaf->reading = AvroReading::kDouble;
      return is_number;
    case AvroKind::kString:
      leaf->reading = kind == Kind::kBytes ? AvroReading::kBytes : AvroReading::kText;
      return is_text;
    case AvroKind::kEnum:
      leaf->reading = AvroReading::kSymbol;
      return is_text;
    case AvroKind::kBytes:
      leaf->reading = AvroReading::kBytes;
      return kind == Kind::kBytes;
    case AvroKind::kFixed:
      leaf->reading = AvroReading::kFixed;
      return kind == Kind::kBytes;
    default:
      return false;
  }
}

}  // namespace

Result<std::unique_ptr<AvroStep>> make_avro_plan(const AvroSchema& schema,
                                                 const DecoderSettings& settings) {
  auto root = std::make_unique<AvroStep>();
  root->type = &schema.root();
  Planner planner(settings);
  for (std::size_t index = 0; index < settings.columns.size(); ++index) {
    RTML_TRY(planner.add(*root, settings.columns[index].from, index));
  }
  return root;
}

}  // namespace rtml::message
