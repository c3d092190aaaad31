#include "core/verify/file_rows.h"

#include "core/base/random.h"
#include "core/plugin/defaults.h"
#include "core/plugin/host.h"

namespace rtml::verify {
namespace {

constexpr const char* kTime = "event_timestamp";

plugin::ScanRequest request_of(const feature::Program& program) {
  plugin::ScanRequest request;
  const auto add = [&](const std::string& name, table::DataType type) {
    request.columns.push_back(name);
    request.types[name] = type;
  };
  add(kTime, {table::Kind::kTimestamp});
  for (const table::Field& key : program.keys) add(key.name, key.type);
  for (const feature::Output& output : program.outputs) add(output.field.name, output.field.type);
  return request;
}

// Keeps some of many rows, each as likely as any other: Vitter, Random Sampling with a Reservoir,
// ACM TOMS 11 (1985), algorithm R.
class Sampler {
 public:
  Sampler(const feature::Program& program, std::int64_t count, std::uint64_t seed,
          table::ValueMemory& memory)
      : keys_(program.keys.size()), count_(count), random_(seed), memory_(memory) {}

  void add(const table::Batch& batch) {
    for (std::int64_t row = 0; row < batch.rows(); ++row) {
      bool has_key = true;
      for (std::size_t k = 0; k < keys_; ++k)
        has_key = has_key && !batch.column(1 + k).is_null(row);
      if (!has_key || batch.column(0).is_null(row)) continue;
      ++seen_;
      if (std::ssize(rows_) < count_) {
        rows_.push_back(read(batch, row));
        continue;
      }
      const auto place = random_.below(static_cast<std::uint64_t>(seen_));
      if (place < rows_.size()) rows_[place] = read(batch, row);
    }
  }

  std::vector<FileRow> take() { return std::move(rows_); }

 private:
  FileRow read(const table::Batch& batch, std::int64_t row) {
    FileRow result;
    result.time_us = batch.column(0).values<std::int64_t>()[row];
    for (std::size_t column = 1; column < batch.columns().size(); ++column) {
      auto& values = column <= keys_ ? result.key : result.values;
      values.push_back(memory_.keep(table::value_at(batch.column(column), row, lists_)));
    }
    lists_.clear();
    return result;
  }

  std::size_t keys_;
  std::int64_t count_;
  Random random_;
  table::ValueMemory& memory_;
  table::ValueMemory lists_;  // Of the row at hand.
  std::int64_t seen_ = 0;
  std::vector<FileRow> rows_;
};

}  // namespace

Result<std::vector<FileRow>> sample_rows(const std::vector<std::filesystem::path>& files,
                                         const feature::Program& program, std::int64_t count,
                                         std::uint64_t seed, const dataset::BuildContext& context,
                                         table::ValueMemory& memory) {
  RTML_TRY_ASSIGN(const auto store, context.plugins.table_store(plugin::kFileTables));
  Sampler sampler(program, count, seed, memory);
  plugin::ScanRequest request = request_of(program);
  for (const std::filesystem::path& file : files) {
    request.path = file.string();
    RTML_TRY_ASSIGN(const auto reader, store->scan(request, {.cancel = &context.cancel}));
    while (true) {
      RTML_TRY(context.cancel.check());
      RTML_TRY_ASSIGN(const std::optional<table::Batch> batch, reader->next());
      if (!batch) break;
      sampler.add(*batch);
    }
  }
  return sampler.take();
}

}  // namespace rtml::verify
