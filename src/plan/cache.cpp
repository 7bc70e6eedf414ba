#include "cache.hpp"

#include <iterator>
#include <list>
#include <mutex>
#include <unordered_map>

#include <xgrad/plans.hpp>

namespace xgrad {
namespace detail {
namespace {

/// Plans by the hash of their signature; the least recently used go first.
class Cache {
 public:
  static Cache& instance() {
    static auto* cache = new Cache;  // never destroyed: threads may outlive static objects
    return *cache;
  }

  std::shared_ptr<const Plan> find(const Request& request) {
    const std::scoped_lock lock(mutex_);
    const auto [first, last] = by_hash_.equal_range(request.hash);
    for (auto at = first; at != last; ++at) {
      if ((*at->second)->signature != request.signature) continue;
      ++hits_;
      plans_.splice(plans_.begin(), plans_, at->second);
      return *at->second;
    }
    ++misses_;
    return nullptr;
  }

  void remember(const std::shared_ptr<const Plan>& plan) {
    const std::size_t bytes = plan->bytes();
    Plans fresh{plan};
    const std::scoped_lock lock(mutex_);
    if (bytes > limit_ / 4) return;  // one plan must not drive out all others
    by_hash_.emplace(plan->hash, fresh.begin());
    plans_.splice(plans_.begin(), fresh);
    bytes_ += bytes;
    shrink();
  }

  void set_limit(std::size_t bytes) {
    const std::scoped_lock lock(mutex_);
    limit_ = bytes;
    shrink();
  }

  PlanCache statistics() {
    const std::scoped_lock lock(mutex_);
    return {hits_, misses_, plans_.size(), bytes_};
  }

 private:
  using Plans = std::list<std::shared_ptr<const Plan>>;

  void shrink() {
    while (bytes_ > limit_) {
      const auto oldest = std::prev(plans_.end());
      const auto [first, last] = by_hash_.equal_range((*oldest)->hash);
      for (auto at = first; at != last; ++at) {
        if (at->second != oldest) continue;
        by_hash_.erase(at);
        break;
      }
      bytes_ -= (*oldest)->bytes();
      plans_.erase(oldest);
    }
  }

  std::mutex mutex_;
  Plans plans_;  // the most recently used first
  std::unordered_multimap<std::uint64_t, Plans::iterator> by_hash_;
  std::size_t bytes_ = 0;
  std::size_t limit_ = std::size_t{64} << 20U;
  std::size_t hits_ = 0;
  std::size_t misses_ = 0;
};

}  // namespace

std::shared_ptr<const Plan> plan_for(Request& request, const TapeState& tape, std::span<const NodeId> outputs) {
  if (std::shared_ptr<const Plan> known = Cache::instance().find(request)) return known;
  std::shared_ptr<const Plan> plan = make_plan(request, tape, outputs);
  Cache::instance().remember(plan);
  return plan;
}

}  // namespace detail

PlanCache plan_cache() { return detail::Cache::instance().statistics(); }

void set_plan_cache_limit(std::size_t bytes) { detail::Cache::instance().set_limit(bytes); }

}  // namespace xgrad
