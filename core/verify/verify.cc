#include "core/verify/verify.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "core/base/random.h"
#include "core/base/time.h"
#include "core/dataset/feature_columns.h"
#include "core/dataset/source_set.h"
#include "core/online/json_value.h"
#include "core/online/reader.h"
#include "core/verify/file_rows.h"
#include "core/verify/intervals.h"
#include "core/verify/oracle.h"

namespace rtml::verify {
namespace {

// One read of the store; an entity's state may be large.
constexpr std::size_t kEntitiesPerRead = 256;

tl::unexpected<Error> cannot_tell(const project::FeatureView& view, const std::string& why) {
  return fail(ErrorCode::kCannotTell, "cannot verify view " + view.name + ": " + why);
}

// One view with its events in memory, and what to compare them with.
class Verifier {
 public:
  Verifier(const project::FeatureView& view, const VerifyOptions& options,
           const dataset::BuildContext& context)
      : view_(view), options_(options), context_(context) {}

  Result<Verification> run() {
    dataset::SourceSet sources(context_);
    RTML_TRY_ASSIGN(program_, sources.compile(view_));
    const project::Source& source = context_.project.source_of(view_);
    RTML_TRY_ASSIGN(const table::Batch rows, sources.rows(source));
    RTML_TRY_ASSIGN(events_, feature::event_columns(program_, rows, source.batch->path));
    RTML_TRY(choose_probes());
    RTML_TRY_ASSIGN(const std::vector<feature::Row> expected,
                    recompute(program_, events_, probes_, context_.cancel, memory_));
    Verification result;
    RTML_TRY_ASSIGN(Comparison backfill, compare_backfill(expected));
    result.comparisons.push_back(std::move(backfill));
    if (!options_.file.empty()) {
      RTML_TRY_ASSIGN(Comparison file, compare_file());
      result.comparisons.push_back(std::move(file));
    }
    if (options_.store != nullptr) {
      RTML_TRY_ASSIGN(std::optional<Comparison> online, compare_online());
      if (online) result.comparisons.push_back(std::move(*online));
    }
    for (const Comparison& comparison : result.comparisons)
      result.differing += comparison.differing;
    return result;
  }

 private:
  // Half of the probes stand at the moment of an event, where windows begin and end; the others at
  // any moment up to a window's length after one.
  Status choose_probes() {
    std::vector<std::int64_t> candidates;
    for (std::int64_t row = 0; row < events_.rows; ++row) {
      const bool has_key = std::all_of(events_.keys.begin(), events_.keys.end(),
                                       [&](const auto& column) { return !column.is_null(row); });
      if (has_key) candidates.push_back(row);
    }
    if (candidates.empty()) return cannot_tell(view_, "its source has no event with a key");
    const auto times = events_.time.values<std::int64_t>();
    const std::int64_t reach_us = std::max(program_.raw_retention_us, kDay);
    Random random(options_.seed);
    for (std::int64_t i = 0; i < options_.sample; ++i) {
      const std::int64_t row = candidates[random.below(candidates.size())];
      Probe probe{row, times[row]};
      if (i % 2 == 1) {
        const auto after =
            static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(reach_us)));
        if (__builtin_add_overflow(probe.time_us, after, &probe.time_us))
          probe.time_us = times[row];
      }
      probes_.push_back(probe);
    }
    return {};
  }

