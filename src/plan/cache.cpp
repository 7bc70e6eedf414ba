#include "cache.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include <xgrad/log.hpp>
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

  /// A large plan may drive out all others: making these again takes no longer than making the large one.
  void remember(const std::shared_ptr<const Plan>& plan) {
    const std::size_t bytes = plan->bytes();
    Plans fresh{plan};
    std::unique_lock lock(mutex_);
    if (bytes > limit_) {
      const bool again = refuse(plan->hash);
      const std::size_t limit = limit_;
      lock.unlock();
      if (again) say_too_large(*plan, bytes, limit);
      return;
    }
    by_hash_.emplace(plan->hash, fresh.begin());  // may find no memory: nothing has changed then
    plans_.splice(plans_.begin(), fresh);
    bytes_ += bytes;
    shrink();
  }

  void set_limit(std::size_t bytes) {
    const std::scoped_lock lock(mutex_);
    limit_ = bytes;
    refused_.fill(0);
    said_ = false;
    shrink();
  }

  PlanCache statistics() {
    const std::scoped_lock lock(mutex_);
    return {hits_, misses_, plans_.size(), bytes_};
  }

 private:
  using Plans = std::list<std::shared_ptr<const Plan>>;

  /// Whether a plan that is too large was made before, and nothing was said yet.
  bool refuse(std::uint64_t hash) noexcept {
    if (limit_ == 0 || said_) return false;
    said_ = std::find(refused_.begin(), refused_.end(), hash) != refused_.end();
    refused_[next_refused_++ % refused_.size()] = hash;
    return said_;
  }

  static void say_too_large(const Plan& plan, std::size_t bytes, std::size_t limit) {
    const auto mebibytes = [](std::size_t size) { return std::to_string((size >> 20U) + 1) + " MiB"; };
    log("a plan of " + mebibytes(bytes) + " for " + std::to_string(plan.nodes) +
        " recorded operations is made anew each time: it does not fit the cache of plans, which is limited to " +
        mebibytes(limit - 1) +
        ". set_plan_cache_limit() makes room; a function given to compile() keeps its plan itself");
  }

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
  std::size_t limit_ = usual_plan_cache_limit;
  std::array<std::uint64_t, 8> refused_{};  // hashes of plans that were too large
  std::size_t next_refused_ = 0;
  bool said_ = false;
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
