#include "core/registry/projection.h"

#include "core/registry/record_json.h"

namespace rtml::registry {
namespace {

// Events that change no table but the artifacts and the head.
Status nothing(Connection&, const Event&) {
  return {};
}

Status definition_applied(Connection& connection, const Event& event) {
  const std::string kind = text_member(event.data, "kind");
  const std::string name = text_member(event.data, "name");
  const std::int64_t number = integer_member(event.data, "number");
  if (const Json content = member(event.data, "content"); !content.is_null()) {
    RTML_TRY(run(connection, "INSERT INTO definitions VALUES (?, ?, ?, ?, ?, ?, ?)", kind, name,
                 number, text_member(event.data, "identity"), to_canonical_json(content),
                 event.time_us, event.number));
  }
  RTML_TRY(run(connection,
               "DELETE FROM retired_definitions WHERE kind = ? AND name = ? AND number = ?", kind,
               name, number));
  return run(connection, "INSERT OR REPLACE INTO current_definitions VALUES (?, ?, ?, ?)", kind,
             name, number, event.number);
}

Status definition_retired(Connection& connection, const Event& event) {
  return run(connection, "DELETE FROM current_definitions WHERE kind = ? AND name = ?",
             text_member(event.data, "kind"), text_member(event.data, "name"));
}

Status definition_version_retired(Connection& connection, const Event& event) {
  const std::string kind = text_member(event.data, "kind");
  const std::string name = text_member(event.data, "name");
  const std::int64_t number = integer_member(event.data, "number");
  RTML_TRY(run(connection,
               "DELETE FROM current_definitions WHERE kind = ? AND name = ? AND number = ?", kind,
               name, number));
  return run(connection, "INSERT OR REPLACE INTO retired_definitions VALUES (?, ?, ?, ?)", kind,
             name, number, event.number);
}

Status dataset_recorded(Connection& connection, const Event& event) {
  return run(connection, "INSERT INTO datasets VALUES (?, ?, ?, ?, ?, ?, ?)",
             text_member(event.data, "identity"), text_member(event.data, "manifest_sha256"),
             text_member(event.data, "service"), text_member(event.data, "service_identity"),
             integer_member(event.data, "row_count"), event.time_us, event.number);
}

Status run_recorded(Connection& connection, const Event& event) {
  const Json record = member(event.data, "run");
  return run(connection, "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)", text_member(record, "id"),
             text_member(record, "pipeline"), integer_member(event.data, "number"),
             text_member(record, "status"), to_canonical_json(record), event.number);
}

Status version_registered(Connection& connection, const Event& event) {
  const Json record = member(event.data, "version");
  return run(connection, "INSERT INTO model_versions VALUES (?, ?, ?, ?, ?, ?)",
             text_member(record, "model"), integer_member(record, "number"),
             text_member(record, "artifact_sha256"), integer_member(record, "created_us"),
             to_canonical_json(record), event.number);
}

Status alias_moved(Connection& connection, const Event& event) {
  const std::string model = text_member(event.data, "model");
  const std::string alias = text_member(event.data, "alias");
  const std::int64_t to = integer_member(event.data, "to");
  std::optional<std::int64_t> from;
  if (!member(event.data, "from").is_null()) from = integer_member(event.data, "from");
  const std::int64_t rollback = event.kind == "alias_rolled_back" ? 1 : 0;
  RTML_TRY(run(connection, "INSERT OR REPLACE INTO aliases VALUES (?, ?, ?, ?, ?)", model, alias,
               to, event.time_us, event.number));
  return run(connection, "INSERT INTO alias_moves VALUES (?, ?, ?, ?, ?, ?, ?)", event.number,
             model, alias, from, to, rollback, event.time_us);
}

Status request_answered(Connection& connection, const Event& event) {
  return run(connection, "INSERT INTO idempotency VALUES (?, ?, ?, ?)",
             text_member(event.data, "key"), text_member(event.data, "request_sha256"),
             to_canonical_json(member(event.data, "answer")), event.number);
}

struct Row {
  std::string_view kind;
  Status (*project)(Connection& connection, const Event& event);
};
constexpr Row kKinds[] = {
    {"registry_created", nothing},
    {"artifacts_stored", nothing},
    {"definition_applied", definition_applied},
    {"definition_retired", definition_retired},
    {"definition_version_retired", definition_version_retired},
    {"dataset_recorded", dataset_recorded},
    {"run_recorded", run_recorded},
    {"version_registered", version_registered},
    {"registration_refused", nothing},
    {"promotion_refused", nothing},
    {"alias_moved", alias_moved},
    {"alias_rolled_back", alias_moved},
    {"request_answered", request_answered},
};

Status store_artifacts(Connection& connection, const Event& event) {
  for (const Json& artifact : member(event.data, "artifacts")) {
    RTML_TRY(run(connection, "INSERT INTO artifacts VALUES (?, ?, ?)",
                 text_member(artifact, "sha256"), integer_member(artifact, "size_bytes"),
                 event.number));
  }
  return {};
}

}  // namespace

Status project(Connection& connection, const Event& event) {
  for (const Row& row : kKinds) {
    if (row.kind != event.kind) continue;
    RTML_TRY(store_artifacts(connection, event));
    RTML_TRY(row.project(connection, event));
    return run(connection, "UPDATE head SET number = ?, hash = ? WHERE id = 1", event.number,
               event.hash);
  }
  return fail(ErrorCode::kRegistryCorrupt,
              "the log holds an event of a kind that this rtml does "
              "not know: " +
                  event.kind);
}

}  // namespace rtml::registry
