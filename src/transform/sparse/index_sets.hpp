// Sets of indices, each kept once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "number_table.hpp"

namespace xgrad::detail {

/// Sets of numbers. Equal sets are one, which is named by a number: elements of arrays that depend on the same share
/// their set, and a union that was taken before is looked up.
class IndexSets {
 public:
  using Index = std::uint32_t;
  using Set = std::uint32_t;
  static constexpr Set empty = 0;

  IndexSets();

  [[nodiscard]] Set single(Index index) { return interned({&index, 1}); }
  [[nodiscard]] Set united(Set a, Set b);
  /// \param all  is sorted, and loses what occurs twice.
  [[nodiscard]] Set united(std::vector<Set>& all);
  /// Ascending; valid until another set is made.
  [[nodiscard]] std::span<const Index> elements(Set set) const {
    return std::span(elements_).subspan(starts_[set], starts_[set + 1] - starts_[set]);
  }

 private:
  Set interned(std::span<const Index> ascending);

  std::vector<Index> elements_;
  std::vector<std::size_t> starts_;
  NumberTable by_hash_;
  NumberTable unions_;
  std::vector<Index> made_;
};

/// What each element of an array depends on, in row-major order; of none: nothing does on anything.
using SetArray = std::vector<IndexSets::Set>;

}  // namespace xgrad::detail
