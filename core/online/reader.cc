#include "core/online/reader.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/time.h"
#include "core/feature/on_demand_features.h"
#include "core/online/entity.h"
#include "core/online/layout.h"
#include "core/online/view_entry.h"
#include "core/project/identity.h"

namespace rtml::online {
namespace {

// How often a read begins anew because the store has changed under it. Fills take longer than
// reads, so that more than one is rare.
constexpr int kMostAttempts = 8;

// A part as a read looks for it.
struct ReadPart {
  bool is_fill = false;
  std::string prefix;    // Of its entities.
  std::string position;  // Its group; a fill has none.
  PartName name;
};

// What a reader knows of a view, and what it reads it with.
struct OpenView {
  OpenView(const ServedView& view, plugin::Members entry_members, ViewEntry view_entry)
      : served(view),
        members(std::move(entry_members)),
        entry(std::move(view_entry)),
        kernel(view.program),
        codec(view.program) {
    if (entry.fill) {
      const PartName name = batch_part(view.identity, entry.fill->generation);
      parts.push_back({true, entity_prefix(name), "", name});
    }
    for (const std::string& part : entry.stream_parts) {
      const PartName name{view.identity, part};
      parts.push_back({false, entity_prefix(name), position_group(name), name});
    }
  }

  const ServedView& served;
  plugin::Members members;  // As the entry was read, to see that it is still so.
  ViewEntry entry;
  feature::Kernel kernel;
  EntityCodec codec;
  std::vector<ReadPart> parts;
  std::int64_t oldest_read_us = PartPosition::kNoTime;  // Of the read at hand.
};

tl::unexpected<Error> not_held(const project::FeatureView& view) {
  return fail(Error(ErrorCode::kNotFound, "the online store does not hold view: " + view.name)
                  .with_help("fill it with \"rtml feature materialize " + view.name +
                             " --online\"; a view that was changed is filled anew"));
}

std::int64_t time_of(const ReadRequest& request, std::size_t entity) {
  return request.times_us.empty() ? request.time_us : request.times_us[entity];
}

}  // namespace

struct Reader::Impl {
  Impl(const project::Project& read_project, plugin::OnlineStore& read_store,
       feature::OnDemandFeatures asked)
      : project(read_project), store(read_store), on_demand(std::move(asked)) {}

  Status open_view(std::size_t view, plugin::Members members);
  void list_groups(const ReadRequest& request);
  Result<bool> is_current_in(const std::vector<plugin::Members>& members, std::size_t first);
  Result<bool> read_once(const ReadRequest& request, const plugin::CallOptions& call,
                         ReadResult& result);
  Status take_positions(const std::vector<plugin::Members>& members, std::size_t first,
                        ReadResult& result);
  void name_features();
  Status open_views(const plugin::CallOptions& call);
  Status read_entity(std::size_t view, const plugin::Members* parts, const ReadRequest& request,
                     std::size_t entity, ReadResult& result);
  void compute_on_demand(const ReadRequest& request, std::size_t entity, ReadResult& result);
  Result<feature::Row> read_parts(OpenView& open, const plugin::Members* parts,
                                  const feature::Event* event, std::int64_t time_us);
  Result<feature::State> state_of(OpenView& open, const plugin::Members& members,
                                  const ReadPart& part, bool with_tie_breaks);

