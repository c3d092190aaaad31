#include "cli/table_file.h"

#include "core/plugin/defaults.h"
#include "core/plugin/host.h"

namespace rtml::cli {
namespace {

Result<std::unique_ptr<plugin::TableStore>> file_tables(Session& session) {
  RTML_TRY_ASSIGN(plugin::PluginHost * plugins, session.plugins());
  return plugins->table_store(plugin::kFileTables);
}

}  // namespace

Result<std::unique_ptr<table::BatchReader>> open_table(Session& session,
                                                       const plugin::ScanRequest& request) {
  RTML_TRY_ASSIGN(const auto store, file_tables(session));
  return store->scan(request, {.cancel = &session.cancel()});
}

Result<table::Schema> table_schema(Session& session, const plugin::ScanRequest& request) {
  RTML_TRY_ASSIGN(const auto store, file_tables(session));
  return store->schema(request, {.cancel = &session.cancel()});
}

Result<std::int64_t> write_table(Session& session, const std::string& path,
                                 table::BatchReader& rows) {
  RTML_TRY_ASSIGN(const auto store, file_tables(session));
  return store->write({.path = path}, rows, {.cancel = &session.cancel()});
}

}  // namespace rtml::cli
