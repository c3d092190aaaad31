#include "core/stream/letter_export.h"

#include <vector>

#include "core/stream/append_file.h"

namespace rtml::stream {
namespace {

// Each may be of 16 MiB.
constexpr std::int64_t kRecordsAtOnce = 64;

}  // namespace

std::filesystem::path letter_path(const std::filesystem::path& root,
                                  const project::StreamInput& stream, online::RecordKind kind,
                                  const std::string& view) {
  const std::string& directory =
      kind == online::RecordKind::kLate ? stream.late : stream.dead_letters;
  return root / directory / (view + ".jsonl");
}

Result<std::int64_t> export_letters(const online::PartName& part, online::RecordKind kind,
                                    const std::filesystem::path& path, std::uint64_t epoch,
                                    plugin::OnlineStore& store, const plugin::CallOptions& call) {
  std::int64_t exported = 0;
  std::int64_t after = -1;
  while (true) {
    RTML_TRY_ASSIGN(std::vector<online::Record> records,
                    online::read_records(part, kind, after, kRecordsAtOnce, store, call));
    if (records.empty()) return exported;
    std::vector<std::string> lines;
    for (online::Record& record : records) lines.push_back(std::move(record.bytes));
    RTML_TRY(append_lines(path, lines));
    RTML_TRY_ASSIGN(const auto transaction, store.begin(online::position_group(part), epoch, call));
    for (const online::Record& record : records) {
      RTML_TRY(online::remove_record(part, kind, record.offset, *transaction));
    }
    RTML_TRY(transaction->commit());
    exported += std::ssize(records);
    after = records.back().offset;
  }
}

}  // namespace rtml::stream
