// "feature get --requests": entities as JSON lines, answered in their order, many with one round
// trip to the store.

#pragma once

#include "cli/command.h"
#include "cli/session.h"
#include "core/online/reader.h"
#include "core/plugin/backends.h"

namespace rtml::cli::commands {

// What a run over lines has come to.
struct LineAnswers {
  Json results = Json::array();  // Of each line; empty where they were streamed.
  Table table;
  std::int64_t requests = 0;
  std::int64_t failed = 0;
  std::string first_failure;  // "requests.jsonl:3: …"
  online::ReadResult last;    // Of the last batch.
};

// Reads the lines of --requests, each at its own moment or at --at. With --output jsonl answers go
// to Session::output() as they come. A line that cannot be answered has its error in its place.
// Fails as reading the file and the store do, and with kTooStale by --max-lag.
Result<LineAnswers> answer_lines(const Arguments& arguments, Session& session,
                                 online::Reader& reader, const plugin::CallOptions& call);

}  // namespace rtml::cli::commands
