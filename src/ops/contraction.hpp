// Sums of products of arrays whose axes have indices: what einsum, tensordot and inner are made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <xgrad/var.hpp>

namespace xgrad::detail {

/// Numbers of indices, one for each axis.
using IndexList = std::vector<std::uint8_t>;

struct Factor {
  /// The elements in row-major order of the indices. Its own shape may be any other with as many elements: neighbours
  /// may be one axis, so that there is no limit to how many indices a product on the way has.
  Var elements;
  IndexList indices;  ///< each once
};

/// The sum of the products of all factors over the indices that the result does not have.
/// \param factors    at least one; booleans count as integers.
/// \param operation  for errors.
/// \param result     each index is one of some factor.
/// \param extents    of each index.
/// \throws ShapeError  if the result has more than eight axes.
Var contract(std::string_view operation, std::vector<Factor> factors, const IndexList& result,
             std::span<const std::size_t> extents);

}  // namespace xgrad::detail
