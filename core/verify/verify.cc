#include "core/verify/verify.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/base/random.h"
#include "core/base/time.h"
#include "core/dataset/feature_columns.h"
#include "core/dataset/source_set.h"
#include "core/online/json_value.h"
#include "core/online/reader.h"
#include "core/plugin/defaults.h"
#include "core/plugin/host.h"
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
      RTML_TRY_ASSIGN(Comparison file, compare_file(expected));
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
      for (std::size_t f = 0; f < program_.outputs.size(); ++f) {
        const table::Value value = table::value_at(found.features[f], row, memory_);
        feature::Status status = found.statuses[i];
        if (status == feature::Status::kPresent && value.is_null()) {
          status = feature::Status::kNullValue;
        }
        compare(probes_[i], f, expected[i], value, status, comparison);
      }
    }
    return comparison;
  }

  void compare(const Probe& probe, std::size_t output, const feature::Row& expected,
               const table::Value& found, std::optional<feature::Status> status,
               Comparison& comparison) const {
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
        {.entity = entity_json(probe.row),
         .time_us = probe.time_us,
         .feature = field.name,
         .expected = online::json_of_value(expected.values[output], field.type),
         .found = online::json_of_value(found, field.type),
         .expected_status = expected_status,
         .found_status = status});
  }

  Json entity_json(std::int64_t row) const {
    Json entity = Json::object();
    for (std::size_t k = 0; k < events_.keys.size(); ++k) {
      entity[program_.keys[k].name] =
          online::json_of_value(table::value_at(events_.keys[k], row), program_.keys[k].type);
    }
    return entity;
  }

  // Rows of the file are found by entity and moment; those of one moment have the same features.
  Result<Comparison> compare_file(const std::vector<feature::Row>& expected) {
    std::map<std::pair<std::string, std::int64_t>, std::size_t> wanted;
    for (std::size_t i = 0; i < probes_.size(); ++i) {
      wanted.emplace(std::pair(*entity_of(events_, probes_[i].row), probes_[i].time_us), i);
    }
    RTML_TRY_ASSIGN(const auto store, context_.plugins.table_store(plugin::kFileTables));
    plugin::ScanRequest request{.path = options_.file.string()};
    request.types[kTime] = {table::Kind::kTimestamp};
    std::vector<std::string> columns{kTime};
    for (const table::Field& key : program_.keys) columns.push_back(key.name);
    for (const feature::Output& output : program_.outputs) columns.push_back(output.field.name);
    for (std::size_t i = 1; i < columns.size(); ++i) {
      request.types[columns[i]] = i <= program_.keys.size()
                                      ? program_.keys[i - 1].type
                                      : program_.outputs[i - 1 - program_.keys.size()].field.type;
    }
    request.columns = columns;
    RTML_TRY_ASSIGN(const auto reader, store->scan(request, {.cancel = &context_.cancel}));
    Comparison comparison{.place = Place::kFile};
    while (true) {
      RTML_TRY_ASSIGN(const std::optional<table::Batch> batch, reader->next());
      if (!batch) break;
      compare_rows(*batch, expected, wanted, comparison);
    }
    if (comparison.reads == 0) {
      return cannot_tell(view_, options_.file.string() + " has none of the sampled rows");
    }
    return comparison;
  }

  void compare_rows(const table::Batch& batch, const std::vector<feature::Row>& expected,
                    std::map<std::pair<std::string, std::int64_t>, std::size_t>& wanted,
                    Comparison& comparison) {
    const auto times = batch.column(0).values<std::int64_t>();
    std::vector<table::Value> key(program_.keys.size());
    for (std::int64_t row = 0; row < batch.rows(); ++row) {
      bool has_key = true;
      for (std::size_t k = 0; k < key.size(); ++k) {
        key[k] = table::value_at(batch.column(1 + k), row);
        has_key = has_key && !key[k].is_null();
      }
      if (!has_key) continue;
      const auto found = wanted.find({feature::encode_key(key), times[row]});
      if (found == wanted.end()) continue;
      ++comparison.reads;
      for (std::size_t f = 0; f < program_.outputs.size(); ++f) {
        const table::Value value = table::value_at(batch.column(1 + key.size() + f), row, memory_);
        compare(probes_[found->second], f, expected[found->second], value, std::nullopt,
                comparison);
      }
    }
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
        for (std::size_t f = 0; f < program_.outputs.size(); ++f) {
          const online::ReadValue& value = found.values[(i - begin) * program_.outputs.size() + f];
          compare(probes[i], f, expected[i], value.value, value.status, comparison);
        }
      }
    }
    return comparison;
  }

  Status read_online(online::Reader& reader, std::span<const Probe> probes, std::int64_t at_us,
                     const plugin::CallOptions& call, online::ReadResult& found) const {
    std::vector<std::vector<table::Value>> keys;
    std::vector<std::span<const table::Value>> spans;
    for (const Probe& probe : probes) {
      std::vector<table::Value> key;
      for (const table::Column& column : events_.keys)
        key.push_back(table::value_at(column, probe.row));
      keys.push_back(std::move(key));
    }
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

  static constexpr const char* kTime = "event_timestamp";

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
