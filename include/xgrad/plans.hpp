// The plans that evaluations have made and remember.
#pragma once

#include <cstddef>

#include <xgrad/core/language.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// What the cache of plans has done and holds. An evaluation whose recorded operations have the structure of an earlier
/// one (shapes, element types, operations; not the values) finds its plan.
struct PlanCache {
  std::size_t hits;
  std::size_t misses;
  std::size_t plans;
  std::size_t bytes;  ///< roughly, of the plans themselves; they hold no arrays
};

[[nodiscard]] PlanCache plan_cache();

/// The limit at the start: 256 MiB. A recorded operation takes 100 to 1000 bytes of a plan, so this is enough for the
/// loss and gradient of some hundred thousand operations.
inline constexpr std::size_t usual_plan_cache_limit = std::size_t{256} << 20U;

/// Forgets plans, the least recently used first, until the others take at most so many bytes, and keeps to that limit
/// from now on; 0 remembers nothing. A plan that by itself takes more is not remembered. When one is made for the
/// second time, a message says so, once for each limit that is set (see log.hpp). Compiled functions keep their plans
/// themselves, without a limit.
void set_plan_cache_limit(std::size_t bytes);

}  // namespace xgrad

#pragma GCC visibility pop
