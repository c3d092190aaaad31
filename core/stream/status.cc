#include "core/stream/status.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

#include "core/online/part_position.h"
#include "core/online/records.h"
#include "core/online/view_entry.h"
#include "core/plugin/host.h"
#include "core/project/identity.h"
#include "core/stream/medium.h"

namespace rtml::stream {
namespace {

using Ends = std::map<std::int32_t, plugin::Partition>;

// "payments.3" is partition 3 of "payments".
std::pair<std::string, std::int32_t> source_and_partition(const std::string& part) {
  const std::size_t dot = part.rfind('.');
  std::int32_t partition = 0;
  if (dot == std::string::npos) return {part, partition};
  (void)std::from_chars(part.data() + dot + 1, part.data() + part.size(), partition);
  return {part.substr(0, dot), partition};
}

// What the medium of a source says; nothing if it does not answer.
Ends ends_of(const project::Source& source, const StatusOptions& options,
             const dataset::BuildContext& context) {
  Ends ends;
  if (!options.asks_medium || !source.stream) return ends;
  if (reads_standard_input(source, false)) return ends;
  const Medium medium = medium_of(source, context.project.root(), false);
  const auto store = context.plugins.stream_store(medium.type, Json::object());
  if (!store) return ends;
  const auto partitions = (*store)->partitions(
      medium.options, {.deadline_us = options.medium_deadline_us, .cancel = &context.cancel});
  if (!partitions) return ends;
  for (const plugin::Partition& partition : *partitions) {
    ends.emplace(partition.partition, partition);
  }
  return ends;
}

Result<PartSnapshot> read_part(const project::FeatureView& view, const online::PartName& name,
                               plugin::OnlineStore& store, const plugin::CallOptions& call) {
  PartSnapshot snapshot{.view = view.name, .view_identity = name.view_identity};
  std::tie(snapshot.source, snapshot.partition) = source_and_partition(name.part);
  RTML_TRY_ASSIGN(const auto stored, online::read_position(name, store, call));
  if (stored) snapshot.position = stored->position;
  RTML_TRY_ASSIGN(const auto facts,
                  online::read_records(name, online::RecordKind::kRunFacts, -1, 1, store, call));
  if (!facts.empty()) {
    RTML_TRY_ASSIGN(snapshot.facts, decode_run_facts(facts.front().bytes));
  }
  return snapshot;
}

}  // namespace

Result<std::vector<PartSnapshot>> read_status(std::span<const project::FeatureView* const> views,
                                              const StatusOptions& options,
                                              plugin::OnlineStore& store,
                                              const dataset::BuildContext& context) {
  const plugin::CallOptions call{.cancel = &context.cancel};
  std::map<std::string, Ends> ends;  // By source.
  std::vector<PartSnapshot> snapshots;
  for (const project::FeatureView* view : views) {
    const std::string identity = project::identity(context.project, *view);
    RTML_TRY_ASSIGN(const plugin::Members members, store.get(online::view_group(identity), call));
    RTML_TRY_ASSIGN(const auto entry, online::decode_view(members));
    if (!entry) continue;
    for (const project::Source* source : context.project.sources_of(*view)) {
      if (entry->stream_parts.empty() || ends.contains(source->name)) continue;
      ends.emplace(source->name, ends_of(*source, options, context));
    }
    for (const std::string& part : entry->stream_parts) {
      RTML_TRY_ASSIGN(PartSnapshot snapshot, read_part(*view, {identity, part}, store, call));
      const auto source = ends.find(snapshot.source);
      if (source != ends.end() && source->second.contains(snapshot.partition)) {
        const plugin::Partition& end = source->second.at(snapshot.partition);
        // A medium may not know an end without reading; the last commit wrote what its reader knew.
        if (end.end_offset >= 0) snapshot.facts.end_offset = end.end_offset;
        snapshot.facts.partition_name = end.name;
      }
      snapshots.push_back(std::move(snapshot));
    }
  }
  std::sort(snapshots.begin(), snapshots.end(), [](const auto& left, const auto& right) {
    return std::tie(left.view, left.source, left.partition) <
           std::tie(right.view, right.source, right.partition);
  });
  return snapshots;
}

}  // namespace rtml::stream
