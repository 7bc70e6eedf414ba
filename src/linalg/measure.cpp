#include <xgrad/linalg/measure.hpp>

#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/linalg/factor.hpp>
#include <xgrad/linalg/solve.hpp>
#include <xgrad/ops/diagonal.hpp>

#include "operands.hpp"

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
  return prod(where(stays, 1.0, -1.0) * sign(diagonal(factors.packed, 0, -2, -1)), -1);
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
