// File descriptors of the system.

#pragma once

#include <string_view>
#include <utility>

namespace rtml {

// Closes its descriptor at the end of its scope. Below 0: there is none.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();

  int get() const { return number_; }
  // Leaves closing to the caller.
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// Writes all of `bytes`, through signals and short writes. False with `errno` set where that fails;
// some of the bytes may be written then.
[[nodiscard]] bool write_all(int descriptor, std::string_view bytes);

}  // namespace rtml
