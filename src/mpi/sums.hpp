// Sums along the tree over the processes of a group.
#pragma once

#include <span>
#include <type_traits>
#include <vector>

#include "mpi/members.hpp"

namespace xgrad::mpi {

/// See Communicator::sum_in_place.
void sum_in_group(const std::shared_ptr<Members>& members, std::span<float> values);
void sum_in_group(const std::shared_ptr<Members>& members, std::span<double> values);
void sum_in_group(const std::shared_ptr<Members>& members, std::span<std::int64_t> values);

/// Integers go around, as those of sum() do.
template <class T>
[[nodiscard]] T plus(T a, T b) noexcept {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<std::make_unsigned_t<T>>(a) + static_cast<std::make_unsigned_t<T>>(b));
  } else {
    return a + b;
  }
}

/// The sum of arrays, elementwise, along the tree over as many leaves; it ends up in the first.
template <class T>
void add_along_tree(std::span<std::vector<T>> all) {
  if (all.size() < 2) return;
  const std::size_t cut = tree_cut(0, all.size());
  add_along_tree(all.first(cut));
  add_along_tree(all.subspan(cut));
  for (std::size_t i = 0; i < all[0].size(); ++i) all[0][i] = plus(all[0][i], all[cut][i]);
}

}  // namespace xgrad::mpi
