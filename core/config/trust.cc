#include "core/config/trust.h"

#include <algorithm>
#include <functional>
#include <system_error>

#include "core/base/file_lock.h"
#include "core/base/file_system.h"
#include "core/base/json.h"

namespace rtml::config {
namespace {

constexpr int kFormat = 1;

using Directories = std::vector<std::filesystem::path>;

std::filesystem::path list_file(const std::filesystem::path& directory) {
  return directory / "trusted_directories.json";
}

Result<Directories> read_list(const std::filesystem::path& file) {
  const auto text = read_file(file);
  if (!text && text.error().code() == ErrorCode::kNotFound) return Directories();
  if (!text) return fail(text.error());
  RTML_TRY_ASSIGN(const Json json, parse_json(*text, file.string()));
  const auto corrupt = [&] {
    return fail(
        Error(ErrorCode::kDataCorrupt, "not a list of trusted directories: " + file.string())
            .with_help("remove the file and run \"rtml config trust DIR\" again"));
  };
  if (!json.is_object() || json.value("format", Json()) != kFormat) return corrupt();
  const auto list = json.find("directories");
  if (list == json.end() || !list->is_array()) return corrupt();
  Directories directories;
  for (const Json& item : *list) {
    if (!item.is_string()) return corrupt();
    directories.emplace_back(item.get<std::string>());
  }
  return directories;
}

Status write_list(const std::filesystem::path& file, const Directories& directories) {
  Json json = {{"format", kFormat}, {"directories", Json::array()}};
  for (const auto& directory : directories) json["directories"].push_back(directory.string());
  return write_file(file, to_indented_json_text(json) + "\n", 0600);
}

// Reads the list, lets `edit` change it (true: it did), and writes it.
Result<bool> edit_list(const Environment& environment,
                       const std::function<bool(Directories&)>& edit) {
  const auto directory = user_directory(environment);
  if (directory.empty()) {
    return fail(Error(ErrorCode::kUsage, "there is no home directory for the list")
                    .with_help("set HOME or XDG_CONFIG_HOME, or use RTML_TRUSTED_DIRS"));
  }
  const std::filesystem::path file = list_file(directory);
  RTML_TRY_ASSIGN(const FileLock lock, FileLock::acquire(file.string() + ".lock"));
  RTML_TRY_ASSIGN(Directories directories, read_list(file));
  if (!edit(directories)) return false;
  RTML_TRY(write_list(file, directories));
  return true;
}

bool is_at_or_below(const std::filesystem::path& path, const std::filesystem::path& directory) {
  const auto ends = std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return ends.first == directory.end();
}

}  // namespace

std::filesystem::path user_directory(const Environment& environment) {
  if (const auto base = environment.get_non_empty("XDG_CONFIG_HOME");
      base && base->front() == '/') {
    return std::filesystem::path(*base) / "rtml";
  }
  if (const auto home = environment.get_non_empty("HOME")) {
    return std::filesystem::path(*home) / ".config" / "rtml";
  }
  return {};
}

std::filesystem::path resolved_directory(const std::filesystem::path& path) {
  std::error_code error;
  const auto canonical = std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
  auto result = (error ? path : canonical).lexically_normal();
  // "/a/b/" names the same directory as "/a/b".
  return result.has_filename() || result == result.root_path() ? result : result.parent_path();
}

Result<TrustedDirectories> TrustedDirectories::load(const Environment& environment) {
  TrustedDirectories trusted;
  if (const auto directory = user_directory(environment); !directory.empty()) {
    RTML_TRY_ASSIGN(trusted.directories_, read_list(list_file(directory)));
  }
  const std::string listed = environment.get("RTML_TRUSTED_DIRS").value_or("");
  for (std::size_t start = 0; start < listed.size();) {
    const std::size_t end = std::min(listed.find(':', start), listed.size());
    const std::string item = listed.substr(start, end - start);
    start = end + 1;
    if (item.empty()) continue;
    if (item.front() != '/') {
      return fail(ErrorCode::kBadValue, "RTML_TRUSTED_DIRS needs absolute paths: \"" + item + "\"");
    }
    trusted.directories_.push_back(resolved_directory(item));
  }
  return trusted;
}

bool TrustedDirectories::contains(const std::filesystem::path& directory) const {
  const auto path = resolved_directory(directory);
  return std::any_of(directories_.begin(), directories_.end(),
                     [&](const auto& trusted) { return is_at_or_below(path, trusted); });
}

bool TrustedDirectories::lists(const std::filesystem::path& directory) const {
  const auto path = resolved_directory(directory);
  return std::find(directories_.begin(), directories_.end(), path) != directories_.end();
}

Result<bool> trust_directory(const std::filesystem::path& directory,
                             const Environment& environment) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    return fail(ErrorCode::kNotFound, "there is no directory: " + directory.string());
  }
  return edit_list(environment, [&](Directories& directories) {
    const auto path = resolved_directory(directory);
    if (std::find(directories.begin(), directories.end(), path) != directories.end()) return false;
    directories.push_back(path);
    return true;
  });
}

Result<bool> distrust_directory(const std::filesystem::path& directory,
                                const Environment& environment) {
  return edit_list(environment, [&](Directories& directories) {
    return std::erase(directories, resolved_directory(directory)) > 0;
  });
}

}  // namespace rtml::config
