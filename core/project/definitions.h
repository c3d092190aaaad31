// What the YAML files of a project define, as plain values.
//
// Project::load() (core/project/project.h) fills these after every check that needs no data:
// names, types, units, references. Durations and moments are int64 microseconds. Expressions and
// aggregates stay text with the place where they were written, so that core/expression can point a
// caret into the file. Values; copied and moved freely.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/table/types.h"

namespace rtml::project {

// A text from a file and where its first character stands. Where the YAML is written on one line
// without escapes, character i of the text stands i columns after `location.column`.
struct LocatedText {
  std::string text;
  SourceLocation location;

  bool empty() const { return text.empty(); }
};

// What has no meaning for a result: it is shown, and left out of identities.
struct Notes {
  std::string description;
  std::string owner;
  std::map<std::string, std::string> tags;
};

enum class TimeUnit : std::uint8_t { kSecond, kMillisecond, kMicrosecond, kNanosecond };
std::string_view to_string(TimeUnit unit);  // "s", "ms", "us", "ns".

// A column that holds moments. `unit` is set where the column holds integers.
struct TimeColumn {
  std::string column;
  std::optional<TimeUnit> unit;
};

// A column of a source that is renamed or given a type. Columns without one keep what the data say.
struct SourceColumn {
  std::string name;  // As features, labels and entities call it.
  std::string from;  // As the data call it; equal to `name` where it is not renamed.
  std::optional<table::DataType> type;
  SourceLocation location;
};

// A table of events: a file, a glob, a table of a store.
struct BatchInput {
  std::string type;  // Of the storage plugin: "file".
  std::string path;  // As written; relative to the project's root. May hold a glob.
  std::string format;
  Json options = Json::object();  // Every other key, for the plugin.
  SourceLocation location;
};

struct StreamInput {
  std::string type;               // Of the storage plugin: "file", "kafka".
  std::string format;             // Of a message: "json".
  Json options = Json::object();  // Every other key, for the plugin and the decoder.
  SourceLocation location;
  std::int64_t max_message_bytes = 1'048'576;  // A longer message is a dead letter.
  // A batch is committed when it has so many messages or has waited so long, or when nothing waits.
  std::int64_t batch_rows = 65'536;
  std::int64_t batch_ms = 500;
  // Directories, relative to the project's root, where late events and dead letters go.
  std::string late = ".rtml/late";
  std::string dead_letters = ".rtml/dead_letters";
};

// A table of events. The events of several sources, where a view reads them as one, are a source
// too, which no file defines (core/project/source_union.h): `parts` are these sources in the order
// of the view's list.
struct Source {
  std::string name;  // Of several: joined by '+'.
  std::optional<BatchInput> batch;
  std::optional<StreamInput> stream;
  TimeColumn timestamp;
  std::optional<TimeColumn> created;
  std::string id;  // A column; empty: events have no identifier.
  std::vector<SourceColumn> columns;
  bool nan_is_null = false;  // `nan: null`.
  std::vector<Source> parts;
  // Of a version of the registry that the project defines otherwise today: its number, and the
  // types that the keys of its views give to columns.
  std::int64_t version = 0;
  std::map<std::string, table::DataType> key_types;
  Notes notes;
  SourceLocation location;

  bool is_union() const { return !parts.empty(); }
  std::string label() const;  // "payments", "payments@v1".
};

struct EntityKey {
  std::string column;
  std::optional<table::DataType> type;  // Nothing: what the source's column has.
};

// What features belong to. `entities: [transaction_id]` without a file of its own is an entity of
// that one key column, with `implied` set.
struct Entity {
  std::string name;
  std::vector<EntityKey> keys;
  bool implied = false;
  Notes notes;
  SourceLocation location;
};

enum class WindowKind : std::uint8_t { kLifetime, kSliding, kTumbling, kSession };
std::string_view to_string(WindowKind kind);  // "lifetime", "sliding", "tumbling", "session".

// Which end of a sliding window belongs to it.
enum class WindowBounds : std::uint8_t {
  kOpenClosed,  // (t - delay - size, t - delay]
  kClosedOpen,  // [t - delay - size, t - delay)
};

struct Window {
  WindowKind kind = WindowKind::kSliding;
  std::int64_t size_us = 0;   // Sliding and tumbling; above 0.
  std::int64_t delay_us = 0;  // Sliding: shifts both ends back.
  WindowBounds bounds = WindowBounds::kOpenClosed;
  std::int64_t resolution_us = 0;                // Sliding: tiles; 0: exact.
  std::int64_t offset_us = 0;                    // Tumbling.
  bool partial = false;                          // Tumbling: the window so far.
  std::int64_t gap_us = 0;                       // Session.
  std::int64_t max_length_us = 86'400'000'000L;  // Session: 24 h.
  bool closed = false;                           // Session: the latest one that is over.
  SourceLocation location;

