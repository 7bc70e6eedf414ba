// What losses of images share: which axes are pooled, and masks and pictures of integers as numbers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/core/shape.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/var.hpp>

namespace xgrad::loss::detail {

/// x as floating-point numbers: integers and booleans take the type of the other argument, so that a mask of integers
/// does not make float32 a float64.
inline Var as_floats(const Var& x, const Var& other) {
  if (is_floating(x.dtype())) return x;
  return cast(x, is_floating(other.dtype()) ? other.dtype() : DType::Float64);
}

/// `first_axis`, counted from the front.
inline std::size_t first_pooled(std::string_view loss, const Var& x, std::ptrdiff_t first_axis) {
  const auto rank = static_cast<std::ptrdiff_t>(x.dimension());
  const std::ptrdiff_t first = first_axis < 0 ? first_axis + rank : first_axis;
  if (first < 0 || first >= rank) {
    throw ShapeError(std::string(loss) + ": first_axis is " + std::to_string(first_axis) + " and the prediction is " +
                     to_string(x.shape()) +
                     "; it must be one of its axes, because all axes from first_axis on are pooled");
  }
  return static_cast<std::size_t>(first);
}

/// All axes from one on.
inline Axes axes_from(const Var& x, std::size_t first) {
  Strides axes;
  for (std::size_t i = first; i < x.dimension(); ++i) axes.push_back(static_cast<std::ptrdiff_t>(i));
  return axes;
}

/// Number of elements along all axes from one on.
inline std::size_t extent_from(const Var& x, std::size_t first) {
  return size_of(Shape(x.shape().begin() + std::min(first, x.dimension()), x.shape().end()));
}

}  // namespace xgrad::loss::detail
