#include "cli/commands/feature/get_lines.h"

#include <utility>

#include "cli/commands/feature/get_answer.h"
#include "cli/line_source.h"
#include "cli/plain_text.h"
#include "cli/render/json.h"
#include "core/base/time.h"
#include "core/online/request.h"

namespace rtml::cli::commands {
namespace {

// What is read together: states may be large, and what a pipe brings should not wait long.
constexpr std::size_t kBatchLines = 256;
constexpr std::size_t kBatchBytes = std::size_t{4} << 20;

// A line of the batch at hand: an entity of the read, or why it is none.
struct PendingLine {
  int number = 0;
  std::size_t entity = 0;
  std::optional<Error> error;
};

class LineAnswerer {
 public:
  LineAnswerer(const Arguments& arguments, Session& session, online::Reader& reader,
               const plugin::CallOptions& call)
      : arguments_(arguments),
        session_(session),
        reader_(reader),
        call_(call),
        bound_(reader),
        is_streamed_(arguments.text("--output") == "jsonl") {
    answers_.table = answer_table(true);
  }

  Result<LineAnswers> run() {
    RTML_TRY_ASSIGN(LineSource lines,
                    LineSource::open(arguments_.text("--requests"), session_.cancel()));
    name_ = lines.name();
    while (true) {
      RTML_TRY_ASSIGN(const bool has_lines, gather(lines));
      if (!has_lines) break;
      RTML_TRY_ASSIGN(const bool is_wanted, answer());
      if (!is_wanted) break;
    }
    return std::move(answers_);
  }

 private:
  // Takes lines until the batch is full or no more are there without waiting. False at the end.
  Result<bool> gather(LineSource& lines) {
    pending_.clear();
    bound_.clear();
    std::size_t bytes = 0;
    while (pending_.size() < kBatchLines && bytes < kBatchBytes) {
      RTML_TRY_ASSIGN(const auto line, lines.next(pending_.empty()));
      if (!line) break;
      bytes += line->text.size();
      PendingLine& pending = pending_.emplace_back();
      pending.number = line->number;
      pending.entity = bound_.size();
      const Status added = bind(line->text);
      if (!added) pending.error = added.error();
    }
    return !pending_.empty();
  }

  Status bind(std::string_view text) {
    const std::int64_t now_us = session_.clock().now_us();
    auto json = parse_json(text, "the request");
    // What it is called elsewhere: a value that was given, not data that has gone bad.
    if (!json) return fail(ErrorCode::kBadOptionValue, json.error().message());
    RTML_TRY_ASSIGN(auto request, online::request_of_json(
                                      *json, arguments_.optional_integer("--at").value_or(now_us)));
    return bound_.add(std::move(request));
  }

  // False if nobody reads the answers any more.
  Result<bool> answer() {
    online::ReadResult& result = answers_.last;
    online::ReadRequest request = bound_.request();
    request.keeps_failures = true;
    if (bound_.size() > 0) {
      RTML_TRY(reader_.read(request, call_, &result));
      if (const auto max_lag_us = arguments_.optional_integer("--max-lag")) {
        RTML_TRY(online::check_lag(reader_, result, session_.clock().now_us(), *max_lag_us));
      }
      for (const online::EntityFailure& failure : result.failures) fail_entity(failure);
    }
    std::string text;
    for (PendingLine& line : pending_) {
      ++answers_.requests;
      Json row = {{"line", line.number}};
      line.error ? add_failure(line, row) : add_values(line, row);
      if (is_streamed_) {
        text += to_json_text(row) + '\n';
      } else {
        answers_.results.push_back(std::move(row));
      }
    }
    if (!is_streamed_) return true;
    return session_.output().write(text);
  }

  void fail_entity(const online::EntityFailure& failure) {
    for (PendingLine& line : pending_) {
      if (!line.error && line.entity == failure.entity) line.error = failure.error;
    }
  }

  void add_failure(PendingLine& line, Json& row) {
    Error error = std::move(*line.error).at({.file = name_, .line = line.number});
    if (answers_.failed++ == 0) {
      answers_.first_failure = name_ + ":" + std::to_string(line.number) + ": " + error.message();
    }
    if (!is_streamed_) {
      answers_.table.rows.push_back({name_ + ":" + std::to_string(line.number), "", error.message(),
                                     Text(std::string(error.id()), Tone::kBad), ""});
    }
    row["error"] = error_document(error, "")["error"];
  }

  void add_values(const PendingLine& line, Json& row) {
    row["at"] = format_timestamp(bound_.time_us(line.entity));
    Json answer = answer_json(reader_, bound_, answers_.last, line.entity);
    if (!is_streamed_) {
      std::string label;
      for (const auto& [name, value] : answer["entity"].items()) {
        label += (label.empty() ? "" : ",") + name + "=" + plain_text(value);
      }
      add_answer(answer, label, answers_.table);
    }
    row.update(answer);
  }

  const Arguments& arguments_;
  Session& session_;
  online::Reader& reader_;
  const plugin::CallOptions call_;
  online::BoundRequests bound_;
  const bool is_streamed_;
  std::string name_;
  std::vector<PendingLine> pending_;
  LineAnswers answers_;
};

}  // namespace

Result<LineAnswers> answer_lines(const Arguments& arguments, Session& session,
                                 online::Reader& reader, const plugin::CallOptions& call) {
  return LineAnswerer(arguments, session, reader, call).run();
}

}  // namespace rtml::cli::commands
