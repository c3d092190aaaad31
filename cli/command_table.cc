#include "cli/command_table.h"

#include "cli/commands/abtest/analyze.h"
#include "cli/commands/completion/completion.h"
#include "cli/commands/config/show.h"
#include "cli/commands/config/trust.h"
#include "cli/commands/data/replay.h"
#include "cli/commands/dataset/build.h"
#include "cli/commands/dataset/show.h"
#include "cli/commands/drift/check.h"
#include "cli/commands/drift/profile.h"
#include "cli/commands/feature/apply.h"
#include "cli/commands/feature/explain.h"
#include "cli/commands/feature/get.h"
#include "cli/commands/feature/list.h"
#include "cli/commands/feature/materialize.h"
#include "cli/commands/feature/plan.h"
#include "cli/commands/feature/retire.h"
#include "cli/commands/feature/show.h"
#include "cli/commands/feature/verify.h"
#include "cli/commands/help/help.h"
#include "cli/commands/init/init.h"
#include "cli/commands/model/diff.h"
#include "cli/commands/model/history.h"
#include "cli/commands/model/list.h"
#include "cli/commands/model/show.h"
#include "cli/commands/model/verify.h"
#include "cli/commands/pipeline/export.h"
#include "cli/commands/pipeline/run.h"
#include "cli/commands/plugin/add.h"
#include "cli/commands/plugin/check.h"
#include "cli/commands/plugin/list.h"
#include "cli/commands/plugin/show.h"
#include "cli/commands/predict/predict.h"
#include "cli/commands/promote/promote.h"
#include "cli/commands/register/register.h"
#include "cli/commands/registry/backup.h"
#include "cli/commands/registry/check.h"
#include "cli/commands/registry/log.h"
#include "cli/commands/rollback/rollback.h"
#include "cli/commands/simulate/fraud.h"
#include "cli/commands/stream/run.h"
#include "cli/commands/stream/status.h"
#include "cli/commands/train/train.h"
#include "cli/commands/version/version.h"

namespace rtml::cli {
namespace {

// To add a command: write cli/commands/<noun>/<verb>.{h,cc}, include it above, add its row here.
constexpr const CommandSpec* kCommands[] = {
    // clang-format off
    &commands::kAbtestAnalyze,
    &commands::kCompletion,
    &commands::kConfigShow,
    &commands::kConfigTrust,
    &commands::kDataReplay,
    &commands::kDatasetBuild,
    &commands::kDatasetShow,
    &commands::kDriftCheck,
    &commands::kDriftProfile,
    &commands::kFeatureApply,
    &commands::kFeatureExplain,
    &commands::kFeatureGet,
    &commands::kFeatureList,
    &commands::kFeatureMaterialize,
    &commands::kFeaturePlan,
    &commands::kFeatureRetire,
    &commands::kFeatureShow,
    &commands::kFeatureVerify,
    &commands::kHelp,
    &commands::kInit,
    &commands::kModelDiff,
    &commands::kModelHistory,
    &commands::kModelList,
    &commands::kModelShow,
    &commands::kModelVerify,
    &commands::kPipelineExport,
    &commands::kPipelineRun,
    &commands::kPluginAdd,
    &commands::kPluginCheck,
    &commands::kPluginList,
    &commands::kPluginShow,
    &commands::kPredict,
    &commands::kPromote,
    &commands::kRegister,
    &commands::kRegistryBackup,
    &commands::kRegistryCheck,
    &commands::kRegistryLog,
    &commands::kRollback,
    &commands::kSimulateFraud,
    &commands::kStreamRun,
    &commands::kStreamStatus,
    &commands::kTrain,
    &commands::kVersion,
    // clang-format on
};

}  // namespace

std::span<const CommandSpec* const> command_table() {
  return kCommands;
}

const std::vector<CommandGroup>& command_groups() {
  static const std::vector<CommandGroup> groups = {
      {"Start a project", {"init", "simulate"}},
      {"Features and training sets", {"feature", "dataset"}},
      {"Streams", {"stream", "data"}},
      {"Models", {"train", "register", "promote", "rollback", "model", "predict"}},
      {"Watch and compare", {"drift", "abtest"}},
      {"Automate", {"pipeline"}},
      {"Look after the installation", {"registry", "plugin", "config", "completion"}},
      {"About rtml", {"help", "version"}},
  };
  return groups;
}

const CommandSpec* find_command(std::string_view path) {
  for (const CommandSpec* command : kCommands) {
    if (command->path == path) return command;
  }
  return nullptr;
}

std::vector<const CommandSpec*> commands_of(std::string_view noun) {
  std::vector<const CommandSpec*> found;
  for (const CommandSpec* command : kCommands) {
    if (noun_of(command->path) == noun) found.push_back(command);
  }
  return found;
}

std::string_view noun_of(std::string_view path) {
  return path.substr(0, path.find(' '));
}

}  // namespace rtml::cli