  const project::Project& project;
  plugin::OnlineStore& store;
  feature::OnDemandFeatures on_demand;
  std::vector<ServedView> served;
  std::vector<ServedFeature> features;
  // Where the features of views come from, those that only on-demand views read at the end: places
  // in `read` for each view.
  struct Read {
    std::size_t view = 0;
    std::size_t output = 0;
  };
  std::vector<Read> read;
  std::vector<std::vector<std::size_t>> read_of;  // Of each view.
  std::vector<std::unique_ptr<OpenView>> open;
  // Of the read at hand.
  std::vector<std::string> groups;
  std::vector<ReadValue> inputs;  // inputs[entity * read + place].
  std::vector<table::Value> input_values;
  std::vector<feature::OnDemandProgram::Scratch> scratch;  // Of each program.
};

// Compiles a view as the store has it. REQUIRES: served[view] has view and identity.
Status Reader::Impl::open_view(std::size_t view, plugin::Members members) {
  ServedView& target = served[view];
  RTML_TRY_ASSIGN(auto entry, decode_view(members));
  if (!entry) return not_held(*target.view);
  if (open[view] == nullptr || entry->source_schema != target.source_schema) {
    RTML_TRY_ASSIGN(feature::Program program,
                    feature::compile(*target.view, *target.source, project.keys_of(*target.view),
                                     entry->source_schema));
    open[view] = nullptr;  // It refers to the program.
    target.program = std::move(program);
    target.source_schema = entry->source_schema;
  }
  open[view] = std::make_unique<OpenView>(target, std::move(members), std::move(*entry));
  return {};
}

// Asks the store for the views behind the features, and says where each feature is read.
Status Reader::Impl::open_views(const plugin::CallOptions& call) {
  std::map<const project::FeatureView*, std::size_t> places;
  for (const project::ServiceColumn& column : on_demand.features) {
    if (!places.emplace(column.view, served.size()).second) continue;
    served.push_back({.view = column.view,
                      .source = &project.source_of(*column.view),
                      .identity = project::identity(project, *column.view)});
    groups.push_back(view_group(served.back().identity));
  }
  open.resize(served.size());
  read_of.resize(served.size());
  // Features that are computed from the request alone need no store.
  if (groups.empty()) return {};
  RTML_TRY_ASSIGN(auto members, store.get_groups(groups, call));
  for (std::size_t view = 0; view < served.size(); ++view) {
    RTML_TRY(open_view(view, std::move(members[view])));
  }
  for (const project::ServiceColumn& column : on_demand.features) {
    const std::size_t view = places.at(column.view);
    const auto& outputs = served[view].program.outputs;
    const auto output = std::find_if(outputs.begin(), outputs.end(), [&](const auto& candidate) {
      return candidate.field.name == column.feature->name;
    });
    read_of[view].push_back(read.size());
    read.push_back({view, static_cast<std::size_t>(output - outputs.begin())});
  }
  return {};
}

void Reader::Impl::name_features() {
  for (std::size_t i = 0; i < on_demand.selected; ++i) {
    const Read& place = read[i];
    features.push_back({.name = on_demand.features[i].name,
                        .type = served[place.view].program.outputs[place.output].field.type,
                        .view = place.view,
                        .output = place.output});
  }
  for (const auto& column : on_demand.columns) {
    features.push_back({.name = column.name,
                        .type = on_demand.programs[column.program].outputs()[column.output].type,
                        .is_on_demand = true,
                        .view = column.program,
                        .output = column.output});
  }
}

// The groups of a read: the parts of each entity, view by view, then the positions of parts, then
// the entries of views. Entries come last: where groups are read one after the other, what an
// entry names was still there when it was read.
void Reader::Impl::list_groups(const ReadRequest& request) {
  groups.clear();
  for (std::size_t view = 0; view < open.size(); ++view) {
    for (std::size_t entity = 0; entity < request.entities; ++entity) {
      const std::string key = feature::encode_key(request.keys[entity * open.size() + view]);
      for (const ReadPart& part : open[view]->parts) {
        groups.push_back(entity_group(part.prefix, key));
      }
    }
  }
  for (const auto& view : open) {
    for (const ReadPart& part : view->parts) {
      if (!part.is_fill) groups.push_back(part.position);
    }
  }
  for (const ServedView& view : served) groups.push_back(view_group(view.identity));
}

// Whether the views are as the reader knew them; otherwise it learns what they are now.
Result<bool> Reader::Impl::is_current_in(const std::vector<plugin::Members>& members,
                                         std::size_t first) {
  bool is_current = true;
  for (std::size_t view = 0; view < open.size(); ++view) {
    if (members[first + view] == open[view]->members) continue;
    is_current = false;
    RTML_TRY(open_view(view, members[first + view]));
  }
  return is_current;
}

Status Reader::Impl::take_positions(const std::vector<plugin::Members>& members, std::size_t first,
                                    ReadResult& result) {
  result.views.assign(open.size(), {});
  result.watermark_us = std::numeric_limits<std::int64_t>::max();
  for (std::size_t view = 0; view < open.size(); ++view) {
    OpenView& at = *open[view];
    ViewFreshness& freshness = result.views[view];
    at.oldest_read_us = PartPosition::kNoTime;
    std::optional<std::int64_t> least;
    for (const ReadPart& part : at.parts) {
      if (part.is_fill) continue;
      RTML_TRY_ASSIGN(const auto stored, decode_position(members[first++], part.name));
      const PartPosition position = stored ? stored->position : PartPosition();
      least = std::min(least.value_or(position.watermark_us), position.watermark_us);
      at.oldest_read_us = std::max(at.oldest_read_us, position.oldest_read_us);
    }
    freshness.watermark_us = least.value_or(PartPosition::kNoTime);
    if (at.entry.fill) {
      const std::int64_t cutover_us = at.entry.fill->cutover_us;
      freshness.cutover_us = cutover_us;
      freshness.watermark_us = std::max(freshness.watermark_us, cutover_us);
      at.oldest_read_us = std::max(at.oldest_read_us,
                                   feature::earlier(cutover_us, at.served.view->timing.history_us));
    }
    result.watermark_us = std::min(result.watermark_us, freshness.watermark_us);
  }
  if (open.empty()) result.watermark_us = PartPosition::kNoTime;
  return {};
}

// The state of an entity in one part, without what the fill has taken over from it.
Result<feature::State> Reader::Impl::state_of(OpenView& at, const plugin::Members& members,
                                              const ReadPart& part, bool with_tie_breaks) {
  RTML_TRY_ASSIGN(Entity entity, at.codec.decode(members, with_tie_breaks, at.kernel));
  if (!part.is_fill && at.entry.fill && !at.codec.drop_until(entity, at.entry.fill->cutover_us)) {
    return fail(Error(ErrorCode::kDataCorrupt,
                      "part " + part.name.part + " of view " + at.served.view->name +
                          " has folded events of before and after the cutover of the fill")
                    .with_help("fill it again with a later --to"));
  }
  return std::move(entity.state);
}

Result<feature::Row> Reader::Impl::read_parts(OpenView& at, const plugin::Members* parts,
                                              const feature::Event* event, std::int64_t time_us) {
  const auto has_members = [](const plugin::Members& members) { return !members.empty(); };
  const auto present = std::count_if(parts, parts + at.parts.size(), has_members);
  if (present == 0 && event == nullptr) return at.kernel.read_unknown();
  // Accumulators tell events of one moment apart by their tie-breaks.
  const bool with_tie_breaks =
      present > 1 || event != nullptr ||
      (at.served.program.is_order_needed && !at.served.program.folds.empty());
  std::optional<feature::State> state;
  for (std::size_t part = 0; part < at.parts.size(); ++part) {
    if (parts[part].empty()) continue;
    RTML_TRY_ASSIGN(feature::State next,
                    state_of(at, parts[part], at.parts[part], with_tie_breaks));
    if (state) {
      at.kernel.merge(*state, next);
    } else {
      state = std::move(next);
    }
  }
  if (!state) state = at.kernel.make_state();
  if (event == nullptr) return at.kernel.read(*state, time_us);
  return at.kernel.read_with_event(*state, *event, time_us);
}

Status Reader::Impl::read_entity(std::size_t view, const plugin::Members* parts,
                                 const ReadRequest& request, std::size_t entity,
                                 ReadResult& result) {
  OpenView& at = *open[view];
  const std::int64_t time_us = time_of(request, entity);
  if (time_us < at.oldest_read_us) {
    return fail(Error(ErrorCode::kOutsideHistory, "cannot read view " + at.served.view->name +
                                                      " as of " + format_timestamp(time_us) +
                                                      ": its state reaches back to " +
                                                      format_timestamp(at.oldest_read_us))
                    .with_help("ask for a later moment, or give the view a longer `history`"));
  }
  const feature::Event* event =
      request.events.empty() ? nullptr : request.events[entity * open.size() + view];
  RTML_TRY_ASSIGN(const feature::Row row, read_parts(at, parts, event, time_us));
  result.overflows += row.overflows;
  for (const std::size_t place : read_of[view]) {
    const std::size_t output = read[place].output;
    ReadValue& value = inputs[entity * read.size() + place];
    value.value = result.memory.keep(row.values[output]);
    value.status = row.statuses[output];
    value.event_time_us =
        value.status == feature::Status::kNotFound ? PartPosition::kNoTime : row.latest_event_us;
  }
  return {};
}

// Reads the features of views. False if the views have changed meanwhile.
Result<bool> Reader::Impl::read_once(const ReadRequest& request, const plugin::CallOptions& call,
                                     ReadResult& result) {
  list_groups(request);
  std::vector<plugin::Members> members;
  if (!groups.empty()) {
    RTML_TRY_ASSIGN(members, store.get_groups(groups, call));
  }
  RTML_TRY_ASSIGN(const bool is_current, is_current_in(members, members.size() - open.size()));
  if (!is_current) return false;
  std::size_t entity_groups = 0;
  for (const auto& view : open) entity_groups += request.entities * view->parts.size();
  RTML_TRY(take_positions(members, entity_groups, result));
  result.memory.clear();
  result.overflows = 0;
  result.values.assign(request.entities * features.size(), {});
  inputs.assign(request.entities * read.size(), {});
  std::map<std::size_t, Error> failures;
  const plugin::Members* next = members.data();
  for (std::size_t view = 0; view < open.size(); ++view) {
    for (std::size_t entity = 0; entity < request.entities; ++entity) {
      const Status status = read_entity(view, next, request, entity, result);
      if (!status && !request.keeps_failures) return tl::unexpected(status.error());
      if (!status) failures.emplace(entity, status.error());
      next += open[view]->parts.size();
    }
  }
  result.failures.clear();
  for (auto& [entity, error] : failures) result.failures.push_back({entity, std::move(error)});
  return true;
}

// Fills in the values of one entity: of views as they were read, then what is computed from them.
void Reader::Impl::compute_on_demand(const ReadRequest& request, std::size_t entity,
                                     ReadResult& result) {
  const std::int64_t time_us = time_of(request, entity);
  const ReadValue* const found = inputs.data() + entity * read.size();
  ReadValue* value = result.values.data() + entity * features.size();
  value = std::copy_n(found, on_demand.selected, value);
  const std::size_t programs = on_demand.programs.size();
  scratch.resize(programs);
  for (std::size_t program = 0; program < programs; ++program) {
    const std::vector<std::size_t>& places = on_demand.inputs[program];
    input_values.clear();
    for (const std::size_t place : places) input_values.push_back(found[place].value);
    const std::span<const table::Value> row = on_demand.programs[program].evaluate(
        request.columns[entity * programs + program], time_us, input_values, scratch[program]);
    for (std::size_t i = 0; i < on_demand.columns.size(); ++i) {
      const auto& column = on_demand.columns[i];
      if (column.program != program) continue;
      ReadValue& computed = value[i];
      computed.value = result.memory.keep(row[column.output]);
      computed.status =
          computed.value.is_null() ? feature::Status::kNullValue : feature::Status::kPresent;
      for (const std::size_t input : on_demand.programs[program].inputs_of(column.output)) {
        computed.event_time_us =
            std::max(computed.event_time_us, found[places[input]].event_time_us);
      }
    }
  }
}

Reader::Reader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

Result<Reader> Reader::open(const project::FeatureSelection& selection,
                            const project::Project& project, plugin::OnlineStore& store,
                            const plugin::CallOptions& call) {
  RTML_TRY_ASSIGN(auto on_demand, feature::OnDemandFeatures::make(selection, project));
  auto impl = std::make_unique<Impl>(project, store, std::move(on_demand));
  RTML_TRY(impl->open_views(call));
  impl->name_features();
  return Reader(std::move(impl));
}

std::span<const ServedView> Reader::views() const {
  return impl_->served;
}

std::span<const feature::OnDemandProgram> Reader::on_demand() const {
  return impl_->on_demand.programs;
}

std::span<const ServedFeature> Reader::features() const {
  return impl_->features;
}

Status Reader::read(const ReadRequest& request, const plugin::CallOptions& call,
                    ReadResult* result) {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    RTML_TRY_ASSIGN(const bool is_read, impl_->read_once(request, call, *result));
    if (!is_read) continue;
    auto failure = result->failures.begin();
    for (std::size_t entity = 0; entity < request.entities; ++entity) {
      if (failure != result->failures.end() && failure->entity == entity) {
        ++failure;
      } else {
        impl_->compute_on_demand(request, entity, *result);
      }
    }
    return {};
  }
  return fail(Error(ErrorCode::kBusy, "the online store is filled again and again while it is read")
                  .with_help("try again when the fills are done"));
}

Status check_lag(const Reader& reader, const ReadResult& result, std::int64_t now_us,
                 std::int64_t max_lag_us) {
  for (std::size_t view = 0; view < result.views.size(); ++view) {
    const std::int64_t watermark_us = result.views[view].watermark_us;
    if (watermark_us >= feature::earlier(now_us, max_lag_us)) continue;
    const std::string& name = reader.views()[view].view->name;
    if (watermark_us == PartPosition::kNoTime) {
      return fail(Error(ErrorCode::kTooStale, "a partition has brought no event yet, view: " + name)
                      .with_help("see \"rtml stream status\""));
    }
    const std::int64_t lag_us = now_us - watermark_us;
    return fail(Error(ErrorCode::kTooStale,
                      "view " + name + " is " +
                          format_duration(lag_us < kSecond ? lag_us : lag_us / kSecond * kSecond) +
                          " behind: it has seen events up to " + format_timestamp(watermark_us))
                    .with_help("see \"rtml stream status\", or allow more with --max-lag"));
  }
  return {};
}

}  // namespace rtml::online
