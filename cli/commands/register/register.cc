#include "cli/commands/register/register.h"

#include <charconv>

#include "cli/commands/model/alias_expectation.h"
#include "cli/commands/model/gate_decision.h"
#include "cli/commands/model/version_report.h"
#include "cli/registry_change.h"
#include "cli/session.h"
#include "core/base/hash.h"
#include "core/base/name.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "RUN", .help = "A run of \"rtml train\": fraud-3, or a pipeline for its newest"},
    {.name = "--model",
     .value = "NAME",
     .help = "The model that gets a new version",
     .required = true,
     .completion = Completion::kModel},
    {.name = "--alias",
     .value = "ALIAS",
     .help = "Move this alias to the new version",
     .completion = Completion::kAlias},
    {.name = "--gate",
     .type = OptionType::kFlag,
     .help = "Register only if the run passes the gate of its pipeline"},
    {.name = "--reason", .value = "TEXT", .help = "Why, for the event log"},
    {.name = "--artifact",
     .type = OptionType::kPath,
     .value = "FILE",
     .help = "Register this file, made elsewhere, instead of a run",
     .completion = Completion::kPath},
    {.name = "--type", .value = "TYPE", .help = "The model backend that reads --artifact"},
    {.name = "--metrics",
     .type = OptionType::kTextList,
     .value = "NAME=NUMBER",
     .help = "Metrics of --artifact"},
    {.name = "--parameters",
     .type = OptionType::kTextList,
     .value = "NAME=VALUE",
     .help = "Parameters of --artifact"},
};

constexpr Example kExamples[] = {
    {.command = "rtml register price_direction --model price_direction",
     .says = "Register the newest run of a pipeline"},
    {.command = "rtml register price_direction --model price_direction --gate",
     .says = "The same, if the run beats the champion and the baselines"},
    {.command = "rtml register price_direction-1 --model price_direction --alias challenger "
                "--idempotency-key \"$GITHUB_RUN_ID\"",
     .says = "Register a run once, however often the step is repeated"},
};

// Splits NAME=VALUE.
Result<std::pair<std::string, std::string>> split_pair(const std::string& text,
                                                       std::string_view option) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return fail(ErrorCode::kBadOptionValue,
                std::string(option) + " takes NAME=VALUE, not: " + text);
  }
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

Result<Json> parse_metrics(const std::vector<std::string>& pairs) {
  Json metrics = Json::object();
  for (const std::string& pair : pairs) {
    RTML_TRY_ASSIGN(const auto split, split_pair(pair, "--metrics"));
    const auto& [name, text] = split;
    double number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
      return fail(ErrorCode::kBadOptionValue, "--metrics takes numbers, not: " + pair);
    }
    metrics[name] = number;
  }
  return metrics;
}

Result<Json> parse_parameters(const std::vector<std::string>& pairs) {
  Json parameters = Json::object();
  for (const std::string& pair : pairs) {
    RTML_TRY_ASSIGN(const auto split, split_pair(pair, "--parameters"));
    parameters[split.first] = split.second;
  }
  return parameters;
}

// Exactly one of RUN and --artifact, and the options that go with it.
Status check_options(const Arguments& arguments) {
  if (arguments.has("RUN") == arguments.has("--artifact")) {
    return fail(Error(ErrorCode::kUsage, "give either a run or --artifact")
                    .with_help("\"rtml register RUN --model NAME\", or \"rtml register --artifact "
                               "FILE --type TYPE --model NAME\""));
  }
  if (arguments.has("--artifact") && !arguments.has("--type")) {
    return fail(Error(ErrorCode::kUsage, "--artifact needs --type")
                    .with_help("name the model backend that reads the file; \"rtml plugin list\" "
                               "shows them"));
  }
  for (const char* option : {"--type", "--metrics", "--parameters"}) {
    if (arguments.has("RUN") && arguments.has(option)) {
      return fail(ErrorCode::kUsage,
                  std::string(option) + " goes with --artifact; a run has its own");
    }
  }
  if (arguments.flag("--gate") && !arguments.has("RUN")) {
    return fail(ErrorCode::kUsage, "--gate needs a run; a file brings no test rows");
  }
  RTML_TRY(check_name(arguments.text("--model"), "model"));
  if (arguments.has("--alias")) RTML_TRY(check_name(arguments.text("--alias"), "alias"));
  return {};
}

// The version as it is before the registry gives it a number, with the file behind it.
struct Candidate {
  std::string run_id;              // Empty for a file.
  registry::ModelVersion version;  // Of a file.
  std::optional<registry::StagedArtifact> staged;
};

Result<Candidate> candidate_of_run(const std::string& reference,
                                   const registry::Registry& registry) {
  Candidate candidate;
  std::string sha256;
  {
    RTML_TRY_ASSIGN(const registry::Reader reader, registry.read());
    RTML_TRY_ASSIGN(const registry::Run run, reader.run(reference));
    candidate.run_id = run.id;
    sha256 = run.artifact_sha256;
  }
  if (!sha256.empty()) RTML_TRY(registry.verified_artifact(sha256));
  return candidate;
}

