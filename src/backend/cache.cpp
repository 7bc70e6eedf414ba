#include "cache.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <xgrad/log.hpp>
#include <xgrad/plans.hpp>

namespace xgrad {
namespace backend {
namespace {

/// An executable and the requests that it serves.
struct Entry {
  std::vector<std::uint64_t> signature;
  std::uint64_t hash;
  std::size_t nodes;  ///< recorded ones
  std::shared_ptr<const Executable> executable;

  [[nodiscard]] std::size_t bytes() const noexcept {
    return executable->bytes() + signature.size() * sizeof(std::uint64_t);
  }
};

/// Entries by the hash of their signature; the least recently used go first.
class Cache {
 public:
  static Cache& instance() {
    static auto* cache = new Cache;  // never destroyed: threads may outlive static objects
    return *cache;
  }

  std::shared_ptr<const Executable> find(const Request& request) {
    const std::scoped_lock lock(mutex_);
    const auto [first, last] = by_hash_.equal_range(request.hash);
    for (auto at = first; at != last; ++at) {
      if (at->second->signature != request.signature) continue;
      ++hits_;
      entries_.splice(entries_.begin(), entries_, at->second);
      return at->second->executable;
    }
    ++misses_;
    return nullptr;
  }

  /// A large one may drive out all others: making these again takes no longer than making the large one.
  void remember(Entry entry) {
    const std::size_t bytes = entry.bytes();
    Entries fresh;
    fresh.push_back(std::move(entry));
    std::unique_lock lock(mutex_);
    if (bytes > limit_) {
      const bool again = refuse(fresh.front().hash);
      const std::size_t limit = limit_;
      lock.unlock();
      if (again) say_too_large(fresh.front().nodes, bytes, limit);
      return;
    }
    by_hash_.emplace(fresh.front().hash, fresh.begin());  // may find no memory: nothing has changed then
    entries_.splice(entries_.begin(), fresh);
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
    return {hits_, misses_, entries_.size(), bytes_};
  }

 private:
  using Entries = std::list<Entry>;

  /// Whether a plan that is too large was made before, and nothing was said yet.
  bool refuse(std::uint64_t hash) noexcept {
    if (limit_ == 0 || said_) return false;
    said_ = std::find(refused_.begin(), refused_.end(), hash) != refused_.end();
    refused_[next_refused_++ % refused_.size()] = hash;
    return said_;
  }

  static void say_too_large(std::size_t nodes, std::size_t bytes, std::size_t limit) {
    const auto mebibytes = [](std::size_t size) { return std::to_string((size >> 20U) + 1) + " MiB"; };
    detail::log(
        "a plan of " + mebibytes(bytes) + " for " + std::to_string(nodes) +
        " recorded operations is made anew each time: it does not fit the cache of plans, which is limited to " +
        mebibytes(limit - 1) +
        ". set_plan_cache_limit() makes room; a function given to compile() keeps its plan itself");
  }

  void shrink() {
    while (bytes_ > limit_) {
      const auto oldest = std::prev(entries_.end());
      const auto [first, last] = by_hash_.equal_range(oldest->hash);
      for (auto at = first; at != last; ++at) {
        if (at->second != oldest) continue;
        by_hash_.erase(at);
        break;
      }
      bytes_ -= oldest->bytes();
      entries_.erase(oldest);
    }
  }

  std::mutex mutex_;
  Entries entries_;  // the most recently used first
  std::unordered_multimap<std::uint64_t, Entries::iterator> by_hash_;
  std::size_t bytes_ = 0;
  std::size_t limit_ = usual_plan_cache_limit;
  std::array<std::uint64_t, 8> refused_{};  // hashes of plans that were too large
  std::size_t next_refused_ = 0;
  bool said_ = false;
  std::size_t hits_ = 0;
  std::size_t misses_ = 0;
};

}  // namespace

std::shared_ptr<const Executable> executable_for(const Request& request, const TapeState& tape,
                                                 std::span<const NodeId> outputs) {
  if (std::shared_ptr<const Executable> known = Cache::instance().find(request)) return known;
  std::shared_ptr<const Executable> made = make_executable(make_plan(request, tape, outputs));
  Cache::instance().remember({request.signature, request.hash, request.nodes.size(), made});
  return made;
}

}  // namespace backend

PlanCache plan_cache() { return backend::Cache::instance().statistics(); }

void set_plan_cache_limit(std::size_t bytes) { backend::Cache::instance().set_limit(bytes); }

}  // namespace xgrad