  friend bool operator==(const Window& a, const Window& b) {
    return a.kind == b.kind && a.size_us == b.size_us && a.delay_us == b.delay_us &&
           a.bounds == b.bounds && a.resolution_us == b.resolution_us &&
           a.offset_us == b.offset_us && a.partial == b.partial && a.gap_us == b.gap_us &&
           a.max_length_us == b.max_length_us && a.closed == b.closed;
  }
};

// How a feature gets its value. Exactly one of the three.
enum class FeatureForm : std::uint8_t {
  kColumn,      // The latest row's `column`.
  kAggregate,   // `aggregate` over `window`, of the events that `filter` lets through.
  kExpression,  // `expression` over other features of the view, or the latest row's columns.
};

struct Feature {
  std::string name;
  table::DataType type;
  FeatureForm form = FeatureForm::kColumn;
  std::string column;      // kColumn: a column of the source; equal to `name` if not given.
  LocatedText aggregate;   // kAggregate: "count", "mean(tx_fraud)".
  LocatedText filter;      // kAggregate: a condition on the event's columns; empty: every event.
  LocatedText source;      // kAggregate: sees the events of this one alone; empty: of all sources.
  LocatedText expression;  // kExpression.
  std::optional<Window> window;  // kAggregate; nothing: lifetime.
  std::string description;
  SourceLocation location;  // Of the name.
};

// How a view takes events of a stream.
struct StreamTiming {
  std::int64_t watermark_delay_us = 5'000'000;  // The watermark follows the latest event by this.
  // An event is late when it lies further behind the watermark; nothing: than any read looks back.
  std::optional<std::int64_t> allowed_lateness_us;
  std::int64_t history_us = 86'400'000'000L;    // Reads may lie this far behind the watermark.
  std::int64_t max_future_us = 3'600'000'000L;  // Further ahead of its arrival an event is refused.
  std::int64_t max_events_per_entity = 100'000;
};

// What a version of a view stands on, where that is not what the project defines today.
struct VersionBasis {
  const Source* source = nullptr;      // The union where there are several.
  std::vector<const Source*> sources;  // In the order of the view's list.
  std::vector<Entity> entities;        // In the order of the view's list.
};

// The name without the number of a version: "terminal_risk" of "terminal_risk@v2".
std::string plain_name(std::string_view name);
bool names_version(std::string_view name);

struct FeatureView {
  std::string name;  // As people call it: "terminal_risk", a version "terminal_risk@v2".
  std::shared_ptr<const VersionBasis> basis;  // Of a version; null: the project's definition.
  std::vector<std::string> entities;          // Empty: one state for all events.
  std::vector<LocatedText> sources;           // Whose events it reads as one; at least one.
  std::string source;                         // Its name, or that of their union.
  std::int64_t ttl_us = 0;                    // 0: for ever.
  bool as_of_created = false;                 // A row counts only from when it was created.
  std::vector<Feature> features;
  StreamTiming timing;
  Notes notes;
  SourceLocation location;           // Of the name,
  SourceLocation entities_location;  // of the list of entities.

  bool reads_source(std::string_view wanted) const {
    for (const LocatedText& written : sources) {
      if (written.text == wanted) return true;
    }
    return source == wanted;
  }

  // True if any feature aggregates; else the view is the latest row.
  bool has_aggregates() const {
    for (const Feature& feature : features) {
      if (feature.form == FeatureForm::kAggregate) return true;
    }
    return false;
  }
};

// A view whose features a service or an on-demand view takes: all, or one.
struct ServiceItem {
  std::string view;     // As written: "terminal_risk", "terminal_risk@v2".
  std::string feature;  // Empty: all of the view, in its order.
  SourceLocation location;
  // The name of the definition that it means, where that is another: a version that is what the
  // project defines is the project's, and of a version's own items each is what it was then.
  std::string bound = {};

