// Axes as users give them, made plain.
#pragma once

#include <string_view>

#include <xgrad/core/shape.hpp>

namespace xgrad::detail {

/// An axis counted from the front.
/// \throws ShapeError  if it is out of range.
std::size_t normalize_axis(std::string_view operation, std::ptrdiff_t axis, const Shape& shape);

/// Ascending, counted from the front; all of them if none is given.
/// \throws ShapeError  for an axis out of range or named twice.
Shape normalize_axes(std::string_view operation, const Axes& axes, const Shape& shape);

/// The shape with extent 1 along the axes.
Shape reduced_shape(const Shape& shape, const Shape& axes);
/// The shape without the axes.
Shape without_axes(const Shape& shape, const Shape& axes);
/// Number of elements along the axes together.
std::size_t extent_along(const Shape& shape, const Shape& axes);

/// Axes as attributes of a node.
Dimensions<std::int64_t> as_attributes(const Shape& axes);

}  // namespace xgrad::detail
