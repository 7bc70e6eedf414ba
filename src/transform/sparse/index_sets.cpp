#include "index_sets.hpp"

#include <algorithm>
#include <iterator>

#include <boost/functional/hash.hpp>

namespace xgrad::detail {

IndexSets::IndexSets() : starts_{0, 0} {}

IndexSets::Set IndexSets::united(Set a, Set b) {
  if (a == b || b == empty) return a;
  if (a == empty) return b;
  const std::uint64_t key = (std::uint64_t{std::min(a, b)} << 32U) | std::max(a, b);
  if (const auto known = unions_.find(key); known != unions_.end()) return known->second;
  made_.clear();
  std::ranges::set_union(elements(a), elements(b), std::back_inserter(made_));
  const Set result = interned(made_);
  unions_.emplace(key, result);
  return result;
}

IndexSets::Set IndexSets::united(std::vector<Set>& all) {
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  if (all.empty()) return empty;
  if (all.size() <= 2) return united(all.front(), all.back());
  made_.clear();
  for (const Set each : all) {
    const std::span<const Index> more = elements(each);
    made_.insert(made_.end(), more.begin(), more.end());
  }
  std::ranges::sort(made_);
  made_.erase(std::ranges::unique(made_).begin(), made_.end());
  return interned(made_);
}

IndexSets::Set IndexSets::interned(std::span<const Index> ascending) {
  if (ascending.empty()) return empty;
  const std::size_t hash = boost::hash_range(ascending.begin(), ascending.end());
  for (auto [known, end] = by_hash_.equal_range(hash); known != end; ++known) {
    if (std::ranges::equal(elements(known->second), ascending)) return known->second;
  }
  const auto set = static_cast<Set>(starts_.size() - 1);
  elements_.insert(elements_.end(), ascending.begin(), ascending.end());
  starts_.push_back(elements_.size());
  by_hash_.emplace(hash, set);
  return set;
}

}  // namespace xgrad::detail
