#include "index_sets.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace xgrad::detail {

IndexSets::IndexSets() : starts_{0, 0} {}

IndexSets::Set IndexSets::united(Set a, Set b) {
  if (a == b || b == empty) return a;
  if (a == empty) return b;
  const std::span<const Index> first = elements(a);
  const std::span<const Index> second = elements(b);
  constexpr std::size_t few = 8;  // are joined in less time than a union is looked up
  if (first.size() + second.size() <= few) {
    std::array<Index, few> joined;
    const auto end = std::set_union(first.begin(), first.end(), second.begin(), second.end(), joined.begin());
    return interned({joined.begin(), end});
  }
  const std::uint64_t key = (std::uint64_t{std::min(a, b)} << 32U) | std::max(a, b);
  if (const Set known = unions_(key); known != empty) return known;
  made_.clear();
  std::ranges::set_union(first, second, std::back_inserter(made_));
  const Set result = interned(made_);
  unions_.at(key) = result;
  return result;
}

IndexSets::Set IndexSets::united(std::vector<Set>& all) {
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  if (all.empty()) return empty;
  if (all.size() <= 2) return united(all.front(), all.back());
  made_.clear();
  for (const Set each : all) {
    const std::span<const Index> more = elements(each);
    made_.insert(made_.end(), more.begin(), more.end());
  }
  std::ranges::sort(made_);
  made_.erase(std::unique(made_.begin(), made_.end()), made_.end());
  return interned(made_);
}

IndexSets::Set IndexSets::interned(std::span<const Index> ascending) {
  if (ascending.empty()) return empty;
  std::uint64_t hash = ascending.size();
  for (const Index each : ascending) hash = (hash ^ each) * 0x9e3779b97f4a7c15U;
  for (;; ++hash) {  // other sets may have the same
    Set& known = by_hash_.at(hash + (hash == 0 ? 1 : 0));
    if (known != empty && !std::ranges::equal(elements(known), ascending)) continue;
    if (known != empty) return known;
    known = static_cast<Set>(starts_.size() - 1);
    elements_.insert(elements_.end(), ascending.begin(), ascending.end());
    starts_.push_back(elements_.size());
    return known;
  }
}

}  // namespace xgrad::detail
