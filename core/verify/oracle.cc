#include "core/verify/oracle.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "core/dataset/event_cursor.h"

namespace rtml::verify {
namespace {

// What one entity needs: its events, and the probes that ask for it.
struct Entity {
  std::vector<std::int64_t> rows;
  std::vector<std::size_t> probes;
};

}  // namespace

std::optional<std::string> entity_of(const feature::EventColumns& events, std::int64_t row) {
  std::vector<table::Value> key;
  for (const table::Column& column : events.keys) {
    key.push_back(table::value_at(column, row));
    if (key.back().is_null()) return std::nullopt;
  }
  return feature::encode_key(key);
}

Result<std::vector<feature::Row>> recompute(const feature::Program& program,
                                            const feature::EventColumns& events,
                                            std::span<const Probe> probes, const CancelFlag& cancel,
                                            table::ValueMemory& memory) {
  std::unordered_map<std::string, Entity> entities;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    if (probes[i].row == kNoEvent) continue;
    const std::optional<std::string> entity = entity_of(events, probes[i].row);
    if (entity) entities[*entity].probes.push_back(i);
  }
  for (std::int64_t row = 0; row < events.rows; ++row) {
    const std::optional<std::string> entity = entity_of(events, row);
    if (!entity) continue;
    const auto found = entities.find(*entity);
    if (found != entities.end()) found->second.rows.push_back(row);
  }
  const auto times = events.time.values<std::int64_t>();
  feature::Kernel kernel(program);
  dataset::EventCursor cursor(events);
  std::vector<feature::Row> result(probes.size(), kernel.read_unknown());
  for (auto& [key, entity] : entities) {
    RTML_TRY(cancel.check());
    std::stable_sort(entity.rows.begin(), entity.rows.end(),
                     [&](std::int64_t a, std::int64_t b) { return times[a] < times[b]; });
    std::sort(entity.probes.begin(), entity.probes.end(),
              [&](std::size_t a, std::size_t b) { return probes[a].time_us < probes[b].time_us; });
    feature::State state = kernel.make_state();
    auto next = entity.rows.begin();
    for (const std::size_t probe : entity.probes) {
      // A moment sees the events up to it and no other.
      for (; next != entity.rows.end() && times[*next] <= probes[probe].time_us; ++next) {
        kernel.update(state, cursor.event(*next));
      }
      RTML_TRY_ASSIGN(result[probe], kernel.read(state, probes[probe].time_us));
      for (table::Value& value : result[probe].values) value = memory.keep(value);
    }
  }
  return result;
}

bool is_same(const table::Value& a, const table::Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (a.is_list() != b.is_list() || a.is_text() != b.is_text() || a.is_number() != b.is_number()) {
    return false;
  }
  if (a.is_list()) return std::ranges::equal(a.list(), b.list(), is_same);
  if (a.is_text()) return a.text() == b.text();
  if (a.is_number()) {
    return std::bit_cast<std::uint64_t>(a.number()) == std::bit_cast<std::uint64_t>(b.number());
  }
  return a.integer() == b.integer();
}

}  // namespace rtml::verify
