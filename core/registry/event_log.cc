#include "core/registry/event_log.h"

#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/registry/projection.h"
#include "core/registry/record_json.h"

namespace rtml::registry {

Result<Head> read_head(Connection& connection) {
  RTML_TRY_ASSIGN(Statement row,
                  Statement::prepare(connection, "SELECT number, hash FROM head WHERE id = 1"));
  RTML_TRY_ASSIGN(const bool found, row.next());
  if (!found) {
    return fail(Error(ErrorCode::kRegistryCorrupt, "the registry does not say where its log ends")
                    .with_help("run \"rtml registry check\", and restore a backup"));
  }
  return Head{row.integer(0), row.text(1)};
}

std::string event_body(const Event& event) {
  Json body = Json::object();
  body["number"] = event.number;
  body["time"] = format_timestamp(event.time_us);
  body["kind"] = event.kind;
  body["subject"] = event.subject;
  body["who"] = event.who;
  if (!event.why.empty()) body["why"] = event.why;
  if (const Json git = lineage::to_json(event.lineage); !git.empty()) body["lineage"] = git;
  body["rtml_version"] = event.rtml_version;
  if (!event.evidence.is_null()) body["evidence"] = event.evidence;
  body["data"] = event.data;
  return to_canonical_json(body);
}

std::string event_hash(std::string_view previous_hash, std::string_view body) {
  Sha256 hash;
  hash.update(previous_hash);
  hash.update(body);
  return hash.finish_hex();
}

Result<Event> parse_event(std::string_view body, std::string hash) {
  const auto parsed = parse_json(body, "event");
  if (!parsed) return fail(ErrorCode::kRegistryCorrupt, parsed.error().message());
  Event event;
  event.number = integer_member(*parsed, "number");
  parse_timestamp(text_member(*parsed, "time"), &event.time_us);
  event.kind = text_member(*parsed, "kind");
  event.subject = text_member(*parsed, "subject");
  event.who = text_member(*parsed, "who");
  event.why = text_member(*parsed, "why");
  event.lineage = lineage::from_json(member(*parsed, "lineage"));
  event.rtml_version = text_member(*parsed, "rtml_version");
  event.evidence = member(*parsed, "evidence");
  event.data = member(*parsed, "data");
  event.hash = std::move(hash);
  return event;
}

Status append(Connection& connection, Head& head, Event& event) {
  event.number = head.number + 1;
  const std::string body = event_body(event);
  event.hash = event_hash(head.number == 0 ? kFirstPreviousHash : head.hash, body);
  RTML_TRY(run(connection, "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", event.number, event.hash,
               event.time_us, event.kind, event.subject, body));
  head = {event.number, event.hash};
  return project(connection, event);
}

Status replay(Connection& log, Connection& target) {
  RTML_TRY_ASSIGN(Statement rows,
                  Statement::prepare(log, "SELECT number, hash, body FROM events ORDER BY number"));
  std::string previous(kFirstPreviousHash);
  for (std::int64_t number = 1;; ++number) {
    RTML_TRY_ASSIGN(const bool found, rows.next());
    if (!found) return {};
    const std::string body = rows.text(2);
    const std::string hash = rows.text(1);
    if (rows.integer(0) != number || event_hash(previous, body) != hash) {
      return fail(Error(ErrorCode::kRegistryCorrupt,
                        "the event log is broken at event " + std::to_string(number))
                      .with_help("run \"rtml registry check\", and restore a backup"));
    }
    RTML_TRY_ASSIGN(const Event event, parse_event(body, hash));
    RTML_TRY(project(target, event));
    previous = hash;
  }
}

}  // namespace rtml::registry
