// Axes as users give them, made plain.
#pragma once

#include <string_view>

#include <xgrad/core/shape.hpp>
#include <xgrad/var.hpp>

namespace xgrad::detail {

/// An axis counted from the front.
/// \throws ShapeError  if it is out of range.
std::size_t normalize_axis(std::string_view operation, std::ptrdiff_t axis, const Shape& shape);
/// An axis of an operand.
/// \throws TapeError  if the operand is empty or of a finished tape.
std::size_t normalize_axis(std::string_view operation, std::ptrdiff_t axis, const Var& operand);

/// Ascending, counted from the front; all of them if none is given.
/// \throws ShapeError  for an axis out of range or named twice.
/// \throws TapeError   if the operand is empty or of a finished tape.
Shape normalize_axes(std::string_view operation, const Axes& axes, const Var& operand);

/// \throws ShapeError  if a result would have more axes than there can be.
void require_rank(std::string_view operation, std::size_t rank);

/// The shape with extent 1 along the axes.
Shape reduced_shape(const Shape& shape, const Shape& axes);
/// The shape without the axes.
Shape without_axes(const Shape& shape, const Shape& axes);
/// Number of elements along the axes together.
std::size_t extent_along(const Shape& shape, const Shape& axes);

/// Axes as attributes of a node.
Dimensions<std::int64_t> as_attributes(const Shape& axes);

}  // namespace xgrad::detail
