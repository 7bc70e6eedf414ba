#include "counted_memory.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace counted_memory {

std::atomic<std::size_t> allocations{0};
std::atomic<std::ptrdiff_t> live_bytes{0};
std::atomic<std::ptrdiff_t> peak_bytes{0};
std::atomic<std::ptrdiff_t> fails_after{-1};

}  // namespace counted_memory

namespace {

using namespace counted_memory;

/// Whether this is the allocation that shall fail.
bool shall_fail() noexcept {
  return fails_after.load(std::memory_order_relaxed) >= 0 && fails_after.fetch_sub(1, std::memory_order_relaxed) == 0;
}

void* counted(void* p) {
  if (p == nullptr) throw std::bad_alloc();
  allocations.fetch_add(1, std::memory_order_relaxed);
  const auto size = static_cast<std::ptrdiff_t>(malloc_usable_size(p));
  const std::ptrdiff_t now = live_bytes.fetch_add(size, std::memory_order_relaxed) + size;
  std::ptrdiff_t known = peak_bytes.load(std::memory_order_relaxed);
  while (known < now && !peak_bytes.compare_exchange_weak(known, now, std::memory_order_relaxed)) {
  }
  return p;
}

void* aligned(std::size_t size, std::align_val_t alignment) noexcept {
  const auto step = static_cast<std::size_t>(alignment);
  return shall_fail() ? nullptr : std::aligned_alloc(step, std::max(step, (size + step - 1) / step * step));
}

void* counted_or_null(void* p) noexcept { return p == nullptr ? nullptr : counted(p); }

void counted_free(void* p) noexcept {
  if (p != nullptr) {
    live_bytes.fetch_sub(static_cast<std::ptrdiff_t>(malloc_usable_size(p)), std::memory_order_relaxed);
  }
  std::free(p);  // NOLINT(*-no-malloc)
}

void* plain(std::size_t size) noexcept { return shall_fail() ? nullptr : std::malloc(std::max<std::size_t>(size, 1)); }

}  // namespace

void* operator new(std::size_t size) { return counted(plain(size)); }
void* operator new[](std::size_t size) { return counted(plain(size)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted_or_null(plain(size)); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted_or_null(plain(size)); }
void* operator new(std::size_t size, std::align_val_t alignment) { return counted(aligned(size, alignment)); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return counted(aligned(size, alignment)); }
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return counted_or_null(aligned(size, alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return counted_or_null(aligned(size, alignment));
}
void operator delete(void* p) noexcept { counted_free(p); }
void operator delete[](void* p) noexcept { counted_free(p); }
void operator delete(void* p, std::size_t) noexcept { counted_free(p); }
void operator delete[](void* p, std::size_t) noexcept { counted_free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { counted_free(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { counted_free(p); }
void operator delete(void* p, std::align_val_t) noexcept { counted_free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { counted_free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { counted_free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { counted_free(p); }
void operator delete(void* p, std::align_val_t, const std::nothrow_t&) noexcept { counted_free(p); }
void operator delete[](void* p, std::align_val_t, const std::nothrow_t&) noexcept { counted_free(p); }
