#include <xgrad/ops/associative_scan.hpp>

#include <array>
#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/reduce.hpp>

#include "axes.hpp"
#include "internal.hpp"

namespace xgrad {
namespace detail {
namespace {

Var some(const Var& x, std::size_t along, std::size_t first, std::ptrdiff_t step, std::size_t count) {
  Shape shape = x.shape();
  shape[along] = count;
  std::array<std::int64_t, 2 * max_dimension> places{};
  for (std::size_t i = 0; i < shape.size(); ++i) places[2 * i + 1] = 1;
  places[2 * along] = static_cast<std::int64_t>(first);
  places[2 * along + 1] = step;
  return slice(x, shape, std::span(places.data(), 2 * shape.size()));
}

Var in_turn(const Var& even, const Var& odd, std::size_t along) {
  const auto axis = static_cast<std::ptrdiff_t>(along);
  const std::size_t count = odd.shape()[along];
  const Var pairs = stack({some(even, along, 0, 1, count), odd}, axis + 1);
  Strides shape;
  for (std::size_t i = 0; i < odd.dimension(); ++i) {
    shape.push_back(static_cast<std::ptrdiff_t>(odd.shape()[i] * (i == along ? 2 : 1)));
  }
  const Var both = reshape(pairs, shape);
  if (even.shape()[along] == count) return both;
  return concatenate({both, some(even, along, count, 1, 1)}, axis);
}

std::size_t axis_of(const Var& x, std::ptrdiff_t axis) { return normalize_axis("associative_scan", axis, x); }

/// " (its path)" of an array of a tree; of a Var that is the tree, nothing.
std::string at_path(const PathsOfScan& paths, std::size_t k) {
  const std::string path = paths()[k];
  return path.empty() ? "" : " (" + path + ")";
}

}  // namespace

std::size_t extent_of_scan(std::span<const Var> arrays, std::ptrdiff_t axis, PathsOfScan paths) {
  if (arrays.empty()) throw ValueError("associative_scan: there is no array among the elements");
  const std::size_t extent = arrays[0].shape()[axis_of(arrays[0], axis)];
  for (std::size_t k = 0; k < arrays.size(); ++k) {
    const Shape& shape = arrays[k].shape();
    if (shape[axis_of(arrays[k], axis)] == extent) continue;
    throw ShapeError("associative_scan: arrays of the shapes " + to_string(arrays[0].shape()) + at_path(paths, 0) +
                     " and " + to_string(shape) + at_path(paths, k) + " must have the same extent along axis " +
                     std::to_string(axis));
  }
  return extent;
}

std::vector<Var> elements_along(std::span<const Var> arrays, std::ptrdiff_t axis, std::size_t first,
                                std::ptrdiff_t step, std::size_t count) {
  std::vector<Var> result;
  for (const Var& x : arrays) result.push_back(some(x, axis_of(x, axis), first, step, count));
  return result;
}

std::vector<Var> joined_along(std::span<const Var> first, std::span<const Var> second, std::ptrdiff_t axis) {
  std::vector<Var> result;
  for (std::size_t k = 0; k < first.size(); ++k) result.push_back(concatenate({first[k], second[k]}, axis));
  return result;
}

std::vector<Var> interleaved(std::span<const Var> even, std::span<const Var> odd, std::ptrdiff_t axis) {
  std::vector<Var> result;
  for (std::size_t k = 0; k < even.size(); ++k) result.push_back(in_turn(even[k], odd[k], axis_of(even[k], axis)));
  return result;
}

void require_same_form(std::span<const Var> combined, std::span<const Var> elements, PathsOfScan paths) {
  if (combined.size() != elements.size()) {
    throw ShapeError("associative_scan: the function made " + std::to_string(combined.size()) + " arrays of " +
                     std::to_string(elements.size()) + "; it combines trees to one of the same form");
  }
  for (std::size_t k = 0; k < elements.size(); ++k) {
    if (combined[k].shape() == elements[k].shape() && combined[k].dtype() == elements[k].dtype()) continue;
    const std::string message = "associative_scan: the function made " + describe(combined[k]) + " of " +
                                describe(elements[k]) + at_path(paths, k) +
                                "; it combines element by element along the axis";
    if (combined[k].shape() != elements[k].shape()) throw ShapeError(message);
    throw TypeError(message);
  }
}

namespace {

template <class F>
Var running(std::string_view operation, const F& combine, const Var& x, std::ptrdiff_t axis, Direction direction) {
  (void)normalize_axis(operation, axis, x);
  return computed_at_once(
      operation, [&](const Var& y) { return associative_scan(combine, y, axis, direction); }, x);
}

}  // namespace
}  // namespace detail

namespace {

/// x 2^n. The power may leave the range where the product does not: two factors.
Var times_power_of_two(const Var& x, const Var& n) {
  const double most = x.dtype() == DType::Float32 ? 120.0 : 1000.0;
  const auto bounded = [most](const Var& exponent) { return maximum(minimum(exponent, most), -most); };
  const Var first = bounded(n);
  return x * exp2(first) * exp2(bounded(n - first));
}

/// Where a zero is among the factors, the exponents are those of the derivative by it. They are made smaller there, at
/// the cost of the zero's own factor, where they are too large for a number: in the derivatives by other factors, an
/// infinite power would meet the zero.
Var without_too_large(const Var& exponents, const Var& has_zero, std::size_t along, double most) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Axes axis(static_cast<std::ptrdiff_t>(along));
  const Var largest = amax(where(has_zero, exponents, -infinity), axis, keep_dims);
  const Var smallest = amin(where(has_zero, exponents, infinity), axis, keep_dims);
  const Var room = maximum(most + minimum(smallest, 0.0), 0.0);
  return where(has_zero, exponents - minimum(maximum(largest - most, 0.0), room), exponents);
}

/// Each exponent less that of the element before; before the first is 0.
Var steps_of(const Var& exponents, std::size_t along, Direction direction) {
  const std::size_t count = exponents.shape()[along];
  const bool forward = direction == Direction::Forward;
  const Var none = zeros_like(detail::slice_along(exponents, along, 0, 1));
  const Var others = detail::slice_along(exponents, along, forward ? 0 : 1, count - 1);
  const auto axis = static_cast<std::ptrdiff_t>(along);
  return exponents - (forward ? concatenate({none, others}, axis) : concatenate({others, none}, axis));
}

}  // namespace

