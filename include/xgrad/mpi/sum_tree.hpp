// The one tree along which sums over shards and processes are added, so that their bits depend on neither.
#pragma once

#include <bit>
#include <cstddef>
#include <vector>

#include <xgrad/core/language.hpp>

#pragma GCC visibility push(default)

namespace xgrad::mpi {

/// Where the tree over the leaves [first, last) is cut in two: the left part gets the largest power of two that leaves
/// something for the right part. With first = 0 and 6 leaves: 4 and 2.
[[nodiscard]] constexpr std::size_t tree_cut(std::size_t first, std::size_t last) noexcept {
  return first + std::bit_floor(last - first - 1);
}

/// A binary tree over `shards` leaves, of which each process has one whole subtree: process p the leaves from
/// first_shard(p) to first_shard(p + 1).
class SumTree {
 public:
  /// Deals shards to processes: again and again the process with the most shards (of several, the last) gives the right
  /// half of its subtree away. For 16 shards and 3 processes: 8, 4, 4.
  /// \throws ValueError  if there are more processes than shards, or none.
  SumTree(std::size_t shards, std::size_t processes);

  [[nodiscard]] std::size_t processes() const noexcept { return bounds_.size() - 1; }
  [[nodiscard]] std::size_t shards() const noexcept { return bounds_.back(); }
  [[nodiscard]] std::size_t first_shard(std::size_t process) const noexcept { return bounds_[process]; }
  /// Where the tree over the processes [first, last) is cut in two.
  [[nodiscard]] std::size_t cut(std::size_t first, std::size_t last) const noexcept;

 private:
  std::vector<std::size_t> bounds_;
};

}  // namespace xgrad::mpi

#pragma GCC visibility pop
