#include <xgrad/linalg/measure.hpp>

#include <cmath>
#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/linalg/factor.hpp>
#include <xgrad/linalg/solve.hpp>

#include "operands.hpp"
#include "ops/axes.hpp"

namespace xgrad::linalg {

Var det(const Var& a, const Options& options) {
  const Var x = square_matrices("det", a);
  const Without without = without_result(options);
  return detail::det(x, detail::lu_factors(stop_gradient(x), without), without);
}

namespace {

/// The sign of a determinant, from factors without derivatives: of the diagonal of U, and one for each exchange of
/// rows.
Var sign_of(const detail::LuFactors& factors) {
  const Var& pivots = factors.pivots;
  const Var stays = equal(pivots, detail::positions(pivots.shape().back(), DType::Float64));
  return prod(where(stays, 1.0, -1.0) * sign(detail::diagonal_of(factors.packed)), -1);
}

}  // namespace

SlogDet slogdet(const Var& a, const Options& options) {
  const Var x = square_matrices("slogdet", a);
  const Without without = without_result(options);
  const detail::LuFactors factors = detail::lu_factors(stop_gradient(x), without);
  return {.sign = cast(sign_of(factors), x.dtype()), .logabsdet = detail::log_abs_det(x, factors, without)};
}

// ---- norms

namespace {

[[noreturn]] void refuse_empty(std::string_view operation, const Var& x) {
  throw ValueError(std::string(operation) + ": the shape " + to_string(x.shape()) +
                   " has no elements of which to take the largest or least");
}

Var of_singular_values(const Var& x, MatrixNorm which) {
  const Var s = svdvals(x);
  if (which == MatrixNorm::Nuclear) return sum(s, -1);
  return which == MatrixNorm::Two ? amax(s, -1) : amin(s, -1);
}

Var norm_of_matrices(const Var& x, MatrixNorm which) {
  switch (which) {
    case MatrixNorm::Frobenius:
      return norm(x, {-2, -1});
    case MatrixNorm::One:
      return amax(sum(abs(x), -2), -1);
    case MatrixNorm::MinusOne:
      return amin(sum(abs(x), -2), -1);
    case MatrixNorm::Inf:
      return amax(sum(abs(x), -1), -1);
    case MatrixNorm::MinusInf:
      return amin(sum(abs(x), -1), -1);
    default:
      return of_singular_values(x, which);
  }
}

bool is_extreme(MatrixNorm which) { return which != MatrixNorm::Frobenius && which != MatrixNorm::Nuclear; }

}  // namespace

Var matrix_norm(const Var& a, MatrixNorm which, KeepDims keep) {
  const Var x = matrices("matrix_norm", a);
  if (is_extreme(which) && (rows_of(x) == 0 || columns_of(x) == 0)) refuse_empty("matrix_norm", x);
  const Var result = norm_of_matrices(x, which);
  return keep == KeepDims::yes ? detail::as_matrices(result) : result;
}

namespace {

/// Sizes are divided by the largest, or for p < 0 by the least, so that no power leaves the range of numbers. That
/// divisor has no derivative: the whole does not depend on it.
Var scaled_norm(const Var& x, double p, const Axes& axes) {
  const Var size = abs(x);
  const Var extreme = stop_gradient(p > 0.0 ? amax(size, axes, keep_dims) : amin(size, axes, keep_dims));
  const Var usable = extreme > 0.0 && extreme < std::numeric_limits<double>::infinity();
  const Var unit = where(usable, extreme, 1.0);
  // Sizes of 0 have powers without derivatives.
  const Var relative = size / unit;
  const Var none = equal(relative, 0.0);
  const Var powers =
      where(none, p > 0.0 ? 0.0 : std::numeric_limits<double>::infinity(), pow(where(none, 1.0, relative), p));
  const Var total = sum(powers, axes, keep_dims);
  const Var nothing = equal(total, 0.0) || equal(total, std::numeric_limits<double>::infinity());
  const Var root =
      where(nothing, where(equal(total, 0.0), 0.0, p > 0.0 ? std::numeric_limits<double>::infinity() : 0.0),
            pow(where(nothing, 1.0, total), 1.0 / p));
  return unit * root;
}

}  // namespace

Var vector_norm(const Var& a, double p, const Axes& axes, KeepDims keep) {
  detail::require_usable(a, "vector_norm");
  if (std::isnan(p)) throw ValueError("vector_norm: the order p is NaN; it must be a number or infinite");
  const Shape along = detail::normalize_axes("vector_norm", axes, a);
  const Var x = is_floating(a.dtype()) ? a : cast(a, DType::Float64);
  if (p == 2.0) return norm(x, axes, keep);
  if (p == 1.0) return sum(abs(x), axes, keep);
  if (p == 0.0) return sum(cast(not_equal(x, 0.0), x.dtype()), axes, keep);
  if (detail::extent_along(x.shape(), along) == 0) {
    if (std::isinf(p) || p < 0.0) refuse_empty("vector_norm", x);
    return sum(x, axes, keep);
  }
  if (std::isinf(p)) return p > 0.0 ? amax(abs(x), axes, keep) : amin(abs(x), axes, keep);
  const Var result = scaled_norm(x, p, axes);
  return keep == KeepDims::yes ? result : reshape(result, Strides(detail::without_axes(x.shape(), along)));
}

// ---- condition

Var cond(const Var& a, MatrixNorm which, const Options& options) {
  const bool by_singular_values = which == MatrixNorm::Two || which == MatrixNorm::MinusTwo;
  const Var x = by_singular_values ? matrices("cond", a) : square_matrices("cond", a);
  if (rows_of(x) == 0 || columns_of(x) == 0) refuse_empty("cond", x);
  if (by_singular_values) {
    const Var s = svdvals(x, options);
    const Var largest = amax(s, -1);
    const Var least = amin(s, -1);
    return which == MatrixNorm::Two ? largest / least : least / largest;
  }
  const Var inverse = inv(x, options);
  return matrix_norm(x, which) * matrix_norm(inverse, which);
}

}  // namespace xgrad::linalg
