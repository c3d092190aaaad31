// SHA-256, the identity of everything rtml stores.

#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace rtml {

// Returns the SHA-256 of `bytes` as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

// Returns the SHA-256 of a file's bytes, read in blocks. Fails with kNotFound or kIo.
Result<std::string> sha256_file(const std::filesystem::path& path);

// Hashes bytes as they come. Not for use by two threads at once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view bytes);
  // Returns the digest in hexadecimal. REQUIRES: not called before on this object.
  std::string finish_hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rtml
