// The online store: the state of each entity, kept where a request can read it
// (docs/formats/online.md).
//
// fill() folds the past into it in one transaction; read() computes features from it by the same
// kernel that training sets use. Each call is used by one thread.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/dataset/training_set.h"
#include "core/feature/kernel.h"
#include "core/plugin/backends.h"
#include "core/project/project.h"

namespace rtml::dataset {

// How far before the cutover reads may still go.
inline constexpr std::int64_t kOnlineHistoryUs = 86'400'000'000;

// Opens the store that the project names `online`, or an LMDB below .rtml/online where it names
// none. Fails as PluginHost::online_store() does.
Result<std::unique_ptr<plugin::OnlineStore>> open_online_store(const BuildContext& context);

struct FillOptions {
  std::int64_t cutover_us = 0;  // Events up to and at this moment are folded in.
  // Orders writers: a store refuses one that began before another that is done. The time now.
  std::uint64_t epoch = 0;
  bool dry_run = false;
};

struct FilledView {
  std::string view;
  std::string identity;
  std::int64_t entities = 0;
  std::int64_t removed = 0;  // Entities of an earlier fill that no longer have events.
  std::int64_t events = 0;
  std::int64_t events_after_cutover = 0;
  std::int64_t events_without_key = 0;
  std::int64_t duplicates = 0;
};

// Replaces what the store holds of these views by the state at the cutover, all of them or none.
// Fails with kBusy if a later fill is done already, or as reading the sources does.
Result<std::vector<FilledView>> fill_online(std::span<const project::FeatureView* const> views,
                                            const FillOptions& options, plugin::OnlineStore& store,
                                            const BuildContext& context);

// One entity asked for: the texts of its key columns as a command line gives them.
using EntityKeyTexts = std::vector<std::pair<std::string, std::string>>;

struct OnlineRequest {
  std::span<const project::ServiceColumn> features;
  std::span<const EntityKeyTexts> entities;
  std::int64_t time_us = 0;
  // Columns of an event of the request, applied to a copy of the state before it is read; null for
  // none. Its time is its timestamp column, or time_us where it has none.
  Json event;
};

struct OnlineValue {
  std::string column;
  Json value;
  feature::Status status = feature::Status::kNotFound;
  std::optional<std::int64_t> event_time_us;  // Of the latest event that was seen.
};

struct OnlineResult {
  // One row an entity, in the order asked, each with one value a feature, in theirs.
  std::vector<std::vector<OnlineValue>> rows;
  // The cutover of each view that was read, by name.
  std::vector<std::pair<std::string, std::int64_t>> cutovers;
};

// Reads features of entities as of a moment. Fails with kNotFound if a view was never filled,
// kUsage if an entity lacks a key, kBadOptionValue for a key or event value that is not of its
// type, kOutsideHistory for a moment before what the store can answer.
Result<OnlineResult> read_online(const OnlineRequest& request, plugin::OnlineStore& store,
                                 const BuildContext& context);

}  // namespace rtml::dataset
