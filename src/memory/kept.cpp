#include "kept.hpp"

#include <array>

#include <xgrad/memory.hpp>

namespace xgrad {
namespace memory {
namespace {

constinit std::atomic<std::size_t> kept{0};
constinit std::atomic<std::size_t> limit{usual_kept_memory_limit};
constinit std::atomic<std::uint64_t> release_count{0};

/// A few floors have something to give back; they say so while the program starts.
constinit std::array<std::atomic<Release>, 4> hooks{};

}  // namespace

std::uint64_t releases() noexcept { return release_count.load(std::memory_order_relaxed); }

bool KeptShare::grow(std::size_t bytes) noexcept {
  const std::size_t wanted = (bytes + piece - 1) / piece * piece;
  const std::size_t more = wanted - share_;
  std::size_t now = kept.load(std::memory_order_relaxed);
  do {
    const std::size_t most = limit.load(std::memory_order_relaxed);
    if (now > most || more > most - now) return false;
  } while (!kept.compare_exchange_weak(now, now + more, std::memory_order_relaxed));
  share_ = wanted;
  return true;
}

void KeptShare::shrink(std::size_t bytes) noexcept {
  const std::size_t wanted = (bytes + piece - 1) / piece * piece;
  kept.fetch_sub(share_ - wanted, std::memory_order_relaxed);
  share_ = wanted;
}

void at_release(Release release) noexcept {
  for (std::atomic<Release>& hook : hooks) {
    Release none = nullptr;
    if (hook.compare_exchange_strong(none, release) || none == release) return;
  }
}

}  // namespace memory

MemoryInUse memory_in_use() noexcept {
  return {memory::kept.load(std::memory_order_relaxed), memory::limit.load(std::memory_order_relaxed)};
}

void set_kept_memory_limit(std::size_t bytes) noexcept { memory::limit.store(bytes, std::memory_order_relaxed); }

void release_memory() noexcept {
  memory::release_count.fetch_add(1, std::memory_order_relaxed);
  for (const std::atomic<memory::Release>& hook : memory::hooks) {
    if (const memory::Release release = hook.load()) release();
  }
}

}  // namespace xgrad
