// The tree along which what comes of shards is added, and which branch of it a process has.
#pragma once

#include <cstddef>
#include <vector>

namespace xgrad::train::detail {

/// Bounds of branches: process p has the shards from bounds[p] to bounds[p + 1].
/// \throws ValueError  if there are more processes than shards.
std::vector<std::size_t> bounds_of_branches(std::size_t shards, std::size_t processes);

/// Two sums that are added: that of the branches from one process on gets that of those from another one on.
struct Joint {
  std::size_t into;
  std::size_t from;
};
/// How the sums of branches are added, in an order in which that can be done.
std::vector<Joint> joints_of(const std::vector<std::size_t>& bounds);

}  // namespace xgrad::train::detail
