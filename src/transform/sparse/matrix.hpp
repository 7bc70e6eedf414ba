// Patterns and matrices as users have them.
#pragma once

#include <algorithm>
#include <string_view>

#include <xgrad/transform/sparse.hpp>

#include "colouring.hpp"

namespace xgrad::detail {

/// An array of integers.
template <class T>
Var integers(const std::vector<T>& numbers) {
  auto array = Array<std::int64_t>::from_shape(Shape{numbers.size()});
  std::ranges::transform(numbers, array.data(), [](T number) { return static_cast<std::int64_t>(number); });
  return {std::move(array)};
}

/// Entries that occur twice count once.
/// \param rows, columns  of the matrix.
/// \throws ShapeError, TypeError, ValueError  unless the pattern fits.
Structure structure_of(std::string_view operation, const SparsityPattern& pattern, std::size_t rows,
                       std::size_t columns);
SparsityPattern pattern_of(const Structure& structure);

}  // namespace xgrad::detail
