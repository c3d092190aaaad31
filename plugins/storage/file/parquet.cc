#include "plugins/storage/file/parquet.h"

#include <fcntl.h>
#include <unistd.h>

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/properties.h>

#include <algorithm>
#include <future>
#include <numeric>

#include "core/base/file_system.h"
#include "core/base/name.h"
#include "core/base/utf8.h"
#include "plugins/storage/file/arrow_conversion.h"

namespace rtml::file {
namespace {

// Small enough that a row group of a hundred columns stays below a hundred megabytes.
constexpr std::int64_t kRowGroupRows = 131'072;
// What is read at once of each column.
constexpr std::int64_t kReadAheadBytes = std::int64_t{256} << 10;
// Below this, starting threads costs more than they save.
constexpr std::int64_t kThreadedRows = 200'000;

// Buffers of a batch come and go by the dozen and mostly in the same sizes, which the allocator of
// the C library serves with less memory and less time than the one that Arrow brings.
arrow::MemoryPool* memory_pool() {
  return arrow::system_memory_pool();
}

Error corrupt(const std::string& file, const std::string& why) {
  return Error(ErrorCode::kDataCorrupt, "cannot read Parquet file: " + file + " (" + why + ")")
      .with_help("the file is damaged or was not written to its end; write it again");
}

Error arrow_failure(const std::string& file, const arrow::Status& status) {
  return corrupt(file, status.message());
}

// Arrow reports by Status but libparquet throws below it.
template <typename Function>
auto fenced(const std::string& file, Function function) -> decltype(function()) {
  try {
    return function();
  } catch (const parquet::ParquetException& exception) {
    return fail(corrupt(file, exception.what()));
  }
}

Result<std::unique_ptr<parquet::arrow::FileReader>> open_reader(const std::string& file,
                                                                std::int64_t batch_rows) {
  auto opened = arrow::io::ReadableFile::Open(file);
  if (!opened.ok()) {
    const bool is_absent = opened.status().message().find("errno 2]") != std::string::npos;
    return fail(is_absent ? ErrorCode::kNotFound : ErrorCode::kIo,
                "cannot open file: " + file + " (" + opened.status().message() + ")");
  }
  const auto size = (*opened)->GetSize();
  if (size.ok() && *size == 0) {
    return fail(ErrorCode::kDataEmpty, "Parquet file is empty: " + file);
  }
  parquet::arrow::FileReaderBuilder builder;
  builder.memory_pool(memory_pool());
  parquet::ReaderProperties raw_properties(memory_pool());
  // A row group may be the whole file; what of it has not been decoded yet stays there.
  raw_properties.enable_buffered_stream();
  raw_properties.set_buffer_size(kReadAheadBytes);
  if (const auto status = builder.Open(*opened, raw_properties); !status.ok()) {
    return fail(arrow_failure(file, status));
  }
  parquet::ArrowReaderProperties properties;
  properties.set_batch_size(batch_rows);
  properties.set_pre_buffer(false);
  properties.set_use_threads(builder.raw_reader()->metadata()->num_rows() >= kThreadedRows);
  auto reader = builder.properties(properties)->Build();
  if (!reader.ok()) return fail(arrow_failure(file, reader.status()));
  return std::move(*reader);
}

// The leaves of a column, which is what Parquet stores.
void add_leaves(const parquet::arrow::SchemaField& field, std::vector<int>& leaves) {
  if (field.column_index >= 0) leaves.push_back(field.column_index);
  for (const auto& child : field.children) add_leaves(child, leaves);
}

class ParquetRows : public FileRows {
 public:
  ParquetRows(std::string file, std::vector<WantedColumn> columns,
              std::unique_ptr<parquet::arrow::FileReader> reader)
      : file_(std::move(file)), columns_(std::move(columns)), reader_(std::move(reader)) {}

