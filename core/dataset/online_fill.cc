#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "core/dataset/join.h"
#include "core/dataset/online.h"
#include "core/dataset/online_layout.h"
#include "core/plugin/defaults.h"
#include "core/plugin/host.h"
#include "core/project/identity.h"

namespace rtml::dataset {
namespace {

constexpr std::string_view kFillScope = "materialize";
constexpr std::int64_t kScanKeys = 4096;

using States = std::unordered_map<std::string, feature::State>;

// Reads one row after the other as the kernel takes them.
class EventCursor {
 public:
  explicit EventCursor(const feature::EventColumns& columns)
      : columns_(columns), inputs_(columns.inputs.size()), key_(columns.keys.size()) {}

  std::int64_t time_us(std::int64_t row) const { return columns_.time.values<std::int64_t>()[row]; }

  // The key of the row's entity, or nothing if a part of it is null.
  std::optional<std::span<const table::Value>> key(std::int64_t row) {
    for (std::size_t index = 0; index < key_.size(); ++index) {
      key_[index] = table::value_at(columns_.keys[index], row);
      if (key_[index].is_null()) return std::nullopt;
    }
    return key_;
  }

  feature::Event event(std::int64_t row) {
    for (std::size_t index = 0; index < inputs_.size(); ++index) {
      inputs_[index] = table::value_at(columns_.inputs[index], row);
    }
    feature::Event event{.time_us = time_us(row), .inputs = inputs_};
    if (columns_.created) event.created = table::value_at(*columns_.created, row);
    if (columns_.id) event.id = table::value_at(*columns_.id, row);
    return event;
  }

 private:
  const feature::EventColumns& columns_;
  std::vector<table::Value> inputs_;
  std::vector<table::Value> key_;
};

// The rows in the order of their times: the kernel takes events in any order, but appending is
// cheaper than making room.
std::vector<std::int64_t> rows_by_time(const table::Column& time) {
  const auto times = time.values<std::int64_t>();
  std::vector<std::int64_t> rows(times.size());
  std::iota(rows.begin(), rows.end(), 0);
  const auto is_earlier = [&](std::int64_t a, std::int64_t b) { return times[a] < times[b]; };
  if (!std::is_sorted(rows.begin(), rows.end(), is_earlier)) {
    std::stable_sort(rows.begin(), rows.end(), is_earlier);
  }
  return rows;
}

// The state of every entity at the cutover, by its place in the store.
Result<States> fold(const feature::Program& program, const feature::EventColumns& columns,
                    const FillOptions& options, const BuildContext& context, FilledView* filled) {
  States states;
  feature::Kernel kernel(program);
  EventCursor cursor(columns);
  std::int64_t folded = 0;
  for (const std::int64_t row : rows_by_time(columns.time)) {
    if (folded++ % 65'536 == 0) RTML_TRY(context.cancel.check());
    if (cursor.time_us(row) > options.cutover_us) {
      ++filled->events_after_cutover;
      continue;
    }
    const auto key = cursor.key(row);
    if (!key) {
      ++filled->events_without_key;
      continue;
    }
    auto [place, is_new] = states.try_emplace(state_key(filled->identity, kBatchPart, *key));
    if (is_new) place->second = kernel.make_state();
    if (kernel.update(place->second, cursor.event(row)) == feature::UpdateOutcome::kApplied) {
      ++filled->events;
    } else {
      ++filled->duplicates;
    }
  }
  for (auto& [key, state] : states) kernel.trim(state, options.cutover_us - kOnlineHistoryUs);
  filled->entities = static_cast<std::int64_t>(states.size());
  return states;
}

// Keys of an earlier fill that `states` does not write again.
Result<std::vector<std::string>> stale_keys(const FilledView& filled, const States& states,
                                            plugin::OnlineStore& store,
                                            const plugin::CallOptions& call) {
  const std::string prefix = state_prefix(filled.identity, kBatchPart);
  std::vector<std::string> stale;
  std::string after;
  while (true) {
    RTML_TRY_ASSIGN(auto keys, store.list(prefix, after, kScanKeys, call));
    const bool is_last = static_cast<std::int64_t>(keys.size()) < kScanKeys;
    if (!is_last) after = keys.back();
    for (std::string& key : keys) {
      if (!states.contains(key)) stale.push_back(std::move(key));
    }
    if (is_last) return stale;
  }
}

Status write_view(const feature::Program& program, const States& states, const OnlineView& view,
                  const std::vector<std::string>& stale, const FilledView& filled,
                  plugin::OnlineTransaction& transaction) {
  const feature::Kernel kernel(program);
  for (const std::string& key : stale) RTML_TRY(transaction.remove_group(key));
  for (const auto& [key, state] : states) {
    RTML_TRY(transaction.put(key, kHeadMember, kernel.encode(state)));
  }
  return transaction.put(view_key(filled.identity), kHeadMember, encode(view));
}

}  // namespace

Result<std::unique_ptr<plugin::OnlineStore>> open_online_store(const BuildContext& context) {
  const auto& stores = context.project.settings().stores;
  const auto named = stores.find("online");
  std::string type(plugin::kOnlineStore);
  Json options = Json::object();
  if (named != stores.end()) {
    type = named->second.type;
    options = named->second.options;
  }
  if (named == stores.end()) options["path"] = ".rtml/online";
  if (options.contains("path") && options["path"].is_string()) {
    options["path"] = (context.project.root() / options["path"].get<std::string>()).string();
  }
  return context.plugins.online_store(type, options);
}

Result<std::vector<FilledView>> fill_online(std::span<const project::FeatureView* const> views,
                                            const FillOptions& options, plugin::OnlineStore& store,
                                            const BuildContext& context) {
  const plugin::CallOptions call{.cancel = &context.cancel};
  SourceSet sources(context);
  std::vector<feature::Program> programs;
  for (const project::FeatureView* view : views) {
    RTML_TRY_ASSIGN(feature::Program program, sources.compile(*view));
    programs.push_back(std::move(program));
  }
  std::vector<FilledView> report;
  std::unique_ptr<plugin::OnlineTransaction> transaction;
  if (!options.dry_run) {
    RTML_TRY_ASSIGN(transaction, store.begin(kFillScope, options.epoch, call));
  }
  for (std::size_t index = 0; index < views.size(); ++index) {
    const project::FeatureView& view = *views[index];
    const project::Source& source = context.project.source_of(view);
    FilledView filled{.view = view.name, .identity = project::identity(context.project, view)};
    RTML_TRY_ASSIGN(const table::Batch events, sources.rows(source));
    RTML_TRY_ASSIGN(const feature::EventColumns columns,
                    feature::event_columns(programs[index], events, source.batch->path));
    RTML_TRY_ASSIGN(const States states, fold(programs[index], columns, options, context, &filled));
    RTML_TRY_ASSIGN(const auto stale, stale_keys(filled, states, store, call));
    filled.removed = static_cast<std::int64_t>(stale.size());
    if (transaction) {
      RTML_TRY_ASSIGN(const SourceTable* table, sources.open(source));
      RTML_TRY(write_view(programs[index], states,
                          {view.name, options.cutover_us, filled.entities, *table->schema()}, stale,
                          filled, *transaction));
    }
    report.push_back(std::move(filled));
  }
  if (transaction) RTML_TRY(transaction->commit());
  return report;
}

}  // namespace rtml::dataset
