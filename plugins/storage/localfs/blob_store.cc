#include "plugins/storage/localfs/blob_store.h"

#include "core/base/file_system.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "plugins/shared/core_errors.h"
#include "plugins/shared/writer_lock.h"
#include "rtml/sdk/plugin.h"

namespace rtml::localfs {
namespace {

using plugins::to_sdk;

// Names of blobs cannot start with a dot, so the lock is none.
constexpr const char* kLockName = ".rtml-lock";

bool is_part(std::string_view part) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !part.empty() && part[0] != '.' &&
         part.find_first_not_of(kAllowed) == std::string_view::npos;
}

sdk::Result<FileLock> lock_writers(const std::filesystem::path& root, const sdk::Call& call) {
  return plugins::lock_writers(root / kLockName, "blob store is being written: " + root.string(),
                               call);
}

Result<std::unique_ptr<LocalBlobStore>> open_store(const std::string& options_text) {
  RTML_TRY_ASSIGN(const Json options, parse_json(options_text, "options"));
  std::string path;
  for (const auto& [key, value] : options.items()) {
    if (key != "path" || !value.is_string()) {
      return fail(Error(ErrorCode::kBadValue, "option of localfs makes no sense: " + key)
                      .with_help("the option is: path (a directory)"));
    }
    path = value.get<std::string>();
  }
  if (path.empty()) return fail(ErrorCode::kBadValue, "localfs needs the option: path");
  std::error_code failure;
  std::filesystem::create_directories(path, failure);
  const std::filesystem::path root = std::filesystem::canonical(path, failure);
  if (failure) {
    return fail(ErrorCode::kIo, "cannot make blob store: " + path + " (" + failure.message() + ")");
  }
  return std::make_unique<LocalBlobStore>(root);
}

}  // namespace

sdk::Result<std::unique_ptr<LocalBlobStore>> LocalBlobStore::open(const std::string& options,
                                                                  const sdk::Call& /*call*/) {
  return to_sdk(open_store(options));
}

sdk::Result<std::filesystem::path> LocalBlobStore::path_of(const std::string& name) const {
  std::filesystem::path path = root_;
  std::size_t start = 0;
  while (start <= name.size()) {
    const std::size_t end = std::min(name.find('/', start), name.size());
    const std::string part = name.substr(start, end - start);
    if (!is_part(part)) {
      return sdk::fail(RTML_STATUS_INVALID_ARGUMENT, "not a name of a blob: " + name,
                       "parts between \"/\" have letters, digits, \".\", \"_\" and \"-\" and do "
                       "not start with a dot");
    }
    path /= part;
    std::error_code ignored;
    if (std::filesystem::is_symlink(path, ignored)) {
      return sdk::fail(RTML_STATUS_IO, "a blob's path is a symbolic link: " + path.string());
    }
    start = end + 1;
  }
  return path;
}

sdk::Result<std::optional<sdk::Blob>> LocalBlobStore::read(
    const std::filesystem::path& path) const {
  Result<std::string> bytes = read_file(path);
  if (!bytes && bytes.error().code() == ErrorCode::kNotFound) return std::optional<sdk::Blob>();
  if (!bytes) return to_sdk(bytes.error());
  std::string revision = sha256_hex(*bytes);
  return std::optional<sdk::Blob>({std::move(*bytes), std::move(revision)});
}

sdk::Result<std::optional<sdk::Blob>> LocalBlobStore::get(const std::string& name,
                                                          const sdk::Call& /*call*/) {
  RTML_SDK_TRY_ASSIGN(const std::filesystem::path path, path_of(name));
  return read(path);
}

sdk::Result<std::string> LocalBlobStore::put(const std::string& name, std::string_view bytes,
                                             const sdk::Call& call) {
  RTML_SDK_TRY_ASSIGN(const std::filesystem::path path, path_of(name));
  RTML_SDK_TRY_ASSIGN(const FileLock lock, lock_writers(root_, call));
  RTML_SDK_TRY(to_sdk(write_file(path, bytes)));
  return sha256_hex(bytes);
}

sdk::Result<std::string> LocalBlobStore::put_if_unchanged(
    const std::string& name, std::string_view bytes, const std::optional<std::string>& expected,
    const sdk::Call& call) {
  RTML_SDK_TRY_ASSIGN(const std::filesystem::path path, path_of(name));
  RTML_SDK_TRY_ASSIGN(const FileLock lock, lock_writers(root_, call));
  RTML_SDK_TRY_ASSIGN(const std::optional<sdk::Blob> current, read(path));
  const bool is_expected =
      current ? expected && *expected == current->revision : !expected.has_value();
  if (!is_expected) {
    return sdk::fail(RTML_STATUS_CHANGED, "blob changed since it was read: " + name,
                     "read it again and redo the change");
  }
  RTML_SDK_TRY(to_sdk(write_file(path, bytes)));
  return sha256_hex(bytes);
}

}  // namespace rtml::localfs

RTML_PLUGIN(rtml::localfs::LocalBlobStore);
