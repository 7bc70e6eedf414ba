#include <xgrad/ops/window_functions.hpp>

#include <cmath>
#include <numbers>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/special.hpp>

#include "internal.hpp"
#include "reductions.hpp"

namespace xgrad {
namespace {

/// f of each place.
template <class F>
Var window(std::size_t n, DType dtype, F f) {
  const Shape shape{n};
  require_addressable(shape);
  auto weights = Array<double>::from_shape(shape);
  for (std::size_t i = 0; i < n; ++i) {
    const double t = (2.0 * static_cast<double>(i) - static_cast<double>(n - 1)) / static_cast<double>(n - 1);
    weights.data()[i] = n == 1 ? 1.0 : f(t);
  }
  return cast(Var(std::move(weights)), dtype);
}

}  // namespace

Var bartlett(std::size_t n, DType dtype) {
  return window(n, dtype, [](double t) { return 1.0 - std::abs(t); });
}

Var hanning(std::size_t n, DType dtype) {
  return window(n, dtype, [](double t) { return 0.5 + 0.5 * std::cos(std::numbers::pi * t); });
}

Var hamming(std::size_t n, DType dtype) {
  return window(n, dtype, [](double t) { return 0.54 + 0.46 * std::cos(std::numbers::pi * t); });
}

Var blackman(std::size_t n, DType dtype) {
  return window(n, dtype, [](double t) {
    return 0.42 + 0.5 * std::cos(std::numbers::pi * t) + 0.08 * std::cos(2.0 * std::numbers::pi * t);
  });
}

Var kaiser(std::size_t n, const Var& beta) {
  detail::require_usable(beta, "kaiser");
  if (beta.dimension() != 0) {
    throw ShapeError("kaiser: beta has the shape " + to_string(beta.shape()) + "; it must be a number");
  }
  const Var shape = detail::floats_of(beta);
  if (n == 1) return ones_like(reshape(shape, {1}));  // where t has no ends
  const Var roots = window(n, shape.dtype(), [](double t) { return std::sqrt((1.0 - t) * (1.0 + t)); });
  return i0(shape * roots) / i0(shape);
}

}  // namespace xgrad
