#include <xgrad/mpi/sum_tree.hpp>

#include <algorithm>
#include <queue>
#include <string>
#include <utility>
#include <xgrad/core/errors.hpp>

namespace xgrad::mpi {

SumTree::SumTree(std::size_t shards, std::size_t processes) {
  if (processes == 0 || processes > shards) {
    throw ValueError("xgrad::mpi: " + std::to_string(shards) + " shards cannot be dealt to " +
                     std::to_string(processes) + " processes: each process has at least one");
  }
  std::priority_queue<std::pair<std::size_t, std::size_t>> parts;  // how many shards, and the first
  parts.emplace(shards, 0);
  while (parts.size() < processes) {
    const auto [count, first] = parts.top();
    parts.pop();
    const std::size_t cut = tree_cut(first, first + count);
    parts.emplace(cut - first, first);
    parts.emplace(first + count - cut, cut);
  }
  for (bounds_ = {shards}; !parts.empty(); parts.pop()) bounds_.push_back(parts.top().second);
  std::sort(bounds_.begin(), bounds_.end());
}

std::size_t SumTree::cut(std::size_t first, std::size_t last) const noexcept {
  const std::size_t shard = tree_cut(bounds_[first], bounds_[last]);
  return static_cast<std::size_t>(std::lower_bound(bounds_.begin(), bounds_.end(), shard) - bounds_.begin());
}

}  // namespace xgrad::mpi