  Result<Comparison> compare_backfill(const std::vector<feature::Row>& expected) {
    feature::ReadColumns reads;
    reads.rows = static_cast<std::int64_t>(probes_.size());
    std::vector<std::int64_t> rows;
    table::ColumnBuilder times({table::Kind::kTimestamp});
    for (const Probe& probe : probes_) {
      rows.push_back(probe.row);
      table::append_value(times, table::Value::of_integer(probe.time_us));
    }
    reads.time = times.finish();
    for (const table::Column& key : events_.keys) reads.keys.push_back(key.take(rows));
    RTML_TRY_ASSIGN(const feature::SweepResult found,
                    feature::sweep(program_, events_, reads,
                                   {.threads = context_.threads, .cancel = &context_.cancel}));
    Comparison comparison{.place = Place::kBackfill};
    for (std::size_t i = 0; i < probes_.size(); ++i) {
      ++comparison.reads;
      const auto row = static_cast<std::int64_t>(i);
      const Json entity = entity_json(key_of(probes_[i]));
      for (std::size_t f = 0; f < program_.outputs.size(); ++f) {
        const table::Value value = table::value_at(found.features[f], row, memory_);
        feature::Status status = found.statuses[i];
        if (status == feature::Status::kPresent && value.is_null()) {
          status = feature::Status::kNullValue;
        }
        compare(entity, probes_[i].time_us, f, expected[i], value, status, comparison);
      }
    }
    return comparison;
  }

  void compare(const Json& entity, std::int64_t time_us, std::size_t output,
               const feature::Row& expected, const table::Value& found,
               std::optional<feature::Status> status, Comparison& comparison) const {
    ++comparison.values;
    const feature::Status expected_status = expected.statuses[output];
    if (is_same(expected.values[output], found) &&
        status.value_or(expected_status) == expected_status) {
      return;
    }
    ++comparison.differing;
    if (comparison.differences.size() == Comparison::kKept) return;
    const table::Field& field = program_.outputs[output].field;
    comparison.differences.push_back(
        {.entity = entity,
         .time_us = time_us,
         .feature = field.name,
         .expected = online::json_of_value(expected.values[output], field.type),
         .found = online::json_of_value(found, field.type),
         .expected_status = expected_status,
         .found_status = status});
  }

  Json entity_json(std::span<const table::Value> key) const {
    Json entity = Json::object();
    for (std::size_t k = 0; k < key.size(); ++k) {
      entity[program_.keys[k].name] = online::json_of_value(key[k], program_.keys[k].type);
    }
    return entity;
  }

  std::vector<table::Value> key_of(const Probe& probe) const {
    std::vector<table::Value> key;
    for (const table::Column& column : events_.keys) {
      key.push_back(table::value_at(column, probe.row));
    }
    return key;
  }

