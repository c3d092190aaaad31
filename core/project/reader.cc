#include "core/project/reader.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "core/base/name.h"
#include "core/base/time.h"
#include "core/project/node_values.h"

namespace rtml::project {
namespace {

using yaml::Node;

SourceLocation name_place(const Node& node) {
  return place_of(node, "name");
}

TimeColumn read_time_column(const Node& node) {
  if (node.is_scalar()) return {node.text(), std::nullopt};
  TimeColumn column{text_of(node, "column"), std::nullopt};
  const std::string unit = text_of(node, "unit");
  for (const TimeUnit known :
       {TimeUnit::kSecond, TimeUnit::kMillisecond, TimeUnit::kMicrosecond, TimeUnit::kNanosecond}) {
    if (to_string(known) == unit) column.unit = known;
  }
  return column;
}

std::vector<SourceColumn> read_source_columns(const Node& node, std::vector<Error>& errors) {
  std::vector<SourceColumn> columns;
  std::set<std::string> origins;
  const Node* mapping = node.find("columns");
  if (mapping == nullptr) return columns;
  for (const Node::Member& member : mapping->members()) {
    SourceColumn column;
    column.name = member.key.text();
    column.from = column.name;
    column.location = member.key.location();
    if (member.value.is_scalar()) {
      column.type = table::parse_type(member.value.text());
    } else {
      column.from = text_of(member.value, "from", column.name);
      column.type = table::parse_type(text_of(member.value, "type"));
    }
    if (!origins.insert(column.from).second) {
      errors.push_back(Error(ErrorCode::kBadValue,
                             "two columns are made from one of the data: \"" + column.from + "\"")
                           .at(column.location)
                           .with_help("keep one of them; a feature can read a column twice"));
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

// ---- windows ----

struct WindowKey {
  std::string_view key;
  WindowKind kind;
};
constexpr WindowKey kWindowKeys[] = {
    {"size", WindowKind::kSliding},       {"size", WindowKind::kTumbling},
    {"delay", WindowKind::kSliding},      {"bounds", WindowKind::kSliding},
    {"resolution", WindowKind::kSliding}, {"offset", WindowKind::kTumbling},
    {"partial", WindowKind::kTumbling},   {"gap", WindowKind::kSession},
    {"max_length", WindowKind::kSession}, {"closed", WindowKind::kSession},
};

WindowKind window_kind(const std::string& type) {
  for (const WindowKind kind :
       {WindowKind::kLifetime, WindowKind::kTumbling, WindowKind::kSession}) {
    if (to_string(kind) == type) return kind;
  }
  return WindowKind::kSliding;
}

void check_window_keys(const Node& node, const Window& window, std::vector<Error>& errors) {
  const std::string kind(to_string(window.kind));
  for (const Node::Member& member : node.members()) {
    const std::string& key = member.key.text();
    const bool fits =
        key == "type" ||
        std::any_of(std::begin(kWindowKeys), std::end(kWindowKeys), [&](const WindowKey& row) {
          return row.key == key && row.kind == window.kind;
        });
    if (fits) continue;
    errors.push_back(Error(ErrorCode::kBadValue, "a " + kind + " window has no \"" + key + "\"")
                         .at(member.key.location())
                         .with_help("remove it, or choose another type of window"));
  }
  const char* const needed = window.kind == WindowKind::kSession    ? "gap"
                             : window.kind == WindowKind::kLifetime ? nullptr
                                                                    : "size";
  if (needed != nullptr && node.find(needed) == nullptr) {
    errors.push_back(
        Error(ErrorCode::kMissingKey, "a " + kind + " window needs the key \"" + needed + "\"")
            .at(node.location()));
  }
}

void check_window_values(const Node& node, const Window& window, std::vector<Error>& errors) {
  const std::int64_t tile = window.resolution_us;
  if (tile > 0 && (window.size_us % tile != 0 || window.delay_us % tile != 0)) {
    errors.push_back(
        Error(ErrorCode::kBadValue,
              "size and delay are not multiples of the resolution: " + format_duration(tile))
            .at(place_of(node, "resolution"))
            .with_help("choose a resolution that divides both"));
  }
  std::int64_t reach = 0;
  if (__builtin_add_overflow(window.size_us, window.delay_us, &reach) ||
      reach > kMaxTimestamp - kMinTimestamp) {
    errors.push_back(Error(ErrorCode::kBadValue, "size and delay reach beyond all dates: " +
                                                     format_duration(window.size_us))
                         .at(node.location()));
  }
}

Window read_window(const Node& node, std::vector<Error>& errors) {
  Window window;
  window.location = node.location();
  if (node.is_scalar()) {
    window.size_us = parse_duration(node.text()).value_or(0);
  } else {
    window.kind = window_kind(text_of(node, "type"));
    window.size_us = duration_of(node, "size");
    window.delay_us = duration_of(node, "delay");
    if (text_of(node, "bounds") == "closed-open") window.bounds = WindowBounds::kClosedOpen;
    window.resolution_us = duration_of(node, "resolution");
    window.offset_us = duration_of(node, "offset");
    window.partial = bool_of(node, "partial", false);
    window.gap_us = duration_of(node, "gap");
    window.max_length_us = duration_of(node, "max_length", kDay);
    window.closed = bool_of(node, "closed", false);
    check_window_keys(node, window, errors);
  }
  check_window_values(node, window, errors);
  return window;
}

Feature read_feature(const Node& node, std::vector<Error>& errors) {
  Feature feature;
  feature.name = text_of(node, "name");
  feature.location = name_place(node);
  feature.type = table::parse_type(text_of(node, "type")).value_or(table::DataType{});
  feature.description = text_of(node, "description");
  if (node.find("aggregate") != nullptr) {
    feature.form = FeatureForm::kAggregate;
    feature.aggregate = located_text_of(node, "aggregate");
    feature.filter = located_text_of(node, "filter");
    if (const Node* window = node.find("window")) feature.window = read_window(*window, errors);
  } else if (node.find("expression") != nullptr) {
    feature.form = FeatureForm::kExpression;
    feature.expression = located_text_of(node, "expression");
  } else {
    feature.column = text_of(node, "column", feature.name);
  }
  if (node.find("source") == nullptr) return feature;
  feature.source = located_text_of(node, "source");
  if (feature.form != FeatureForm::kAggregate) {
    errors.push_back(
        Error(ErrorCode::kBadValue,
              "feature " + feature.name +
                  " is no aggregate, so it has no \"source\": " + feature.source.text)
            .at(feature.source.location)
            .with_help(feature.form == FeatureForm::kColumn
                           ? "the latest row is that of all sources; write \"aggregate: last(" +
                                 feature.column + ")\" for the latest value of one"
                           : "give the source to the aggregates that the expression reads"));
  }
  return feature;
}

// The features of a view, each name once.
std::vector<Feature> read_features(const Node& node, const std::string& view,
                                   std::vector<Error>& errors) {
  std::vector<Feature> read;
  std::map<std::string, int> lines;
  const Node* features = node.find("features");
  if (features == nullptr) return read;
  for (const Node& item : features->items()) {
    Feature feature = read_feature(item, errors);
    const auto [earlier, is_new] = lines.emplace(feature.name, feature.location.line);
    if (!is_new) {
      errors.push_back(
          Error(ErrorCode::kDuplicateName, view + " has two features \"" + feature.name + "\"")
              .at(feature.location)
              .with_help("the first one is in line " + std::to_string(earlier->second)));
    }
    read.push_back(std::move(feature));
  }
  return read;
}

// "KafkaSource" and "FileSource" are how Feast calls these.
std::string plugin_of_feast_type(const std::string& type) {
  if (type == "FileSource") return "file";
  if (type == "KafkaSource") return "kafka";
  return type;
}

void check_split_order(const Node& node, const Split& split, std::vector<Error>& errors) {
  const auto refuse = [&](std::string_view key, const std::string& message) {
    errors.push_back(Error(ErrorCode::kBadValue, message + ": " + text_of(node, key))
                         .at(place_of(node, key))
                         .with_help("the order is train_from, train_to, test_from, test_to"));
  };
  if (split.train_from_us >= split.train_to_us) refuse("train_to", "not after train_from");
  if (split.test_from_us < split.train_to_us) refuse("test_from", "before the end of training");
  if (split.test_from_us >= split.test_to_us) refuse("test_to", "not after test_from");
}

Split read_split(const Node& node, std::int64_t maturity_us, std::vector<Error>& errors) {
  Split split;
  split.location = node.location();
  split.absolute = node.find("train_from") != nullptr;
  if (split.absolute) {
    split.train_from_us = timestamp_of(node, "train_from");
    split.train_to_us = timestamp_of(node, "train_to");
    split.test_from_us = timestamp_of(node, "test_from");
    split.test_to_us = timestamp_of(node, "test_to");
    check_split_order(node, split, errors);
    return split;
  }
  split.train_us = duration_of(node, "train");
  split.embargo_us = duration_of(node, "embargo", maturity_us);
  split.test_us = duration_of(node, "test");
  if (split.embargo_us < maturity_us) {
    errors.push_back(
        Error(ErrorCode::kBadValue, "the embargo is shorter than the labels' maturity, " +
                                        format_duration(maturity_us) + ": " +
                                        format_duration(split.embargo_us))
            .at(place_of(node, "embargo"))
            .with_help("training would know labels that nobody knew when the test begins"));
  }
  return split;
}

}  // namespace

Settings read_settings(const Node& node) {
  Settings settings;
  settings.location = name_place(node);
  settings.name = text_of(node, "name");
  settings.description = text_of(node, "description");
  settings.registry = text_of(node, "registry", settings.registry);
  if (const Node* stores = node.find("stores")) {
    for (const Node::Member& member : stores->members()) {
      settings.stores[member.key.text()] = {text_of(member.value, "type"),
                                            other_members(member.value, {"type"}),
                                            member.key.location()};
    }
  }
  return settings;
}

StreamInput read_stream(const Node& node) {
  StreamInput stream;
  stream.type = text_of(node, "type");
  stream.format = text_of(node, "format", "json");
  stream.location = node.location();
  stream.max_message_bytes = integer_of(node, "max_message_bytes", stream.max_message_bytes);
  stream.batch_rows = integer_of(node, "batch_rows", stream.batch_rows);
  stream.batch_ms = integer_of(node, "batch_ms", stream.batch_ms);
  stream.late = text_of(node, "late", stream.late);
  stream.dead_letters = text_of(node, "dead_letters", stream.dead_letters);
  stream.options =
      other_members(node, {"type", "format", "max_message_bytes", "batch_rows", "batch_ms", "late",
                           "dead_letters", "timestamp_field", "kafka_bootstrap_servers"});
  return stream;
}

StreamTiming read_timing(const Node& node) {
  StreamTiming timing;
  const auto read = [&](std::string_view key, std::int64_t* duration_us) {
    if (node.find(key) != nullptr) *duration_us = duration_of(node, key);
  };
  read("watermark_delay", &timing.watermark_delay_us);
  read("history", &timing.history_us);
  read("max_future", &timing.max_future_us);
  if (node.find("allowed_lateness") != nullptr) {
    timing.allowed_lateness_us = duration_of(node, "allowed_lateness");
  }
  timing.max_events_per_entity =
      integer_of(node, "max_events_per_entity", timing.max_events_per_entity);
  return timing;
}

Source read_source(const Node& node, std::vector<Error>& errors) {
  Source source;
  source.name = text_of(node, "name");
  source.location = name_place(node);
  source.notes = notes_of(node);
  if (const Node* batch = node.find("batch")) {
    source.batch =
        BatchInput{text_of(*batch, "type"), text_of(*batch, "path"), text_of(*batch, "format"),
                   other_members(*batch, {"type", "path", "format"}), batch->location()};
  }
  if (const Node* stream = node.find("stream")) source.stream = read_stream(*stream);
  if (const Node* time = node.find("timestamp")) source.timestamp = read_time_column(*time);
  if (const Node* time = node.find("created")) source.created = read_time_column(*time);
  source.id = text_of(node, "id");
  source.columns = read_source_columns(node, errors);
  const Node* nan = node.find("nan");
  source.nan_is_null = nan != nullptr && nan->is_null();
  return source;
}

Entity read_entity(const Node& node) {
  Entity entity;
  entity.name = text_of(node, "name");
  entity.location = name_place(node);
  entity.notes = notes_of(node);
  const Node* key = node.find("key");
  if (key == nullptr) return entity;
  if (key->is_scalar()) entity.keys.push_back({key->text(), std::nullopt});
  for (const Node::Member& member : key->members()) {
    entity.keys.push_back({member.key.text(), table::parse_type(member.value.text())});
  }
  return entity;
}

namespace {

// The sources of a view; its own, which is named like it, where it is written as in Feast.
std::vector<LocatedText> read_sources(const Node& node) {
  std::vector<LocatedText> sources;
  if (const Node* list = node.find("sources")) {
    for (const Node& item : list->items()) sources.push_back({item.text(), item.text_location()});
  } else {
    sources.push_back({text_of(node, "source", text_of(node, "name")), place_of(node, "source")});
  }
  return sources;
}

}  // namespace

FeatureView read_view(const Node& node, std::vector<Error>& errors) {
  FeatureView view;
  view.name = text_of(node, "name");
  view.location = name_place(node);
  view.notes = notes_of(node);
  view.entities = texts_of(node, "entities");
  view.sources = read_sources(node);
  for (const LocatedText& source : view.sources) {
    view.source += (view.source.empty() ? "" : "+") + source.text;
  }
  view.entities_location = place_of(node, "entities");
  view.ttl_us = duration_of(node, "ttl");
  view.as_of_created = bool_of(node, "as_of_created", false);
  view.timing = read_timing(node);
  view.features = read_features(node, "view \"" + view.name + "\"", errors);
  return view;
}

std::optional<Source> read_own_source(const Node& node) {
  const Node* batch = node.find("batch_source");
  const Node* stream = node.find("stream_source");
  if (batch == nullptr && stream == nullptr) return std::nullopt;
  Source source;
  source.name = text_of(node, "name");
  source.timestamp.column = "event_timestamp";
  if (stream != nullptr) {
    source.location = stream->location();
    source.timestamp.column = text_of(*stream, "timestamp_field", source.timestamp.column);
    source.stream = read_stream(*stream);
    source.stream->type = plugin_of_feast_type(source.stream->type);
    if (stream->find("kafka_bootstrap_servers") != nullptr) {
      source.stream->options["brokers"] = text_of(*stream, "kafka_bootstrap_servers");
    }
  }
  if (batch != nullptr) {
    source.location = batch->location();
    source.timestamp.column = text_of(*batch, "timestamp_field", source.timestamp.column);
    if (batch->find("created_timestamp_column") != nullptr) {
      source.created = TimeColumn{text_of(*batch, "created_timestamp_column"), std::nullopt};
    }
    for (const auto& [from, name] : text_map_of(*batch, "field_mapping")) {
      source.columns.push_back({name, from, std::nullopt, place_of(*batch, "field_mapping")});
    }
    source.batch = BatchInput{plugin_of_feast_type(text_of(*batch, "type")),
                              text_of(*batch, "path"), text_of(*batch, "format"),
                              other_members(*batch, {"type", "path", "format", "timestamp_field",
                                                     "created_timestamp_column", "field_mapping"}),
                              batch->location()};
  }
  return source;
}

namespace {

// A list of VIEW or VIEW:FEATURE.
std::vector<ServiceItem> read_items(const Node* list, std::vector<Error>& errors) {
  std::vector<ServiceItem> read;
  if (list == nullptr) return read;
  for (const Node& item : list->items()) {
    const std::string& text = item.text();
    const std::size_t colon = text.find(':');
    ServiceItem entry{text.substr(0, colon), "", item.text_location()};
    if (colon != std::string::npos) entry.feature = text.substr(colon + 1);
    const bool is_empty =
        entry.view.empty() || (colon != std::string::npos && entry.feature.empty());
    if (is_empty || entry.feature.find(':') != std::string::npos) {
      errors.push_back(Error(ErrorCode::kBadValue, "not VIEW or VIEW:FEATURE: \"" + text + "\"")
                           .at(item.location()));
      continue;
    }
    read.push_back(std::move(entry));
  }
  return read;
}

}  // namespace

FeatureService read_service(const Node& node, std::vector<Error>& errors) {
  FeatureService service;
  service.name = text_of(node, "name");
  service.location = name_place(node);
  service.notes = notes_of(node);
  service.full_feature_names = bool_of(node, "full_feature_names", false);
  service.features = read_items(node.find("features"), errors);
  return service;
}

OnDemandView read_on_demand_view(const Node& node, std::vector<Error>& errors) {
  OnDemandView view;
  view.name = text_of(node, "name");
  view.location = name_place(node);
  view.notes = notes_of(node);
  if (const Node* request = node.find("request")) {
    for (const Node::Member& member : request->members()) {
      view.request.push_back(
          {member.key.text(), table::parse_type(member.value.text()).value_or(table::DataType{})});
    }
  }
  view.inputs = read_items(node.find("inputs"), errors);
  view.features = read_features(node, "on-demand view \"" + view.name + "\"", errors);
  return view;
}

Pipeline read_pipeline(const Node& node, std::vector<Error>& errors) {
  Pipeline pipeline;
  pipeline.name = text_of(node, "name");
  pipeline.location = name_place(node);
  pipeline.notes = notes_of(node);
  if (const Node* dataset = node.find("dataset")) {
    pipeline.dataset.service = text_of(*dataset, "service");
    pipeline.dataset.location = place_of(*dataset, "service");
    if (const Node* labels = dataset->find("labels")) {
      pipeline.dataset.labels = {text_of(*labels, "source"), text_of(*labels, "column"),
                                 duration_of(*labels, "maturity"), place_of(*labels, "source")};
    }
  }
  if (const Node* split = node.find("split")) {
    pipeline.split = read_split(*split, pipeline.dataset.labels.maturity_us, errors);
  }
  pipeline.model.name = pipeline.name;
  if (const Node* model = node.find("model")) {
    pipeline.model.type = text_of(*model, "type");
    pipeline.model.name = text_of(*model, "name", pipeline.name);
    pipeline.model.location = place_of(*model, "type");
    if (const Node* parameters = model->find("parameters")) {
      pipeline.model.parameters = parameters->to_json();
    }
  }
  pipeline.strategy = text_of(node, "strategy", pipeline.strategy);
  pipeline.metrics = texts_of(node, "metrics");
  pipeline.threshold = number_of(node, "threshold", pipeline.threshold);
  if (const Node* gate = node.find("gate")) {
    GateSpec spec;
    spec.metric = text_of(*gate, "metric");
    spec.min_delta = number_of(*gate, "min_delta", spec.min_delta);
    spec.alias = text_of(*gate, "alias", spec.alias);
    spec.baselines = texts_of(*gate, "baselines");
    spec.location = gate->location();
    pipeline.gate = std::move(spec);
  }
  pipeline.seed = static_cast<std::uint64_t>(integer_of(node, "seed", 0));
  pipeline.schedule = text_of(node, "schedule");
  return pipeline;
}

DriftCheck read_drift_check(const Node& node) {
  DriftCheck check;
  check.name = text_of(node, "name");
  check.location = name_place(node);
  check.notes = notes_of(node);
  check.model = text_of(node, "model");
  check.alias = text_of(node, "alias", check.alias);
  check.columns = texts_of(node, "columns");
  check.exclude = texts_of(node, "exclude");
  if (const Node* tests = node.find("tests")) {
    for (const Node& item : tests->items()) {
      check.tests.push_back({text_of(item, "test"), number_of(item, "threshold", 0.0),
                             texts_of(item, "columns"), place_of(item, "test")});
    }
  }
  check.min_rows = integer_of(node, "min_rows", check.min_rows);
  check.max_drifted_share = number_of(node, "max_drifted_share", check.max_drifted_share);
  return check;
}

Experiment read_experiment(const Node& node, std::vector<Error>& errors) {
  Experiment experiment;
  experiment.name = text_of(node, "name");
  experiment.location = name_place(node);
  experiment.notes = notes_of(node);
  experiment.unit = text_of(node, "unit");
  experiment.arm_column = text_of(node, "arm_column", "arm");
  experiment.label = text_of(node, "label");
  experiment.score = text_of(node, "score");
  experiment.value = text_of(node, "value");
  experiment.threshold = number_of(node, "threshold", experiment.threshold);
  experiment.alpha = number_of(node, "alpha", experiment.alpha);
  experiment.metrics = texts_of(node, "metrics");
  double total = 0.0;
  std::set<std::string> names;
  if (const Node* arms = node.find("arms")) {
    for (const Node& item : arms->items()) {
      Arm arm{text_of(item, "name"), number_of(item, "share", 0.0), name_place(item)};
      total += arm.share;
      if (!names.insert(arm.name).second) {
        errors.push_back(
            Error(ErrorCode::kDuplicateName, "two arms are called \"" + arm.name + "\"")
                .at(arm.location));
      }
      experiment.arms.push_back(std::move(arm));
    }
    // Shares are decimals such as 0.1, whose sum misses 1 by rounding alone.
    if (std::abs(total - 1.0) > 1e-9) {
      errors.push_back(Error(ErrorCode::kBadValue, "the shares of the arms do not add up to 1: " +
                                                       to_json_text(Json(total)))
                           .at(arms->location()));
    }
  }
  return experiment;
}

}  // namespace rtml::project