  const std::string& definition() const { return bound.empty() ? view : bound; }
  // What full names of its columns begin with: "terminal_risk__", "terminal_risk_v2__", so that
  // they are names in expressions too.
  std::string prefix() const;
};

// Features that are computed from a request as it comes: from the columns that it brings and from
// features of views. Nothing of them is kept.
struct OnDemandView {
  std::string name;
  std::vector<table::Field> request;
  std::vector<ServiceItem> inputs;
  std::vector<Feature> features;  // Each with an expression.
  Notes notes;
  SourceLocation location;
};

struct FeatureService {
  std::string name;
  std::vector<ServiceItem> features;
  bool full_feature_names = false;  // Columns are named view__feature.
  Notes notes;
  SourceLocation location;
};

// The true values, learnt some time after the event.
struct LabelSpec {
  std::string source;
  std::string column;
  std::int64_t maturity_us = 0;  // How long after its event a label is known.
  SourceLocation location;
};

struct DatasetSpec {
  std::string service;
  LabelSpec labels;
  SourceLocation location;
};

// Which rows are trained on and which are tested on, by time. Either three durations counted back
// from the last label row (test, before it embargo, before it train), or four moments, where each
// range is [from, to).
struct Split {
  bool absolute = false;
  std::int64_t train_us = 0;
  std::int64_t embargo_us = 0;
  std::int64_t test_us = 0;
  std::int64_t train_from_us = 0;
  std::int64_t train_to_us = 0;
  std::int64_t test_from_us = 0;
  std::int64_t test_to_us = 0;
  SourceLocation location;
};

struct ModelSpec {
  std::string type;  // Of the model plugin: "linear".
  std::string name;  // Under which versions are registered; the pipeline's name if not given.
  Json parameters = Json::object();
  SourceLocation location;
};

// When a candidate may replace the model that an alias names.
struct GateSpec {
  std::string metric;
  double min_delta = 0.0;  // In the metric's unit, towards better.
  std::string alias = "champion";
  std::vector<std::string> baselines;  // "majority", "no-change".
  SourceLocation location;
};

struct Pipeline {
  std::string name;
  DatasetSpec dataset;
  Split split;
  ModelSpec model;
  std::string strategy = "stateless";
  std::vector<std::string> metrics;  // "roc_auc", …: the names of the schema table.
  double threshold = 0.5;            // At and above it a score counts as class 1.
  std::optional<GateSpec> gate;
  std::uint64_t seed = 0;
  std::string schedule;  // Five fields of cron in UTC; empty: none.
  Notes notes;
  SourceLocation location;
};

// One test of a drift check.
struct DriftTest {
  std::string test;  // "psi", "ks", "jensen_shannon", "missing_rate".
  double threshold = 0.0;
  std::vector<std::string> columns;  // Empty: every column of the check that the test suits.
  SourceLocation location;
};

struct DriftCheck {
  std::string name;
  std::string model;  // Whose training profile is the reference; empty: given on the command line.
  std::string alias = "champion";
  std::vector<std::string> columns;  // Empty: all columns of the profile.
  std::vector<std::string> exclude;
  std::vector<DriftTest> tests;  // Empty: the checker's defaults.
  std::int64_t min_rows = 100;   // With fewer the check cannot tell.
  // Overall there is drift if more than this share of the columns drifted.
  double max_drifted_share = 0.0;
  Notes notes;
  SourceLocation location;
};

struct Arm {
  std::string name;
  double share = 0.0;  // Of the traffic, as planned; the shares of all arms add up to 1.
  SourceLocation location;
};

struct Experiment {
  std::string name;
  std::vector<Arm> arms;   // The first is the control.
  std::string unit;        // Column that was randomised; empty: each row by itself.
  std::string arm_column;  // In the analysed table: the arm's name,
  std::string label;       // the true class,
  std::string score;       // the model's score; empty: none,
  std::string value;       // a number whose mean is compared; empty: none.
  double threshold = 0.5;  // At and above it a score counts as class 1.
  double alpha = 0.05;     // Two-sided error rate of a test.
  std::vector<std::string> metrics;
  Notes notes;
  SourceLocation location;
};

// A backend with its settings: `online: {type: lmdb, path: .rtml/online}`.
struct StoreSpec {
  std::string type;
  Json options = Json::object();
  SourceLocation location;
};

// rtml.yaml, without what is configuration (`defaults`, `plugins`): core/config reads that.
struct Settings {
  std::string name;
  std::string registry = ".rtml/registry.db";  // As written, relative to the project's root.
  std::map<std::string, StoreSpec> stores;     // "online".
  std::string description;
  SourceLocation location;
};

}  // namespace rtml::project
