#include <xgrad/compression/quantise.hpp>

#include <cmath>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/rounding.hpp>
#include <xgrad/transform/custom.hpp>

#include "ops/internal.hpp"

namespace xgrad::compression {
namespace {

/// What has a reciprocal in float32, whatever the range.
constexpr double least_scale = 0x1p-120;

void require_axis(std::string_view operation, const Var& x, std::ptrdiff_t axis) {
  if (axis >= 0 && static_cast<std::size_t>(axis) < x.dimension()) return;
  throw ShapeError(std::string(operation) + ": axis " + std::to_string(axis) + " of the shape " + to_string(x.shape()) +
                   "; there must be one, counted from the front");
}

/// One number for each index of the axis, in the shape that broadcasts to x.
Var along_axis(std::string_view operation, const Var& numbers, const Quantisation& q, const Var& x) {
  if (!q.axis) return numbers;
  require_axis(operation, x, *q.axis);
  const auto axis = static_cast<std::size_t>(*q.axis);
  if (numbers.dimension() != 1 || numbers.size() != x.shape()[axis]) {
    throw ShapeError(std::string(operation) + ": scales of the shape " + to_string(numbers.shape()) + " for axis " +
                     std::to_string(axis) + " of the shape " + to_string(x.shape()) +
                     "; there must be one for each index");
  }
  Strides shape(x.dimension(), 1);
  shape[axis] = static_cast<std::ptrdiff_t>(numbers.size());
  return reshape(numbers, shape);
}

/// The scales, of which a hand-made one may be what nothing can be divided by.
Var scale_along_axis(std::string_view operation, const Quantisation& q, const Var& x) {
  const Requirement is_positive(std::string(operation) + ": the scale {} is not positive and finite");
  xgrad::detail::require_usable(q.scale, operation);
  return along_axis(operation, checked(q.scale, q.scale > 0.0 && isfinite(q.scale), is_positive), q, x);
}

/// round(x / scale) + zero, and what is left of it in floating point.
Var on_grid(const Var& x, const Var& scale, const Var& zero) { return round(x * (1.0 / scale)) + zero; }

}  // namespace

Range range_of(const Var& x, std::optional<std::ptrdiff_t> axis) {
  xgrad::detail::require_usable(x, "range_of");
  if (!axis) {
    if (x.size() == 0)
      throw ValueError("range_of: the shape " + to_string(x.shape()) + "; there is no range of nothing");
    return {amin(x), amax(x)};
  }
  require_axis("range_of", x, *axis);
  const auto along = static_cast<std::size_t>(*axis);
  Strides others;
  for (std::size_t k = 0; k < x.dimension(); ++k) {
    if (k != along) others.push_back(static_cast<std::ptrdiff_t>(k));
  }
  if (others.empty()) return {x, x};
  for (const std::ptrdiff_t k : others) {
    if (x.shape()[static_cast<std::size_t>(k)] != 0) continue;
    throw ValueError("range_of: the shape " + to_string(x.shape()) + "; there is no range of nothing");
  }
  return {amin(x, Axes(others)), amax(x, Axes(others))};
}

Quantisation quantisation(const Range& range, const QuantisationOptions& options) {
  static const Requirement is_finite("quantisation: {} is an end of the range; a range is finite, and not of nothing");
  static const Requirement rises("quantisation: {} is the high end of a range, whose low end is above it");
  if (options.bits < 2 || options.bits > 16) {
    throw ValueError("quantisation: " + std::to_string(options.bits) + " bits; there must be 2 to 16");
  }
  if (options.axis && *options.axis < 0) {
    throw ValueError("quantisation: axis " + std::to_string(*options.axis) + "; it is counted from the front");
  }
  xgrad::detail::require_usable(range.low, "quantisation");
  xgrad::detail::require_usable(range.high, "quantisation");
  if (range.low.shape() != range.high.shape() || range.low.dimension() != (options.axis ? 1U : 0U)) {
    throw ShapeError("quantisation: a range from the shape " + to_string(range.low.shape()) + " to " +
                     to_string(range.high.shape()) + "; both ends are numbers, or with an axis lines of numbers");
  }
  const Var from = checked(range.low, isfinite(range.low), is_finite);
  const Var to = checked(range.high, isfinite(range.high), is_finite);
  const Var low = minimum(from, 0.0);
  const Var high = maximum(checked(to, from <= to, rises), 0.0);
  Quantisation result;
  result.axis = options.axis;
  if (options.scheme == Scheme::Symmetric) {
    result.high = (std::int64_t{1} << (options.bits - 1)) - 1;
    result.low = -result.high;
    result.scale = maximum(maximum(-low, high) / static_cast<double>(result.high), least_scale);
    result.zero = zeros_like(result.scale);
  } else {
    result.low = 0;
    result.high = (std::int64_t{1} << options.bits) - 1;
    const auto steps = static_cast<double>(result.high);
    result.scale = maximum(high / steps - low / steps, least_scale);
    result.zero = clip(round(-low / result.scale), 0.0, steps);
  }
  return result;
}

Quantisation quantisation_of(const Var& x, const QuantisationOptions& options) {
  return quantisation(range_of(x, options.axis), options);
}

Var quantise(const Var& x, const Quantisation& q) {
  xgrad::detail::require_usable(x, "quantise");
  const Var n = on_grid(x, scale_along_axis("quantise", q, x), along_axis("quantise", q.zero, q, x));
  return cast(clip(n, static_cast<double>(q.low), static_cast<double>(q.high)), DType::Int64);
}

Var dequantise(const Var& n, const Quantisation& q) {
  xgrad::detail::require_usable(n, "dequantise");
  const Var scale = scale_along_axis("dequantise", q, n);
  return (cast(n, scale.dtype()) - along_axis("dequantise", q.zero, q, n)) * scale;
}

Var fake_quantise(const Var& x, const Quantisation& q) {
  xgrad::detail::require_usable(x, "fake_quantise");
  if (!is_floating(x.dtype())) {
    throw TypeError("fake_quantise: x of " + std::string(name(x.dtype())) + "; it must be floating-point");
  }
  const auto low = static_cast<double>(q.low);
  const auto high = static_cast<double>(q.high);
  using Operands = std::tuple<Var, Var, Var>;
  const auto through = custom_vjp(
      [=](const Var& at, const Var& scale, const Var& zero) {
        const Var n = clip(on_grid(at, scale, zero), low, high);
        return std::pair{cast((n - zero) * scale, at.dtype()), Operands(at, scale, zero)};
      },
      [=](const Operands& operands, const Var& dy) {
        const auto& [at, scale, zero] = operands;
        const Var n = on_grid(at, scale, zero);
        return Operands(where(n >= low && n <= high, dy, 0.0), Var(), Var());
      });
  return through(x, scale_along_axis("fake_quantise", q, x), along_axis("fake_quantise", q.zero, q, x));
}

}  // namespace xgrad::compression
