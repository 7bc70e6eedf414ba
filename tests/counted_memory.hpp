// An operator new that counts, and that fails when told to. A program that asks for it gets it for all that it does.
#pragma once

#include <atomic>
#include <cstddef>

namespace counted_memory {

extern std::atomic<std::size_t> allocations;
extern std::atomic<std::ptrdiff_t> live_bytes;
/// The most that were live at once.
extern std::atomic<std::ptrdiff_t> peak_bytes;

/// So many allocations succeed, in whatever thread, then one fails with std::bad_alloc. Negative: none fails.
extern std::atomic<std::ptrdiff_t> fails_after;

}  // namespace counted_memory
