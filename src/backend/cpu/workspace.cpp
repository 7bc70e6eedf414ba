#include "workspace.hpp"

#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace xgrad::backend::cpu {

void prefer_large_pages([[maybe_unused]] std::byte* data, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::size_t page = std::size_t{2} << 20U;
  constexpr std::size_t worth_it = 4 * page;
  if (bytes < worth_it) return;
  const std::size_t before = (page - reinterpret_cast<std::uintptr_t>(data) % page) % page;
  // What it says does not matter: small pages do as well, only slower.
  static_cast<void>(madvise(data + before, (bytes - before) / page * page, MADV_HUGEPAGE));
#endif
}

}  // namespace xgrad::backend::cpu
