#include <xgrad/ops/places.hpp>

#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/mask.hpp>

#include "axes.hpp"
#include "core/text.hpp"
#include "internal.hpp"

namespace xgrad {

std::vector<Var> tril_indices(std::size_t rows, std::ptrdiff_t diagonal, std::optional<std::size_t> columns) {
  return nonzero(detail::below_diagonal(rows, columns.value_or(rows), diagonal));
}

std::vector<Var> triu_indices(std::size_t rows, std::ptrdiff_t diagonal, std::optional<std::size_t> columns) {
  constexpr std::ptrdiff_t lowest = std::numeric_limits<std::ptrdiff_t>::min();
  if (diagonal == lowest) return nonzero(full({rows, columns.value_or(rows)}, true));
  return nonzero(!detail::below_diagonal(rows, columns.value_or(rows), diagonal - 1));
}

std::vector<Var> diag_indices(std::size_t extent, std::size_t axes) {
  detail::require_rank("diag_indices", axes);
  return std::vector<Var>(axes, detail::iota(extent));
}

Var ravel_multi_index(std::span<const Var> indices, const Shape& shape) {
  static const Requirement requirement("ravel_multi_index: index {} is out of range for an axis of extent {}");
  require_addressable(shape);
  if (indices.empty() || indices.size() != shape.size()) {
    throw ShapeError("ravel_multi_index: " + core::count_of(indices.size(), "array", "arrays") +
                     " of indices for the shape " + to_string(shape) + "; there must be one for each axis");
  }
  Var place;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    detail::require_indices("ravel_multi_index", indices[k]);
    const auto extent = static_cast<std::int64_t>(shape[k]);
    const Var along = checked(indices[k], indices[k] >= -extent && indices[k] < extent, requirement, extent);
    const Var from_front = where(along < 0, along + extent, along);
    place = k == 0 ? from_front : place * extent + from_front;
  }
  return place;
}

Var ravel_multi_index(std::initializer_list<Var> indices, const Shape& shape) {
  return ravel_multi_index(std::span<const Var>(indices.begin(), indices.size()), shape);
}

}  // namespace xgrad
