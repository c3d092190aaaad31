#include "core/plugin/adapters.h"
#include "core/table/arrow_c_interface.h"

namespace rtml::plugin {
namespace {

using Store = OpenedStore<rtml_table_store>;

// A ScanRequest with everything that the C form points to.
class RequestView {
 public:
  explicit RequestView(const ScanRequest& request) : options_(to_json_text(request.options)) {
    for (const std::string& column : request.columns) columns_.push_back(column.c_str());
    type_names_.reserve(request.types.size());
    for (const auto& [column, type] : request.types) {
      type_names_.push_back(table::to_string(type));
      hints_.push_back({column.c_str(), type_names_.back().c_str(), nullptr});
    }
    for (const auto& [column, unit] : request.time_units) add_unit(column, unit);
    request_.struct_size = sizeof request_;
    request_.path = request.path.c_str();
    request_.format = request.format.c_str();
    request_.column_count =
        request.columns.empty() ? -1 : static_cast<std::int64_t>(columns_.size());
    request_.columns = columns_.data();
    request_.hint_count = static_cast<std::int64_t>(hints_.size());
    request_.hints = hints_.data();
    request_.batch_rows = request.batch_rows;
    request_.options = options_.c_str();
  }
  RequestView(const RequestView&) = delete;
  RequestView& operator=(const RequestView&) = delete;
  const rtml_scan_request* get() const { return &request_; }

 private:
  void add_unit(const std::string& column, const std::string& unit) {
    for (rtml_column_hint& hint : hints_) {
      if (column == hint.column) {
        hint.time_unit = unit.c_str();
        return;
      }
    }
    hints_.push_back({column.c_str(), nullptr, unit.c_str()});
  }

  std::string options_;
  std::vector<const char*> columns_;
  std::vector<std::string> type_names_;
  std::vector<rtml_column_hint> hints_;
  rtml_scan_request request_ = {};
};

// Rows of a plugin, each batch checked as it comes.
class ScanReader : public table::BatchReader {
 public:
  ScanReader(std::shared_ptr<Store> store, const ScanRequest& request, const CallOptions& options)
      : store_(std::move(store)), max_rows_(request.batch_rows), call_(options) {}

  Status start(const ScanRequest& request) {
    const RequestView view(request);
    ErrorSlot error;
    RTML_TRY(error.check(
        *store_->plugin,
        store_->table->scan(store_->store, view.get(), call_.get(), rows_.get(), error.get())));
    const ArrowArrayStream& rows = *rows_.get();
    if (rows_.is_released() || rows.get_schema == nullptr || rows.get_next == nullptr) {
      return fail(broken_contract(*store_->plugin, "scan", "no stream of rows came back"));
    }
    table::Imported<ArrowSchema> schema;
    RTML_TRY(check(rows_.get()->get_schema(rows_.get(), schema.get())));
    if (schema.is_released()) {
      return fail(broken_contract(*store_->plugin, "scan", "no schema came back"));
    }
    Result<table::Schema> imported = table::import_schema(*schema.get());
    if (!imported) return fail(in_call(*store_->plugin, "scan", std::move(imported).error()));
    RTML_TRY(check_columns(request, *imported));
    schema_ = std::make_shared<const table::Schema>(std::move(*imported));
    return {};
  }

  const std::shared_ptr<const table::Schema>& schema() const override { return schema_; }

  Result<std::optional<table::Batch>> next() override {
    table::Imported<ArrowArray> array;
    RTML_TRY(check(rows_.get()->get_next(rows_.get(), array.get())));
    if (array.is_released()) return std::nullopt;
    const std::int64_t rows = array.get()->length;
    if (rows > max_rows_) {
      return fail(broken_contract(*store_->plugin, "scan",
                                  "a batch of " + std::to_string(rows) + " rows where " +
                                      std::to_string(max_rows_) + " is the most"));
    }
    Result<table::Batch> batch = table::import_batch(std::move(array), schema_);
    if (!batch) {
      return fail(in_call(*store_->plugin, "scan, after row " + std::to_string(rows_read_),
                          std::move(batch).error()));
    }
    rows_read_ += rows;
    return std::move(*batch);
  }

