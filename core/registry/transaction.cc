#include "core/registry/transaction.h"

#include "core/base/name.h"
#include "core/registry/connection.h"
#include "core/registry/event_log.h"
#include "core/registry/record_json.h"
#include "core/registry/registry.h"
#include "core/registry/transaction_state.h"

namespace rtml::registry {
namespace {

std::string version_text(const std::optional<Alias>& alias) {
  return alias ? "version " + std::to_string(alias->number) : "nothing";
}

Error moved(const std::string& label, const std::optional<Alias>& actual,
            const std::string& expected) {
  return Error(ErrorCode::kAliasMoved,
               "alias " + label + " points to " + version_text(actual) + ", expected " + expected)
      .with_help("someone moved it meanwhile; look at \"rtml model history\" and decide again");
}

}  // namespace

Transaction::Transaction(std::unique_ptr<Connection> connection, std::unique_ptr<State> state)
    : Reader(std::move(connection)), state_(std::move(state)) {}
Transaction::~Transaction() = default;

Status Transaction::append_event(std::string_view kind, std::string_view subject, Json data) {
  Event event;
  event.time_us = state_->now_us;
  event.kind = kind;
  event.subject = subject;
  event.who = state_->change.who;
  event.why = state_->change.why;
  event.lineage = state_->change.lineage;
  event.rtml_version = state_->change.rtml_version;
  event.evidence = state_->change.evidence;
  event.data = std::move(data);
  if (!state_->pending_artifacts.empty()) {
    event.data["artifacts"] = std::exchange(state_->pending_artifacts, Json::array());
  }
  return append(connection(), state_->head, event);
}

Result<Definition> Transaction::apply(std::string_view kind, std::string_view name,
                                      std::string_view identity, const Json& content) {
  Json data{{"kind", kind}, {"name", name}, {"identity", identity}};
  RTML_TRY_ASSIGN(const std::int64_t known,
                  query_integer(connection(),
                                "SELECT number FROM definitions WHERE kind = ? AND name = ? AND "
                                "identity = ?",
                                kind, name, identity));
  RTML_TRY_ASSIGN(
      const std::int64_t current,
      query_integer(connection(),
                    "SELECT number FROM current_definitions WHERE kind = ? AND name = ?", kind,
                    name));
  std::int64_t number = known;
  if (known == 0) {
    RTML_TRY_ASSIGN(const std::int64_t last,
                    query_integer(connection(),
                                  "SELECT max(number) FROM definitions WHERE kind = ? AND name = ?",
                                  kind, name));
    number = last + 1;
    data["content"] = content;
  }
  data["number"] = number;
  if (known == 0 || known != current) {
    RTML_TRY(append_event("definition_applied", name, std::move(data)));
  }
  return definition(kind, std::string(name) + "@v" + std::to_string(number));
}

Status Transaction::retire(std::string_view kind, std::string_view name) {
  RTML_TRY_ASSIGN(const Definition current, definition(kind, name));
  return append_event("definition_retired", name,
                      {{"kind", kind}, {"name", name}, {"number", current.number}});
}

Status Transaction::retire_version(std::string_view kind, std::string_view name,
                                   std::int64_t number) {
  RTML_TRY_ASSIGN(const Definition version,
                  definition(kind, std::string(name) + "@v" + std::to_string(number)));
  if (version.retired) return {};
  return append_event("definition_version_retired", name,
                      {{"kind", kind}, {"name", name}, {"number", number}});
}

Result<std::string> Transaction::store(const StagedArtifact& artifact) {
  RTML_TRY_ASSIGN(const auto known, Reader::artifact(artifact.sha256()));
  if (!state_->change.dry_run) {
    RTML_TRY_ASSIGN(const bool is_new, state_->artifacts.link(artifact));
    if (is_new) state_->linked.push_back(artifact.sha256());
  }
  const auto is_same = [&](const Json& pending) { return pending["sha256"] == artifact.sha256(); };
  const Json& pending = state_->pending_artifacts;
  if (!known && std::none_of(pending.begin(), pending.end(), is_same)) {
    state_->pending_artifacts.push_back(
        {{"sha256", artifact.sha256()}, {"size_bytes", artifact.size_bytes()}});
  }
  return artifact.sha256();
}

Status Transaction::require_artifact(const std::string& sha256, std::string_view what) const {
  if (sha256.empty()) return {};
  for (const Json& pending : state_->pending_artifacts) {
    if (pending["sha256"] == sha256) return {};
  }
  RTML_TRY_ASSIGN(const auto known, artifact(sha256));
  if (known) return {};
  return fail(ErrorCode::kRegistryNotFound,
              "the registry has no artifact to be the " + std::string(what) + ": " + sha256);
}

Result<Dataset> Transaction::record_dataset(Dataset dataset) {
  RTML_TRY_ASSIGN(const std::int64_t known,
                  query_integer(connection(), "SELECT event FROM datasets WHERE identity = ?",
                                dataset.identity));
  if (known == 0) {
    RTML_TRY(require_artifact(dataset.manifest_sha256, "manifest"));
    RTML_TRY(append_event("dataset_recorded", dataset.identity,
                          {{"identity", dataset.identity},
                           {"manifest_sha256", dataset.manifest_sha256},
                           {"service", dataset.service},
                           {"service_identity", dataset.service_identity},
                           {"row_count", dataset.row_count}}));
  }
  return Reader::dataset(dataset.identity);
}

Result<Run> Transaction::record_run(Run run) {
  RTML_TRY(check_name(run.pipeline, "pipeline"));
  RTML_TRY(require_artifact(run.artifact_sha256, "model"));
  RTML_TRY(require_artifact(run.profile_sha256, "profile"));
  RTML_TRY_ASSIGN(
      const std::int64_t last,
      query_integer(connection(), "SELECT max(number) FROM runs WHERE pipeline = ?", run.pipeline));
  const std::int64_t number = last + 1;
  run.id = run.pipeline + "-" + std::to_string(number);
  RTML_TRY(append_event("run_recorded", run.id, {{"number", number}, {"run", run_to_json(run)}}));
  run.event = state_->head.number;
  return run;
}

Result<ModelVersion> Transaction::register_version(ModelVersion version) {
  RTML_TRY(check_name(version.model, "model"));
  if (version.artifact_sha256.empty()) {
    return fail(ErrorCode::kBadValue, "a version needs an artifact: " + version.model);
  }
  RTML_TRY(require_artifact(version.artifact_sha256, "model"));
  RTML_TRY(require_artifact(version.profile_sha256, "profile"));
  RTML_TRY_ASSIGN(
      const std::int64_t last,
      query_integer(connection(), "SELECT max(number) FROM model_versions WHERE model = ?",
                    version.model));
  version.number = last + 1;
  version.created_us = state_->now_us;
  RTML_TRY(
      append_event("version_registered", version.model, {{"version", version_to_json(version)}}));
  version.event = state_->head.number;
  return version;
}

Result<ModelVersion> Transaction::register_run(std::string_view run_id, std::string_view model) {
  RTML_TRY_ASSIGN(const Run source, run(run_id));
  if (source.artifact_sha256.empty()) {
    return fail(Error(ErrorCode::kRegistryNotFound, "the run made no model: " + source.id)
                    .with_help("train again, and register a run that succeeded"));
  }
  ModelVersion version;
  version.model = model;
  version.run_id = source.id;
  version.model_type = source.model_type;
  version.artifact_sha256 = source.artifact_sha256;
  version.profile_sha256 = source.profile_sha256;
  version.service = source.service;
  version.views = source.views;
  version.dataset_identity = source.dataset_identity;
  version.parameters = source.parameters;
  version.metrics = source.metrics;
  version.seed = source.seed;
  version.lineage = source.lineage;
  version.rtml_version = source.rtml_version;
  return register_version(std::move(version));
}

Status Transaction::record_refusal(std::string_view decision, std::string_view subject,
                                   const Json& data) {
  return append_event(decision, subject, data);
}

Result<Alias> Transaction::move_alias(std::string_view model, std::string_view alias_name,
                                      std::int64_t number, const Expectation& expectation) {
  RTML_TRY(check_name(alias_name, "alias"));
  RTML_TRY(version(model, number));
  RTML_TRY_ASSIGN(const auto current, alias(model, alias_name));
  const std::string label = std::string(model) + "@" + std::string(alias_name);
  if (expectation.kind == Expectation::Kind::kAbsent && current) {
    return fail(moved(label, current, "nothing"));
  }
  if (expectation.kind == Expectation::Kind::kVersion &&
      (!current || current->number != expectation.number)) {
    return fail(moved(label, current, "version " + std::to_string(expectation.number)));
  }
  if (current && current->number == number) return *current;
  Json data{{"model", model}, {"alias", alias_name}, {"to", number}};
  if (current) data["from"] = current->number;
  RTML_TRY(append_event("alias_moved", model, std::move(data)));
  return Alias{std::string(model), std::string(alias_name), number, state_->now_us,
               state_->head.number};
}

Result<Alias> Transaction::roll_back(std::string_view model, std::string_view alias_name,
                                     std::int64_t from, std::int64_t to) {
  RTML_TRY_ASSIGN(const auto current, alias(model, alias_name));
  RTML_TRY_ASSIGN(const std::int64_t target, rollback_target(model, alias_name));
  if (!current || current->number != from || target != to) {
    return fail(moved(
        std::string(model) + "@" + std::string(alias_name), current,
        "version " + std::to_string(from) + " with version " + std::to_string(to) + " before it"));
  }
  RTML_TRY(append_event("alias_rolled_back", model,
                        {{"model", model}, {"alias", alias_name}, {"from", from}, {"to", to}}));
  return Alias{std::string(model), std::string(alias_name), to, state_->now_us,
               state_->head.number};
}

}  // namespace rtml::registry