  // Finds the wanted columns and starts reading them.
  Status start() {
    std::shared_ptr<arrow::Schema> schema;
    if (const auto status = reader_->GetSchema(&schema); !status.ok()) {
      return fail(arrow_failure(file_, status));
    }
    std::vector<table::Field> fields;
    for (const auto& field : schema->fields()) fields.push_back({field->name(), {}});
    const table::Schema names(std::move(fields));
    std::vector<std::size_t> wanted;
    for (const WantedColumn& column : columns_) {
      RTML_TRY_ASSIGN(const std::size_t index, names.require(column.name, file_));
      wanted.push_back(index);
    }
    // The reader gives columns in the file's order.
    std::vector<std::size_t> in_file_order = wanted;
    std::sort(in_file_order.begin(), in_file_order.end());
    std::vector<int> leaves;
    for (const std::size_t index : in_file_order) {
      add_leaves(reader_->manifest().schema_fields[index], leaves);
    }
    for (const std::size_t index : wanted) {
      const auto found = std::find(in_file_order.begin(), in_file_order.end(), index);
      positions_.push_back(static_cast<int>(found - in_file_order.begin()));
    }
    std::vector<int> row_groups(reader_->num_row_groups());
    std::iota(row_groups.begin(), row_groups.end(), 0);
    auto batches = reader_->GetRecordBatchReader(row_groups, leaves);
    if (!batches.ok()) return fail(arrow_failure(file_, batches.status()));
    batches_ = std::move(*batches);
    return {};
  }

  ~ParquetRows() override {
    if (ahead_.valid()) ahead_.wait();
    batches_ = nullptr;
    reader_ = nullptr;
    // What decoding needed is not needed again soon.
    memory_pool()->ReleaseUnused();
  }

  Result<bool> next(ArrowArray* out) override {
    RTML_TRY_ASSIGN(const std::shared_ptr<arrow::RecordBatch> batch, next_batch());
    if (batch == nullptr) return false;
    if (const auto status = arrow::ExportRecordBatch(*batch, out); !status.ok()) {
      return fail(arrow_failure(file_, status));
    }
    return true;
  }

 private:
  // Reads a batch and makes the columns of it that are wanted, as they are wanted; null at the end.
  Result<std::shared_ptr<arrow::RecordBatch>> read_batch() {
    return fenced(file_, [&]() -> Result<std::shared_ptr<arrow::RecordBatch>> {
      std::shared_ptr<arrow::RecordBatch> batch;
      do {
        if (const auto status = batches_->ReadNext(&batch); !status.ok()) {
          return fail(arrow_failure(file_, status));
        }
      } while (batch != nullptr && batch->num_rows() == 0);
      if (batch == nullptr) return batch;
      std::vector<std::shared_ptr<arrow::Field>> fields;
      std::vector<std::shared_ptr<arrow::Array>> arrays;
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        const std::shared_ptr<arrow::Array> array = batch->column(positions_[i]);
        // A damaged file may decode into offsets that point anywhere.
        if (const auto status = array->Validate(); !status.ok()) {
          return fail(arrow_failure(file_, status));
        }
        RTML_TRY_ASSIGN(auto converted, convert_array(array, columns_[i], file_, rows_read_));
        fields.push_back(arrow::field(columns_[i].name, converted->type()));
        arrays.push_back(std::move(converted));
      }
      rows_read_ += batch->num_rows();
      return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch->num_rows(),
                                      std::move(arrays));
    });
  }

  // The next batch; the one after it is then read while the caller works on this one. A file of
  // one batch needs no thread for that.
  Result<std::shared_ptr<arrow::RecordBatch>> next_batch() {
    Result<std::shared_ptr<arrow::RecordBatch>> batch =
        ahead_.valid() ? ahead_.get() : read_batch();
    rows_decoded_ += batch && *batch != nullptr ? (*batch)->num_rows() : 0;
    if (batch && *batch != nullptr && rows_decoded_ < rows_) {
      ahead_ = std::async(std::launch::async, [this] { return read_batch(); });
    }
    return batch;
  }

  std::string file_;
  std::vector<WantedColumn> columns_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::int64_t rows_ = reader_->parquet_reader()->metadata()->num_rows();
  std::int64_t rows_decoded_ = 0;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::vector<int> positions_;  // Of the wanted columns in what the reader gives.
  std::int64_t rows_read_ = 0;
  std::future<Result<std::shared_ptr<arrow::RecordBatch>>> ahead_;
};

// ---- writing ----

