// Errors of core/base as errors of the SDK, for plugins of this tree that use core/base.

#pragma once

#include "core/base/result.h"
#include "rtml/sdk/result.h"

namespace rtml::plugins {

inline rtml_status status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kBadValue:
      return RTML_STATUS_INVALID_ARGUMENT;
    case ErrorCode::kNotFound:
      return RTML_STATUS_NOT_FOUND;
    case ErrorCode::kIo:
      return RTML_STATUS_IO;
    case ErrorCode::kBusy:
      return RTML_STATUS_BUSY;
    case ErrorCode::kTimeout:
      return RTML_STATUS_TIMEOUT;
    case ErrorCode::kInterrupted:
      return RTML_STATUS_CANCELLED;
    case ErrorCode::kUnsupported:
      return RTML_STATUS_UNSUPPORTED;
    case ErrorCode::kDataMissingColumn:
      return RTML_STATUS_MISSING_COLUMN;
    case ErrorCode::kDataWrongType:
      return RTML_STATUS_WRONG_TYPE;
    case ErrorCode::kDataCorrupt:
      return RTML_STATUS_CORRUPT;
    case ErrorCode::kDataEmpty:
      return RTML_STATUS_EMPTY;
    case ErrorCode::kDataBadTimestamp:
      return RTML_STATUS_BAD_TIMESTAMP;
    case ErrorCode::kDataBadValue:
      return RTML_STATUS_BAD_VALUE;
    case ErrorCode::kModelArtifact:
      return RTML_STATUS_BAD_MODEL;
    case ErrorCode::kTrainingData:
      return RTML_STATUS_BAD_TRAINING_DATA;
    default:
      return RTML_STATUS_FAILED;
  }
}

inline sdk::Error to_sdk(const Error& error) {
  sdk::Error converted = sdk::fail(status_of(error.code()), error.message(), error.help());
  converted.retryable = error.exit_class() == ExitClass::kRetry;
  if (error.location()) {
    converted.file = error.location()->file;
    converted.line = error.location()->line;
    converted.column = error.location()->column;
  }
  return converted;
}

inline sdk::Status to_sdk(Status status) {
  if (status) return {};
  return to_sdk(status.error());
}

template <typename T>
sdk::Result<T> to_sdk(Result<T> result) {
  if (result) return std::move(*result);
  return to_sdk(result.error());
}

}  // namespace rtml::plugins
