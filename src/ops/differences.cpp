#include <xgrad/ops/differences.hpp>

#include <string>

#include <xgrad/core/errors.hpp>

#include "axes.hpp"
#include "core/text.hpp"
#include "internal.hpp"
#include "reductions.hpp"

namespace xgrad {
namespace {

using detail::part_along;

/// An array without axes but one, to broadcast beside others.
Var laid_along(const Var& values, std::size_t axis, std::size_t rank) {
  Shape shape(rank, 1);
  shape[axis] = values.size();
  return reshape(values, shape);
}

/// Distances between neighbours, of floating-point type: a number, or an array that broadcasts to them.
Var distances(std::string_view operation, const Var& y, const Var& spacing, std::size_t along, bool in_shape_of_y) {
  detail::require_usable(spacing, operation);
  const Var places = detail::floats_of(spacing);
  const std::size_t count = y.shape()[along];
  if (spacing.dimension() == 0) return places;
  if (spacing.shape() == Shape{count}) {
    return laid_along(count == 0 ? places : diff(places), along, y.dimension());
  }
  if (in_shape_of_y && spacing.shape() == y.shape())
    return count == 0 ? places : diff(places, 1, static_cast<std::ptrdiff_t>(along));
  throw ShapeError(std::string(operation) + ": the spacing has the shape " + to_string(spacing.shape()) +
                   " beside the samples " + to_string(y.shape()) + "; it must be a number or a place for each of the " +
                   std::to_string(count) + " samples along axis " + std::to_string(along));
}

/// Derivatives inside, from the values and distances on both sides.
Var inner_slopes(const Var& y, const Var& distance, std::size_t along, std::size_t count) {
  const Var before = part_along(y, along, 0, count - 2);
  const Var after = part_along(y, along, 2, count - 2);
  if (distance.dimension() == 0) return (after - before) / (2.0 * distance);
  // Weighted by the other side's distance: exact for parabolas. Differences are taken first, which loses no digits.
  const Var steps = diff(y, 1, static_cast<std::ptrdiff_t>(along)) / distance;
  const Var left = part_along(distance, along, 0, count - 2);
  const Var right = part_along(distance, along, 1, count - 2);
  const Var slope_before = part_along(steps, along, 0, count - 2);
  const Var slope_after = part_along(steps, along, 1, count - 2);
  return (right * slope_before + left * slope_after) / (left + right);
}

/// The derivative at an end, from the steps next to it.
Var end_slope(const Var& y, const Var& distance, std::size_t along, int edge_order, bool at_front) {
  const std::size_t count = y.shape()[along];
  const Var steps = diff(y, 1, static_cast<std::ptrdiff_t>(along)) / distance;
  const auto nth = [&](const Var& all, std::size_t n) {
    return part_along(all, along, at_front ? n : count - 2 - n, 1);
  };
  if (edge_order == 1) return nth(steps, 0);
  if (distance.dimension() == 0) return 1.5 * nth(steps, 0) - 0.5 * nth(steps, 1);
  const Var ratio = nth(distance, 0) / (nth(distance, 0) + nth(distance, 1));
  return nth(steps, 0) + ratio * (nth(steps, 0) - nth(steps, 1));
}

}  // namespace

Var diff(const Var& x, std::size_t times, std::ptrdiff_t axis) {
  const std::size_t along = detail::normalize_axis("diff", axis, x);
  Var result = x;
  for (; times > 0; --times) {
    const std::size_t count = result.shape()[along];
    if (count == 0) break;
    const Var later = part_along(result, along, count > 1 ? 1 : 0, count - 1);
    const Var earlier = part_along(result, along, 0, count - 1);
    result = x.dtype() == DType::Bool ? not_equal(later, earlier) : later - earlier;
  }
  return result;
}

Var ediff1d(const Var& x, const EndsOfDifferences& ends) {
  detail::require_usable(x, "ediff1d");
  std::vector<Var> parts;
  if (ends.to_begin) parts.push_back(flatten(*ends.to_begin));
  parts.push_back(diff(flatten(x.dtype() == DType::Bool ? cast(x, DType::Int64) : x)));
  if (ends.to_end) parts.push_back(flatten(*ends.to_end));
  return detail::concatenate_named("ediff1d", parts, 0);
}

Var trapezoid(const Var& y, const Var& spacing, std::ptrdiff_t axis) {
  const std::size_t along = detail::normalize_axis("trapezoid", axis, y);
  const Var values = detail::floats_of(y);
  const Var distance = distances("trapezoid", values, spacing, along, true);
  const std::size_t count = values.shape()[along];
  const auto axis_of_sum = static_cast<std::ptrdiff_t>(along);
  if (count < 2) return sum(part_along(values, along, 0, 0), axis_of_sum);
  const Var pairs = part_along(values, along, 1, count - 1) + part_along(values, along, 0, count - 1);
  if (distance.dimension() == 0) return 0.5 * distance * sum(pairs, axis_of_sum);
  return 0.5 * sum(distance * pairs, axis_of_sum);
}

Var gradient(const Var& y, const Var& spacing, std::ptrdiff_t axis, int edge_order) {
  const std::size_t along = detail::normalize_axis("gradient", axis, y);
  if (edge_order != 1 && edge_order != 2) {
    throw ValueError("gradient: the order at the ends is " + std::to_string(edge_order) + "; it must be 1 or 2");
  }
  const std::size_t count = y.shape()[along];
  if (count < static_cast<std::size_t>(edge_order) + 1) {
    throw ShapeError("gradient: there are " + std::to_string(count) + " samples along axis " + std::to_string(along) +
                     " of the shape " + to_string(y.shape()) + "; the order " + std::to_string(edge_order) +
                     " at the ends needs " + std::to_string(edge_order + 1));
  }
  const Var values = detail::floats_of(y);
  const Var distance = distances("gradient", values, spacing, along, false);
  const Var first = end_slope(values, distance, along, edge_order, true);
  const Var last = end_slope(values, distance, along, edge_order, false);
  const auto axis_of_parts = static_cast<std::ptrdiff_t>(along);
  if (count == 2) return concatenate({first, last}, axis_of_parts);
  return concatenate({first, inner_slopes(values, distance, along, count), last}, axis_of_parts);
}

std::vector<Var> gradient(const Var& y, std::span<const Var> spacings, const Axes& axes, int edge_order) {
  const Shape sorted = detail::normalize_axes("gradient", axes, y);
  const Strides named = axes.all() ? Strides(sorted) : axes.values();
  if (spacings.size() != 1 && spacings.size() != named.size()) {
    throw ShapeError("gradient: " + core::count_of(spacings.size(), "spacing", "spacings") + " for " +
                     core::count_of(named.size(), "axis", "axes") + " of the shape " + to_string(y.shape()) +
                     "; there must be one for each axis, or one for all");
  }
  std::vector<Var> result;
  for (std::size_t i = 0; i < named.size(); ++i)
    result.push_back(gradient(y, spacings.size() == 1 ? spacings[0] : spacings[i], named[i], edge_order));
  return result;
}

std::vector<Var> gradient(const Var& y, std::initializer_list<Var> spacings, const Axes& axes, int edge_order) {
  return gradient(y, std::span<const Var>(spacings.begin(), spacings.size()), axes, edge_order);
}

}  // namespace xgrad
