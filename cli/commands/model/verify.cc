#include "cli/commands/model/verify.h"

#include <map>

#include "cli/commands/model/version_report.h"
#include "cli/session.h"
#include "core/registry/registry.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "MODEL",
     .type = OptionType::kTextList,
     .help = "Models or versions; without any, every version of every model",
     .completion = Completion::kModelVersion},
};

constexpr Example kExamples[] = {
    {.command = "rtml model verify", .says = "Check the bytes of every version"},
    {.command = "rtml model verify price_direction@champion",
     .says = "Check the version that is in use"},
};

Result<std::vector<registry::ModelVersion>> read_versions(const registry::Registry& registry,
                                                          std::vector<std::string> references) {
  RTML_TRY_ASSIGN(const registry::Reader reader, registry.read());
  if (references.empty()) {
    RTML_TRY_ASSIGN(const auto models, reader.models());
    for (const auto& model : models) references.push_back(model.name);
  }
  std::vector<registry::ModelVersion> versions;
  for (const std::string& reference : references) {
    if (reference.find('@') != std::string::npos) {
      RTML_TRY_ASSIGN(auto version, reader.resolve(reference));
      versions.push_back(std::move(version));
      continue;
    }
    RTML_TRY_ASSIGN(auto all, reader.versions(reference));
    for (auto& version : all) versions.push_back(std::move(version));
  }
  return versions;
}

// What is wrong with a version's artifacts, "" for nothing. Each artifact is read once.
class Verifier {
 public:
  explicit Verifier(const registry::Registry& registry) : registry_(registry) {}

  std::string verify(const registry::ModelVersion& version) {
    for (const std::string* sha256 : {&version.artifact_sha256, &version.profile_sha256}) {
      if (sha256->empty()) continue;
      const auto [found, is_new] = problems_.try_emplace(*sha256);
      if (is_new) {
        if (const auto path = registry_.verified_artifact(*sha256); !path) {
          found->second = path.error().message();
        }
      }
      if (!found->second.empty()) return found->second;
    }
    return "";
  }

 private:
  const registry::Registry& registry_;
  std::map<std::string, std::string> problems_;
};

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  RTML_TRY_ASSIGN(const auto versions, read_versions(*registry, arguments.list("MODEL")));
  Verifier verifier(*registry);
  Report report;
  report.rows_key = "versions";
  report.data["versions"] = Json::array();
  Table table;
  table.columns = {{"version"}, {"artifact"}, {"result"}};
  std::int64_t damaged = 0;
  for (const auto& version : versions) {
    RTML_TRY(session.cancel().check());
    const std::string problem = verifier.verify(version);
    if (!problem.empty()) ++damaged;
    report.data["versions"].push_back({{"reference", version.label()},
                                       {"artifact_sha256", version.artifact_sha256},
                                       {"sound", problem.empty()},
                                       {"problem", problem.empty() ? Json() : Json(problem)}});
    table.rows.push_back({version.label(), short_hash(version.artifact_sha256),
                          problem.empty() ? Text("ok", Tone::kGood) : Text(problem, Tone::kBad)});
    report.findings.push_back({problem.empty() ? Finding::Level::kPass : Finding::Level::kFailure,
                               "model/artifact",
                               version.label(),
                               problem.empty() ? "its bytes are what was registered" : problem,
                               {}});
  }
  report.data["damaged"] = damaged;
  if (versions.empty()) report.line("no versions yet", Tone::kFaint);
  if (!table.rows.empty()) report.add(std::move(table));
  if (damaged > 0) {
    report.exit = ExitClass::kFailed;
    report.line(std::to_string(damaged) + " of " + std::to_string(versions.size()) +
                    " versions are damaged; restore their files from a backup",
                Tone::kBad);
  }
  return report;
}

}  // namespace

constinit const CommandSpec kModelVerify{
    .path = "model verify",
    .summary = "Check that the bytes of versions are what was registered",
    .description =
        "Reads each version's artifacts and compares their sha256. Ends with 1 if one is "
        "missing or changed. \"rtml registry check\" checks everything else as well.",
    .needs = Needs::kRegistry,
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
