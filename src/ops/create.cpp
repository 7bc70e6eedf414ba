#include <xgrad/ops/create.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/rearrange.hpp>

#include "axes.hpp"
#include "core/text.hpp"
#include "internal.hpp"

namespace xgrad {
namespace {

using Int = std::int64_t;

/// The number that an argument of arange is.
/// \throws ShapeError, TapeError, ValueError  if it is none.
void require_number(const Var& x, std::string_view what) {
  detail::require_usable(x, "arange");
  const std::string text = "arange: the " + std::string(what) + " is ";
  if (x.size() != 1) throw ShapeError(text + to_string(x.shape()) + "; it must be a single number");
  if (x.recorded()) {
    throw TapeError(text +
                    "recorded; how many numbers there are must be known when they are. linspace() takes recorded ends");
  }
  if (is_floating(x.dtype()) && !std::isfinite(cast(x, DType::Float64).item<double>())) {
    throw ValueError(text + core::text_of(cast(x, DType::Float64).item<double>()) + "; it must be finite");
  }
}

void require_step(bool other_than_0) {
  if (!other_than_0) throw ValueError("arange: the step is 0; it must lead from the start to the stop");
}

Var range_of_integers(Int start, Int stop, Int step) {
  require_step(step != 0);
  const auto u = [](Int x) { return static_cast<std::uint64_t>(x); };
  std::uint64_t count = 0;  // unsigned differences do not overflow
  if (step > 0 && start < stop) count = (u(stop) - u(start) - 1) / u(step) + 1;
  if (step < 0 && start > stop) count = (u(start) - u(stop) - 1) / (0 - u(step)) + 1;
  const Shape shape{count};
  require_addressable(shape);
  auto numbers = Array<Int>::from_shape(shape);
  for (std::size_t i = 0; i < count; ++i) numbers.data()[i] = static_cast<Int>(u(start) + i * u(step));
  return {std::move(numbers)};
}

Var range_of_floats(double start, double stop, double step) {
  require_step(step != 0.0);
  const bool apart = std::isinf(stop - start);  // farther than a number can be
  const double count = std::max(0.0, std::ceil(apart ? stop / step - start / step : (stop - start) / step));
  if (!(count < 0x1p53)) {
    throw ValueError("arange: from " + core::text_of(start) + " to " + core::text_of(stop) +
                     " there are more steps of " + core::text_of(step) + " than an array can have elements");
  }
  const Shape shape{static_cast<std::size_t>(count)};
  require_addressable(shape);
  auto numbers = Array<double>::from_shape(shape);
  const double unit = apart ? 0.5 : 1.0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers.data()[i] = (unit * start + static_cast<double>(i) * (unit * step)) / unit;
  }
  return {std::move(numbers)};
}

/// A matrix of truth values: is(column - row).
template <class F>
Var by_diagonal(std::size_t rows, std::size_t columns, F is) {
  const Shape shape{rows, columns};
  require_addressable(shape);
  auto matrix = Array<bool>::from_shape(shape);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j)
      matrix.data()[i * columns + j] = is(static_cast<std::ptrdiff_t>(j) - static_cast<std::ptrdiff_t>(i));
  }
  return {std::move(matrix)};
}

/// Both ends of numbers at even distances, in floating point and of one shape with a new first axis, and what is
/// between them.
struct EvenSpacing {
  Var first, last;
  Var index;     ///< 0, 1, ... along the new axis
  double steps;  ///< from one end to the other
  bool reached;  ///< whether the last number is the end

  EvenSpacing(std::string_view operation, const Var& start, const Var& stop, std::size_t count, Endpoint endpoint)
      : reached(endpoint == Endpoint::included && count > 1) {
    const std::array<const Var*, 2> both{&start, &stop};
    for (const Var* each : both) detail::require_usable(*each, operation);
    const DType common = detail::common_dtype(both);
    const DType dtype = is_floating(common) ? common : DType::Float64;
    Shape shape = detail::broadcast_shape(operation, both);
    detail::require_rank(operation, shape.size() + 1);
    const Shape whole = shape;
    shape.insert(0, 1);
    const auto end = [&](const Var& x) {
      return reshape(detail::broadcast_to(operation, cast(x, dtype), whole), Strides(shape));
    };
    first = end(start);
    last = end(stop);
    Shape along(shape.size(), 1);
    along[0] = count;
    index = reshape(detail::iota(count, dtype), Strides(along));
    steps = static_cast<double>(reached ? count - 1 : std::max<std::size_t>(count, 1));
  }

  /// The numbers between, with exact ends, and the new axis where it belongs.
  [[nodiscard]] Var between(const Var& inner, std::ptrdiff_t axis) const {
    const Var exact = reached ? where(equal(index, steps), last, inner) : inner;
    return moveaxis(exact, 0, axis);
  }
  [[nodiscard]] Var evenly(std::ptrdiff_t axis) const {
    const Var way = last - first;
    const Var inner = first + index * (way / steps);
    // The ends may be farther apart than a number can be.
    return between(where(isinf(way), lerp(first, last, index / steps), inner), axis);
  }
};

}  // namespace

namespace detail {

Var iota(std::size_t count, DType dtype) {
  const Shape shape{count};
  require_addressable(shape);
  auto numbers = Array<Int>::from_shape(shape);
  std::iota(numbers.data(), numbers.data() + count, Int{0});
  return cast(Var(std::move(numbers)), dtype);
}

Var below_diagonal(std::size_t rows, std::size_t columns, std::ptrdiff_t diagonal) {
  return by_diagonal(rows, columns, [=](std::ptrdiff_t k) { return k <= diagonal; });
}

}  // namespace detail

