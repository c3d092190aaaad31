#include "cli/commands/simulate/row_stream.h"

#include <algorithm>

#include "core/base/number.h"
#include "core/base/time.h"

namespace rtml::cli::commands {
namespace {

constexpr std::size_t kFlushBytes = 64 * 1024;
// So that a signal is noticed soon; a wait that it ends early is taken up again.
constexpr std::int64_t kLongestWaitUs = 100 * kMillisecond;

// Waits until `due_us` of the monotonic clock.
Status wait_until(std::int64_t due_us, Session& session) {
  while (true) {
    RTML_TRY(session.cancel().check());
    const std::int64_t left_us = due_us - session.clock().monotonic_us();
    if (left_us <= 0) return {};
    session.clock().sleep_us(std::min(left_us, kLongestWaitUs));
  }
}

void append_value(const table::Column& column, std::int64_t row, std::string& out) {
  if (column.is_null(row)) {
    out += "null";
  } else if (column.type().kind == table::Kind::kTimestamp) {
    out += '"' + format_timestamp(column.integer_at(row)) + '"';
  } else if (column.type().kind == table::Kind::kDouble) {
    out += format_number(column.number_at(row));
  } else {
    out += std::to_string(column.integer_at(row));
  }
}

}  // namespace

void append_json_line(const table::Batch& batch, std::int64_t row, std::string& out) {
  for (std::size_t index = 0; index < batch.columns().size(); ++index) {
    out += index == 0 ? "{\"" : ",\"";
    out += batch.schema().field(index).name;
    out += "\":";
    append_value(batch.column(index), row, out);
  }
  out += "}\n";
}

Status stream_rows(table::BatchReader& rows, const simulate::Pacer* pacer, Session& session) {
  const std::int64_t start_us = session.clock().monotonic_us();
  std::int64_t now_us = start_us;
  std::int64_t written = 0;
  std::string pending;
  while (true) {
    RTML_TRY(session.cancel().check());
    RTML_TRY_ASSIGN(const std::optional<table::Batch> batch, rows.next());
    const std::int64_t count = batch ? batch->rows() : 0;
    for (std::int64_t row = 0; row < count; ++row) {
      const std::int64_t due_us = pacer == nullptr ? 0 : start_us + pacer->due_us(written);
      const bool must_wait = pacer != nullptr && due_us > now_us;
      if ((must_wait && !pending.empty()) || pending.size() >= kFlushBytes) {
        RTML_TRY_ASSIGN(const bool read, session.output().write(pending));
        if (!read) return {};
        pending.clear();
      }
      if (must_wait) {
        RTML_TRY(wait_until(due_us, session));
        now_us = session.clock().monotonic_us();
      }
      append_json_line(*batch, row, pending);
      ++written;
    }
    if (!batch) break;
  }
  RTML_TRY(session.output().write(pending));
  return {};
}

}  // namespace rtml::cli::commands
