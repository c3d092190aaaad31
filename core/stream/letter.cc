#include "core/stream/letter.h"

#include <limits>

#include "core/base/base64.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/base/utf8.h"

namespace rtml::stream {
namespace {

// A record takes 16 MiB.
constexpr std::size_t kLongestLine = std::size_t{15} << 20;

struct ReasonWord {
  Reason reason;
  std::string_view word;
};
constexpr ReasonWord kReasonWords[] = {
    {Reason::kInvalid, "invalid"},  {Reason::kNullKey, "null_key"}, {Reason::kFuture, "future"},
    {Reason::kTooMany, "too_many"}, {Reason::kLate, "late"},
};

tl::unexpected<Error> not_a_letter(std::string_view what) {
  return fail(ErrorCode::kDataCorrupt,
              "not a line of late events or dead letters: " + std::string(what));
}

Result<std::string> text_member(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) {
    return not_a_letter("no text \"" + std::string(name) + "\"");
  }
  return found->get<std::string>();
}

Result<std::int64_t> integer_member(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_number_integer()) {
    return not_a_letter("no integer \"" + std::string(name) + "\"");
  }
  return found->get<std::int64_t>();
}

Result<std::int64_t> moment_member(const Json& json, const char* name) {
  RTML_TRY_ASSIGN(const std::string text, text_member(json, name));
  const auto moment_us = parse_timestamp(text);
  if (!moment_us) return not_a_letter("\"" + std::string(name) + "\" is no time: " + text);
  return *moment_us;
}

Result<std::string> message_of(const Json& json) {
  if (json.contains("message")) return text_member(json, "message");
  RTML_TRY_ASSIGN(const std::string text, text_member(json, "message_base64"));
  auto bytes = from_base64(text);
  if (!bytes) return not_a_letter("\"message_base64\" is no base64");
  return std::move(*bytes);
}

}  // namespace

std::string_view to_string(Reason reason) {
  for (const ReasonWord& row : kReasonWords) {
    if (row.reason == reason) return row.word;
  }
  return "";
}

std::optional<Reason> parse_reason(std::string_view word) {
  for (const ReasonWord& row : kReasonWords) {
    if (row.word == word) return row.reason;
  }
  return std::nullopt;
}

std::string to_line(const Letter& letter) {
  Json json = {{"reason", to_string(letter.reason)},
               {"detail", letter.detail},
               {"view", letter.view},
               {"view_identity", letter.view_identity},
               {"source", letter.source},
               {"partition", letter.partition},
               {"offset", letter.offset},
               {"recorded_at", format_timestamp(letter.recorded_us)}};
  if (letter.ingest_time_us != 0) json["ingested_at"] = format_timestamp(letter.ingest_time_us);
  if (letter.event_time_us) json["event_time"] = format_timestamp(*letter.event_time_us);
  if (letter.is_truncated) json["truncated"] = true;
  if (is_utf8(letter.bytes)) {
    json["message"] = letter.bytes;
    std::string line = to_json_text(json);
    if (line.size() <= kLongestLine) return line;
    json.erase("message");  // Escapes have made it long.
  }
  json["message_base64"] = to_base64(letter.bytes);
  return to_json_text(json);
}

Result<Letter> letter_of_line(std::string_view line) {
  RTML_TRY_ASSIGN(const Json json, parse_json(line, "a line"));
  if (!json.is_object()) return not_a_letter("no object");
  Letter letter;
  RTML_TRY_ASSIGN(const std::string word, text_member(json, "reason"));
  const auto reason = parse_reason(word);
  if (!reason) return not_a_letter("no such reason: " + word);
  letter.reason = *reason;
  RTML_TRY_ASSIGN(letter.detail, text_member(json, "detail"));
  RTML_TRY_ASSIGN(letter.view, text_member(json, "view"));
  RTML_TRY_ASSIGN(letter.view_identity, text_member(json, "view_identity"));
  RTML_TRY_ASSIGN(letter.source, text_member(json, "source"));
  RTML_TRY_ASSIGN(const std::int64_t partition, integer_member(json, "partition"));
  if (partition < 0 || partition > std::numeric_limits<std::int32_t>::max()) {
    return not_a_letter("no such partition: " + std::to_string(partition));
  }
  letter.partition = static_cast<std::int32_t>(partition);
  RTML_TRY_ASSIGN(letter.offset, integer_member(json, "offset"));
  if (letter.offset < 0) return not_a_letter("no such offset: " + std::to_string(letter.offset));
  RTML_TRY_ASSIGN(letter.recorded_us, moment_member(json, "recorded_at"));
  if (json.contains("ingested_at")) {
    RTML_TRY_ASSIGN(letter.ingest_time_us, moment_member(json, "ingested_at"));
  }
  if (json.contains("event_time")) {
    RTML_TRY_ASSIGN(letter.event_time_us, moment_member(json, "event_time"));
  }
  if (json.contains("truncated")) {
    if (!json["truncated"].is_boolean()) return not_a_letter("\"truncated\" is not true or false");
    letter.is_truncated = json["truncated"].get<bool>();
  }
  RTML_TRY_ASSIGN(letter.bytes, message_of(json));
  return letter;
}

online::Record to_record(const Letter& letter) {
  return {record_kind(letter.reason), letter.offset, to_line(letter)};
}

}  // namespace rtml::stream