Result<arrow::Compression::type> read_compression(const Json& options) {
  std::string name = "snappy";
  for (const auto& [key, value] : options.items()) {
    if (key != "compression" || !value.is_string()) {
      return fail(Error(ErrorCode::kBadValue, "unknown option of Parquet: " + key)
                      .with_help("the option is: compression, one of zstd, snappy, none"));
    }
    name = value.get<std::string>();
  }
  if (name == "zstd") return arrow::Compression::ZSTD;
  if (name == "snappy") return arrow::Compression::SNAPPY;
  if (name == "none") return arrow::Compression::UNCOMPRESSED;
  return fail(Error(ErrorCode::kBadValue, "unknown compression of Parquet: " + name)
                  .with_help("it is one of zstd, snappy, none"));
}

Error write_failure(const std::string& file, const arrow::Status& status) {
  // Where the system refused, the detail says why.
  const std::string why = status.detail() == nullptr ? "" : ": " + status.detail()->ToString();
  return {ErrorCode::kIo,
          "cannot write Parquet file: " + file + " (" + status.message() + why + ")"};
}

Error stream_failure(ArrowArrayStream& rows) {
  const char* message = rows.get_last_error(&rows);
  return {ErrorCode::kFailed, message == nullptr ? "cannot read the rows to write" : message};
}

// How columns are stored: integers and times as packed differences, which are small and quick for
// keys, counts and times; numbers as they are, because features are mostly different from row to
// row and a dictionary of them costs more than all the rest; texts by a dictionary.
std::shared_ptr<parquet::WriterProperties> writer_properties(const arrow::Schema& schema,
                                                             arrow::Compression::type compression) {
  parquet::WriterProperties::Builder properties;
  properties.compression(compression)->max_row_group_length(kRowGroupRows);
  properties.memory_pool(memory_pool());
  for (const auto& field : schema.fields()) {
    switch (field->type()->id()) {
      case arrow::Type::INT32:
      case arrow::Type::INT64:
      case arrow::Type::TIMESTAMP:
        properties.disable_dictionary(field->name());
        properties.encoding(field->name(), parquet::Encoding::DELTA_BINARY_PACKED);
        break;
      case arrow::Type::FLOAT:
      case arrow::Type::DOUBLE:
        properties.disable_dictionary(field->name());
        break;
      default:
        break;
    }
  }
  return properties.build();
}

using Batch = std::shared_ptr<arrow::RecordBatch>;

std::int64_t count_rows(const std::vector<Batch>& batches) {
  std::int64_t rows = 0;
  for (const Batch& batch : batches) rows += batch->num_rows();
  return rows;
}

// Gives the rows in batches that fill row groups, whatever batches they come in.
class RowGroups {
 public:
  RowGroups(const std::string& file, std::shared_ptr<arrow::Schema> schema, ArrowArrayStream& rows,
            const Checkpoint& checkpoint)
      : file_(file), schema_(std::move(schema)), rows_(rows), checkpoint_(checkpoint) {}

  // The batches of the next row group; none at the end.
  Result<std::vector<Batch>> next() {
    std::vector<Batch> group;
    std::int64_t missing = kRowGroupRows;
    while (missing > 0) {
      if (rest_ == nullptr) {
        RTML_TRY(checkpoint_());
        ArrowArray array = {};
        if (rows_.get_next(&rows_, &array) != 0) return fail(stream_failure(rows_));
        if (array.release == nullptr) break;
        auto batch = arrow::ImportRecordBatch(&array, schema_);
        if (!batch.ok()) return fail(write_failure(file_, batch.status()));
        rest_ = *batch;
      }
      const std::int64_t count = std::min(missing, rest_->num_rows());
      if (count > 0) group.push_back(rest_->Slice(0, count));
      missing -= count;
      rest_ = count == rest_->num_rows() ? nullptr : rest_->Slice(count);
    }
    return group;
  }

 private:
  const std::string& file_;
  std::shared_ptr<arrow::Schema> schema_;
  ArrowArrayStream& rows_;
  const Checkpoint& checkpoint_;
  Batch rest_;
};

// Asks the kernel to write what is there, so that the last fsync finds little left to do.
void start_writing_back(const std::string& file, std::int64_t size) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::sync_file_range(descriptor, 0, size, SYNC_FILE_RANGE_WRITE);
  ::close(descriptor);
}