 private:
  Status check(int result) {
    if (result == 0) return {};
    ErrorSlot error;
    const rtml_status status = store_->table->stream_error(store_->store, rows_.get(), error.get());
    RTML_TRY(error.check(*store_->plugin, status));
    return fail(broken_contract(*store_->plugin, "scan", "a stream failed without an error"));
  }

  // The columns asked for, in their order and with the declared types.
  Status check_columns(const ScanRequest& request, const table::Schema& schema) const {
    if (!request.columns.empty() && schema.names() != request.columns) {
      return fail(broken_contract(*store_->plugin, "scan", "other columns than were asked for"));
    }
    for (const table::Field& field : schema.fields()) {
      const auto declared = request.types.find(field.name);
      if (declared != request.types.end() && declared->second != field.type) {
        return fail(broken_contract(*store_->plugin, "scan",
                                    "column \"" + field.name + "\" is " +
                                        table::to_string(field.type) + " instead of " +
                                        table::to_string(declared->second)));
      }
    }
    return {};
  }

  std::shared_ptr<Store> store_;
  std::int64_t max_rows_;
  CallContext call_;
  table::Imported<ArrowArrayStream> rows_;
  std::shared_ptr<const table::Schema> schema_;
  std::int64_t rows_read_ = 0;
};

class PluginTableStore : public TableStore {
 public:
  explicit PluginTableStore(std::shared_ptr<Store> store) : store_(std::move(store)) {}

  Result<table::Schema> schema(const ScanRequest& request, const CallOptions& options) override {
    const RequestView view(request);
    const CallContext call(options);
    ErrorSlot error;
    table::Imported<ArrowSchema> schema;
    RTML_TRY(error.check(
        *store_->plugin,
        store_->table->schema(store_->store, view.get(), call.get(), schema.get(), error.get())));
    if (schema.is_released()) {
      return fail(broken_contract(*store_->plugin, "schema", "no schema came back"));
    }
    Result<table::Schema> imported = table::import_schema(*schema.get());
    if (!imported) return fail(in_call(*store_->plugin, "schema", std::move(imported).error()));
    return imported;
  }

  Result<std::unique_ptr<table::BatchReader>> scan(const ScanRequest& request,
                                                   const CallOptions& options) override {
    auto reader = std::make_unique<ScanReader>(store_, request, options);
    RTML_TRY(reader->start(request));
    return reader;
  }

  Result<std::int64_t> write(const WriteRequest& request, table::BatchReader& rows,
                             const CallOptions& options) override {
    const std::string options_text = to_json_text(request.options);
    const rtml_write_request write = {sizeof write, request.path.c_str(), request.format.c_str(),
                                      options_text.c_str()};
    table::ExportedStream stream(rows);
    const CallContext call(options);
    ErrorSlot error;
    std::int64_t row_count = 0;
    const rtml_status status = store_->table->write(store_->store, &write, stream.stream(),
                                                    call.get(), &row_count, error.get());
    // What stopped the rows says more than what the plugin made of it.
    if (stream.error()) return fail(*stream.error());
    RTML_TRY(error.check(*store_->plugin, status));
    return row_count;
  }

 private:
  std::shared_ptr<Store> store_;
};

}  // namespace

Result<std::unique_ptr<TableStore>> adapt_table_store(SharedPlugin plugin, const Json& options) {
  const rtml_table_store* table = plugin->descriptor->table;
  RTML_TRY_ASSIGN(auto store, open_store(std::move(plugin), table, options));
  return std::make_unique<PluginTableStore>(std::move(store));
}

}  // namespace rtml::plugin
