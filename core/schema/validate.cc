#include "core/schema/validate.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include "core/base/name.h"
#include "core/base/text_list.h"
#include "core/base/time.h"
#include "core/table/types.h"

namespace rtml::schema {
namespace {

using yaml::Node;
using yaml::NodeKind;

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::string format_number(double value) {
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return std::string(buffer.data(), end);
}

// How much deeper in parentheses a text ends than it begins.
int open_parentheses(std::string_view text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '(')) -
         static_cast<int>(std::count(text.begin(), text.end(), ')'));
}

constexpr std::string_view kTimestampHelp = "write RFC 3339, for example 2024-03-01T12:30:00Z";

// What to write where a value of another type stands.
std::string help_for(ShapeKind kind) {
  switch (kind) {
    case ShapeKind::kText:
    case ShapeKind::kName:
      return "quote it if it is meant as a text";
    case ShapeKind::kDuration:
      return parse_duration("").error().help();
    case ShapeKind::kTimestamp:
      return std::string(kTimestampHelp);
    default:
      return "";
  }
}

// Whether a node of this kind may at all be what the shape wants; its value is checked later.
bool fits_kind(NodeKind node, ShapeKind shape) {
  switch (shape) {
    case ShapeKind::kAny:
      return true;
    case ShapeKind::kNull:
      return node == NodeKind::kNull;
    case ShapeKind::kBool:
      return node == NodeKind::kBool;
    case ShapeKind::kInteger:
      return node == NodeKind::kInteger;
    case ShapeKind::kNumber:
      return node == NodeKind::kInteger || node == NodeKind::kNumber;
    case ShapeKind::kExpression:
      return node != NodeKind::kNull && node <= NodeKind::kString;
    case ShapeKind::kList:
      return node == NodeKind::kSequence;
    case ShapeKind::kMap:
    case ShapeKind::kObject:
      return node == NodeKind::kMapping;
    case ShapeKind::kOneOf:
      return false;
    default:
      return node == NodeKind::kString;
  }
}

class Validator {
 public:
  std::vector<Error> take_errors() { return std::move(errors_); }

  // `subject` is the key or item that is looked at, for messages.
  void check(const Node& node, const Shape& shape, const std::string& subject, bool interpolates) {
    if (node.is_interpolated() && !interpolates) return refuse_variable(node, subject);
    if (shape.kind == ShapeKind::kOneOf) {
      for (const Shape* alternative : shape.alternatives) {
        if (fits_kind(node.kind(), alternative->kind)) {
          return check(node, *alternative, subject, interpolates);
        }
      }
      return refuse_type(node, shape, subject);
    }
    if (!fits_kind(node.kind(), shape.kind)) return refuse_type(node, shape, subject);
    switch (shape.kind) {
      case ShapeKind::kObject:
        return check_object(node, shape, interpolates);
      case ShapeKind::kMap:
        return check_map(node, shape, subject, interpolates);
      case ShapeKind::kList:
        return check_list(node, shape, subject, interpolates);
      case ShapeKind::kAny:
        return check_any(node, subject, interpolates);
      default:
        return check_scalar(node, shape, subject);
    }
  }

 private:
  void add(Error error) { errors_.push_back(std::move(error)); }

  void refuse_variable(const Node& node, const std::string& subject) {
    refuse_value(node, subject + " may not depend on the environment: " + in_quotes(node.written()),
                 "write the value; ${VAR} is read in inputs, stores and descriptions only");
  }

  void refuse_type(const Node& node, const Shape& shape, const std::string& subject) {
    const bool has_text = node.is_scalar() && !node.is_null();
    add(Error(ErrorCode::kWrongType, subject + " must be " + std::string(shape.noun) + ", not " +
                                         std::string(describe(node.kind())) +
                                         (has_text ? ": " + node.written() : std::string()))
            .at(node.location())
            .with_help(has_text ? help_for(shape.kind) : ""));
  }

  // {aggregate: quantile(x, 0.5)} has a key "0.5)", because a comma ends a plain text there.
  // Returns how many members from the one at `first` are such pieces of the text before it.
  std::size_t refuse_cut_text(const std::vector<Node::Member>& members, std::size_t first) {
    if (first == 0 || !members[first - 1].value.is_scalar()) return 0;
    std::string text = members[first - 1].value.written();
    std::size_t last = first;
    while (open_parentheses(text) > 0 && last < members.size() && members[last].value.is_null()) {
      text += ", " + members[last++].key.text();
    }
    if (last == first || open_parentheses(text) != 0) return 0;
    const std::string& key = members[first - 1].key.text();
    add(Error(ErrorCode::kUnknownKey, "a comma inside of { } ends the text of " + in_quotes(key))
            .at(members[first].key.location())
            .with_help("write it in quotes: " + key + ": " + in_quotes(text)));
    return last - first;
  }

