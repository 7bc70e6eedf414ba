#include <xgrad/ops/places.hpp>

#include <algorithm>
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

std::vector<Var> unravel_index(const Var& places, const Shape& shape) {
  static const Requirement requirement("unravel_index: place {} is out of range for {} elements");
  detail::require_indices("unravel_index", places);
  require_addressable(shape);
  const auto size = static_cast<std::int64_t>(size_of(shape));
  const Var place = checked(places, places >= -size && places < size, requirement, size);
  Var rest = where(place < 0, place + size, place);
  std::vector<Var> result(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    const auto extent = std::max<std::int64_t>(1, static_cast<std::int64_t>(shape[axis]));
    result[axis] = rest % extent;
    rest = floor_divide(rest, extent);
  }
  return result;
}

std::vector<Var> ix_(std::span<const Var> indices) {
  detail::require_rank("ix_", indices.size());
  std::vector<Var> result;
  for (std::size_t k = 0; k < indices.size(); ++k) {
    detail::require_usable(indices[k], "ix_");
    if (indices[k].dimension() != 1) {
      throw ShapeError("ix_: indices " + std::to_string(k) + " are " + to_string(indices[k].shape()) +
                       "; they must have one axis");
    }
    const Var places = indices[k].dtype() == DType::Bool ? nonzero(indices[k]).front() : indices[k];
    detail::require_indices("ix_", places);
    Strides along(indices.size(), 1);
    along[k] = -1;
    if (places.size() == 0) along[k] = 0;
    result.push_back(reshape(places, along));
  }
  return result;
}

std::vector<Var> ix_(std::initializer_list<Var> indices) {
  return ix_(std::span<const Var>(indices.begin(), indices.size()));
}

Var indices(const Shape& shape) {
  detail::require_rank("indices", shape.size() + 1);
  Shape whole = shape;
  whole.insert(0, shape.size());
  require_addressable(whole);
  if (shape.empty()) return zeros({0}, DType::Int64);
  std::vector<Var> along;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    Strides form(shape.size(), 1);
    form[k] = static_cast<std::ptrdiff_t>(shape[k]);
    along.push_back(broadcast_to(reshape(detail::iota(shape[k]), form), shape));
  }
  return stack(along);
}

}  // namespace xgrad