Var cumprod(const Var& x, std::ptrdiff_t axis, Direction direction) {
  detail::require_usable(x, "cumprod");
  const Var numbers = x.dtype() == DType::Bool ? cast(x, DType::Int64) : x;
  const std::size_t along = detail::normalize_axis("cumprod", axis, x);
  const auto product = [](const Var& a, const Var& b) { return a * b; };
  const auto of = [&](const Var& y) {
    if (!is_floating(y.dtype()) || y.size() == 0) return associative_scan(product, y, axis, direction);
    // Times powers of two with which running products are between 1 and 2, so that those of neighbours are in range.
    const Var sizes = stop_gradient(abs(y));
    const Var ordinary = sizes > 0.0 && sizes < std::numeric_limits<double>::infinity();
    const Var logarithms = log2(where(ordinary, sizes, ones_like(sizes)));
    const double most = y.dtype() == DType::Float32 ? 100.0 : 980.0;
    const Var has_zero = cumsum(equal(sizes, 0.0), axis, direction) > 0;
    const Var exponents = without_too_large(floor(cumsum(logarithms, axis, direction)), has_zero, along, most);
    const Var scaled = times_power_of_two(y, -steps_of(exponents, along, direction));
    return times_power_of_two(associative_scan(product, scaled, axis, direction),
                              where(has_zero, minimum(exponents, most), exponents));
  };
  return detail::computed_at_once("cumprod", of, numbers);
}

Var cummax(const Var& x, std::ptrdiff_t axis, Direction direction) {
  return detail::running(
      "cummax", [](const Var& a, const Var& b) { return maximum(a, b); }, x, axis, direction);
}

Var cummin(const Var& x, std::ptrdiff_t axis, Direction direction) {
  return detail::running(
      "cummin", [](const Var& a, const Var& b) { return minimum(a, b); }, x, axis, direction);
}

}  // namespace xgrad
