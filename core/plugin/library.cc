#include "core/plugin/library.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/dll/shared_library.hpp>
#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/descriptor.h"
#include "core/base/hash.h"
#include "core/base/installation.h"
#include "core/plugin/manifest.h"

namespace rtml::plugin {
namespace {

Error system_error(ErrorCode code, const std::string& operation,
                   const std::filesystem::path& path) {
  return {code, operation + ": " + path.string() + " (" + std::strerror(errno) + ")"};
}

Error unsafe(const std::filesystem::path& path, const std::string& why, const std::string& help) {
  return Error(ErrorCode::kPluginUnsafe, "plugin is not safe to load: " + path.string() + " " + why)
      .with_help(help);
}

// Whoever may change a directory above the running program can replace the program itself and
// needs no plugin for it. A checkout that belongs to another user than the one who builds in it, as
// in a container, is such a directory.
bool is_above_this_program(const std::filesystem::path& path) {
  const std::string folder = path == path.root_path() ? path.string() : path.string() + "/";
  return executable_path().string().starts_with(folder);
}

Status check_component(const std::filesystem::path& path) {
  if (is_above_this_program(path)) return {};
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) {
    return fail(system_error(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                             "cannot look at", path));
  }
  const uid_t user = ::geteuid();
  if (status.st_uid != 0 && status.st_uid != user) {
    return fail(unsafe(path, "belongs to user " + std::to_string(status.st_uid),
                       "only root or you may own a plugin and the directories above it"));
  }
  const bool is_sticky_of_root =
      S_ISDIR(status.st_mode) && status.st_uid == 0 && (status.st_mode & S_ISVTX) != 0;
  if (is_sticky_of_root) return {};
  // Distributions give each user a group of the same number that nobody else is in.
  const bool is_private_group = user != 0 && status.st_gid == user;
  if ((status.st_mode & S_IWGRP) != 0 && !is_private_group) {
    return fail(unsafe(path, "is writable for group " + std::to_string(status.st_gid),
                       "run: chmod g-w " + path.string()));
  }
  if ((status.st_mode & S_IWOTH) != 0) {
    return fail(unsafe(path, "is writable for everyone", "run: chmod o-w " + path.string()));
  }
  return {};
}

Result<std::string> read_all_of(int descriptor, const std::filesystem::path& path) {
  std::string bytes;
  std::vector<char> block(std::size_t{1} << 20);
  while (true) {
    const ssize_t count = ::read(descriptor, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(system_error(ErrorCode::kIo, "cannot read plugin", path));
    if (count == 0) return bytes;
    bytes.append(block.data(), static_cast<std::size_t>(count));
  }
}

// Makes a file in memory of `bytes` that nobody, this process included, can change any more.
Result<int> sealed_copy(const std::string& bytes, const PluginInfo& info) {
  Descriptor memory(::memfd_create(info.name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (memory.get() < 0) {
    return fail(
        system_error(ErrorCode::kPluginLoad, "cannot copy plugin into memory", info.library));
  }
  if (!write_all(memory.get(), bytes)) {
    return fail(
        system_error(ErrorCode::kPluginLoad, "cannot copy plugin into memory", info.library));
  }
  constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  if (::fcntl(memory.get(), F_ADD_SEALS, kSeals) != 0) {
    return fail(system_error(ErrorCode::kPluginLoad, "cannot seal plugin in memory", info.library));
  }
  return memory.release();
}

// The path to load from. A descriptor that it names stays open: the loader knows libraries by
// their path, and a number used again would look like a library that is loaded already.
Result<std::filesystem::path> path_to_load(const PluginInfo& info) {
  std::filesystem::path resolved;
  RTML_TRY_ASSIGN(const int opened, open_safely(info.library, &resolved));
  const Descriptor file(opened);
  if (info.sha256.empty()) return resolved;
  RTML_TRY_ASSIGN(const std::string bytes, read_all_of(file.get(), resolved));
  const std::string actual = sha256_hex(bytes);
  if (actual != info.sha256) {
    return fail(Error(ErrorCode::kPluginHash,
                      "plugin \"" + info.name +
                          "\" is not the one that was added: " + info.library.string() +
                          " has sha256 " + actual + ", pinned is " + info.sha256)
                    .with_help("if you trust the new file, run: rtml plugin add " +
                               info.manifest.string()));
  }
  RTML_TRY_ASSIGN(const int memory, sealed_copy(bytes, info));
  return std::filesystem::path("/proc/self/fd/" + std::to_string(memory));
}

// ---- descriptor ----

Error broken(const PluginInfo& info, const std::string& what) {
  return {ErrorCode::kPluginContract,
          "plugin \"" + info.name + "\" " + what + ": " + info.library.string()};
}

// A table is a size and then nothing but function pointers.
Status check_table(const PluginInfo& info, std::string_view capability, const void* table,
                   std::size_t expected_size) {
  const bool is_promised = info.has(capability);
  if (is_promised != (table != nullptr)) {
    return fail(broken(info, (is_promised ? "lacks" : "has") + std::string(" the capability \"") +
                                 std::string(capability) + "\" " +
                                 (is_promised ? "that its manifest names"
                                              : "without naming it in "
                                                "its manifest")));
  }
  if (table == nullptr) return {};
  std::size_t size = 0;
  std::memcpy(&size, table, sizeof size);
  if (size < expected_size) {
    return fail(broken(info, "has a table \"" + std::string(capability) + "\" of " +
                                 std::to_string(size) + " bytes instead of " +
                                 std::to_string(expected_size)));
  }
  using Function = void (*)();
  for (std::size_t at = sizeof size; at < expected_size; at += sizeof(Function)) {
    Function function = nullptr;
    std::memcpy(&function, static_cast<const char*>(table) + at, sizeof function);
    if (function == nullptr) {
      return fail(broken(info, "leaves function " + std::to_string(at / sizeof(Function)) +
                                   " of its table \"" + std::string(capability) + "\" out"));
    }
  }
  return {};
}

Status check_descriptor(const PluginInfo& info, const rtml_plugin& plugin) {
  // The version comes first: nothing else is known to be where this header says.
  if (plugin.struct_size < offsetof(rtml_plugin, abi_version) + sizeof plugin.abi_version ||
      plugin.abi_version != RTML_PLUGIN_ABI_VERSION) {
    return fail(Error(ErrorCode::kPluginAbi,
                      "plugin \"" + info.name + "\" was built for ABI version " +
                          std::to_string(plugin.abi_version) + ", this rtml has version " +
                          std::to_string(RTML_PLUGIN_ABI_VERSION) + ": " + info.library.string())
                    .with_help("build the plugin against the SDK of this rtml"));
  }
  if (plugin.struct_size < sizeof plugin) {
    return fail(broken(info, "has a descriptor of " + std::to_string(plugin.struct_size) +
                                 " bytes instead of " + std::to_string(sizeof plugin)));
  }
  const auto agrees = [](const char* text, const std::string& expected) {
    return text != nullptr && expected == text;
  };
  if (!agrees(plugin.name, info.name) || !agrees(plugin.kind, info.kind) ||
      !agrees(plugin.version, info.version)) {
    return fail(broken(info, "has another name, kind or version than its manifest"));
  }
  RTML_TRY(check_table(info, "table", plugin.table, sizeof *plugin.table));
  RTML_TRY(check_table(info, "online", plugin.online, sizeof *plugin.online));
  RTML_TRY(check_table(info, "stream", plugin.stream, sizeof *plugin.stream));
  RTML_TRY(check_table(info, "blob", plugin.blob, sizeof *plugin.blob));
  RTML_TRY(check_table(info, "model", plugin.model, sizeof *plugin.model));
  return check_table(info, "orchestrator", plugin.orchestrator, sizeof *plugin.orchestrator);
}

// Never unloaded: a plugin's objects, threads and static data may be in use until the end.
void keep_loaded(std::unique_ptr<boost::dll::shared_library> library) {
  static std::mutex guard;
  static auto* const libraries = new std::vector<std::unique_ptr<boost::dll::shared_library>>();
  const std::scoped_lock lock(guard);
  libraries->push_back(std::move(library));
}

}  // namespace

Status check_safe(const std::filesystem::path& path) {
  std::filesystem::path prefix;
  for (const std::filesystem::path& component : path) {
    prefix /= component;
    RTML_TRY(check_component(prefix));
  }
  return {};
}

Result<int> open_safely(const std::filesystem::path& path, std::filesystem::path* resolved) {
  std::error_code failure;
  *resolved = std::filesystem::canonical(path, failure);
  if (failure) {
    return fail(ErrorCode::kPluginLoad,
                "cannot find plugin: " + path.string() + " (" + failure.message() + ")");
  }
  RTML_TRY(check_safe(*resolved));
  Descriptor file(::open(resolved->c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0) return fail(system_error(ErrorCode::kPluginLoad, "cannot open plugin", path));
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(ErrorCode::kPluginLoad, "plugin is not a regular file: " + path.string());
  }
  return file.release();
}

Result<const rtml_plugin*> load_library(const PluginInfo& info) {
  RTML_TRY_ASSIGN(const std::filesystem::path path, path_to_load(info));
  namespace dll = boost::dll;
  std::error_code failure;
  auto library = std::make_unique<dll::shared_library>();
  library->load(path, failure, dll::load_mode::rtld_now | dll::load_mode::rtld_local);
  if (failure) {
    const char* reported = ::dlerror();
    std::string reason = reported != nullptr ? reported : failure.message();
    // The loader names the file that it was given, which for a pinned plugin says nothing.
    const std::string prefix = path.string() + ": ";
    if (reason.starts_with(prefix)) reason.erase(0, prefix.size());
    return fail(ErrorCode::kPluginLoad,
                "cannot load plugin: " + info.library.string() + " (" + reason + ")");
  }
  if (!library->has(RTML_PLUGIN_SYMBOL)) {
    return fail(Error(ErrorCode::kPluginLoad, "not an rtml plugin: " + info.library.string() +
                                                  " does not export " RTML_PLUGIN_SYMBOL)
                    .with_help("end one of its source files with RTML_PLUGIN(...) of the SDK"));
  }
  const auto& plugin = library->get<const rtml_plugin>(RTML_PLUGIN_SYMBOL);
  keep_loaded(std::move(library));
  RTML_TRY(check_descriptor(info, plugin));
  return &plugin;
}

}  // namespace rtml::plugin
