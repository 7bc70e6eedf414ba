#include <xgrad/train/shards.hpp>

#include <algorithm>
#include <bit>
#include <functional>
#include <string>

#include <xgrad/core/errors.hpp>

#include "core/text.hpp"
#include "shard_tree.hpp"

namespace xgrad::train {
namespace detail {
namespace {

/// Where the branch of the shards [first, last) parts: a power of two of them, and the rest.
std::size_t fork_of(std::size_t first, std::size_t last) { return first + std::bit_floor(last - first - 1); }

}  // namespace

std::vector<std::size_t> bounds_of_branches(std::size_t shards, std::size_t processes) {
  if (processes > shards) {
    throw ValueError("train: " + core::count_of(processes, "process", "processes") + " for " +
                     core::count_of(shards, "shard", "shards") +
                     "; each process needs one: start fewer, or cut batches into more shards, .shards");
  }
  std::vector<std::size_t> bounds{0, shards};
  while (bounds.size() <= processes) {  // the largest branch, the last of several, is given to two
    std::size_t largest = 0;
    for (std::size_t i = 0; i + 1 < bounds.size(); ++i) {
      if (bounds[i + 1] - bounds[i] >= bounds[largest + 1] - bounds[largest]) largest = i;
    }
    bounds.insert(bounds.begin() + static_cast<std::ptrdiff_t>(largest) + 1,
                  fork_of(bounds[largest], bounds[largest + 1]));
  }
  return bounds;
}

std::vector<Joint> joints_of(const std::vector<std::size_t>& bounds) {
  std::vector<Joint> result;
  const std::function<void(std::size_t, std::size_t)> join = [&](std::size_t first, std::size_t last) {
    if (last - first < 2) return;
    const std::size_t fork = fork_of(bounds[first], bounds[last]);
    const auto middle = static_cast<std::size_t>(std::ranges::find(bounds, fork) - bounds.begin());
    join(first, middle);
    join(middle, last);
    result.push_back({first, middle});
  };
  join(0, bounds.size() - 1);
  return result;
}

}  // namespace detail

Processes::~Processes() = default;

data::Part shards_of(std::size_t shards, std::size_t processes, std::size_t rank) {
  if (shards == 0) throw ValueError("train: batches are cut into 0 shards; there must be at least 1");
  if (rank >= processes) {
    throw ValueError("train: there is no process " + std::to_string(rank) + " among " + std::to_string(processes));
  }
  const std::vector<std::size_t> bounds = detail::bounds_of_branches(shards, processes);
  return {.first = bounds[rank], .count = bounds[rank + 1] - bounds[rank], .of = shards};
}

data::Part Shards::own() const {
  return processes ? shards_of(count, processes->size(), processes->rank()) : shards_of(count, 1, 0);
}

}  // namespace xgrad::train
