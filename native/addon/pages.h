// Large working memory of a kernel, in large pages and kept by its thread for the next call.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace maniple {

/// A piece of memory from the system, aligned to its large pages.
struct Mapping {
  void* mapped = nullptr;
  size_t mappedBytes = 0;
  void* data = nullptr;
  size_t bytes = 0;
};

/// What one thread has given back and may want again: the system clears every page that it hands out, and taking one
/// away interrupts the processors of all other threads. At most kMost bytes are kept, the latest ones.
class PagePool {
 public:
  static PagePool& ofThread() {
    thread_local PagePool pool;
    return pool;
  }
  ~PagePool() {
    for (const Mapping& mapping : free_) munmap(mapping.mapped, mapping.mappedBytes);
  }
  /// `bytes` (a multiple of kLarge) or more, holding anything.
  Mapping take(size_t bytes) {
    size_t best = free_.size();
    for (size_t i = 0; i < free_.size(); i++) {
      if (free_[i].bytes < bytes || free_[i].bytes > 2 * bytes + 4 * kLarge) continue;
      if (best == free_.size() || free_[i].bytes < free_[best].bytes) best = i;
    }
    if (best < free_.size()) {
      const Mapping found = free_[best];
      free_.erase(free_.begin() + ptrdiff_t(best));
      kept_ -= found.bytes;
      return found;
    }
    // Whole large pages need an address that is a multiple of their size: one more is asked for than needed.
    Mapping made;
    made.mappedBytes = bytes + kLarge;
    made.mapped = mmap(nullptr, made.mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made.mapped == MAP_FAILED) throw std::bad_alloc();
    made.data = reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(made.mapped) + kLarge - 1) / kLarge * kLarge);
    made.bytes = bytes;
#if defined(MADV_HUGEPAGE)
    madvise(made.data, bytes, MADV_HUGEPAGE);
#endif
    return made;
  }
  void give(const Mapping& mapping) {
    free_.push_back(mapping);
    kept_ += mapping.bytes;
    while (kept_ > kMost) {
      munmap(free_.front().mapped, free_.front().mappedBytes);
      kept_ -= free_.front().bytes;
      free_.erase(free_.begin());
    }
  }
  static constexpr size_t kLarge = size_t(2) << 20;

 private:
  static constexpr size_t kMost = size_t(256) << 20;
  std::vector<Mapping> free_;
  size_t kept_ = 0;
};

/// An array of T whose elements hold anything at first: grids and points are walked in an order that would miss the
/// address tables of small pages at every step.
template <class T>
class Pages {
 public:
  Pages() = default;
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() { release(); }
  /// At least `count` elements; what was there before is lost when it grows.
  T* atLeast(size_t count) {
    constexpr size_t large = PagePool::kLarge;
    const size_t wanted = (count * sizeof(T) + 64 + large - 1) / large * large;
    if (wanted <= memory_.bytes) return data();
    release();
    memory_ = PagePool::ofThread().take(wanted);
    return data();
  }
  T* data() { return static_cast<T*>(memory_.data); }
  size_t bytes() const { return memory_.bytes; }
  void release() {
    if (memory_.mapped != nullptr) PagePool::ofThread().give(memory_);
    memory_ = {};
  }

 private:
  Mapping memory_;
};

}  // namespace maniple
