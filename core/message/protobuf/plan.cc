#include "core/message/protobuf/plan.h"

#include <algorithm>

#include "core/base/name.h"

namespace rtml::message::protobuf {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using table::Kind;

bool is_wrapper(const Descriptor& message) {
  return message.file()->name() == "google/protobuf/wrappers.proto";
}

bool is_timestamp(const Descriptor& message) {
  return message.full_name() == "google.protobuf.Timestamp";
}

std::string type_name(const FieldDescriptor& field) {
  if (field.is_map()) return "map";
  std::string name = field.type_name();
  if (field.type() == FieldDescriptor::TYPE_MESSAGE) {
    name = "message " + field.message_type()->full_name();
  }
  if (field.type() == FieldDescriptor::TYPE_ENUM) name = "enum " + field.enum_type()->full_name();
  return (field.is_repeated() ? "repeated " : "") + name;
}

class Planner {
 public:
  Planner(const DecoderSettings& settings, Plan& plan) : settings_(settings), plan_(plan) {}

  std::unique_ptr<Step> new_step() {
    auto step = std::make_unique<Step>();
    step->index = plan_.steps++;
    return step;
  }
  Status add(Step& step, const Descriptor& message, std::string_view path, std::size_t index);

 private:
  Field& field_of(Step& step, const FieldDescriptor& descriptor);
  Status add_leaf(Field& field, const FieldDescriptor& descriptor, std::size_t index);
  bool read(const FieldDescriptor& value, const WantedColumn& column, Reading* reading) const;
  bool read_moment(const FieldDescriptor& value, const WantedColumn& column,
                   Reading* reading) const;

