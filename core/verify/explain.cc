#include "core/verify/explain.h"

#include <algorithm>

#include "core/base/name.h"
#include "core/dataset/event_cursor.h"
#include "core/dataset/event_rows.h"
#include "core/dataset/join.h"
#include "core/dataset/source_set.h"
#include "core/feature/window.h"
#include "core/online/json_value.h"
#include "core/project/source_union.h"
#include "core/verify/oracle.h"

namespace rtml::verify {
namespace {

// The events [begin, end) of an entity in their order.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

class Explainer {
 public:
  Explainer(const project::FeatureView& view, const ExplainOptions& options,
            const dataset::BuildContext& context)
      : view_(view), options_(options), context_(context) {}

  Result<Explanation> run(std::span<const project::ServiceColumn> features) {
    dataset::SourceSet sources(context_);
    RTML_TRY_ASSIGN(program_, sources.compile(view_));
    RTML_TRY_ASSIGN(const std::string key, read_key());
    const project::Source& source = context_.project.source_of(view_);
    if (source.is_union() && !source.id.empty()) {
      RTML_TRY(sources.want(source, std::vector{std::string(project::kUnionIdText)}));
    }
    RTML_TRY_ASSIGN(const table::Batch rows, sources.rows(source));
    if (const auto ids = rows.schema().find(project::kUnionIdText)) ids_ = rows.column(*ids);
    if (source.is_union()) parts_ = source.parts;
    RTML_TRY_ASSIGN(events_, feature::event_columns(program_, rows, source.batch->path));
    RTML_TRY_ASSIGN(const std::vector<std::int64_t> order,
                    dataset::event_rows(source, rows, source.batch->path));
    const auto times = events_.time.values<std::int64_t>();
    for (const std::int64_t row : order) {
      if (entity_of(events_, row) != key) continue;
      if (times[row] > options_.time_us) {
        ++result_.events_after;
      } else {
        rows_.push_back(row);
        times_.push_back(times[row]);
      }
    }
    result_.events_before = std::ssize(rows_);
    result_.time_us = options_.time_us;
    RTML_TRY(read());
    for (const project::ServiceColumn& column : features) explain(column);
    return std::move(result_);
  }

 private:
  Result<std::string> read_key() {
    std::vector<std::string> names;
    for (const table::Field& field : program_.keys) names.push_back(field.name);
    for (const auto& [name, text] : options_.entity) {
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      return fail(ErrorCode::kUsage,
                  "view " + view_.name + " has no key: " + name + did_you_mean(name, names));
    }
    std::vector<table::Value> key;
    result_.entity = Json::object();
    for (const table::Field& field : program_.keys) {
      const auto given = std::find_if(options_.entity.begin(), options_.entity.end(),
                                      [&](const auto& part) { return part.first == field.name; });
      if (given == options_.entity.end()) {
        return fail(Error(ErrorCode::kUsage, "view " + view_.name + " needs the key: " + field.name)
                        .with_help("give it as --entity " + field.name + "=VALUE"));
      }
      RTML_TRY_ASSIGN(const table::Value value,
                      online::value_of_text(given->second, field.type, "key " + field.name));
      key.push_back(value);
      result_.entity[field.name] = online::json_of_value(value, field.type);
    }
    return feature::encode_key(key);
  }

  Status read() {
    feature::Kernel kernel(program_);
    feature::State state = kernel.make_state();
    dataset::EventCursor cursor(events_);
    slots_.resize(program_.slots.size());
    std::vector<expression::Scratch> scratch(program_.slots.size());
    for (const std::int64_t row : rows_) {
      const feature::Event event = cursor.event(row);
      kernel.update(state, event);
      std::vector<table::Value> inputs(event.inputs.begin(), event.inputs.end());
      inputs.push_back(table::Value::of_integer(event.time_us));
      for (std::size_t s = 0; s < slots_.size(); ++s) {
        slots_[s].push_back(
            memory_.keep(program_.slots[s].expression.evaluate(inputs, scratch[s])));
      }
    }
    RTML_TRY_ASSIGN(row_, kernel.read(state, options_.time_us));
    for (table::Value& value : row_.values) value = memory_.keep(value);
    if (!rows_.empty() && row_.statuses.front() != feature::Status::kNotFound) {
      result_.latest_event_us = row_.latest_event_us;
    }
    return {};
  }

  void explain(const project::ServiceColumn& column) {
    const std::size_t index = dataset::output_index(program_, column.feature->name);
    const feature::Output& output = program_.outputs[index];
    ExplainedFeature explained{.feature = column.feature};
    explained.value = online::json_of_value(row_.values[index], output.field.type);
    explained.status = row_.statuses[index];
    if (output.expression) {
      add_uses(*output.expression, explained);
    } else if (program_.cells[output.cell].aggregate == nullptr) {
      add_latest(program_.cells[output.cell], explained);
    } else {
      add_window(program_.cells[output.cell], column.feature->source.text, explained);
    }
    result_.features.push_back(std::move(explained));
  }

  // The values that an expression reads: other features, and cells of the latest row after them.
  void add_uses(const expression::Expression& expression, ExplainedFeature& explained) const {
    for (const std::size_t column : expression.columns()) {
      if (column < program_.outputs.size()) {
        const table::Field& field = program_.outputs[column].field;
        explained.uses.emplace_back(field.name,
                                    online::json_of_value(row_.values[column], field.type));
        continue;
      }
      const std::size_t slot =
          program_.cells[program_.row_cells[column - program_.outputs.size()]].slot;
      const std::optional<std::size_t> latest = latest_event();
      const table::Value value = latest ? slots_[slot][*latest] : table::Value();
      explained.uses.emplace_back("column " + slot_name(slot),
                                  online::json_of_value(value, program_.slots[slot].type));
    }
  }