Result<Candidate> candidate_of_file(const Arguments& arguments, const registry::Change& change,
                                    const registry::Registry& registry) {
  Candidate candidate;
  registry::ModelVersion& version = candidate.version;
  version.model = arguments.text("--model");
  version.model_type = arguments.text("--type");
  RTML_TRY_ASSIGN(version.metrics, parse_metrics(arguments.list("--metrics")));
  RTML_TRY_ASSIGN(version.parameters, parse_parameters(arguments.list("--parameters")));
  version.lineage = change.lineage;
  version.rtml_version = change.rtml_version;
  RTML_TRY_ASSIGN(auto staged, registry.stage_file(arguments.text("--artifact")));
  candidate.staged.emplace(std::move(staged));
  return candidate;
}

Result<registry::ModelVersion> add_version(const Candidate& candidate, const std::string& model,
                                           registry::Transaction& transaction) {
  if (!candidate.staged) return transaction.register_run(candidate.run_id, model);
  registry::ModelVersion version = candidate.version;
  RTML_TRY_ASSIGN(version.artifact_sha256, transaction.store(*candidate.staged));
  return transaction.register_version(std::move(version));
}

Report report_of(const Json& answer, const RegistryChange& change, bool repeated) {
  if (answer.contains("refused")) {
    return gate_refusal_report(answer, "registered", change, repeated);
  }
  Report report;
  report.data = answer;
  add_change_outcome(report, change, repeated);
  const std::string reference = answer["reference"].get<std::string>();
  std::string line = change.change.dry_run ? "would register " : "registered ";
  line += reference;
  if (answer["run"].is_string()) line += " from " + answer["run"].get<std::string>();
  if (const std::string metrics = metrics_text(answer["metrics"]); !metrics.empty()) {
    line += ": " + metrics;
  }
  report.line(std::move(line));
  if (answer["alias"].is_string()) {
    report.line(answer["alias"].get<std::string>() + " points to " + reference);
  }
  add_gate_evidence(report, answer["gate"]);
  if (repeated) report.line("done before under this idempotency key", Tone::kFaint);
  report.outputs = {{"model", answer["model"].get<std::string>()},
                    {"version", to_json_text(answer["version"])},
                    {"reference", reference}};
  return report;
}

// A file counts by its bytes, wherever it lies.
Result<Json> request_of(const Arguments& arguments) {
  std::string sha256;
  if (arguments.has("--artifact")) {
    RTML_TRY_ASSIGN(sha256, sha256_file(arguments.text("--artifact")));
  }
  return Json{{"run", arguments.text("RUN")},
              {"model", arguments.text("--model")},
              {"alias", arguments.text("--alias")},
              {"gate", arguments.flag("--gate")},
              {"artifact_sha256", sha256},
              {"type", arguments.text("--type")},
              {"metrics", arguments.list("--metrics")},
              {"parameters", arguments.list("--parameters")}};
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY(check_options(arguments));
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  RTML_TRY_ASSIGN(Json request, request_of(arguments));
  RTML_TRY_ASSIGN(RegistryChange change,
                  make_registry_change("register", std::move(request), arguments, session));
  RTML_TRY_ASSIGN(const auto earlier, registry->answered(change.change));
  if (earlier) return report_of(earlier->value, change, true);

  const std::string& model = arguments.text("--model");
  const std::string& alias = arguments.text("--alias");
  RTML_TRY_ASSIGN(const registry::Expectation expectation, alias_as_it_is(*registry, model, alias));
  RTML_TRY_ASSIGN(const Candidate candidate,
                  arguments.has("RUN") ? candidate_of_run(arguments.text("RUN"), *registry)
                                       : candidate_of_file(arguments, change.change, *registry));
  if (arguments.flag("--gate")) {
    RTML_TRY_ASSIGN(const gate::Verdict verdict,
                    ask_gate({candidate.run_id, model, alias}, &change.change, session));
    if (verdict.outcome != gate::Outcome::kPass) {
      RTML_TRY_ASSIGN(const registry::Answer refused,
                      record_gate_refusal("registration_refused", model,
                                          Json{{"model", model}, {"run", candidate.run_id}},
                                          *registry, change.change));
      return report_of(refused.value, change, refused.repeated);
    }
  }
  RTML_TRY_ASSIGN(
      const registry::Answer answer,
      registry->change(change.change, [&](registry::Transaction& transaction) -> Result<Json> {
        RTML_TRY_ASSIGN(const auto version, add_version(candidate, model, transaction));
        Json done = version_object(version);
        done["gate"] = change.change.evidence;
        done["alias"] = nullptr;
        if (alias.empty()) return done;
        RTML_TRY(transaction.move_alias(model, alias, version.number, expectation));
        done["alias"] = alias;
        return done;
      }));
  return report_of(answer.value, change, answer.repeated);
}

}  // namespace

constinit const CommandSpec kRegister{
    .path = "register",
    .summary = "Make a version of a model from a run",
    .description =
        "The version gets the next number and binds everything the run was made from. It never "
        "changes afterwards.\n\n"
        "With --gate the run is first compared with the champion and with trivial baselines on "
        "the run's test rows, by the gate: of its pipeline. A run that fails is not registered "
        "(exit 3), nor is one about which the gate cannot tell (exit 1); the figures go into "
        "the log in any case.",
    .needs = Needs::kRegistry,
    .options = kOptions,
    .examples = kExamples,
    .changes_something = true,
    .takes_idempotency_key = true,
    .run = run,
};

}  // namespace rtml::cli::commands