  void check_object(const Node& node, const Shape& shape, bool interpolates) {
    std::vector<std::string> keys;
    for (const Field& field : shape.fields) keys.emplace_back(field.key);
    const std::vector<Node::Member>& members = node.members();
    for (std::size_t i = 0; i < members.size(); ++i) {
      const Node::Member& member = members[i];
      const std::string& key = member.key.text();
      const auto field = std::find_if(shape.fields.begin(), shape.fields.end(),
                                      [&](const Field& row) { return row.key == key; });
      if (field != shape.fields.end()) {
        check(member.value, *field->shape, in_quotes(key), interpolates || field->interpolates);
      } else if (shape.is_open) {
        check_any(member.value, in_quotes(key), interpolates);
      } else if (const std::size_t cut = refuse_cut_text(members, i); cut > 0) {
        i += cut - 1;
      } else {
        add(Error(ErrorCode::kUnknownKey, "unknown key " + in_quotes(key) + did_you_mean(key, keys))
                .at(member.key.location())
                .with_help("the keys of " + std::string(shape.noun) + " are: " + text_list(keys)));
      }
    }
    for (const Field& field : shape.fields) {
      if (!field.required || node.find(field.key) != nullptr) continue;
      add(Error(ErrorCode::kMissingKey,
                std::string(shape.noun) + " needs the key " + in_quotes(field.key))
              .at(node.location())
              .with_help(std::string(field.description)));
    }
    for (const Rule& rule : shape.rules) check_rule(node, shape, rule);
  }

  void check_rule(const Node& node, const Shape& shape, const Rule& rule) {
    std::vector<std::string> all;
    std::vector<std::string> present;
    const Node* last = nullptr;
    for (const std::string_view key : rule.keys) {
      all.push_back(in_quotes(key));
      for (const Node::Member& member : node.members()) {
        if (member.key.text() != key) continue;
        present.push_back(in_quotes(key));
        last = &member.key;
      }
    }
    const std::string noun(shape.noun);
    if (rule.kind == Rule::Kind::kAtLeastOne && present.empty()) {
      add(Error(ErrorCode::kMissingKey, noun + " needs one of the keys " + text_list(all))
              .at(node.location()));
    } else if (rule.kind == Rule::Kind::kAtMostOne && present.size() > 1) {
      add(Error(ErrorCode::kBadValue, noun + " takes only one of the keys " + text_list(present))
              .at(last->location())
              .with_help("keep the one you mean"));
    } else if (rule.kind == Rule::Kind::kNeeds && node.find(rule.keys.front()) != nullptr &&
               present.size() < all.size()) {
      const std::string missing = text_list(std::span(all).subspan(1));
      add(Error(ErrorCode::kMissingKey, all.front() + " makes sense only with " + missing)
              .at(node.location()));
    }
  }

  void check_map(const Node& node, const Shape& shape, const std::string& subject,
                 bool interpolates) {
    if (node.members().size() < shape.min_items) refuse_empty(node, subject);
    for (const Node::Member& member : node.members()) {
      check(member.value, *shape.item, in_quotes(member.key.text()), interpolates);
    }
  }

  void check_list(const Node& node, const Shape& shape, const std::string& subject,
                  bool interpolates) {
    if (node.items().size() < shape.min_items) refuse_empty(node, subject);
    std::set<std::string> seen;
    for (const Node& item : node.items()) {
      check(item, *shape.item, "an item of " + subject, interpolates);
      if (shape.has_no_twins && item.is_scalar() && !seen.insert(item.text()).second) {
        add(Error(ErrorCode::kBadValue, subject + " names twice: " + in_quotes(item.written()))
                .at(item.location())
                .with_help("remove one of them"));
      }
    }
  }

  void refuse_empty(const Node& node, const std::string& subject) {
    add(Error(ErrorCode::kBadValue, subject + " holds too few: " +
                                        std::to_string(node.items().size() + node.members().size()))
            .at(node.location()));
  }

  // A value that a plugin will judge; only variables are looked at.
  void check_any(const Node& node, const std::string& subject, bool interpolates) {
    if (node.is_interpolated() && !interpolates) refuse_variable(node, subject);
    for (const Node& item : node.items()) check_any(item, subject, interpolates);
    for (const Node::Member& member : node.members()) {
      check_any(member.value, in_quotes(member.key.text()), interpolates);
    }
  }

  void check_scalar(const Node& node, const Shape& shape, const std::string& subject) {
    const std::string& text = node.text();
    switch (shape.kind) {
      case ShapeKind::kText:
      case ShapeKind::kExpression:
        if (text.empty()) refuse_value(node, subject + " is empty", "");
        return;
      case ShapeKind::kName:
        if (const Status status = check_name(text, "rtml"); !status) {
          refuse_value(node, subject + " is not a valid name: " + in_quotes(node.written()),
                       status.error().help());
        }
        return;
      case ShapeKind::kDuration:
        return check_duration(node, shape, subject);
      case ShapeKind::kTimestamp: {
        std::int64_t ignored = 0;
        if (parse_timestamp(text, &ignored)) return;
        return refuse_value(node, subject + " is not a timestamp: " + in_quotes(node.written()),
                            std::string(kTimestampHelp));
      }
      case ShapeKind::kDataType:
        return check_data_type(node, subject);
      case ShapeKind::kChoice:
        return check_choice(node, shape, subject);
      case ShapeKind::kCron:
        if (is_cron(text)) return;
        return refuse_value(node, subject + " is not a schedule: " + in_quotes(node.written()),
                            "write minute hour day month weekday in numbers, for example "
                            "\"30 2 * * *\" for 02:30 UTC every day");
      case ShapeKind::kInteger:
      case ShapeKind::kNumber:
        return check_number(node, shape, subject);
      default:
        return;
    }
  }