  // Rows of the file are sampled themselves, since those of a schedule stand at no event.
  Result<Comparison> compare_file() {
    std::vector<std::filesystem::path> files = {options_.file};
    if (std::filesystem::is_directory(options_.file)) {
      RTML_TRY_ASSIGN(files, interval_files(options_.file, "view", view_.name));
    }
    RTML_TRY_ASSIGN(const std::vector<FileRow> rows, sample_rows(files, program_, options_.sample,
                                                                 options_.seed, context_, memory_));
    if (rows.empty()) {
      return cannot_tell(view_, options_.file.string() + " has no row with a key");
    }
    const std::vector<Probe> probes = probes_of(rows);
    RTML_TRY_ASSIGN(const std::vector<feature::Row> expected,
                    recompute(program_, events_, probes, context_.cancel, memory_));
    Comparison comparison{.place = Place::kFile};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ++comparison.reads;
      const Json entity = entity_json(rows[i].key);
      for (std::size_t f = 0; f < program_.outputs.size(); ++f) {
        compare(entity, rows[i].time_us, f, expected[i], rows[i].values[f], std::nullopt,
                comparison);
      }
    }
    return comparison;
  }

  std::vector<Probe> probes_of(const std::vector<FileRow>& rows) const {
    std::unordered_map<std::string, std::int64_t> event_of;
    for (const FileRow& row : rows) event_of.emplace(feature::encode_key(row.key), kNoEvent);
    for (std::int64_t event = 0; event < events_.rows; ++event) {
      const std::optional<std::string> entity = entity_of(events_, event);
      const auto found = entity ? event_of.find(*entity) : event_of.end();
      if (found != event_of.end()) found->second = event;
    }
    std::vector<Probe> probes;
    for (const FileRow& row : rows) {
      probes.push_back({event_of.at(feature::encode_key(row.key)), row.time_us});
    }
    return probes;
  }

  // The sampled entities, each once.
  std::vector<Probe> entities_at(std::int64_t time_us) const {
    std::set<std::string> seen;
    std::vector<Probe> probes;
    for (const Probe& probe : probes_) {
      if (seen.insert(*entity_of(events_, probe.row)).second)
        probes.push_back({probe.row, time_us});
    }
    return probes;
  }

  // Nothing if the store does not hold the view and need not.
  Result<std::optional<Comparison>> compare_online() {
    std::vector<project::ServiceColumn> features;
    for (const project::Feature& feature : view_.features) {
      features.push_back({&view_, &feature, feature.name});
    }
    const plugin::CallOptions call{.cancel = &context_.cancel};
    Result<online::Reader> opened =
        online::Reader::open({features, {}}, context_.project, *options_.store, call);
    if (!opened && opened.error().code() == ErrorCode::kNotFound && !options_.is_online_required) {
      return std::nullopt;
    }
    RTML_TRY_ASSIGN(online::Reader reader, std::move(opened));
    RTML_TRY_ASSIGN(const std::int64_t at_us, online_moment(reader, call));
    const std::vector<Probe> probes = entities_at(at_us);
    RTML_TRY_ASSIGN(const std::vector<feature::Row> expected,
                    recompute(program_, events_, probes, context_.cancel, memory_));
    Comparison comparison{.place = Place::kOnline, .at_us = at_us};
    for (std::size_t begin = 0; begin < probes.size(); begin += kEntitiesPerRead) {
      RTML_TRY(context_.cancel.check());
      const std::size_t end = std::min(begin + kEntitiesPerRead, probes.size());
      online::ReadResult found;
      RTML_TRY(
          read_online(reader, std::span(probes).subspan(begin, end - begin), at_us, call, found));
      comparison.watermark_us = found.watermark_us;
      for (std::size_t i = begin; i < end; ++i) {
        ++comparison.reads;
        const Json entity = entity_json(key_of(probes[i]));
        for (std::size_t f = 0; f < program_.outputs.size(); ++f) {
          const online::ReadValue& value = found.values[(i - begin) * program_.outputs.size() + f];
          compare(entity, at_us, f, expected[i], value.value, value.status, comparison);
        }
      }
    }
    return comparison;
  }

  Status read_online(online::Reader& reader, std::span<const Probe> probes, std::int64_t at_us,
                     const plugin::CallOptions& call, online::ReadResult& found) const {
    std::vector<std::vector<table::Value>> keys;
    std::vector<std::span<const table::Value>> spans;
    for (const Probe& probe : probes) keys.push_back(key_of(probe));
    for (const auto& key : keys) spans.emplace_back(key);
    return reader.read({.keys = spans, .entities = probes.size(), .time_us = at_us}, call, &found);
  }

  Result<std::int64_t> online_moment(online::Reader& reader,
                                     const plugin::CallOptions& call) const {
    if (options_.at_us) return *options_.at_us;
    // What the store knows comes with a read, one of no entity too.
    online::ReadResult found;
    RTML_TRY(reader.read({.entities = 0}, call, &found));
    if (found.watermark_us == online::PartPosition::kNoTime) {
      return cannot_tell(view_, "a partition of its stream has seen no event yet");
    }
    return found.watermark_us;
  }

  const project::FeatureView& view_;
  const VerifyOptions& options_;
  const dataset::BuildContext& context_;
  feature::Program program_;
  feature::EventColumns events_;
  std::vector<Probe> probes_;
  table::ValueMemory memory_;
};

}  // namespace

std::string_view to_string(Place place) {
  switch (place) {
    case Place::kBackfill:
      return "backfill";
    case Place::kFile:
      return "file";
    case Place::kOnline:
      break;
  }
  return "online";
}

Result<Verification> verify(const project::FeatureView& view, const VerifyOptions& options,
                            const dataset::BuildContext& context) {
  return Verifier(view, options, context).run();
}

}  // namespace rtml::verify
