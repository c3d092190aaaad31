#include "cli/commands/feature/get_answer.h"

#include "cli/plain_text.h"
#include "core/base/time.h"
#include "core/online/json_value.h"

namespace rtml::cli::commands {
namespace {

constexpr const char* kColumns[] = {"feature", "value", "status", "event_timestamp"};

// The moment of the latest event that a value saw, or nothing.
std::optional<std::int64_t> event_time(const online::ReadValue& value) {
  if (value.event_time_us == online::PartPosition::kNoTime) return std::nullopt;
  return value.event_time_us;
}

}  // namespace

Json time_json(std::optional<std::int64_t> time_us) {
  return time_us ? Json(format_timestamp(*time_us)) : Json();
}

Json answer_json(const online::Reader& reader, const online::BoundRequests& bound,
                 const online::ReadResult& result, std::size_t entity) {
  Json features = Json::array();
  const std::size_t columns = reader.features().size();
  for (std::size_t column = 0; column < columns; ++column) {
    const online::ServedFeature& feature = reader.features()[column];
    const online::ReadValue& value = result.values[entity * columns + column];
    features.push_back({{"name", feature.name},
                        {"value", online::json_of_value(value.value, feature.type)},
                        {"status", feature::to_string(value.status)},
                        {"event_timestamp", time_json(event_time(value))}});
  }
  return {{"entity", bound.keys_json(entity)}, {"features", std::move(features)}};
}

Table answer_table(bool has_labels) {
  Table table;
  if (has_labels) table.columns.push_back({"entity"});
  for (const char* name : kColumns) {
    table.columns.push_back({name, std::string_view(name) == "value"});
  }
  return table;
}

void add_answer(const Json& answer, const std::string& label, Table& table) {
  for (const Json& feature : answer["features"]) {
    std::vector<Text> cells;
    if (table.columns.size() > std::size(kColumns)) cells.emplace_back(label);
    const std::string status = feature["status"].get<std::string>();
    const Json& time = feature["event_timestamp"];
    cells.emplace_back(feature["name"].get<std::string>());
    cells.emplace_back(plain_text(feature["value"]));
    cells.emplace_back(status, status == "PRESENT" ? Tone::kPlain : Tone::kWarning);
    cells.emplace_back(time.is_null() ? "" : plain_text(time));
    table.rows.push_back(std::move(cells));
  }
}

}  // namespace rtml::cli::commands
