#include <xgrad/ops/rearrange.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>

#include "axes.hpp"
#include "core/text.hpp"
#include "internal.hpp"

namespace xgrad {
namespace {

Shape in_order(std::size_t rank) {
  Shape order;
  for (std::size_t i = 0; i < rank; ++i) order.push_back(i);
  return order;
}

/// Axes in the order in which they are named; none twice.
Shape distinct_axes(std::string_view operation, const Axes& axes, const Shape& shape) {
  if (axes.all()) return in_order(shape.size());
  Shape result;
  for (const std::ptrdiff_t axis : axes.values()) {
    const std::size_t normal = detail::normalize_axis(operation, axis, shape);
    if (std::ranges::find(result, normal) != result.end()) {
      throw ShapeError(std::string(operation) + ": axis " + std::to_string(axis) + " of the shape " + to_string(shape) +
                       " is named twice");
    }
    result.push_back(normal);
  }
  return result;
}

}  // namespace

namespace detail {

Var slice_along(const Var& x, std::size_t axis, std::size_t start, std::size_t count, std::int64_t step) {
  Shape shape = x.shape();
  if (start == 0 && count == shape[axis] && (step == 1 || count < 2)) return x;
  shape[axis] = count;
  std::array<std::int64_t, 2 * max_dimension> starts_and_steps{};
  for (std::size_t i = 0; i < shape.size(); ++i) starts_and_steps[2 * i + 1] = 1;
  starts_and_steps[2 * axis] = count == 0 ? 0 : static_cast<std::int64_t>(start);
  if (count > 1) starts_and_steps[2 * axis + 1] = step;
  return slice(x, shape, std::span(starts_and_steps.data(), 2 * shape.size()));
}

Var permuted(const Var& x, const Shape& order) { return transpose(x, Axes(order)); }

}  // namespace detail

Var ravel(const Var& x) {
  detail::require_usable(x, "ravel");
  return flatten(x);
}

Var swapaxes(const Var& x, std::ptrdiff_t first, std::ptrdiff_t second) {
  const std::size_t a = detail::normalize_axis("swapaxes", first, x);
  const std::size_t b = detail::normalize_axis("swapaxes", second, x);
  Shape order = in_order(x.dimension());
  std::swap(order[a], order[b]);
  return detail::permuted(x, order);
}

Var moveaxis(const Var& x, const Axes& source, const Axes& destination) {
  detail::require_usable(x, "moveaxis");
  const Shape from = distinct_axes("moveaxis", source, x.shape());
  const Shape to = distinct_axes("moveaxis", destination, x.shape());
  if (from.size() != to.size()) {
    throw ShapeError("moveaxis: " + core::count_of(from.size(), "axis", "axes") + " of the shape " +
                     to_string(x.shape()) + " cannot move to " + core::count_of(to.size(), "position", "positions") +
                     "; there must be a position for each");
  }
  Shape order(x.dimension(), x.dimension());
  for (std::size_t k = 0; k < from.size(); ++k) order[to[k]] = from[k];
  std::size_t next = 0;
  for (std::size_t& axis : order) {
    if (axis != x.dimension()) continue;
    while (std::ranges::find(from, next) != from.end()) ++next;
    axis = next++;
  }
  return detail::permuted(x, order);
}

Var rollaxis(const Var& x, std::ptrdiff_t axis, std::ptrdiff_t start) {
  const auto from = static_cast<std::ptrdiff_t>(detail::normalize_axis("rollaxis", axis, x));
  const auto rank = static_cast<std::ptrdiff_t>(x.dimension());
  if (start < -rank || start > rank) {
    throw ShapeError("rollaxis: the place before axis " + std::to_string(start) + " is out of range for the shape " +
                     to_string(x.shape()));
  }
  const std::ptrdiff_t before = start < 0 ? start + rank : start;
  return moveaxis(x, from, from < before ? before - 1 : before);
}

Var flip(const Var& x, const Axes& axes) {
  const Shape normal = detail::normalize_axes("flip", axes, x);
  Shape shape = x.shape();
  std::array<std::int64_t, 2 * max_dimension> starts_and_steps{};
  for (std::size_t i = 0; i < shape.size(); ++i) starts_and_steps[2 * i + 1] = 1;
  bool turned = false;
  for (const std::size_t axis : normal) {
    if (shape[axis] < 2) continue;
    starts_and_steps[2 * axis] = static_cast<std::int64_t>(shape[axis]) - 1;
    starts_and_steps[2 * axis + 1] = -1;
    turned = true;
  }
  return turned ? detail::slice(x, shape, std::span(starts_and_steps.data(), 2 * shape.size())) : x;
}

Var fliplr(const Var& x) { return flip(x, static_cast<std::ptrdiff_t>(detail::normalize_axis("fliplr", 1, x))); }
Var flipud(const Var& x) { return flip(x, static_cast<std::ptrdiff_t>(detail::normalize_axis("flipud", 0, x))); }

Var rot90(const Var& x, std::ptrdiff_t times, const Axes& axes) {
  detail::require_usable(x, "rot90");
  const Shape plane = distinct_axes("rot90", axes, x.shape());
  if (plane.size() != 2) {
    throw ShapeError("rot90: " + core::count_of(plane.size(), "axis", "axes") + " of the shape " +
                     to_string(x.shape()) + "; a plane has two");
  }
  const auto first = static_cast<std::ptrdiff_t>(plane[0]);
  const auto second = static_cast<std::ptrdiff_t>(plane[1]);
  switch ((times % 4 + 4) % 4) {
    case 0:
      return x;
    case 1:
      return swapaxes(flip(x, second), first, second);
    case 2:
      return flip(x, {first, second});
    default:
      return flip(swapaxes(x, first, second), second);
  }
}

Var roll(const Var& x, const OneOrMany& shifts, const Axes& axes) {
  detail::require_usable(x, "roll");
  const Strides along = axes.all() ? Strides(in_order(x.dimension())) : axes.values();
  if (!shifts.is_one() && shifts.many().size() != along.size()) {
    throw ShapeError("roll: " + core::count_of(shifts.many().size(), "shift", "shifts") + " for " +
                     core::count_of(along.size(), "axis", "axes") + " of the shape " + to_string(x.shape()) +
                     "; there must be one for each, or one for all");
  }
  Var result = x;
  for (std::size_t k = 0; k < along.size(); ++k) {
    result = roll(result, shifts.is_one() ? shifts.one() : shifts.many()[k], along[k]);
  }
  return result;
}

Var atleast_1d(const Var& x) {
  detail::require_usable(x, "atleast_1d");
  return x.dimension() == 0 ? reshape(x, {1}) : x;
}

Var atleast_2d(const Var& x) {
  detail::require_usable(x, "atleast_2d");
  return x.dimension() < 2 ? expand_dims(atleast_1d(x), 0) : x;
}

Var atleast_3d(const Var& x) {
  detail::require_usable(x, "atleast_3d");
  return x.dimension() < 3 ? expand_dims(atleast_2d(x), 2) : x;
}

std::vector<Var> broadcast_arrays(std::span<const Var> arrays) {
  std::vector<const Var*> pointers;
  for (const Var& each : arrays) {
    detail::require_usable(each, "broadcast_arrays");
    pointers.push_back(&each);
  }
  std::vector<Var> result;
  const Shape shape = arrays.empty() ? Shape() : detail::broadcast_shape("broadcast_arrays", pointers);
  for (const Var& each : arrays) result.push_back(broadcast_to(each, shape));
  return result;
}

std::vector<Var> broadcast_arrays(std::initializer_list<Var> arrays) {
  return broadcast_arrays(std::span<const Var>(arrays.begin(), arrays.size()));
}

Shape broadcast_shapes(std::span<const Shape> shapes) {
  Shape result;
  for (const Shape& shape : shapes) {
    while (result.size() < shape.size()) result.insert(0, 1);
    for (std::size_t i = 1; i <= shape.size(); ++i) {
      std::size_t& extent = result[result.size() - i];
      const std::size_t other = shape[shape.size() - i];
      if (extent != other && extent != 1 && other != 1) {
        std::string all;
        for (const Shape& each : shapes) all += (all.empty() ? "" : " and ") + to_string(each);
        throw ShapeError("broadcast_shapes: the shapes " + all +
                         " do not broadcast; extents must be equal or 1, counted from the last axis");
      }
      if (extent == 1) extent = other;
    }
  }
  return result;
}

Shape broadcast_shapes(std::initializer_list<Shape> shapes) {
  return broadcast_shapes(std::span<const Shape>(shapes.begin(), shapes.size()));
}

}  // namespace xgrad
