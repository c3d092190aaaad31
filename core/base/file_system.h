// Reading and writing files so that a crash leaves the old content or the new, never a mixture.

#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace rtml {

// Returns the whole content. Fails with kNotFound if there is no such file, kIo if it cannot be
// read or is larger than `limit_bytes`.
Result<std::string> read_file(const std::filesystem::path& path,
                              std::size_t limit_bytes = std::size_t{1} << 30);

// A file that becomes visible under its name only by commit(): a temporary beside it, fsync,
// rename, fsync of the directory. Destroyed without commit, it leaves nothing behind.
class AtomicFile {
 public:
  // Creates the temporary, and the directory where it is missing, and removes what killed processes
  // left of the same file. Fails with kIo.
  static Result<AtomicFile> create(const std::filesystem::path& path, unsigned mode = 0644);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  Status write(std::string_view bytes);
  // Makes the content durable and visible. No further write may follow.
  Status commit();
  // Where the bytes are until commit(), for libraries that write a path themselves.
  const std::filesystem::path& temporary_path() const { return temporary_; }

 private:
  AtomicFile(std::filesystem::path path, std::filesystem::path temporary, int descriptor)
      : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_;
};

// Writes `bytes` to `path` by an AtomicFile.
Status write_file(const std::filesystem::path& path, std::string_view bytes, unsigned mode = 0644);

// Makes a rename or removal in `directory` survive a power loss.
Status sync_directory(const std::filesystem::path& directory);

// Removes temporaries of AtomicFile in `directory` whose process is gone.
void remove_stale_temporaries(const std::filesystem::path& directory);

}  // namespace rtml
