// Folds the past into the online store (docs/formats/online.md), where streams go on from and
// requests read. Used by one thread.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/dataset/training_set.h"
#include "core/plugin/backends.h"
#include "core/project/project.h"

namespace rtml::dataset {

struct FillOptions {
  std::int64_t cutover_us = 0;  // Events up to and at this moment are folded in.
  // The time now, microseconds. Orders fills: a store refuses one that began before another that
  // is done.
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
  std::int64_t bytes = 0;  // Of the states.
};

// Replaces what the store holds of these views from earlier fills by the state at the cutover: for
// readers all of a view at once, and all views at once where the store commits atomically. What
// streams have added after the cutover stays. A fill that ends early leaves what was there; the
// next one removes what it left behind.
//
// Fails with kEpochStale if a later fill is done already, kBadOptionValue if a stream has folded
// events of after the cutover already, or as reading the sources does.
Result<std::vector<FilledView>> fill_online(std::span<const project::FeatureView* const> views,
                                            const FillOptions& options, plugin::OnlineStore& store,
                                            const BuildContext& context);

}  // namespace rtml::dataset