Var full(const Shape& shape, const Var& value) {
  require_addressable(shape);
  detail::require_usable(value, "full");
  return detail::broadcast_to("full", cast(value, value.dtype()), shape);
}

Var zeros(const Shape& shape, DType dtype) { return full(shape, cast(0, dtype)); }
Var ones(const Shape& shape, DType dtype) { return full(shape, cast(1, dtype)); }

Var eye(std::size_t rows, std::optional<std::size_t> columns, std::ptrdiff_t diagonal, DType dtype) {
  return cast(by_diagonal(rows, columns.value_or(rows), [=](std::ptrdiff_t k) { return k == diagonal; }), dtype);
}

Var identity(std::size_t n, DType dtype) { return eye(n, n, 0, dtype); }

Var tri(std::size_t rows, std::optional<std::size_t> columns, std::ptrdiff_t diagonal, DType dtype) {
  return cast(detail::below_diagonal(rows, columns.value_or(rows), diagonal), dtype);
}

Var arange(const Var& start, const Var& stop, const Var& step) {
  require_number(start, "start");
  require_number(stop, "stop");
  require_number(step, "step");
  const DType dtype = detail::common_dtype(std::array<const Var*, 3>{&start, &stop, &step});
  if (is_floating(dtype)) {
    const auto number = [](const Var& x) { return cast(x, DType::Float64).item<double>(); };
    return cast(range_of_floats(number(start), number(stop), number(step)), dtype);
  }
  const auto number = [](const Var& x) { return cast(x, DType::Int64).item<Int>(); };
  return range_of_integers(number(start), number(stop), number(step));
}

Var arange(const Var& stop) { return arange(0, stop, 1); }

Var linspace(const Var& start, const Var& stop, std::size_t count, Endpoint endpoint, std::ptrdiff_t axis) {
  return EvenSpacing("linspace", start, stop, count, endpoint).evenly(axis);
}

Var logspace(const Var& start, const Var& stop, std::size_t count, Endpoint endpoint, const Var& base,
             std::ptrdiff_t axis) {
  for (const Var* each : {&base, &start, &stop}) detail::require_usable(*each, "logspace");
  detail::require_one_tape("logspace", std::array{&base, &start, &stop});
  return pow(base, EvenSpacing("logspace", start, stop, count, endpoint).evenly(axis));
}

Var geomspace(const Var& start, const Var& stop, std::size_t count, Endpoint endpoint, std::ptrdiff_t axis) {
  static const Requirement requirement("geomspace: the start {} and the stop must be both positive or both negative");
  const EvenSpacing ends("geomspace", start, stop, count, endpoint);
  const Var sign_of_all = sign(ends.first);
  const Var first = checked(ends.first, sign_of_all * sign(ends.last) > 0.0, requirement);
  const Var t = ends.index / ends.steps;
  const Var inner = sign_of_all * pow(abs(first), 1.0 - t) * pow(abs(ends.last), t);
  return ends.between(where(equal(ends.index, 0.0), first, inner), axis);
}

std::vector<Var> meshgrid(std::span<const Var> coordinates, Indexing indexing) {
  detail::require_rank("meshgrid", coordinates.size());
  const bool swapped = indexing == Indexing::xy && coordinates.size() > 1;
  const auto axis_of = [&](std::size_t k) { return swapped && k < 2 ? 1 - k : k; };
  Shape shape(coordinates.size(), 1);
  for (std::size_t k = 0; k < coordinates.size(); ++k) {
    detail::require_usable(coordinates[k], "meshgrid");
    if (coordinates[k].dimension() > 1) {
      throw ShapeError("meshgrid: coordinates " + std::to_string(k) + " are " + to_string(coordinates[k].shape()) +
                       "; they must have one axis, or be a number");
    }
    shape[axis_of(k)] = coordinates[k].size();
  }
  require_addressable(shape);
  std::vector<Var> result;
  for (std::size_t k = 0; k < coordinates.size(); ++k) {
    Strides along(coordinates.size(), 1);
    along[axis_of(k)] = static_cast<std::ptrdiff_t>(coordinates[k].size());
    result.push_back(broadcast_to(reshape(coordinates[k], along), shape));
  }
  return result;
}

std::vector<Var> meshgrid(std::initializer_list<Var> coordinates, Indexing indexing) {
  return meshgrid(std::span<const Var>(coordinates.begin(), coordinates.size()), indexing);
}

Var vander(const Var& x, std::optional<std::size_t> columns, Order order) {
  const std::size_t last = detail::normalize_axis("vander", -1, x);
  const std::size_t count = columns.value_or(x.shape()[last]);
  Shape shape = x.shape();
  detail::require_rank("vander", shape.size() + 1);
  shape.push_back(count);
  require_addressable(shape);
  const Var column = expand_dims(x.dtype() == DType::Bool ? cast(x, DType::Int64) : x, -1);
  Var powers = ones_like(column);
  if (count == 0) return detail::slice_along(powers, last + 1, 0, 0);
  for (std::size_t have = 1; have < count;) {  // x^0 ... x^(have - 1); times x^have they are as many more
    const std::size_t more = std::min(have, count - have);
    const Var factor = detail::slice_along(powers, last + 1, have - 1, 1) * column;
    powers = concatenate({powers, detail::slice_along(powers, last + 1, 0, more) * factor}, -1);
    have += more;
  }
  return order == Order::Descending ? flip(powers, -1) : powers;
}

}  // namespace xgrad
