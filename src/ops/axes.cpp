#include "axes.hpp"

#include <algorithm>
#include <string>

#include <xgrad/core/errors.hpp>

#include "var/access.hpp"

namespace xgrad::detail {

std::size_t normalize_axis(std::string_view operation, std::ptrdiff_t axis, const Shape& shape) {
  const auto rank = static_cast<std::ptrdiff_t>(shape.size());
  if (axis < -rank || axis >= rank) {
    throw ShapeError(std::string(operation) + ": axis " + std::to_string(axis) + " is out of range for the shape " +
                     to_string(shape));
  }
  return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}

std::size_t normalize_axis(std::string_view operation, std::ptrdiff_t axis, const Var& operand) {
  require_usable(operand, operation);
  return normalize_axis(operation, axis, operand.shape());
}

Shape normalize_axes(std::string_view operation, const Axes& axes, const Var& operand) {
  require_usable(operand, operation);
  const Shape& shape = operand.shape();
  Shape result;
  if (axes.all()) {
    for (std::size_t i = 0; i < shape.size(); ++i) result.push_back(i);
    return result;
  }
  for (const std::ptrdiff_t axis : axes.values()) {
    const std::size_t normal = normalize_axis(operation, axis, shape);
    if (std::find(result.begin(), result.end(), normal) != result.end()) {
      throw ShapeError(std::string(operation) + ": axis " + std::to_string(axis) + " of the shape " + to_string(shape) +
                       " is named twice");
    }
    result.push_back(normal);
  }
  std::sort(result.begin(), result.end());
  return result;
}

void require_rank(std::string_view operation, std::size_t rank) {
  if (rank <= max_dimension) return;
  throw ShapeError(std::string(operation) + ": the result would have " + std::to_string(rank) +
                   " dimensions; an array has at most " + std::to_string(max_dimension));
}

Shape reduced_shape(const Shape& shape, const Shape& axes) {
  Shape result = shape;
  for (const std::size_t axis : axes) result[axis] = 1;
  return result;
}

Shape without_axes(const Shape& shape, const Shape& axes) {
  Shape result;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) result.push_back(shape[i]);
  }
  return result;
}

std::size_t extent_along(const Shape& shape, const Shape& axes) {
  std::size_t extent = 1;
  for (const std::size_t axis : axes) extent *= shape[axis];
  return extent;
}

Dimensions<std::int64_t> as_attributes(const Shape& axes) { return {axes.begin(), axes.end()}; }

}  // namespace xgrad::detail
