// The plans that evaluations have made and remember.
#pragma once

#include <cstddef>

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

/// Forgets plans, the least recently used first, until the others take at most so many bytes, and keeps to that limit
/// from now on. The start is 64 MiB; 0 remembers nothing.
void set_plan_cache_limit(std::size_t bytes);

}  // namespace xgrad