  std::string slot_name(std::size_t slot) const {
    const std::vector<std::size_t>& columns = program_.slots[slot].expression.columns();
    if (columns.empty()) return "";
    if (columns.front() == program_.inputs.size()) {
      return parts_.empty() ? program_.time_column : std::string(feature::kEventTimestamp);
    }
    return project::origin_of(program_.inputs[columns.front()].name).column;
  }

  bool was_created(std::size_t event) const {
    if (!program_.as_of_created) return true;
    const std::optional<std::int64_t> created_us = created(event);
    return created_us && *created_us <= options_.time_us;
  }

  std::optional<std::int64_t> created(std::size_t event) const {
    if (!events_.created || events_.created->is_null(rows_[event])) return std::nullopt;
    return events_.created->integer_at(rows_[event]);
  }

  std::optional<std::size_t> latest_event() const {
    for (std::size_t i = rows_.size(); i > 0; --i) {
      if (was_created(i - 1)) return i - 1;
    }
    return std::nullopt;
  }

  void add_latest(const feature::Cell& cell, ExplainedFeature& explained) const {
    if (const auto latest = latest_event()) explained.events.push_back(describe(cell, *latest));
  }

  // `source`: where not empty, the only one of several whose events the feature sees.
  void add_window(const feature::Cell& cell, const std::string& source,
                  ExplainedFeature& explained) const {
    explained.has_window = true;
    const feature::Window& window = program_.windows[cell.window];
    Range range;
    if (window.is_session()) {
      range = session_of(window);
      if (range.begin < range.end) {
        explained.after_us = times_[range.begin] - 1;
        explained.through_us = times_[range.end - 1];
      }
    } else {
      const feature::WindowEnds ends = feature::ends_of(window, options_.time_us);
      range.begin = first_after(ends.low_us);
      range.end = std::max(range.begin, first_after(ends.high_us));
      if (ends.low_us != feature::kBeforeAllTime) explained.after_us = ends.low_us;
      explained.through_us = ends.high_us;
    }
    for (std::size_t i = range.begin; i < range.end; ++i) {
      ExplainedEvent event = describe(cell, i);
      if (!parts_.empty() && !source.empty() && event.source != source) continue;
      ++explained.events_in_window;
      if (event.part == Part::kTaken) ++explained.events_taken;
      explained.events.push_back(std::move(event));
      if (std::ssize(explained.events) > options_.limit) explained.events.pop_front();
    }
  }

  std::size_t first_after(std::int64_t time_us) const {
    return static_cast<std::size_t>(std::upper_bound(times_.begin(), times_.end(), time_us) -
                                    times_.begin());
  }

  // The session that is open at the moment, or the latest one that is over.
  Range session_of(const feature::Window& window) const {
    feature::SessionCutter cutter(window);
    Range before;
    Range current;
    for (std::size_t i = 0; i < times_.size(); ++i) {
      if (cutter.next(times_[i])) {
        before = current;
        current.begin = i;
      }
      current.end = i + 1;
    }
    const bool is_over = cutter.is_over_at(options_.time_us);
    if (window.is_over) return is_over ? current : before;
    return is_over ? Range{} : current;
  }

  ExplainedEvent describe(const feature::Cell& cell, std::size_t event) const {
    ExplainedEvent result{.time_us = times_[event], .created_us = created(event)};
    const std::int64_t row = rows_[event];
    const std::optional<table::Column>& ids = ids_ ? ids_ : events_.id;
    if (ids) result.id = online::json_of_value(table::value_at(*ids, row), ids->type());
    if (!parts_.empty()) {
      const std::int64_t part = events_.inputs[program_.source_input].integer_at(row);
      result.source = parts_[static_cast<std::size_t>(part)].name;
    }
    table::Value value;
    if (cell.slot != feature::kNone) {
      value = slots_[cell.slot][event];
      result.value = online::json_of_value(value, program_.slots[cell.slot].type);
    }
    if (!was_created(event)) {
      result.part = Part::kNotCreated;
    } else if (cell.filter != feature::kNone && !is_true(slots_[cell.filter][event])) {
      result.part = Part::kFiltered;
    } else if (cell.slot != feature::kNone && value.is_null()) {
      result.part = Part::kNull;
    }
    return result;
  }

  static bool is_true(const table::Value& value) { return !value.is_null() && value.boolean(); }

  const project::FeatureView& view_;
  const ExplainOptions& options_;
  const dataset::BuildContext& context_;
  feature::Program program_;
  feature::EventColumns events_;
  std::span<const project::Source> parts_;  // Where the view has several sources,
  std::optional<table::Column> ids_;        // and then the ids as people know them.
  std::vector<std::int64_t> rows_;   // Of the entity's events up to the moment, in their order.
  std::vector<std::int64_t> times_;  // Theirs.
  std::vector<std::vector<table::Value>> slots_;  // Values of each slot, an event each.
  feature::Row row_;
  table::ValueMemory memory_;
  Explanation result_;
};

}  // namespace

std::string_view to_string(Part part) {
  switch (part) {
    case Part::kTaken:
      return "taken";
    case Part::kFiltered:
      return "filtered";
    case Part::kNull:
      return "null";
    case Part::kNotCreated:
      break;
  }
  return "not created yet";
}

Result<Explanation> explain(const project::FeatureView& view,
                            std::span<const project::ServiceColumn> features,
                            const ExplainOptions& options, const dataset::BuildContext& context) {
  return Explainer(view, options, context).run(features);
}

}  // namespace rtml::verify
