#include "core/schema/kinds.h"

#include <array>

namespace rtml::schema {
namespace {

// ---- values that occur in many places ----

constexpr Shape kText = {.kind = ShapeKind::kText, .noun = "a text"};
constexpr Shape kColumn = {
    .kind = ShapeKind::kText, .noun = "the name of a column", .definition = "column"};
constexpr Shape kName = {.kind = ShapeKind::kName, .noun = "a name", .definition = "name"};
constexpr Shape kExpression = {
    .kind = ShapeKind::kExpression, .noun = "an expression", .definition = "expression"};
constexpr Shape kDataType = {
    .kind = ShapeKind::kDataType, .noun = "a type", .definition = "data_type"};
constexpr Shape kDuration = {
    .kind = ShapeKind::kDuration, .noun = "a duration", .definition = "duration"};
constexpr Shape kPositiveDuration = {.kind = ShapeKind::kDuration,
                                     .noun = "a duration",
                                     .definition = "duration",
                                     .is_positive = true};
constexpr Shape kTimestamp = {
    .kind = ShapeKind::kTimestamp, .noun = "a timestamp", .definition = "timestamp"};
constexpr Shape kBool = {.kind = ShapeKind::kBool, .noun = "true or false"};
constexpr Shape kNumber = {.kind = ShapeKind::kNumber, .noun = "a number"};
constexpr Shape kShare = {
    .kind = ShapeKind::kNumber, .noun = "a number from 0 to 1", .minimum = 0, .maximum = 1};
constexpr Shape kPositiveCount = {
    .kind = ShapeKind::kInteger, .noun = "an integer of 1 or more", .minimum = 1};
constexpr Shape kCount = {
    .kind = ShapeKind::kInteger, .noun = "an integer of 0 or more", .minimum = 0};
constexpr Shape kAny = {.kind = ShapeKind::kAny, .noun = "any value"};
constexpr Shape kNull = {.kind = ShapeKind::kNull, .noun = "null"};
constexpr Shape kColumnList = {
    .kind = ShapeKind::kList, .noun = "a list of columns", .item = &kColumn, .has_no_twins = true};
constexpr Shape kTags = {.kind = ShapeKind::kMap, .noun = "a mapping of texts", .item = &kText};
constexpr Shape kFreeMap = {.kind = ShapeKind::kMap, .noun = "a mapping", .item = &kAny};

// The keys that every definition has, before its own.
template <std::size_t N>
constexpr std::array<Field, N + 4> with_notes(const Shape& kind, bool kind_required,
                                              const Field (&own)[N]) {
  std::array<Field, N + 4> all{};
  all[0] = {.key = "kind",
            .shape = &kind,
            .required = kind_required,
            .description = "What this document defines."};
  for (std::size_t i = 0; i < N; ++i) all[i + 1] = own[i];
  all[N + 1] = {.key = "description",
                .shape = &kText,
                .description = "For people; has no effect.",
                .interpolates = true};
  all[N + 2] = {.key = "owner",
                .shape = &kText,
                .description = "Who answers for it; has no effect.",
                .interpolates = true};
  all[N + 3] = {.key = "tags",
                .shape = &kTags,
                .description = "Words to find it by; have no effect.",
                .interpolates = true};
  return all;
}

constexpr Shape one_word(const std::string_view (&word)[1]) {
  return {.kind = ShapeKind::kChoice, .noun = "a kind", .choices = word};
}

constexpr Field name_of(std::string_view description) {
  return {.key = "name", .shape = &kName, .required = true, .description = description};
}

// ---- rtml.yaml ----

constexpr Shape kFormat = {
    .kind = ShapeKind::kInteger, .noun = "the format number 1", .minimum = 1, .maximum = 1};
constexpr Field kStoreFields[] = {
    {.key = "type",
     .shape = &kText,
     .required = true,
     .description = "Name of the storage plugin."},
};
constexpr Shape kStore = {
    .kind = ShapeKind::kObject, .noun = "a store", .fields = kStoreFields, .is_open = true};
constexpr Field kStoresFields[] = {
    {.key = "online",
     .shape = &kStore,
     .description = "Where `feature materialize --online` writes and `feature get` reads.",
     .default_text = "{type: lmdb, path: .rtml/online}",
     .interpolates = true},
};
constexpr Shape kStores = {
    .kind = ShapeKind::kObject, .noun = "the project's stores", .fields = kStoresFields};
constexpr Shape kPathList = {
    .kind = ShapeKind::kList, .noun = "a list of paths", .item = &kText, .has_no_twins = true};
constexpr Field kProjectFields[] = {
    {.key = "format",
     .shape = &kFormat,
     .required = true,
     .description = "Version of the file format; this rtml reads 1."},
    name_of("Name of the project."),
    {.key = "description",
     .shape = &kText,
     .description = "For people; has no effect.",
     .interpolates = true},
    {.key = "registry",
     .shape = &kText,
     .description = "Path of the registry, relative to this file.",
     .default_text = ".rtml/registry.db",
     .interpolates = true},
    {.key = "stores", .shape = &kStores, .description = "Storage backends of the project."},
    {.key = "plugins",
     .shape = &kPathList,
     .description = "Directories with plugins beside those of the installation. Read only where "
                    "the project is trusted (`rtml config trust`).",
     .interpolates = true},
    {.key = "defaults",
     .shape = &kFreeMap,
     .description = "Configuration for this project; `rtml config show` lists the keys.",
     .interpolates = true},
};
constexpr Shape kProject = {
    .kind = ShapeKind::kObject, .noun = "rtml.yaml", .fields = kProjectFields};

// ---- source ----

constexpr std::string_view kUnits[] = {"s", "ms", "us", "ns"};
constexpr Shape kUnit = {.kind = ShapeKind::kChoice, .noun = "a unit of time", .choices = kUnits};
constexpr Field kTimeColumnFields[] = {
    {.key = "column",
     .shape = &kColumn,
     .required = true,
     .description = "The column, by the name it has in this source."},
    {.key = "unit",
     .shape = &kUnit,
     .description = "What an integer counts since 1970-01-01T00:00:00Z; needed for integers."},
};
constexpr Shape kTimeColumnObject = {
    .kind = ShapeKind::kObject, .noun = "a time column", .fields = kTimeColumnFields};
constexpr const Shape* kTimeColumnForms[] = {&kColumn, &kTimeColumnObject};
constexpr Shape kTimeColumn = {.kind = ShapeKind::kOneOf,
                               .noun = "a column, or a mapping with column and unit",
                               .definition = "time_column",
                               .alternatives = kTimeColumnForms};

constexpr Field kBatchFields[] = {
    {.key = "type",
     .shape = &kText,
     .required = true,
     .description = "Name of the storage plugin: file."},
    {.key = "path",
     .shape = &kText,
     .description = "A file or glob, relative to the project. Files are read in order of names."},
    {.key = "format",
     .shape = &kText,
     .description = "parquet, csv or jsonl; by the file's ending if absent."},
};
constexpr Shape kBatch = {
    .kind = ShapeKind::kObject, .noun = "a batch input", .fields = kBatchFields, .is_open = true};
constexpr Field kStreamFields[] = {
    {.key = "type",
     .shape = &kText,
     .required = true,
     .description = "Name of the storage plugin: kafka, file."},
    {.key = "format",
     .shape = &kText,
     .description = "How a message is written.",
     .default_text = "json"},
    {.key = "max_message_bytes",
     .shape = &kPositiveCount,
     .description = "A longer message is a dead letter.",
     .default_text = "1048576"},
    {.key = "batch_rows",
     .shape = &kPositiveCount,
     .description = "A batch of so many messages is committed.",
     .default_text = "65536"},
    {.key = "batch_ms",
     .shape = &kPositiveCount,
     .description = "A batch is committed after so many milliseconds at the latest; at once when "
                    "no message waits.",
     .default_text = "500"},
    {.key = "late",
     .shape = &kText,
     .description = "The directory of the files of late events, relative to the project.",
     .default_text = ".rtml/late"},
    {.key = "dead_letters",
     .shape = &kText,
     .description = "The directory of the files of dead letters, relative to the project.",
     .default_text = ".rtml/dead_letters"},
};
constexpr Shape kStream = {
    .kind = ShapeKind::kObject, .noun = "a stream", .fields = kStreamFields, .is_open = true};

constexpr Field kSourceColumnFields[] = {
    {.key = "from",
     .shape = &kColumn,
     .description = "The column's name in the data, where it is another."},
    {.key = "type", .shape = &kDataType, .description = "What the values are converted to."},
};
constexpr Shape kSourceColumnObject = {
    .kind = ShapeKind::kObject, .noun = "a column", .fields = kSourceColumnFields};
constexpr const Shape* kSourceColumnForms[] = {&kDataType, &kSourceColumnObject};
constexpr Shape kSourceColumn = {.kind = ShapeKind::kOneOf,
                                 .noun = "a type, or a mapping with from and type",
                                 .alternatives = kSourceColumnForms};
constexpr Shape kSourceColumns = {
    .kind = ShapeKind::kMap, .noun = "a mapping of columns", .item = &kSourceColumn};
constexpr std::string_view kNanWords[] = {"value"};
constexpr Shape kNanWord = {
    .kind = ShapeKind::kChoice, .noun = "value or null", .choices = kNanWords};
constexpr const Shape* kNanForms[] = {&kNull, &kNanWord};
constexpr Shape kNan = {
    .kind = ShapeKind::kOneOf, .noun = "value or null", .alternatives = kNanForms};

constexpr std::string_view kBatchOrStream[] = {"batch", "stream"};
constexpr Rule kSourceRules[] = {{Rule::Kind::kAtLeastOne, kBatchOrStream}};
constexpr std::string_view kSourceWord[] = {"source"};
constexpr Shape kSourceKind = one_word(kSourceWord);
constexpr auto kSourceFields = with_notes(
    kSourceKind, true,
    {
        name_of("Name that views and pipelines use."),
        {.key = "batch",
         .shape = &kBatch,
         .description = "Where past events are. Keys beside these are for the plugin.",
         .interpolates = true},
        {.key = "stream",
         .shape = &kStream,
         .description = "Where new events come from. Keys beside these are for the plugin.",
         .interpolates = true},
        {.key = "timestamp",
         .shape = &kTimeColumn,
         .required = true,
         .description = "When an event happened. A time without a zone is UTC."},
        {.key = "created",
         .shape = &kTimeColumn,
         .description = "When a row was written; decides between rows of one event time."},
        {.key = "id",
         .shape = &kColumn,
         .description = "Identifies an event; a second event with the same id is dropped."},
        {.key = "columns",
         .shape = &kSourceColumns,
         .description = "Columns that are renamed or given a type; others stay as they are."},
        {.key = "nan",
         .shape = &kNan,
         .description = "Whether NaN in the data is a value or a null.",
         .default_text = "value"},
    });
constexpr Shape kSource = {
    .kind = ShapeKind::kObject, .noun = "a source", .fields = kSourceFields, .rules = kSourceRules};

// ---- entity ----

constexpr Shape kKeyColumns = {.kind = ShapeKind::kMap,
                               .noun = "a mapping of columns to types",
                               .item = &kDataType,
                               .min_items = 1};
constexpr const Shape* kKeyForms[] = {&kColumn, &kKeyColumns};
constexpr Shape kKey = {.kind = ShapeKind::kOneOf,
                        .noun = "a column, or a mapping of columns to types",
                        .alternatives = kKeyForms};
constexpr std::string_view kEntityWord[] = {"entity"};
constexpr Shape kEntityKind = one_word(kEntityWord);
constexpr auto kEntityFields =
    with_notes(kEntityKind, true,
               {
                   name_of("Name that views use."),
                   {.key = "key",
                    .shape = &kKey,
                    .required = true,
                    .description = "The column or columns that identify one of them."},
               });
constexpr Shape kEntity = {
    .kind = ShapeKind::kObject, .noun = "an entity", .fields = kEntityFields};

// ---- feature_view ----

constexpr std::string_view kWindowTypes[] = {"sliding", "tumbling", "session", "lifetime"};
constexpr Shape kWindowType = {
    .kind = ShapeKind::kChoice, .noun = "a kind of window", .choices = kWindowTypes};
constexpr std::string_view kBoundsWords[] = {"open-closed", "closed-open"};
constexpr Shape kBounds = {
    .kind = ShapeKind::kChoice, .noun = "the bounds of a window", .choices = kBoundsWords};
constexpr Field kWindowFields[] = {
    {.key = "type",
     .shape = &kWindowType,
     .description = "How events are chosen.",
     .default_text = "sliding"},
    {.key = "size", .shape = &kPositiveDuration, .description = "How long the window is."},
    {.key = "delay",
     .shape = &kDuration,
     .description = "Moves both ends of a sliding window into the past.",
     .default_text = "0s"},
    {.key = "bounds",
     .shape = &kBounds,
     .description = "Which end belongs to a sliding window.",
     .default_text = "open-closed"},
    {.key = "resolution",
     .shape = &kPositiveDuration,
     .description = "Sliding: keep sums of tiles this long instead of every event."},
    {.key = "offset",
     .shape = &kDuration,
     .description = "Tumbling: moves the grid, which starts at the epoch.",
     .default_text = "0s"},
    {.key = "partial",
     .shape = &kBool,
     .description = "Tumbling: the window so far instead of the last complete one.",
     .default_text = "false"},
    {.key = "gap",
     .shape = &kPositiveDuration,
     .description = "Session: a longer gap starts a new one."},
    {.key = "max_length",
     .shape = &kPositiveDuration,
     .description = "Session: the longest one.",
     .default_text = "24h"},
    {.key = "closed",
     .shape = &kBool,
     .description = "Session: the latest one that is over instead of the open one.",
     .default_text = "false"},
};
constexpr Shape kWindowObject = {
    .kind = ShapeKind::kObject, .noun = "a window", .fields = kWindowFields};
constexpr const Shape* kWindowForms[] = {&kPositiveDuration, &kWindowObject};
constexpr Shape kWindow = {.kind = ShapeKind::kOneOf,
                           .noun = "a duration, or a mapping with size and delay",
                           .definition = "window",
                           .alternatives = kWindowForms};

constexpr std::string_view kFeatureForms[] = {"column", "aggregate", "expression"};
constexpr std::string_view kWindowNeeds[] = {"window", "aggregate"};
constexpr std::string_view kFilterNeeds[] = {"filter", "aggregate"};
constexpr Rule kFeatureRules[] = {{Rule::Kind::kAtMostOne, kFeatureForms},
                                  {Rule::Kind::kNeeds, kWindowNeeds},
                                  {Rule::Kind::kNeeds, kFilterNeeds}};
constexpr Field kFeatureFields[] = {
    name_of("Name of the feature and of its column."),
    {.key = "type", .shape = &kDataType, .required = true, .description = "Type of its values."},
    {.key = "column",
     .shape = &kColumn,
     .description = "Takes this column of the entity's latest event; by default the one named "
                    "like the feature, where there is neither aggregate nor expression."},
    {.key = "aggregate",
     .shape = &kExpression,
     .description = "What is computed over the window's events: count, sum(amount), mean(amount)."},
    {.key = "window",
     .shape = &kWindow,
     .description = "Which events count. All of the past if absent."},
    {.key = "filter",
     .shape = &kExpression,
     .description = "A condition; events for which it is false or null do not count."},
    {.key = "expression",
     .shape = &kExpression,
     .description = "Computed from other features of the view or from the latest event."},
    {.key = "description",
     .shape = &kText,
     .description = "For people; has no effect.",
     .interpolates = true},
};
constexpr Shape kFeature = {.kind = ShapeKind::kObject,
                            .noun = "a feature",
                            .fields = kFeatureFields,
                            .rules = kFeatureRules};
constexpr Shape kFeatures = {
    .kind = ShapeKind::kList, .noun = "a list of features", .item = &kFeature, .min_items = 1};

constexpr Shape kFieldMapping = {
    .kind = ShapeKind::kMap, .noun = "a mapping of columns to names", .item = &kColumn};
constexpr Field kFeastBatchFields[] = {
    {.key = "type", .shape = &kText, .required = true, .description = "file, as in a source."},
    {.key = "path", .shape = &kText, .description = "A file or glob."},
    {.key = "timestamp_field",
     .shape = &kColumn,
     .description = "When an event happened.",
     .default_text = "event_timestamp"},
    {.key = "created_timestamp_column",
     .shape = &kColumn,
     .description = "When a row was written."},
    {.key = "field_mapping",
     .shape = &kFieldMapping,
     .description = "Columns of the data with the names they get."},
};
constexpr Shape kFeastBatch = {.kind = ShapeKind::kObject,
                               .noun = "a batch source",
                               .fields = kFeastBatchFields,
                               .is_open = true};
constexpr Field kFeastStreamFields[] = {
    {.key = "type", .shape = &kText, .required = true, .description = "kafka, as in a source."},
    {.key = "kafka_bootstrap_servers", .shape = &kText, .description = "Host and port."},
    {.key = "topic", .shape = &kText, .description = "The topic."},
    {.key = "timestamp_field",
     .shape = &kColumn,
     .description = "When an event happened.",
     .default_text = "event_timestamp"},
};
constexpr Shape kFeastStream = {.kind = ShapeKind::kObject,
                                .noun = "a stream source",
                                .fields = kFeastStreamFields,
                                .is_open = true};

constexpr std::string_view kSourceOrBatch[] = {"source", "batch_source"};
constexpr std::string_view kSourceOrStream[] = {"source", "stream_source"};
constexpr std::string_view kAnySource[] = {"source", "batch_source", "stream_source"};
constexpr Rule kViewRules[] = {{Rule::Kind::kAtLeastOne, kAnySource},
                               {Rule::Kind::kAtMostOne, kSourceOrBatch},
                               {Rule::Kind::kAtMostOne, kSourceOrStream}};
constexpr std::string_view kViewWord[] = {"feature_view"};
constexpr Shape kViewKind = one_word(kViewWord);
constexpr auto kViewFields = with_notes(
    kViewKind, false,
    {
        name_of("Name that services and commands use."),
        {.key = "entities",
         .shape = &kColumnList,
         .required = true,
         .description = "Entities, or key columns of the source. Empty: one state for all events."},
        {.key = "source", .shape = &kName, .description = "The source of the events."},
        {.key = "batch_source",
         .shape = &kFeastBatch,
         .description = "A source of the view's own, written as in Feast.",
         .interpolates = true},
        {.key = "stream_source",
         .shape = &kFeastStream,
         .description = "The stream of a source of the view's own, written as in Feast.",
         .interpolates = true},
        {.key = "ttl",
         .shape = &kDuration,
         .description = "Where the entity's latest event is older, every feature is null. "
                        "0 or absent: for ever."},
        {.key = "as_of_created",
         .shape = &kBool,
         .description = "A row counts only from the moment it was created.",
         .default_text = "false"},
        {.key = "watermark_delay",
         .shape = &kDuration,
         .description = "How far the watermark of a stream stays behind its latest event.",
         .default_text = "5s"},
        {.key = "allowed_lateness",
         .shape = &kDuration,
         .description = "An event of a stream that lies further behind the watermark is late. "
                        "Absent: as far as any read looks back."},
        {.key = "history",
         .shape = &kDuration,
         .description = "How far behind the watermark a stream's values can still be read.",
         .default_text = "1d"},
        {.key = "max_future",
         .shape = &kDuration,
         .description = "An event of a stream that lies further ahead of its arrival is a dead "
                        "letter.",
         .default_text = "1h"},
        {.key = "max_events_per_entity",
         .shape = &kPositiveCount,
         .description = "More events of one entity than this are not kept; they are dead letters.",
         .default_text = "100000"},
        {.key = "features",
         .shape = &kFeatures,
         .required = true,
         .description = "In the order of their columns."},
    });
constexpr Shape kView = {.kind = ShapeKind::kObject,
                         .noun = "a feature view",
                         .fields = kViewFields,
                         .rules = kViewRules};

// ---- feature_service ----

constexpr Shape kServiceItem = {.kind = ShapeKind::kText, .noun = "VIEW or VIEW:FEATURE"};
constexpr Shape kServiceItems = {.kind = ShapeKind::kList,
                                 .noun = "a list of VIEW or VIEW:FEATURE",
                                 .item = &kServiceItem,
                                 .min_items = 1,
                                 .has_no_twins = true};
constexpr std::string_view kServiceWord[] = {"feature_service"};
constexpr Shape kServiceKind = one_word(kServiceWord);
constexpr auto kServiceFields = with_notes(
    kServiceKind, true,
    {
        name_of("Name that pipelines and commands use."),
        {.key = "features",
         .shape = &kServiceItems,
         .required = true,
         .description = "Views whose features a model reads, or single features as view:feature."},
        {.key = "full_feature_names",
         .shape = &kBool,
         .description = "Columns are named view__feature.",
         .default_text = "false"},
    });
constexpr Shape kService = {
    .kind = ShapeKind::kObject, .noun = "a feature service", .fields = kServiceFields};

// ---- pipeline ----

constexpr std::string_view kMetricNames[] = {
    "roc_auc", "average_precision", "log_loss", "brier", "precision", "recall",
    "f1",      "accuracy",          "rmse",     "mae"};
constexpr Shape kMetric = {.kind = ShapeKind::kChoice, .noun = "a metric", .choices = kMetricNames};
constexpr Shape kMetrics = {.kind = ShapeKind::kList,
                            .noun = "a list of metrics",
                            .item = &kMetric,
                            .min_items = 1,
                            .has_no_twins = true};
constexpr std::string_view kBaselineNames[] = {"majority", "no-change"};
constexpr Shape kBaseline = {
    .kind = ShapeKind::kChoice, .noun = "a baseline", .choices = kBaselineNames};
constexpr Shape kBaselines = {.kind = ShapeKind::kList,
                              .noun = "a list of baselines",
                              .item = &kBaseline,
                              .has_no_twins = true};

constexpr Field kLabelFields[] = {
    {.key = "source",
     .shape = &kName,
     .required = true,
     .description = "The source whose rows are labelled; it has the views' key columns too."},
    {.key = "column",
     .shape = &kColumn,
     .required = true,
     .description = "The true value, for classification 0 or 1."},
    {.key = "maturity",
     .shape = &kDuration,
     .description = "How long after its event a label is known.",
     .default_text = "0s"},
};
constexpr Shape kLabels = {.kind = ShapeKind::kObject, .noun = "labels", .fields = kLabelFields};
constexpr Field kDatasetFields[] = {
    {.key = "service",
     .shape = &kName,
     .required = true,
     .description = "The feature service that the model reads."},
    {.key = "labels", .shape = &kLabels, .required = true, .description = "What is learnt."},
};
constexpr Shape kDataset = {
    .kind = ShapeKind::kObject, .noun = "a training set", .fields = kDatasetFields};

constexpr std::string_view kTrainNeeds[] = {"train", "test"};
constexpr std::string_view kTestNeeds[] = {"test", "train"};
constexpr std::string_view kEmbargoNeeds[] = {"embargo", "train"};
constexpr std::string_view kTrainFromNeeds[] = {"train_from", "train_to", "test_from", "test_to"};
constexpr std::string_view kTrainToNeeds[] = {"train_to", "train_from"};
constexpr std::string_view kTestFromNeeds[] = {"test_from", "train_from"};
constexpr std::string_view kTestToNeeds[] = {"test_to", "train_from"};
constexpr std::string_view kEitherSplit[] = {"train", "train_from"};
constexpr Rule kSplitRules[] = {
    {Rule::Kind::kAtLeastOne, kEitherSplit}, {Rule::Kind::kAtMostOne, kEitherSplit},
    {Rule::Kind::kNeeds, kTrainNeeds},       {Rule::Kind::kNeeds, kTestNeeds},
    {Rule::Kind::kNeeds, kEmbargoNeeds},     {Rule::Kind::kNeeds, kTrainFromNeeds},
    {Rule::Kind::kNeeds, kTrainToNeeds},     {Rule::Kind::kNeeds, kTestFromNeeds},
    {Rule::Kind::kNeeds, kTestToNeeds}};
constexpr Field kSplitFields[] = {
    {.key = "train",
     .shape = &kPositiveDuration,
     .description = "How long the training range is; it ends where the embargo begins."},
    {.key = "embargo",
     .shape = &kDuration,
     .description = "Gap between training and test, not shorter than the maturity of the labels.",
     .default_text = "the maturity of the labels"},
    {.key = "test",
     .shape = &kPositiveDuration,
     .description = "How long the test range is; it ends with the last row."},
    {.key = "train_from", .shape = &kTimestamp, .description = "First moment of training."},
    {.key = "train_to", .shape = &kTimestamp, .description = "First moment after training."},
    {.key = "test_from", .shape = &kTimestamp, .description = "First moment of the test."},
    {.key = "test_to", .shape = &kTimestamp, .description = "First moment after the test."},
};
constexpr Shape kSplit = {
    .kind = ShapeKind::kObject, .noun = "a split", .fields = kSplitFields, .rules = kSplitRules};

constexpr Field kModelFields[] = {
    {.key = "type",
     .shape = &kText,
     .required = true,
     .description = "Name of the model plugin: linear."},
    {.key = "name",
     .shape = &kName,
     .description = "Under which versions are registered; the pipeline's name if absent."},
    {.key = "parameters",
     .shape = &kFreeMap,
     .description = "For the plugin; `rtml plugin show` lists them."},
};
constexpr Shape kModel = {.kind = ShapeKind::kObject, .noun = "a model", .fields = kModelFields};
constexpr Field kGateFields[] = {
    {.key = "metric",
     .shape = &kMetric,
     .required = true,
     .description = "What candidate and champion are compared by."},
    {.key = "min_delta",
     .shape = &kNumber,
     .description = "How much better the candidate must be, in the metric's unit.",
     .default_text = "0"},
    {.key = "alias",
     .shape = &kName,
     .description = "The version that the candidate is compared with.",
     .default_text = "champion"},
    {.key = "baselines",
     .shape = &kBaselines,
     .description = "Trivial predictions that the candidate must beat too."},
};
constexpr Shape kGate = {.kind = ShapeKind::kObject, .noun = "a gate", .fields = kGateFields};
constexpr std::string_view kStrategyNames[] = {"stateless"};
constexpr Shape kStrategy = {
    .kind = ShapeKind::kChoice, .noun = "a training strategy", .choices = kStrategyNames};
constexpr Shape kCron = {.kind = ShapeKind::kCron, .noun = "five fields of cron"};
constexpr std::string_view kPipelineWord[] = {"pipeline"};
constexpr Shape kPipelineKind = one_word(kPipelineWord);
constexpr auto kPipelineFields = with_notes(
    kPipelineKind, true,
    {
        name_of("Name that commands use."),
        {.key = "dataset",
         .shape = &kDataset,
         .required = true,
         .description = "Features and labels."},
        {.key = "split",
         .shape = &kSplit,
         .required = true,
         .description = "Which rows are trained on and which are tested on, by time: durations "
                        "counted back from the last row, or four moments."},
        {.key = "model", .shape = &kModel, .required = true, .description = "What learns."},
        {.key = "strategy",
         .shape = &kStrategy,
         .description = "stateless: each training starts from nothing.",
         .default_text = "stateless"},
        {.key = "metrics",
         .shape = &kMetrics,
         .required = true,
         .description = "What the test measures."},
        {.key = "threshold",
         .shape = &kShare,
         .description = "A score of at least this counts as class 1.",
         .default_text = "0.5"},
        {.key = "gate",
         .shape = &kGate,
         .description = "When a candidate may replace the champion."},
        {.key = "seed",
         .shape = &kCount,
         .description = "Of every random choice in training.",
         .default_text = "0"},
        {.key = "schedule",
         .shape = &kCron,
         .description = "When an exported pipeline runs, in UTC: minute hour day month weekday."},
    });
constexpr Shape kPipeline = {
    .kind = ShapeKind::kObject, .noun = "a pipeline", .fields = kPipelineFields};

// ---- drift ----

constexpr std::string_view kDriftTestNames[] = {"psi", "ks", "jensen_shannon", "missing_rate"};
constexpr Shape kDriftTestName = {
    .kind = ShapeKind::kChoice, .noun = "a drift test", .choices = kDriftTestNames};
constexpr Shape kThreshold = {
    .kind = ShapeKind::kNumber, .noun = "a number of 0 or more", .minimum = 0};
constexpr Field kDriftTestFields[] = {
    {.key = "test",
     .shape = &kDriftTestName,
     .required = true,
     .description = "How the two distributions are compared."},
    {.key = "threshold",
     .shape = &kThreshold,
     .required = true,
     .description = "A column with a larger value has drifted."},
    {.key = "columns",
     .shape = &kColumnList,
     .description = "Where it is applied; everywhere it suits if absent."},
};
constexpr Shape kDriftTest = {
    .kind = ShapeKind::kObject, .noun = "a drift test", .fields = kDriftTestFields};
constexpr Shape kDriftTests = {
    .kind = ShapeKind::kList, .noun = "a list of drift tests", .item = &kDriftTest, .min_items = 1};
constexpr std::string_view kColumnsOrExclude[] = {"columns", "exclude"};
constexpr Rule kDriftRules[] = {{Rule::Kind::kAtMostOne, kColumnsOrExclude}};
constexpr Shape kRowCount = {
    .kind = ShapeKind::kInteger, .noun = "an integer of 1 or more", .minimum = 1};
constexpr std::string_view kDriftWord[] = {"drift"};
constexpr Shape kDriftKind = one_word(kDriftWord);
constexpr auto kDriftFields = with_notes(
    kDriftKind, true,
    {
        name_of("Name that commands use."),
        {.key = "model",
         .shape = &kName,
         .description = "The model whose training profile is the reference."},
        {.key = "alias",
         .shape = &kName,
         .description = "Which version of the model.",
         .default_text = "champion"},
        {.key = "columns",
         .shape = &kColumnList,
         .description = "What is compared; all if absent."},
        {.key = "exclude", .shape = &kColumnList, .description = "What is not compared."},
        {.key = "tests",
         .shape = &kDriftTests,
         .description = "Each with its threshold; a column drifts if one of them says so."},
        {.key = "min_rows",
         .shape = &kRowCount,
         .description = "With fewer rows the check cannot tell.",
         .default_text = "100"},
        {.key = "max_drifted_share",
         .shape = &kShare,
         .description = "Overall there is drift if a larger share of the columns drifted.",
         .default_text = "0"},
    });
constexpr Shape kDrift = {.kind = ShapeKind::kObject,
                          .noun = "a drift check",
                          .fields = kDriftFields,
                          .rules = kDriftRules};

// ---- experiment ----

constexpr std::string_view kExperimentMetricNames[] = {"precision", "recall", "f1", "capture_rate",
                                                       "false_positive_rate"};
constexpr Shape kExperimentMetric = {
    .kind = ShapeKind::kChoice, .noun = "a metric", .choices = kExperimentMetricNames};
constexpr Shape kExperimentMetrics = {.kind = ShapeKind::kList,
                                      .noun = "a list of metrics",
                                      .item = &kExperimentMetric,
                                      .min_items = 1,
                                      .has_no_twins = true};
constexpr Field kArmFields[] = {
    {.key = "name", .shape = &kText, .required = true, .description = "As in the arm column."},
    {.key = "share",
     .shape = &kShare,
     .required = true,
     .description = "Of the traffic, as planned; all shares add up to 1."},
};
constexpr Shape kArm = {.kind = ShapeKind::kObject, .noun = "an arm", .fields = kArmFields};
constexpr Shape kArms = {
    .kind = ShapeKind::kList, .noun = "a list of arms", .item = &kArm, .min_items = 2};
constexpr std::string_view kExperimentWord[] = {"experiment"};
constexpr Shape kExperimentKind = one_word(kExperimentWord);
constexpr auto kExperimentFields = with_notes(
    kExperimentKind, true,
    {
        name_of("Name that commands use."),
        {.key = "arms",
         .shape = &kArms,
         .required = true,
         .description = "The first is the control."},
        {.key = "unit",
         .shape = &kColumn,
         .description = "The column that was randomised; each row by itself if absent."},
        {.key = "arm_column",
         .shape = &kColumn,
         .description = "The column that names the arm.",
         .default_text = "arm"},
        {.key = "label", .shape = &kColumn, .description = "The true class, 0 or 1."},
        {.key = "score", .shape = &kColumn, .description = "The model's score."},
        {.key = "value", .shape = &kColumn, .description = "A number whose mean is compared."},
        {.key = "threshold",
         .shape = &kShare,
         .description = "A score of at least this counts as class 1.",
         .default_text = "0.5"},
        {.key = "alpha",
         .shape = &kShare,
         .description = "Two-sided error rate of a test.",
         .default_text = "0.05"},
        {.key = "metrics", .shape = &kExperimentMetrics, .description = "All if absent."},
    });
constexpr Shape kExperiment = {
    .kind = ShapeKind::kObject, .noun = "an experiment", .fields = kExperimentFields};

constexpr KindSpec kKinds[] = {
    {"project", "", "rtml.yaml: the project itself.", &kProject},
    {"source", "sources", "Where events and tables come from.", &kSource},
    {"entity", "features", "What features belong to: a customer, a terminal.", &kEntity},
    {"feature_view", "features", "Features computed from one source for one key.", &kView},
    {"feature_service", "features", "The named list of features that a model reads.", &kService},
    {"pipeline", "pipelines", "Training set, model, evaluation and gate.", &kPipeline},
    {"drift", "drift", "What is compared with the training data, and when it is drift.", &kDrift},
    {"experiment", "experiments", "The arms of an A/B test and what is compared.", &kExperiment},
};

}  // namespace

std::span<const KindSpec> kinds() {
  return kKinds;
}

const KindSpec* find_kind(std::string_view kind) {
  for (const KindSpec& spec : kKinds) {
    if (spec.kind == kind) return &spec;
  }
  return nullptr;
}

std::vector<std::string> definition_kinds() {
  std::vector<std::string> names;
  for (const KindSpec& spec : kKinds) {
    if (spec.shape != &kProject) names.emplace_back(spec.kind);
  }
  return names;
}

std::span<const std::string_view> metric_names() {
  return kMetricNames;
}

std::span<const std::string_view> experiment_metric_names() {
  return kExperimentMetricNames;
}

std::span<const std::string_view> baseline_names() {
  return kBaselineNames;
}

std::span<const std::string_view> drift_test_names() {
  return kDriftTestNames;
}

}  // namespace rtml::schema
