// Where arrays lie that live from one step to another.
#pragma once

#include <cstddef>
#include <map>
#include <utility>

namespace xgrad::backend::cpu {

/// Offsets in one piece of memory for arrays that live from one step to another.
class Arena {
  using Free = std::multimap<std::size_t, std::size_t>;  // offsets by size

 public:
  using Block = Free::node_type;

  Block take(std::size_t bytes) {
    // The smallest free block that is large enough, unless it is much too large.
    const auto found = free_.lower_bound(bytes);
    if (found != free_.end() && found->first <= 2 * bytes) return free_.extract(found);
    Block block = fresh_.extract(fresh_.emplace(bytes, end_));
    end_ += bytes;
    return block;
  }
  void give(Block block) { free_.insert(std::move(block)); }
  [[nodiscard]] std::size_t size() const noexcept { return end_; }

 private:
  Free free_;
  Free fresh_;  // where blocks are made: always empty
  std::size_t end_ = 0;
};

}  // namespace xgrad::backend::cpu