  void refuse_value(const Node& node, std::string message, std::string help) {
    add(Error(ErrorCode::kBadValue, std::move(message))
            .at(node.location())
            .with_help(std::move(help)));
  }

  void check_duration(const Node& node, const Shape& shape, const std::string& subject) {
    const auto duration_us = parse_duration(node.text());
    if (!duration_us) {
      refuse_value(node, subject + " is " + duration_us.error().message(),
                   duration_us.error().help());
    } else if (shape.is_positive && *duration_us == 0) {
      refuse_value(node, subject + " must be longer than nothing: " + in_quotes(node.text()), "");
    }
  }

  void check_data_type(const Node& node, const std::string& subject) {
    if (table::parse_type(node.text())) return;
    const auto& names = table::type_names();
    refuse_value(
        node,
        subject + " is not a type: " + in_quotes(node.written()) + did_you_mean(node.text(), names),
        "one of: " + text_list(names) + ", or LIST<…> of one of them");
  }

  void check_choice(const Node& node, const Shape& shape, const std::string& subject) {
    const auto& choices = shape.choices;
    if (std::find(choices.begin(), choices.end(), node.text()) != choices.end()) return;
    const std::vector<std::string> names(choices.begin(), choices.end());
    refuse_value(node,
                 subject + " is not " + std::string(shape.noun) + ": " + in_quotes(node.written()) +
                     did_you_mean(node.text(), names),
                 (names.size() == 1 ? "it can be: " : "one of: ") + text_list(names));
  }

  void check_number(const Node& node, const Shape& shape, const std::string& subject) {
    if (shape.kind == ShapeKind::kInteger && !node.integer()) {
      return refuse_value(node, subject + " does not fit 64 bits: " + node.written(), "");
    }
    const double value = node.number().value_or(0.0);
    if (std::isfinite(value) && value >= shape.minimum && value <= shape.maximum) return;
    std::string help;
    if (std::isfinite(shape.minimum) && shape.minimum == shape.maximum) {
      help = "only " + format_number(shape.minimum) + " is known to this rtml";
    }
    refuse_value(node, subject + " must be " + std::string(shape.noun) + ": " + node.written(),
                 help);
  }

  std::vector<Error> errors_;
};

struct CronField {
  int minimum;
  int maximum;
};
constexpr std::array<CronField, 5> kCronFields = {{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}}};

// Reads a number within the field's range and removes it from `text`.
bool take_cron_number(std::string_view& text, const CronField& field, int* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (error != std::errc() || text.empty() || text.front() == '-') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return *value >= field.minimum && *value <= field.maximum;
}

// "*", "3", "1-5", each with "/2".
bool is_cron_part(std::string_view part, const CronField& field) {
  int first = 0;
  int last = 0;
  if (part.starts_with('*')) {
    part.remove_prefix(1);
  } else {
    if (!take_cron_number(part, field, &first)) return false;
    if (part.starts_with('-')) {
      part.remove_prefix(1);
      if (!take_cron_number(part, field, &last) || last < first) return false;
    } else if (!part.empty()) {
      return false;
    }
  }
  if (!part.starts_with('/')) return part.empty();
  part.remove_prefix(1);
  int step = 0;
  return take_cron_number(part, {1, field.maximum}, &step) && part.empty();
}

}  // namespace

bool is_cron(std::string_view text) {
  for (std::size_t i = 0; i < kCronFields.size(); ++i) {
    const std::size_t space = text.find(' ');
    const bool is_last = i + 1 == kCronFields.size();
    if ((space == std::string_view::npos) != is_last) return false;
    std::string_view field = text.substr(0, space);
    text.remove_prefix(is_last ? text.size() : space + 1);
    while (true) {
      const std::size_t comma = field.find(',');
      if (!is_cron_part(field.substr(0, comma), kCronFields[i])) return false;
      if (comma == std::string_view::npos) break;
      field.remove_prefix(comma + 1);
    }
  }
  return true;
}

std::vector<Error> validate(const yaml::Node& node, const Shape& shape) {
  Validator validator;
  validator.check(node, shape, "the document", false);
  std::vector<Error> errors = validator.take_errors();
  std::stable_sort(errors.begin(), errors.end(), [](const Error& a, const Error& b) {
    return std::pair(a.location()->line, a.location()->column) <
           std::pair(b.location()->line, b.location()->column);
  });
  return errors;
}

}  // namespace rtml::schema
