// The kinds below sources/ and features/.

#include <array>

#include "core/schema/common_shapes.h"
#include "core/schema/kind_shapes.h"

namespace rtml::schema {
namespace {

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
constexpr Shape kSchemaPaths = {
    .kind = ShapeKind::kMap, .noun = "a mapping of schema numbers to files", .item = &kText};
constexpr const Shape* kStreamSchemaForms[] = {&kText, &kSchemaPaths};
constexpr Shape kStreamSchema = {.kind = ShapeKind::kOneOf,
                                 .noun = "a file, or a mapping of schema numbers to files",
                                 .alternatives = kStreamSchemaForms};
constexpr std::string_view kFramings[] = {"none", "confluent"};
constexpr Shape kFraming = {.kind = ShapeKind::kChoice, .noun = "a framing", .choices = kFramings};
constexpr Field kStreamFields[] = {
    {.key = "type",
     .shape = &kText,
     .required = true,
     .description = "What carries the stream: kafka, redis_stream, file, stdin."},
    {.key = "format",
     .shape = &kText,
     .description = "How a message is written: json, avro, protobuf.",
     .default_text = "json"},
    {.key = "schema",
     .shape = &kStreamSchema,
     .description = "The schema file of avro (.avsc) or protobuf (.proto, or a descriptor set), "
                    "relative to the project; with framing a mapping of schema numbers to files."},
    {.key = "message",
     .shape = &kText,
     .description = "protobuf: the message type of an event, with its package."},
    {.key = "framing",
     .shape = &kFraming,
     .description = "What stands before each message: nothing, or the head that serializers of "
                    "Confluent's schema registry write.",
     .default_text = "none"},
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
    {.key = "source",
     .shape = &kName,
     .description = "In a view of several sources the one whose events and columns the aggregate "
                    "sees. Absent: the events of all, and the columns that all have."},
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

constexpr Shape kSources = {.kind = ShapeKind::kList,
                            .noun = "a list of sources",
                            .item = &kName,
                            .min_items = 1,
                            .has_no_twins = true};
constexpr std::string_view kSourceOrBatch[] = {"source", "sources", "batch_source"};
constexpr std::string_view kSourceOrStream[] = {"source", "sources", "stream_source"};
constexpr std::string_view kAnySource[] = {"source", "sources", "batch_source", "stream_source"};
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
        {.key = "sources",
         .shape = &kSources,
         .description = "Instead of source: several sources whose events are read as one."},
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
         .description = "Views whose features a model reads, or single features as view:feature. "
                        "view@v2 is a version that the registry holds."},
        {.key = "full_feature_names",
         .shape = &kBool,
         .description = "Columns are named view__feature, those of a version view_v2__feature.",
         .default_text = "false"},
    });
constexpr Shape kService = {
    .kind = ShapeKind::kObject, .noun = "a feature service", .fields = kServiceFields};

// ---- on_demand_view ----

constexpr Shape kRequest = {
    .kind = ShapeKind::kMap, .noun = "a mapping of columns to types", .item = &kDataType};
constexpr Shape kInputs = {.kind = ShapeKind::kList,
                           .noun = "a list of VIEW or VIEW:FEATURE",
                           .item = &kServiceItem,
                           .has_no_twins = true};
constexpr Field kOnDemandFeatureFields[] = {
    name_of("Name of the feature and of its column."),
    {.key = "type", .shape = &kDataType, .required = true, .description = "Type of its values."},
    {.key = "expression",
     .shape = &kExpression,
     .required = true,
     .description = "Computed from the request, the inputs and other features of the view."},
    {.key = "description",
     .shape = &kText,
     .description = "For people; has no effect.",
     .interpolates = true},
};
constexpr Shape kOnDemandFeature = {
    .kind = ShapeKind::kObject, .noun = "a feature", .fields = kOnDemandFeatureFields};
constexpr Shape kOnDemandFeatures = {.kind = ShapeKind::kList,
                                     .noun = "a list of features",
                                     .item = &kOnDemandFeature,
                                     .min_items = 1};
constexpr std::string_view kRequestOrInputs[] = {"request", "inputs"};
constexpr Rule kOnDemandRules[] = {{Rule::Kind::kAtLeastOne, kRequestOrInputs}};
constexpr std::string_view kOnDemandWord[] = {"on_demand_view"};
constexpr Shape kOnDemandKind = one_word(kOnDemandWord);
constexpr auto kOnDemandFields = with_notes(
    kOnDemandKind, true,
    {
        name_of("Name that services and commands use."),
        {.key = "request",
         .shape = &kRequest,
         .description = "Columns that a request brings, with their types; in training, columns of "
                        "the rows that ask."},
        {.key = "inputs",
         .shape = &kInputs,
         .description = "Feature views, or single features as view:feature, that the expressions "
                        "read. Where two have one name, view__feature tells them apart. view@v2 "
                        "is a version that the registry holds; its features are also "
                        "view_v2__feature."},
        {.key = "features",
         .shape = &kOnDemandFeatures,
         .required = true,
         .description = "In the order of their columns."},
    });
constexpr Shape kOnDemandView = {.kind = ShapeKind::kObject,
                                 .noun = "an on-demand view",
                                 .fields = kOnDemandFields,
                                 .rules = kOnDemandRules};

}  // namespace

constinit const Shape kSourceShape = kSource;
constinit const Shape kEntityShape = kEntity;
constinit const Shape kViewShape = kView;
constinit const Shape kOnDemandViewShape = kOnDemandView;
constinit const Shape kServiceShape = kService;

}  // namespace rtml::schema