  const DecoderSettings& settings_;
  Plan& plan_;
};

Field& Planner::field_of(Step& step, const FieldDescriptor& descriptor) {
  if (Field* const known = step.find(descriptor.number())) return *known;
  const auto place = std::find_if(step.fields.begin(), step.fields.end(), [&](const Field& field) {
    return field.number > descriptor.number();
  });
  Field& field = *step.fields.insert(place, Field());
  field.number = descriptor.number();
  field.name = descriptor.name();
  field.type = descriptor.type();
  field.is_repeated = descriptor.is_repeated();
  field.is_implicit = !descriptor.is_repeated() && !descriptor.has_presence();
  if (descriptor.real_containing_oneof() != nullptr) {
    field.oneof = descriptor.real_containing_oneof()->index();
  }
  if (field.is_repeated) field.list = plan_.lists++;
  return field;
}

Status Planner::add(Step& step, const Descriptor& message, std::string_view path,
                    std::size_t index) {
  const WantedColumn& column = settings_.columns[index];
  const std::size_t dot = path.find('.');
  const std::string name(path.substr(0, dot));
  const FieldDescriptor* const descriptor = message.FindFieldByName(name);
  if (descriptor == nullptr) {
    std::vector<std::string> names;
    for (int i = 0; i < message.field_count(); ++i) names.push_back(message.field(i)->name());
    return fail(Error(ErrorCode::kDataMissingColumn,
                      "column " + column.name + ": message " + message.full_name() +
                          " has no such field: " + name + did_you_mean(name, names))
                    .at(settings_.place_of(column)));
  }
  Field& field = field_of(step, *descriptor);
  if (dot == std::string_view::npos) return add_leaf(field, *descriptor, index);
  if (descriptor->type() != FieldDescriptor::TYPE_MESSAGE || descriptor->is_repeated()) {
    return fail(Error(ErrorCode::kDataWrongType, "column " + column.name + ": no fields are read " +
                                                     "within " + type_name(*descriptor) + ": " +
                                                     column.from)
                    .at(settings_.place_of(column)));
  }
  if (!field.message) field.message = new_step();
  return add(*field.message, *descriptor->message_type(), path.substr(dot + 1), index);
}

Status Planner::add_leaf(Field& field, const FieldDescriptor& descriptor, std::size_t index) {
  const WantedColumn& column = settings_.columns[index];
  const FieldDescriptor* value = &descriptor;
  Leaf leaf{.column = index};
  bool fits = !descriptor.is_map() && descriptor.is_repeated() == column.type.is_list;
  if (descriptor.type() == FieldDescriptor::TYPE_MESSAGE && !descriptor.is_map()) {
    const Descriptor& message = *descriptor.message_type();
    field.is_timestamp = is_timestamp(message);
    field.is_wrapped = is_wrapper(message);
    if (field.is_wrapped) {
      value = message.FindFieldByNumber(1);
      field.type = value->type();
    }
  }
  if (field.is_timestamp) {
    leaf.reading = Reading::kTimestamp;
    fits = fits && column.type.kind == Kind::kTimestamp;
  } else {
    fits = fits && read(*value, column, &leaf.reading);
  }
  if (!fits) {
    std::string help;
    const bool is_integer = value->cpp_type() == FieldDescriptor::CPPTYPE_INT64 ||
                            value->cpp_type() == FieldDescriptor::CPPTYPE_INT32;
    if (column.type.kind == Kind::kTimestamp && is_integer) {
      help = "declare the column with \"unit: s|ms|us|ns\" under \"timestamp\" or \"created\"";
    }
    return fail(Error(ErrorCode::kDataWrongType,
                      "column " + column.name + ": " + table::to_string(column.type) +
                          " cannot be read from Protobuf's " + type_name(descriptor))
                    .at(settings_.place_of(column))
                    .with_help(std::move(help)));
  }
  if (leaf.reading == Reading::kSymbol && field.symbols.empty()) {
    const auto& type = *value->enum_type();
    // Of names for one number the first is the one that is written.
    for (int i = 0; i < type.value_count(); ++i) {
      field.symbols.emplace(type.value(i)->number(), type.value(i)->name());
    }
  }
  field.leaves.push_back(leaf);
  return {};
}

bool Planner::read_moment(const FieldDescriptor& value, const WantedColumn& column,
                          Reading* reading) const {
  switch (value.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      *reading = Reading::kMomentText;
      return value.type() == FieldDescriptor::TYPE_STRING;
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      *reading = Reading::kMoment;
      return column.unit.has_value();
    default:
      return false;
  }
}

bool Planner::read(const FieldDescriptor& value, const WantedColumn& column,
                   Reading* reading) const {
  const Kind kind = column.type.kind;
  if (kind == Kind::kTimestamp) return read_moment(value, column, reading);
  const bool is_integer = kind == Kind::kInt32 || kind == Kind::kInt64;
  const bool is_number = kind == Kind::kFloat || kind == Kind::kDouble;
  const bool is_text = kind == Kind::kString || kind == Kind::kBytes;
  switch (value.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      *reading = Reading::kBool;
      return kind == Kind::kBool;
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      *reading = is_number ? Reading::kNumber : Reading::kInteger;
      return is_integer || is_number;
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      *reading = Reading::kNumber;
      return is_number;
    case FieldDescriptor::CPPTYPE_ENUM:
      *reading = is_integer ? Reading::kInteger : Reading::kSymbol;
      return is_integer || is_text;
    case FieldDescriptor::CPPTYPE_STRING:
      *reading = kind == Kind::kBytes ? Reading::kBytes : Reading::kText;
      return kind == Kind::kBytes ||
             (kind == Kind::kString && value.type() == FieldDescriptor::TYPE_STRING);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return false;
  }
  return false;
}

}  // namespace

Field* Step::find(int number) {
  const auto guess = static_cast<std::size_t>(number) - 1;
  if (guess < fields.size() && fields[guess].number == number) return &fields[guess];
  const auto found = std::lower_bound(fields.begin(), fields.end(), number,
                                      [](const Field& field, int n) { return field.number < n; });
  return found != fields.end() && found->number == number ? &*found : nullptr;
}

Result<Plan> make_plan(const Descriptor& message, const DecoderSettings& settings) {
  Plan plan;
  Planner planner(settings, plan);
  plan.root = planner.new_step();
  for (std::size_t index = 0; index < settings.columns.size(); ++index) {
    RTML_TRY(planner.add(*plan.root, message, settings.columns[index].from, index));
  }
  for (const Descriptor* type = &message; type != nullptr; type = type->containing_type()) {
    plan.indexes.insert(plan.indexes.begin(), type->index());
  }
  return plan;
}

}  // namespace rtml::message::protobuf
