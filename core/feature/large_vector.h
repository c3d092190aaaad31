// Vectors whose memory is on huge pages where they are large: a sweep writes its results to
// scattered rows, and with small pages most of the time would go into page faults and lookups of
// addresses.

#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <vector>

namespace rtml::feature {

template <typename T>
struct LargeAllocator {
  using value_type = T;

  LargeAllocator() = default;
  template <typename U>
  LargeAllocator(const LargeAllocator<U>&) {}

  T* allocate(std::size_t count) {
    const std::size_t size = count * sizeof(T);
    if (size < kHugePage) return static_cast<T*>(::operator new(size));
    const std::size_t rounded = (size + kHugePage - 1) / kHugePage * kHugePage;
    void* const memory = ::operator new(rounded, std::align_val_t{kHugePage});
    // Advice only: where the kernel has no huge pages, small ones serve as well.
    ::madvise(memory, rounded, MADV_HUGEPAGE);
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) {
    if (count * sizeof(T) < kHugePage) {
      ::operator delete(memory);
    } else {
      ::operator delete(memory, std::align_val_t{kHugePage});
    }
  }

  friend bool operator==(const LargeAllocator&, const LargeAllocator&) { return true; }

 private:
  static constexpr std::size_t kHugePage = std::size_t{2} << 20;
};

template <typename T>
using LargeVector = std::vector<T, LargeAllocator<T>>;

}  // namespace rtml::feature
