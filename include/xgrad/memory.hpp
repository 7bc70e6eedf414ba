// Memory that threads keep for what comes next.
#pragma once

#include <cstddef>

#include <xgrad/core/language.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// What the process keeps beside the arrays of Vars that live.
struct MemoryInUse {
  /// Bytes: freed arrays, and the memory between the steps of plans, of all threads. Each thread asks for whole
  /// mebibytes of the limit, so up to one more for each thread is counted than it has.
  std::size_t kept;
  std::size_t limit;
};

/// How much that is now, of all threads, and the limit that set_kept_memory_limit() has set. Reads two counters.
[[nodiscard]] MemoryInUse memory_in_use() noexcept;

/// The limit at the start: 2 GiB.
inline constexpr std::size_t usual_kept_memory_limit = std::size_t{2} << 30U;

/// How much all threads together keep from now on. What they keep already goes with release_memory(). A thread that
/// gets no share of it takes memory from the system each time and gives it back, which is slower.
void set_kept_memory_limit(std::size_t bytes) noexcept;

/// Gives back what this thread keeps, at once, and what others keep as soon as they next make or free an array or
/// evaluate, or end.
void release_memory() noexcept;

}  // namespace xgrad

#pragma GCC visibility pop
