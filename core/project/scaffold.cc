#include "core/project/scaffold.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "core/base/file_system.h"
#include "core/base/name.h"
#include "core/schema/json_schema.h"

namespace rtml::project {
namespace {

constexpr std::string_view kRootFile = "rtml.yaml";
constexpr std::string_view kIgnoreFile = ".gitignore";
constexpr std::string_view kIgnoreLine = ".rtml/";
constexpr std::string_view kSchemaFolder = ".rtml/schemas/";
constexpr std::string_view kSchemaComment = "# yaml-language-server: $schema=";

// Turns the path in the first line, which leads to the schemas of the source tree, into one that
// leads to the project's own. `path` is the file's path in the project.
std::string with_own_schema(std::string text, const std::filesystem::path& path) {
  if (!text.starts_with(kSchemaComment)) return text;
  const std::size_t end = text.find('\n');
  const std::size_t name = text.rfind('/', end) + 1;
  const std::filesystem::path schema =
      std::filesystem::path(kSchemaFolder) / text.substr(name, end - name);
  const std::string relative = schema.lexically_relative(path.parent_path()).generic_string();
  return std::string(kSchemaComment) + relative + text.substr(end);
}

// Puts the directory's name into rtml.yaml.
std::string with_own_name(std::string text, const std::filesystem::path& root) {
  const std::string name = root.filename().string();
  const std::size_t line = text.find("\nname: ");
  if (!check_name(name, "project") || line == std::string::npos) return text;
  const std::size_t begin = line + 7;
  return text.replace(begin, text.find('\n', begin) - begin, name);
}

std::string with_ignored_state(const std::string& text) {
  const std::string line(kIgnoreLine);
  if (("\n" + text).find("\n" + line + "\n") != std::string::npos) return text;
  return text + (text.empty() || text.ends_with('\n') ? "" : "\n") + line + "\n";
}

std::vector<std::string> names_in(const std::filesystem::path& templates) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(templates, ignored)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::vector<ScaffoldFile>> read_template(const std::filesystem::path& directory,
                                                const std::filesystem::path& root) {
  std::vector<ScaffoldFile> files;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(error)) {
    if (!entry->is_regular_file(error)) continue;
    const std::filesystem::path path = entry->path().lexically_relative(directory);
    ScaffoldFile file;
    file.path = path.generic_string();
    RTML_TRY_ASSIGN(file.bytes, read_file(entry->path()));
    if (path.extension() == ".yaml") file.bytes = with_own_schema(std::move(file.bytes), path);
    if (file.path == kRootFile) file.bytes = with_own_name(std::move(file.bytes), root);
    const auto permissions = entry->status(error).permissions();
    const bool is_program =
        (permissions & std::filesystem::perms::owner_exec) != std::filesystem::perms::none;
    file.mode = is_program ? 0755 : 0644;
    files.push_back(std::move(file));
  }
  if (error) {
    return fail(ErrorCode::kIo,
                "cannot read template: " + directory.string() + ": " + error.message());
  }
  return files;
}

// Compares with what is there; a file of the user's is never replaced.
Status check_target(ScaffoldFile& file, const std::filesystem::path& root) {
  std::error_code error;
  const std::filesystem::path target = root / file.path;
  if (!std::filesystem::exists(std::filesystem::symlink_status(target, error))) return {};
  const auto present = read_file(target);
  file.is_there = present && *present == file.bytes;
  // Ours from an earlier rtml, or with a line of ours to be added.
  if (file.is_there || file.path.starts_with(kSchemaFolder) || file.path == kIgnoreFile) return {};
  return fail(Error(ErrorCode::kBadValue, "file is there already: " + target.string())
                  .with_help("choose another directory, or move the file away"));
}

}  // namespace

Result<std::vector<ScaffoldFile>> plan_scaffold(const std::filesystem::path& templates,
                                                std::string_view name,
                                                const std::filesystem::path& root) {
  const std::vector<std::string> known = names_in(templates);
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    return fail(Error(ErrorCode::kNotFound, "no template is called \"" + std::string(name) + "\"" +
                                                did_you_mean(name, known))
                    .with_help("templates are in " + templates.string()));
  }
  RTML_TRY_ASSIGN(std::vector<ScaffoldFile> files, read_template(templates / name, root));
  for (auto& [file, text] : schema::json_schema_files()) {
    files.push_back({std::string(kSchemaFolder) + file, std::move(text)});
  }
  std::string ignored;
  if (auto present = read_file(root / kIgnoreFile)) {
    ignored = std::move(*present);
  } else if (present.error().code() != ErrorCode::kNotFound) {
    return fail(std::move(present).error());
  }
  files.push_back({std::string(kIgnoreFile), with_ignored_state(ignored)});
  std::sort(files.begin(), files.end(), [](const ScaffoldFile& a, const ScaffoldFile& b) {
    return std::pair(a.path == kRootFile, a.path) < std::pair(b.path == kRootFile, b.path);
  });
  std::vector<Error> conflicts;
  for (ScaffoldFile& file : files) {
    if (auto status = check_target(file, root); !status) {
      conflicts.push_back(std::move(status).error());
    }
  }
  if (!conflicts.empty()) return fail(Error::many(std::move(conflicts)));
  return files;
}

Status write_scaffold(const std::vector<ScaffoldFile>& files, const std::filesystem::path& root) {
  std::vector<std::filesystem::path> written;
  for (const ScaffoldFile& file : files) {
    if (file.is_there) continue;
    auto status = write_file(root / file.path, file.bytes, file.mode);
    if (status) {
      written.push_back(root / file.path);
      continue;
    }
    std::error_code ignored;
    for (const std::filesystem::path& path : written) {
      if (path.filename() != kIgnoreFile) std::filesystem::remove(path, ignored);
    }
    return status;
  }
  return {};
}

}  // namespace rtml::project
