#include <xgrad/mpi/sum_tree.hpp>

#include <algorithm>
#include <string>
#include <xgrad/core/errors.hpp>

namespace xgrad::mpi {

SumTree::SumTree(std::size_t shards, std::size_t processes) : bounds_{0, shards} {
  if (processes == 0 || processes > shards) {
    throw ValueError("xgrad::mpi: " + std::to_string(shards) + " shards cannot be dealt to " +
                     std::to_string(processes) + " processes: each process has at least one");
  }
  while (bounds_.size() - 1 < processes) {
    std::size_t most = 0;
    for (std::size_t p = 0; p + 1 < bounds_.size(); ++p) {
      if (bounds_[p + 1] - bounds_[p] >= bounds_[most + 1] - bounds_[most]) most = p;
    }
    const std::size_t cut = tree_cut(bounds_[most], bounds_[most + 1]);
    bounds_.insert(bounds_.begin() + static_cast<std::ptrdiff_t>(most) + 1, cut);
  }
}

std::size_t SumTree::cut(std::size_t first, std::size_t last) const noexcept {
  const std::size_t shard = tree_cut(bounds_[first], bounds_[last]);
  return static_cast<std::size_t>(std::lower_bound(bounds_.begin(), bounds_.end(), shard) - bounds_.begin());
}

}  // namespace xgrad::mpi
