// The plugins of this build through the real host, and tables as text for comparing.

#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "core/base/file_system.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/plugin/host.h"
#include "tests/support/temporary_directory.h"

namespace rtml::test {

inline std::filesystem::path built_plugins() {
  const char* directory = std::getenv("RTML_BINARY_DIR");
  REQUIRE(directory != nullptr);
  return std::filesystem::path(directory) / "lib/rtml/plugins";
}

inline plugin::PluginHost built_host() {
  return plugin::PluginHost({built_plugins(), {}});
}

inline std::unique_ptr<plugin::TableStore> file_store() {
  auto host = built_host();
  auto store = host.table_store("file");
  REQUIRE_MESSAGE(store.has_value(), (store ? "" : store.error().message()));
  return std::move(*store);
}

inline std::string cell_text(const table::Column& column, std::int64_t row) {
  if (column.is_null(row)) return "null";
  if (column.type().is_list) {
    const table::Column list = column.list_at(row);
    std::string text = "[";
    for (std::int64_t i = 0; i < list.length(); ++i) {
      text += (i > 0 ? " " : "") + cell_text(list, i);
    }
    return text + "]";
  }
  switch (column.type().kind) {
    case table::Kind::kBool:
      return column.bool_at(row) ? "true" : "false";
    case table::Kind::kString:
    case table::Kind::kBytes:
      return "'" + std::string(column.text_at(row)) + "'";
    case table::Kind::kTimestamp:
      return format_timestamp(column.integer_at(row));
    case table::Kind::kInt32:
    case table::Kind::kInt64:
      return std::to_string(column.integer_at(row));
    case table::Kind::kFloat:
    case table::Kind::kDouble:
      break;
  }
  return to_json_text(Json(column.number_at(row)));
}

// "a:INT64 b:STRING | 1 'x' | 2 null"
inline std::string table_text(const table::Schema& schema,
                              const std::vector<table::Batch>& batches) {
  std::string text;
  for (const table::Field& field : schema.fields()) {
    text += (text.empty() ? "" : " ") + field.name + ":" + table::to_string(field.type);
  }
  for (const table::Batch& batch : batches) {
    for (std::int64_t row = 0; row < batch.rows(); ++row) {
      text += " |";
      for (const table::Column& column : batch.columns()) text += " " + cell_text(column, row);
    }
  }
  return text;
}

// What a scan gives: the table as text, or the error as "code file:line message".
inline std::string scan_text(plugin::TableStore& store, const plugin::ScanRequest& request) {
  const auto error_text = [](const Error& error) {
    std::string place;
    if (error.location()) {
      place = std::filesystem::path(error.location()->file).filename().string() + ":" +
              std::to_string(error.location()->line) + " ";
    }
    return std::string(error.id()) + " " + place + error.message();
  };
  auto reader = store.scan(request, {});
  if (!reader) return error_text(reader.error());
  auto batches = table::read_all(**reader);
  if (!batches) return error_text(batches.error());
  return table_text(*(*reader)->schema(), *batches);
}

inline std::string scan_content(const TemporaryDirectory& directory, const std::string& name,
                                const std::string& content, plugin::ScanRequest request = {}) {
  REQUIRE(write_file(directory / name, content).has_value());
  request.path = (directory / name).string();
  const auto store = file_store();
  return scan_text(*store, request);
}

}  // namespace rtml::test
