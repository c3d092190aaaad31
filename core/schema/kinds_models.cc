// The kinds below pipelines/, drift/ and experiments/.

#include <array>

#include "core/schema/common_shapes.h"
#include "core/schema/kind_shapes.h"
#include "core/schema/kinds.h"

namespace rtml::schema {
namespace {

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

}  // namespace

constinit const Shape kPipelineShape = kPipeline;
constinit const Shape kDriftShape = kDrift;
constinit const Shape kExperimentShape = kExperiment;

std::span<const std::string_view> metric_names() {
  return kMetricNames;
}

}  // namespace rtml::schema