Result<std::int64_t> write_rows(const std::string& file, const std::string& temporary,
                                arrow::Compression::type compression, ArrowArrayStream& rows,
                                const Checkpoint& checkpoint) {
  ArrowSchema c_schema = {};
  if (rows.get_schema(&rows, &c_schema) != 0) return fail(stream_failure(rows));
  const auto schema = arrow::ImportSchema(&c_schema);
  if (!schema.ok()) return fail(write_failure(file, schema.status()));
  const auto sink = arrow::io::FileOutputStream::Open(temporary);
  if (!sink.ok()) return fail(write_failure(file, sink.status()));
  parquet::ArrowWriterProperties::Builder arrow_properties;
  arrow_properties.set_use_threads(true);
  auto writer = parquet::arrow::FileWriter::Open(**schema, memory_pool(), *sink,
                                                 writer_properties(**schema, compression),
                                                 arrow_properties.build());
  if (!writer.ok()) return fail(write_failure(file, writer.status()));
  RowGroups groups(file, *schema, rows, checkpoint);
  std::int64_t count = 0;
  RTML_TRY_ASSIGN(std::vector<Batch> group, groups.next());
  while (!group.empty()) {
    // The next rows are made while these are encoded, a column a thread.
    const bool may_follow = count_rows(group) == kRowGroupRows;
    std::future<Result<std::vector<Batch>>> ahead;
    if (may_follow) {
      ahead = std::async(std::launch::async,
                         [&] { return fenced(file, [&] { return groups.next(); }); });
    }
    arrow::Status status = (*writer)->NewBufferedRowGroup();
    for (const Batch& batch : group) {
      if (status.ok()) status = (*writer)->WriteRecordBatch(*batch);
      count += batch->num_rows();
    }
    group.clear();
    if (may_follow) {
      Result<std::vector<Batch>> next = ahead.get();
      if (!status.ok()) return fail(write_failure(file, status));
      if (!next) return fail(std::move(next).error());
      group = std::move(*next);
    }
    if (!status.ok()) return fail(write_failure(file, status));
    const auto position = (*sink)->Tell();
    if (position.ok()) start_writing_back(temporary, *position);
  }
  arrow::Status status = (*writer)->Close();
  if (status.ok()) status = (*sink)->Close();
  if (!status.ok()) return fail(write_failure(file, status));
  return count;
}

}  // namespace

Result<std::vector<FoundColumn>> read_parquet_columns(
    const std::string& file, std::map<std::string, std::string>* unsupported) {
  return fenced(file, [&]() -> Result<std::vector<FoundColumn>> {
    RTML_TRY_ASSIGN(const auto reader, open_reader(file, 1));
    std::shared_ptr<arrow::Schema> schema;
    if (const auto status = reader->GetSchema(&schema); !status.ok()) {
      return fail(arrow_failure(file, status));
    }
    std::vector<FoundColumn> columns;
    for (const auto& field : schema->fields()) {
      if (!is_utf8(field->name())) return fail(corrupt(file, "a column's name is not UTF-8"));
      for (const FoundColumn& other : columns) {
        if (other.name == field->name()) {
          return fail(corrupt(file, "two columns are named \"" + field->name() + "\""));
        }
      }
      columns.push_back({field->name(), natural_type(*field->type())});
      const bool is_null_type = field->type()->id() == arrow::Type::NA;
      if (!columns.back().type && !is_null_type) {
        unsupported->emplace(field->name(), field->type()->ToString());
      }
    }
    return columns;
  });
}

Result<std::unique_ptr<FileRows>> open_parquet(const std::string& file,
                                               const ScanSettings& settings) {
  return fenced(file, [&]() -> Result<std::unique_ptr<FileRows>> {
    RTML_TRY_ASSIGN(auto reader, open_reader(file, settings.batch_rows));
    auto rows = std::make_unique<ParquetRows>(file, settings.columns, std::move(reader));
    RTML_TRY(rows->start());
    return rows;
  });
}

Result<std::int64_t> write_parquet(const std::string& file, const Json& options,
                                   ArrowArrayStream& rows, const Checkpoint& checkpoint) {
  return fenced(file, [&]() -> Result<std::int64_t> {
    RTML_TRY_ASSIGN(const auto compression, read_compression(options));
    RTML_TRY_ASSIGN(AtomicFile target, AtomicFile::create(file));
    RTML_TRY_ASSIGN(const std::int64_t count, write_rows(file, target.temporary_path().string(),
                                                         compression, rows, checkpoint));
    RTML_TRY(target.commit());
    return count;
  });
}

}  // namespace rtml::file
