#include "core/plugin/boundary.h"

#include "core/base/utf8.h"

namespace rtml::plugin {
namespace {

ErrorCode code_of(rtml_status status) {
  switch (status) {
    case RTML_STATUS_INVALID_CALL:
      return ErrorCode::kInternal;
    case RTML_STATUS_INVALID_ARGUMENT:
      return ErrorCode::kBadValue;
    case RTML_STATUS_NOT_FOUND:
      return ErrorCode::kNotFound;
    case RTML_STATUS_IO:
      return ErrorCode::kIo;
    case RTML_STATUS_BUSY:
      return ErrorCode::kBusy;
    case RTML_STATUS_TIMEOUT:
      return ErrorCode::kTimeout;
    case RTML_STATUS_CANCELLED:
      return ErrorCode::kInterrupted;
    case RTML_STATUS_UNSUPPORTED:
      return ErrorCode::kUnsupported;
    case RTML_STATUS_CHANGED:
      return ErrorCode::kBlobChanged;
    case RTML_STATUS_STALE_EPOCH:
      return ErrorCode::kEpochStale;
    case RTML_STATUS_MISSING_COLUMN:
      return ErrorCode::kDataMissingColumn;
    case RTML_STATUS_WRONG_TYPE:
      return ErrorCode::kDataWrongType;
    case RTML_STATUS_CORRUPT:
      return ErrorCode::kDataCorrupt;
    case RTML_STATUS_EMPTY:
      return ErrorCode::kDataEmpty;
    case RTML_STATUS_BAD_TIMESTAMP:
      return ErrorCode::kDataBadTimestamp;
    case RTML_STATUS_BAD_VALUE:
      return ErrorCode::kDataBadValue;
    case RTML_STATUS_BAD_MODEL:
      return ErrorCode::kModelArtifact;
    case RTML_STATUS_BAD_TRAINING_DATA:
      return ErrorCode::kTrainingData;
    default:
      return ErrorCode::kPluginFailed;
  }
}

// Text of a plugin as it may be shown: it is not trusted to be UTF-8 or on one line.
std::string shown(const char* text) {
  std::string line = text == nullptr ? "" : text;
  if (!is_utf8(line)) {
    for (char& c : line) {
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
  }
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return line;
}

}  // namespace

CallContext::CallContext(const CallOptions& options) {
  call_.struct_size = sizeof call_;
  call_.deadline_us = options.deadline_us;
  call_.host_data = options.cancel;
  call_.is_cancelled = [](const rtml_call* call) -> std::int32_t {
    const auto* flag = static_cast<const CancelFlag*>(call->host_data);
    return flag != nullptr && flag->is_set() ? 1 : 0;
  };
}

Status ErrorSlot::check(const LoadedPlugin& plugin, rtml_status status) const {
  if (status == RTML_STATUS_OK) return {};
  ErrorCode code = code_of(status);
  if (error_.retryable != 0 && describe(code).exit_class != ExitClass::kRetry) {
    code = ErrorCode::kPluginRetry;
  }
  std::string message = shown(error_.message);
  if (message.empty())
    message = "failed without saying why (status " + std::to_string(status) + ")";
  Error error(code, std::move(message));
  if (error_.help != nullptr) (void)std::move(error).with_help(shown(error_.help));
  if (error_.file != nullptr) {
    SourceLocation location;
    location.file = shown(error_.file);
    location.line = static_cast<int>(error_.line);
    location.column = static_cast<int>(error_.column);
    (void)std::move(error).at(std::move(location));
  }
  return fail(std::move(error).with_context("plugin \"" + plugin.info.name + "\""));
}

Error broken_contract(const LoadedPlugin& plugin, std::string_view call, const std::string& what) {
  return Error(ErrorCode::kPluginContract,
               "plugin \"" + plugin.info.name + "\", " + std::string(call) + ": " + what)
      .with_help("this is a defect of the plugin; run: rtml plugin check " + plugin.info.name);
}

Error in_call(const LoadedPlugin& plugin, std::string_view call, Error error) {
  return broken_contract(plugin, call, error.message());
}

Result<std::string> Buffer::text(const LoadedPlugin& plugin, std::string_view call) const {
  if (buffer_.data == nullptr && buffer_.size > 0) {
    return fail(broken_contract(
        plugin, call, "a buffer of " + std::to_string(buffer_.size) + " bytes at no address"));
  }
  if (buffer_.release == nullptr) {
    return fail(broken_contract(plugin, call, "no buffer came back"));
  }
  return std::string(static_cast<const char*>(buffer_.data), buffer_.size);
}

}  // namespace rtml::plugin
