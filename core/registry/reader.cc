#include "core/registry/reader.h"

#include <algorithm>
#include <charconv>

#include "core/base/name.h"
#include "core/registry/connection.h"
#include "core/registry/event_log.h"
#include "core/registry/record_json.h"

namespace rtml::registry {
namespace {

constexpr std::size_t kShortestIdentity = 8;

Error not_found(std::string what) {
  return {ErrorCode::kRegistryNotFound, std::move(what)};
}

Result<Json> json_column(const Statement& row, int column, std::string_view what) {
  auto json = parse_json(row.text(column), what);
  if (json) return json;
  return fail(Error(ErrorCode::kRegistryCorrupt, json.error().message())
                  .with_help("run \"rtml registry check\", and restore a backup"));
}

constexpr std::string_view kDefinitionSql =
    "SELECT d.kind, d.name, d.number, d.identity, d.content, c.number IS NOT NULL, d.created_us, "
    "d.event, r.number IS NOT NULL FROM definitions d LEFT JOIN current_definitions c ON c.kind = "
    "d.kind AND c.name = d.name AND c.number = d.number LEFT JOIN retired_definitions r ON r.kind "
    "= "
    "d.kind AND r.name = d.name AND r.number = d.number ";

Result<Definition> definition_of(const Statement& row) {
  Definition definition;
  definition.kind = row.text(0);
  definition.name = row.text(1);
  definition.number = row.integer(2);
  definition.identity = row.text(3);
  RTML_TRY_ASSIGN(definition.content, json_column(row, 4, "definition " + definition.label()));
  definition.current = row.integer(5) != 0;
  definition.created_us = row.integer(6);
  definition.event = row.integer(7);
  definition.retired = row.integer(8) != 0;
  return definition;
}

constexpr std::string_view kDatasetSql =
    "SELECT identity, manifest_sha256, service, service_identity, row_count, created_us, event "
    "FROM "
    "datasets ";

Result<Dataset> dataset_of(const Statement& row) {
  return Dataset{row.text(0),    row.text(1),    row.text(2),   row.text(3),
                 row.integer(4), row.integer(5), row.integer(6)};
}

Result<Run> run_of(const Statement& row) {
  RTML_TRY_ASSIGN(const Json record, json_column(row, 0, "run"));
  Run run = run_from_json(record);
  run.event = row.integer(1);
  return run;
}

Result<ModelVersion> version_of(const Statement& row) {
  RTML_TRY_ASSIGN(const Json record, json_column(row, 0, "model version"));
  ModelVersion version = version_from_json(record);
  version.event = row.integer(1);
  return version;
}

Result<Alias> alias_of(const Statement& row) {
  return Alias{row.text(0), row.text(1), row.integer(2), row.integer(3), row.integer(4)};
}

Result<AliasMove> move_of(const Statement& row) {
  AliasMove move;
  move.event = row.integer(0);
  move.model = row.text(1);
  move.alias = row.text(2);
  if (!row.is_null(3)) move.from = row.integer(3);
  move.to = row.integer(4);
  move.rollback = row.integer(5) != 0;
  move.moved_us = row.integer(6);
  return move;
}

Result<std::string> text_of(const Statement& row) {
  return row.text(0);
}

// Returns the first item, or nothing.
template <typename T>
std::optional<T> first(std::vector<T> items) {
  if (items.empty()) return std::nullopt;
  return std::move(items.front());
}

std::pair<std::string_view, std::string_view> split_reference(std::string_view reference) {
  const std::size_t at = reference.find('@');
  if (at == std::string_view::npos) return {reference, {}};
  return {reference.substr(0, at), reference.substr(at + 1)};
}

}  // namespace

std::int64_t parse_version_number(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && number > 0 ? number
                                                                                           : 0;
}

Reader::Reader(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

Result<std::vector<Definition>> Reader::definitions(std::string_view kind) const {
  return collect(*connection_, definition_of,
                 std::string(kDefinitionSql) +
                     "WHERE ?1 = '' OR d.kind = ?1 ORDER BY d.kind, d.name, d.number",
                 kind);
}

Result<std::vector<Definition>> Reader::current_definitions(std::string_view kind) const {
  return collect(*connection_, definition_of,
                 std::string(kDefinitionSql) +
                     "WHERE c.number IS NOT NULL AND (?1 = '' OR d.kind "
                     "= ?1) ORDER BY d.kind, d.name",
                 kind);
}

Result<Definition> Reader::definition(std::string_view kind, std::string_view reference) const {
  const auto [name, version] = split_reference(reference);
  const std::int64_t number = parse_version_number(version);
  RTML_TRY_ASSIGN(auto found,
                  collect(*connection_, definition_of,
                          std::string(kDefinitionSql) +
                              "WHERE d.kind = ? AND d.name = ? AND (c.number IS NOT NULL AND ?3 = "
                              "'' OR d.number = ?4)",
                          kind, name, version, number));
  if (!found.empty()) return std::move(found.front());
  RTML_TRY_ASSIGN(
      const auto names,
      collect(*connection_, text_of, "SELECT DISTINCT name FROM definitions WHERE kind = ?", kind));
  const bool is_known = std::find(names.begin(), names.end(), name) != names.end();
  std::string what(kind);
  std::replace(what.begin(), what.end(), '_', ' ');
  return fail(not_found("the registry has no " + what + ": " + std::string(reference) +
                        (is_known ? "" : did_you_mean(name, names)))
                  .with_help("run \"rtml feature apply\" to put the project's definitions into "
                             "the registry"));
}

Result<std::optional<Definition>> Reader::definition_by_identity(std::string_view kind,
                                                                 std::string_view identity) const {
  RTML_TRY_ASSIGN(
      auto found,
      collect(*connection_, definition_of,
              std::string(kDefinitionSql) +
                  "WHERE d.kind = ? AND d.identity = ? ORDER BY 6 DESC, d.name, d.number DESC",
              kind, identity));
  return first(std::move(found));
}

Result<std::vector<Dataset>> Reader::datasets() const {
  return collect(*connection_, dataset_of, std::string(kDatasetSql) + "ORDER BY event DESC");
}

Result<Dataset> Reader::dataset(std::string_view identity) const {
  if (identity.size() >= kShortestIdentity) {
    RTML_TRY_ASSIGN(auto found, collect(*connection_, dataset_of,
                                        std::string(kDatasetSql) +
                                            "WHERE substr(identity, 1, length(?1)) = ?1 LIMIT 2",
                                        identity));
    if (found.size() == 1) return std::move(found.front());
    if (found.size() > 1) {
      return fail(not_found("more than one dataset begins so: " + std::string(identity))
                      .with_help("give more digits"));
    }
  }
  return fail(not_found("the registry has no dataset: " + std::string(identity))
                  .with_help("give 8 or more digits of its identity, as \"rtml dataset show\" "
                             "lists it"));
}

Result<std::vector<Run>> Reader::runs(std::string_view pipeline) const {
  return collect(
      *connection_, run_of,
      "SELECT record, event FROM runs WHERE ?1 = '' OR pipeline = ?1 ORDER BY event DESC",
      pipeline);
}

Result<Run> Reader::run(std::string_view id) const {
  RTML_TRY_ASSIGN(auto found, collect(*connection_, run_of,
                                      "SELECT record, event FROM runs WHERE id = ?1 OR (pipeline = "
                                      "?1 AND status = 'succeeded') ORDER BY event DESC LIMIT 1",
                                      id));
  if (!found.empty()) return std::move(found.front());
  RTML_TRY_ASSIGN(const auto ids,
                  collect(*connection_, text_of,
                          "SELECT id FROM runs UNION SELECT DISTINCT pipeline FROM runs"));
  return fail(not_found("the registry has no run: " + std::string(id) + did_you_mean(id, ids))
                  .with_help("\"rtml train PIPELINE\" makes a run and prints its name"));
}

Result<std::vector<ModelSummary>> Reader::models() const {
  const auto summary_of = [](const Statement& row) -> Result<ModelSummary> {
    return ModelSummary{row.text(0), row.integer(1), row.integer(2), row.integer(3), {}};
  };
  RTML_TRY_ASSIGN(auto models,
                  collect(*connection_, summary_of,
                          "SELECT v.model, g.count, v.number, v.created_us FROM (SELECT model, "
                          "count(*) AS count, max(number) AS latest FROM model_versions GROUP BY "
                          "model) g JOIN model_versions v ON v.model = g.model AND v.number = "
                          "g.latest ORDER BY v.model"));
  RTML_TRY_ASSIGN(auto all, aliases());
  for (Alias& alias : all) {
    const auto model = std::lower_bound(
        models.begin(), models.end(), alias.model,
        [](const ModelSummary& summary, const std::string& name) { return summary.name < name; });
    if (model != models.end() && model->name == alias.model) {
      model->aliases.push_back(std::move(alias));
    }
  }
  return models;
}

Result<ModelSummary> Reader::model(std::string_view name) const {
  RTML_TRY_ASSIGN(auto all, models());
  std::vector<std::string> names;
  for (ModelSummary& summary : all) {
    if (summary.name == name) return std::move(summary);
    names.push_back(summary.name);
  }
  return fail(
      not_found("the registry has no model: " + std::string(name) + did_you_mean(name, names))
          .with_help(names.empty() ? "\"rtml register RUN --model NAME\" makes one"
                                   : "\"rtml model list\" shows all models"));
}

Result<std::vector<ModelVersion>> Reader::versions(std::string_view model_name) const {
  RTML_TRY_ASSIGN(auto found, collect(*connection_, version_of,
                                      "SELECT record, event FROM model_versions WHERE model = ? "
                                      "ORDER BY number DESC",
                                      model_name));
  if (found.empty()) RTML_TRY(model(model_name));
  return found;
}

Result<ModelVersion> Reader::version(std::string_view model_name, std::int64_t number) const {
  RTML_TRY_ASSIGN(auto found,
                  collect(*connection_, version_of,
                          "SELECT record, event FROM model_versions WHERE model = ? AND "
                          "number = ?",
                          model_name, number));
  if (!found.empty()) return std::move(found.front());
  RTML_TRY_ASSIGN(const ModelSummary summary, model(model_name));
  return fail(
      not_found("model " + summary.name + " has no version: " + std::to_string(number))
          .with_help("its latest is " + summary.name + "@" + std::to_string(summary.latest)));
}

Result<ModelVersion> Reader::resolve(std::string_view reference) const {
  const auto [name, which] = split_reference(reference);
  if (const std::int64_t number = parse_version_number(which); number > 0)
    return version(name, number);
  RTML_TRY_ASSIGN(const ModelSummary summary, model(name));
  if (which.empty() && reference.find('@') == std::string_view::npos) {
    return version(name, summary.latest);
  }
  std::vector<std::string> names;
  for (const Alias& alias : summary.aliases) {
    if (alias.name == which) return version(name, alias.number);
    names.push_back(alias.name);
  }
  std::string help = "name a version, " + summary.name + "@" + std::to_string(summary.latest);
  for (const std::string& alias : names) help += ", " + summary.name + "@" + alias;
  return fail(not_found("model " + summary.name + " has no alias: " + std::string(which) +
                        did_you_mean(which, names))
                  .with_help(std::move(help)));
}

Result<std::vector<Alias>> Reader::aliases(std::string_view model) const {
  return collect(*connection_, alias_of,
                 "SELECT model, name, number, moved_us, event FROM aliases WHERE ?1 = '' OR model "
                 "= ?1 ORDER BY model, name",
                 model);
}

Result<std::optional<Alias>> Reader::alias(std::string_view model, std::string_view name) const {
  RTML_TRY_ASSIGN(
      auto found,
      collect(*connection_, alias_of,
              "SELECT model, name, number, moved_us, event FROM aliases WHERE model = ? "
              "AND name = ?",
              model, name));
  return first(std::move(found));
}

Result<std::vector<AliasMove>> Reader::alias_moves(std::string_view model,
                                                   std::string_view alias) const {
  return collect(*connection_, move_of,
                 "SELECT event, model, alias, from_number, to_number, rollback, moved_us FROM "
                 "alias_moves WHERE model = ?1 AND (?2 = '' OR alias = ?2) ORDER BY event",
                 model, alias);
}

Result<std::int64_t> Reader::rollback_target(std::string_view model_name,
                                             std::string_view alias_name) const {
  RTML_TRY_ASSIGN(const auto moves, alias_moves(model_name, alias_name));
  // A promotion puts a version on top, a rollback takes it off again.
  std::vector<std::int64_t> promoted;
  for (const AliasMove& move : moves) {
    if (!move.rollback) {
      promoted.push_back(move.to);
    } else if (!promoted.empty()) {
      promoted.pop_back();
    }
  }
  if (promoted.size() >= 2) return promoted[promoted.size() - 2];
  const std::string label = std::string(model_name) + "@" + std::string(alias_name);
  if (moves.empty()) {
    RTML_TRY(resolve(label));  // Says what is missing, and what is near.
  }
  return fail(not_found("there is no earlier version to go back to: " + label)
                  .with_help("\"rtml model history " + std::string(model_name) +
                             "\" shows every move; \"rtml promote\" moves it to any version"));
}

Result<std::vector<Event>> Reader::events(const EventFilter& filter) const {
  const auto event_of = [](const Statement& row) { return parse_event(row.text(0), row.text(1)); };
  const std::optional<std::int64_t> since_us = filter.since_us;
  const std::int64_t limit = filter.limit > 0 ? filter.limit : -1;
  return collect(*connection_, event_of,
                 "SELECT body, hash FROM events WHERE (?1 = '' OR subject = ?1 AND kind IN "
                 "('version_registered', 'registration_refused', 'promotion_refused', "
                 "'alias_moved', 'alias_rolled_back')) AND (?2 = '' OR kind = ?2) AND (?3 IS NULL "
                 "OR time_us >= ?3) ORDER BY number DESC LIMIT ?4",
                 filter.model, filter.kind, since_us, limit);
}

Result<std::optional<Artifact>> Reader::artifact(std::string_view sha256) const {
  const auto artifact_of = [](const Statement& row) -> Result<Artifact> {
    return Artifact{row.text(0), row.integer(1), row.integer(2)};
  };
  RTML_TRY_ASSIGN(auto found, collect(*connection_, artifact_of,
                                      "SELECT sha256, size_bytes, event FROM artifacts WHERE "
                                      "sha256 = ?",
                                      sha256));
  return first(std::move(found));
}

}  // namespace rtml::registry
